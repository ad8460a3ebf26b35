"""The report: its figures mean what they say, and the verdict follows from them."""

import json
from dataclasses import replace

import numpy as np
import pinocchio
import pytest
from feasibility_cases import SOLE, held, random_trajectory
from hypothesis import given, settings
from hypothesis import strategies as st
from retargeting_cases import standing
from scipy.spatial.transform import Rotation

from motionclip_model.errors import TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.examination import examine
from motionclip_ros.retargeting.feasibility.report import assess, assess_trajectory
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
from motionclip_ros.retargeting.feasibility.tracking import limb_direction_error
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

ROBOT = load_robot('g1')
FACING_Y = [0.0, 0.0, -np.sqrt(0.5), np.sqrt(0.5)]  # as `standing` does: x along world -y


@pytest.fixture(scope='module')
def robot() -> Robot:
    return ROBOT


def report(robot: Robot, joints: np.ndarray, base=None, frames: int = 20, motion=None):
    return assess_trajectory(robot, held(robot, joints, base, frames), motion)


def state(path: RobotTrajectory) -> State:
    turn = Rotation.from_quat(path.base_quaternion_xyzw).as_matrix()
    return State(path.base_position, turn, path.positions)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.sampled_from([1.0, 1e-3, 1e-160, 1e3]))
def test_a_report_is_json_for_any_valid_trajectory(seed, points, pace) -> None:
    found = assess_trajectory(ROBOT, random_trajectory(ROBOT, points, seed, pace))
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found['verdict'] in ('accept', 'slowed', 'refuse')
    assert found['reason']
    if points > 2 and pace > 1e-100:
        for name in ('torque', 'torque_carried', 'torque_loaded'):
            assert np.isfinite(found[f'{name}_use'])


def test_what_is_not_finite_is_refused_beside_a_motion_too(robot) -> None:
    path = random_trajectory(robot, 5, 1, 1e-160)
    found = assess_trajectory(robot, path, standing(20))
    assert found['verdict'] == 'refuse'
    assert 'not finite' in found['reason']
    assert json.dumps(found, allow_nan=False)


def test_all_reports_have_the_same_figures(robot) -> None:
    with_motion = report(robot, robot.neutral, motion=standing(20))
    short = report(robot, robot.neutral, frames=2)
    massless = assess_trajectory(replace(robot, has_dynamics=False), held(robot, robot.neutral))
    assert with_motion.keys() == short.keys() == massless.keys()
    assert short['torque_use'] is None
    assert massless['torque_use'] is None
    assert massless['verdict'] == 'accept'
    assert 'masses' in massless['notes'][0]
    assert short['limb_direction_error_deg'] is None


def test_a_posture_held_by_a_gantry_needs_just_its_weight(robot) -> None:
    posture = robot.neutral.copy()
    posture[robot.joint_index('left_elbow_joint')] = 0.3
    base = np.tile([0.0, 0.0, 2.0], (20, 1))
    found = report(robot, posture, base)
    gravity = pinocchio.computeGeneralizedGravity(
        robot.model,
        robot.model.createData(),
        np.concatenate([base[0], [0.0, 0.0, 0.0, 1.0], posture]),
    )
    expected = (np.abs(gravity[6:]) / robot.limits.effort).max()
    assert found['torque_use'] == pytest.approx(expected, abs=1e-6)
    assert found['torque_support'] == 'carried base'
    assert found['torque_excess_part'] == 0.0
    assert found['velocity_use'] == 0.0
    assert found['held_elsewhere_part'] == 1.0
    assert found['flight_part'] == 0.0


def test_a_robot_that_stands_needs_no_balance_controller(robot) -> None:
    found = report(robot, robot.neutral)
    assert found['torque_support'] == 'soles'
    assert found['foot_contact_part'] == 1.0
    assert found['zmp_inside_part'] == found['balanced_part'] == 1.0
    assert found['zmp_margin_cm'] == pytest.approx(found['com_margin_cm'], abs=1e-6)
    # The soles reach 5 cm behind the ankles and 12 cm before them.
    assert 0.5 < found['zmp_margin_cm'] < 8.5
    assert found['needs_balance_controller'] is False
    assert found['self_collision_cm'] < 0.5
    assert (found['verdict'], found['warnings']) == ('accept', [])


def test_the_zero_moment_point_of_a_standing_robot_is_below_its_mass(robot) -> None:
    posture = robot.neutral.copy()
    posture[robot.joint_index('waist_pitch_joint')] = 0.2
    found = report(robot, posture)
    configuration = np.concatenate([[0.0, 0.0, SOLE, 0.0, 0.0, 0.0, 1.0], posture])
    data = robot.model.createData()
    mass = pinocchio.centerOfMass(robot.model, data, configuration)[0]
    ankle = robot.frame('left_ankle_roll_link')
    assert ankle.body >= 0
    places, _ = robot.link_poses(('left_ankle_roll_link',), state(held(robot, posture)))
    toe, heel = places[0, 0, 0] + 0.12, places[0, 0, 0] - 0.05
    assert found['com_margin_cm'] == pytest.approx(100 * min(toe - mass, mass - heel), abs=0.3)


def test_a_leaning_robot_is_warned_of_but_not_refused(robot) -> None:
    posture = robot.neutral.copy()
    for side in ('left', 'right'):
        posture[robot.joint_index(f'{side}_hip_pitch_joint')] = -0.8
    stands = np.ones((20, 8), bool)
    found = assess(robot, examine(robot, held(robot, posture), stands))
    assert found['zmp_margin_cm'] < 0.0
    assert found['needs_balance_controller'] is True
    assert found['verdict'] == 'accept'
    assert 'balance controller' in ' '.join(found['warnings'])


def test_a_thrown_robot_flies_and_needs_nothing_below_it(robot) -> None:
    times = np.arange(20) / 30
    base = np.tile([0.0, 0.0, 1.5], (20, 1))
    base[:, 2] += 3.0 * times - 9.81 / 2 * times**2
    found = report(robot, robot.neutral, base)
    assert found['flight_part'] == 1.0
    assert found['torque_carried_use'] < 1e-3
    assert found['needs_balance_controller'] is True


def test_limbs_that_agree_have_no_error_and_hanging_arms_have_90_degrees(robot) -> None:
    motion = standing(20)

    def facing(joints: np.ndarray) -> State:
        turned = held(robot, joints)
        return state(replace(turned, base_quaternion_xyzw=np.tile(FACING_Y, (20, 1))))

    spread = limb_direction_error(robot, motion, facing(robot.human_rest))
    assert spread.max() < 12.0  # SMPL's rest pose and the G1's T differ by a few degrees
    hanging = robot.human_rest.copy()
    for side in ('left', 'right'):
        hanging[robot.joint_index(f'{side}_shoulder_roll_joint')] = 0.0
    arms = limb_direction_error(robot, motion, facing(hanging))[:, 4:]
    assert (np.abs(arms - 90.0) < 10.0).all()


def test_a_pushed_standing_robot_slides_and_a_low_one_is_in_the_floor(robot) -> None:
    base = np.tile([0.0, 0.0, SOLE - 0.09], (20, 1))
    base[:, 0] = 0.2 * np.arange(20) / 30
    found = report(robot, robot.neutral, base)
    assert found['foot_slide_m_s'] == pytest.approx(0.2, abs=1e-6)
    assert found['foot_penetration_cm'] == pytest.approx(9.0, abs=0.3)
    assert found['foot_tilt_max_deg'] == pytest.approx(0.0, abs=1e-4)
    assert len(found['warnings']) >= 2


def test_soles_that_should_stand_and_float_are_told_of(robot) -> None:
    base = np.tile([0.0, 0.0, SOLE + 0.05], (20, 1))
    found = report(robot, robot.neutral, base, motion=standing(20))
    assert found['foot_floating_cm'] == pytest.approx(5.0, abs=0.3)
    assert found['human_foot_slide_m_s'] == pytest.approx(0.0, abs=1e-9)
    tilted = robot.neutral.copy()
    for side in ('left', 'right'):
        tilted[robot.joint_index(f'{side}_ankle_pitch_joint')] = 0.2
    tilt = report(robot, tilted, base, motion=standing(20))['foot_tilt_deg']
    assert tilt == pytest.approx(np.degrees(0.2), abs=1e-6)


def test_arms_through_the_trunk_are_a_collision(robot) -> None:
    posture = robot.neutral.copy()
    for side, sign in (('left', -1.0), ('right', 1.0)):
        posture[robot.joint_index(f'{side}_shoulder_roll_joint')] = sign * 1.2
    path = held(robot, posture)
    found = assess_trajectory(robot, replace(path, positions=np.tile(posture, (20, 1))))
    assert found['self_collision_cm'] > 5.0
    assert found['self_collision_part'] == 1.0
    assert len(found['self_collision_links']) == 2
    assert found['verdict'] == 'refuse'
    assert 'into each other' in found['reason']


def test_joints_come_in_any_order_and_what_is_missing_rests(robot) -> None:
    path = held(robot, robot.limits.clipped(0.1 * np.arange(29.0)))
    order = np.arange(28, 9, -1)
    some = RobotTrajectory(
        tuple(robot.joint_names[i] for i in order),
        path.time_from_start,
        path.positions[:, order],
        path.velocities[:, order],
        path.base_position,
        path.base_quaternion_xyzw,
    )
    found = assess_trajectory(robot, some)
    assert '10 joints are not in the trajectory' in found['notes'][-1]
    joints = path.positions[0].copy()
    joints[:10] = robot.neutral[:10]
    whole = assess_trajectory(robot, held(robot, joints))
    assert found['joints'] == whole['joints']
    strange = replace(some, joint_names=('tail_joint', *some.joint_names[1:]))
    with pytest.raises(TrajectoryError, match='tail_joint'):
        assess_trajectory(robot, strange)


def test_a_motion_of_another_rate_and_pace_is_compared_all_the_same(robot, clips) -> None:
    from motionclip_ros.retargeting.retargeter import Retargeter

    motion = Motion.load(clips['walk'])
    path, own, _ = Retargeter(robot).retarget(motion)
    fast = motion.resampled(2 * motion.fps)
    other = assess_trajectory(robot, path.slowed(1.3), fast)
    for name in ('limb_direction_error_deg', 'link_position_error_cm'):
        assert other[name] == pytest.approx(own[name], rel=0.1)
    assert other['foot_contact_part'] == pytest.approx(own['foot_contact_part'], abs=0.1)


def test_thresholds_decide_what_is_refused(robot) -> None:
    path = held(robot, robot.neutral)
    moving = replace(path, positions=path.positions + 1e-3 * np.sin(np.arange(20.0))[:, None])
    strict = Thresholds(max_torque_excess_part=0.0, max_stretch=1.0)
    assert assess_trajectory(robot, moving)['verdict'] != 'refuse'
    weak = replace(robot, limits=replace(robot.limits, effort=robot.limits.effort / 1000))
    assert assess_trajectory(weak, moving, thresholds=strict)['verdict'] == 'refuse'
