"""Torques are those of inverse dynamics; the ground loads the legs; slowing keeps its promise."""

from pathlib import Path

import numpy as np
import pinocchio
import pytest
from feasibility_cases import held
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.dynamics import (
    Torques,
    _leg_torques,
    robot_weight,
    torque_stretch,
)
from motionclip_ros.retargeting.feasibility.examination import Examination, examine
from motionclip_ros.retargeting.feasibility.soles import Soles, place
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_EXCESS = Thresholds().max_torque_excess_part


@pytest.fixture(scope='module')
def robot() -> Robot:
    return load_robot('g1')


def _shaken(robot: Robot, joint: str, amplitude: float, period: float) -> RobotTrajectory:
    times = np.arange(121) / 60
    positions = np.tile(robot.neutral, (len(times), 1))
    index = robot.joint_index(joint)
    positions[:, index] += amplitude * np.sin(2 * np.pi * times / period)
    base = np.tile([0.0, 0.0, 0.8], (len(times), 1)), np.tile([0.0, 0, 0, 1], (len(times), 1))
    return RobotTrajectory.through(robot.joint_names, times, positions, *base, robot.limits)


def _configuration(path: RobotTrajectory, point: int) -> np.ndarray:
    parts = path.base_position, path.base_quaternion_xyzw, path.positions
    return np.concatenate([part[point] for part in parts])


def test_slowing_the_path_is_slowing_the_torques(robot: Robot) -> None:
    path = _shaken(robot, 'waist_pitch_joint', 0.3, 0.5)
    examination = examine(robot, path, np.zeros((len(path), 8), bool))
    here, there = examination.loads, examination.slowed(robot, 1.7).loads
    assert here is not None
    assert there is not None
    ours = here.carried.slowed(1.7)
    np.testing.assert_allclose(ours.total, there.carried.total, atol=1e-6)
    np.testing.assert_allclose(ours.gravity, there.carried.gravity, atol=1e-9)


def test_what_is_fitted_needs_no_more_slowing(robot: Robot, clips: dict[str, Path]) -> None:
    path = Retargeter(robot).retarget(Motion.load(clips['kick'])).trajectory
    fast = path.slowed(0.6)
    fitted, stretch = examine(robot, fast).fitted(robot)
    assert stretch > 1.0
    assert fitted.trajectory.seconds == pytest.approx(stretch * fast.seconds)
    assert fitted.stretch_needed(robot) == 1.0
    assert examine(robot, fitted.trajectory, fitted.standing).stretch_needed(robot) == 1.0


def test_torques_are_those_of_pinocchio(robot: Robot) -> None:
    path = _shaken(robot, 'left_knee_joint', 0.3, 0.7)
    loads = examine(robot, path, np.zeros((len(path), 8), bool)).loads
    assert loads is not None
    data = robot.model.createData()
    step = path.time_from_start[1]
    before, here, after = (_configuration(path, point) for point in (39, 40, 41))
    velocity = pinocchio.difference(robot.model, before, after) / (2 * step)
    acceleration = (
        pinocchio.difference(robot.model, here, after)
        - pinocchio.difference(robot.model, before, here)
    ) / step**2
    expected = pinocchio.rnea(robot.model, data, here, velocity, acceleration)
    np.testing.assert_allclose(loads.carried.total[39], expected[6:], atol=1e-8)
    # The base is upright: its own axes are the world's.
    np.testing.assert_allclose(loads.wrench[39], expected[:6], atol=1e-8)


def test_forces_on_the_soles_load_the_legs_as_in_pinocchio(robot: Robot) -> None:
    rng = np.random.default_rng(3)
    state = State(
        rng.normal(size=(1, 3)),
        Rotation.random(1, rng=rng).as_matrix(),
        robot.limits.clipped(rng.normal(size=(1, len(robot.joint_names)))),
    )
    soles, placed = Soles.of(robot), place(robot, state)
    forces = rng.normal(size=(1, len(soles.body), 3))
    quaternion = Rotation.from_matrix(state.base_rotation[0]).as_quat()
    posture = np.concatenate([state.base_position[0], quaternion, state.joints[0]])
    data = robot.model.createData()
    pinocchio.computeJointJacobians(robot.model, data, posture)
    expected = np.zeros(len(robot.joint_names))
    for corner, point in enumerate(soles.points(placed)[0]):
        jacobian = pinocchio.getJointJacobian(
            robot.model, data, int(soles.body[corner]) + 2, pinocchio.LOCAL_WORLD_ALIGNED
        )
        lever = point - placed.origin[0, soles.body[corner] + 1]
        wrench = np.concatenate([forces[0, corner], np.cross(lever, forces[0, corner])])
        expected += (jacobian.T @ wrench)[6:]
    np.testing.assert_allclose(_leg_torques(robot, placed, soles, forces)[0], expected, atol=1e-9)


def _standing(robot: Robot, posture: np.ndarray, both: bool = True) -> Examination:
    flags = np.ones((20, 8), bool)
    flags[:, 4:] = both
    return examine(robot, held(robot, posture), flags)


def test_a_standing_robot_puts_its_whole_weight_on_the_floor(robot: Robot) -> None:
    loads = _standing(robot, robot.neutral).loads
    assert loads is not None
    assert loads.balanced.all()
    np.testing.assert_allclose(loads.wrench[:, 2], robot_weight(robot), rtol=1e-9)
    # What hangs on no leg needs the same; a knee carries all that is above it.
    arms = robot.joint_index('left_shoulder_pitch_joint')
    np.testing.assert_allclose(loads.loaded.total[:, arms:], loads.carried.total[:, arms:])


def test_bent_knees_bear_weight_that_a_gantry_would_carry(robot: Robot) -> None:
    posture = robot.neutral.copy()
    for side in ('left', 'right'):
        posture[robot.joint_index(f'{side}_knee_joint')] = 1.0
        posture[robot.joint_index(f'{side}_hip_pitch_joint')] = -0.5
        posture[robot.joint_index(f'{side}_ankle_pitch_joint')] = -0.5
    loads = _standing(robot, posture).loads
    assert loads is not None
    assert loads.balanced.all()
    knee = robot.joint_index('left_knee_joint')
    # Half the weight acts about .15 m behind the knees.
    assert np.abs(loads.loaded.total[:, knee]).min() > 15.0
    assert np.abs(loads.carried.total[:, knee]).max() < 5.0


def test_beside_its_only_foot_a_robot_is_not_balanced(robot: Robot) -> None:
    loads = _standing(robot, robot.neutral, both=False).loads
    assert loads is not None
    assert not loads.balanced.any()
    np.testing.assert_array_equal(loads.judged.total, loads.carried.total)


def test_the_stretch_is_just_enough(robot: Robot) -> None:
    path = _shaken(robot, 'waist_pitch_joint', 0.3, 0.4)
    loads = examine(robot, path, np.zeros((len(path), 8), bool)).loads
    assert loads is not None
    effort = robot.limits.effort

    def excess(factor: float) -> float:
        return float((np.abs(loads.judged.slowed(factor).total) > effort).mean(axis=0).max())

    stretch = torque_stretch(loads.judged, effort, MAX_EXCESS, np.inf)
    assert stretch > 1.2
    assert excess(stretch) <= MAX_EXCESS < excess(stretch * 0.98)


def test_what_fits_is_not_slowed_and_what_gravity_forbids_is_not_helped() -> None:
    effort = np.array([10.0])
    light = Torques(np.full((30, 1), 8.0), np.full((30, 1), 5.0))
    heavy = Torques(np.full((30, 1), 14.0), np.full((30, 1), 12.0))
    assert torque_stretch(light, effort, 0.05, np.inf) == 1.0
    assert torque_stretch(heavy, effort, 0.05, np.inf) == 1.0
    half = Torques(np.full((30, 1), 25.0), np.full((30, 1), 5.0))
    assert torque_stretch(half, effort, 0.05, np.inf) == pytest.approx(2.0)
    # Slowing by 10 for the last tenth of a newton metre is not worth it.
    tight = Torques(np.full((30, 1), 19.9), np.full((30, 1), 9.9))
    assert torque_stretch(tight, effort, 0.05, 3.0) == 1.0


def test_what_slowing_cannot_help_uses_up_the_time_that_may_stay_outside() -> None:
    total = np.full((40, 1), 2.0)
    total[0], total[1] = 1000.0, 15.0
    needed = Torques(total, np.where(total > 100.0, 900.0, 0.0))
    assert torque_stretch(needed, np.array([10.0]), 0.05, np.inf) == 1.0
    assert torque_stretch(needed, np.array([10.0]), 0.025, np.inf) == pytest.approx(np.sqrt(1.5))


def test_a_captured_jump_is_slowed_rather_than_lacking_torque(
    robot: Robot, clips: dict[str, Path]
) -> None:
    report = Retargeter(robot).retarget(Motion.load(clips['jump'])).report
    assert report['torque_excess_part'] <= MAX_EXCESS + 0.02
