"""The report: its figures mean what they say, and the verdict follows from them."""

import json

import numpy as np
import pinocchio
import pytest
from retargeting_cases import standing

from motionclip_ros.retargeting.feasibility.dynamics import torques
from motionclip_ros.retargeting.feasibility.report import (
    MAX_LIMB_ERROR,
    MAX_STRETCH,
    assess,
    limb_direction_error,
)
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import make_targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FRAMES = 20
FACING_Y = [0.0, 0.0, -np.sqrt(0.5), np.sqrt(0.5)]  # x axis along world -y


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def held(
    robot, joints: np.ndarray, base: np.ndarray | None = None
) -> tuple[State, RobotTrajectory]:
    """A posture held still (or a joint path), the base over the origin."""
    joints = np.broadcast_to(joints, (FRAMES, len(robot.joint_names))).copy()
    position = np.tile([0.0, 0.0, 0.8], (FRAMES, 1)) if base is None else base
    quaternion = np.tile(FACING_Y, (FRAMES, 1))
    turn = np.tile([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], (FRAMES, 1, 1))
    trajectory = RobotTrajectory.through(
        robot.joint_names, np.arange(FRAMES) / 30, joints, position, quaternion, robot.limits
    )
    return State(position, turn, joints), trajectory


def report(robot, joints: np.ndarray, stretch: float = 1.0, base: np.ndarray | None = None):
    """Assess a path against a person who stands in SMPL's rest pose."""
    motion = standing(FRAMES)
    state, trajectory = held(robot, joints, base)
    needed = torques(robot, trajectory)
    return assess(robot, motion, make_targets(motion, robot), state, trajectory, needed, stretch)


def test_the_report_is_json(robot) -> None:
    assert json.loads(json.dumps(report(robot, robot.neutral), allow_nan=False))


def test_a_posture_held_still_needs_just_its_weight(robot) -> None:
    posture = robot.neutral.copy()
    posture[robot.joint_index('left_elbow_joint')] = 0.3
    found = report(robot, posture)
    base = [0.0, 0.0, 0.8, *FACING_Y]
    gravity = pinocchio.computeGeneralizedGravity(
        robot.model, robot.model.createData(), np.concatenate([base, posture])
    )
    expected = (np.abs(gravity[6:]) / robot.limits.effort).max()
    assert found['torque_use'] == pytest.approx(expected, abs=1e-6)
    assert found['torque_excess_part'] == 0.0
    assert found['velocity_use'] == 0.0
    assert found['foot_slide_m_s'] == 0.0


def test_the_margin_is_the_distance_to_the_nearest_limit(robot) -> None:
    posture = robot.neutral.copy()
    knee = robot.joint_index('right_knee_joint')
    posture[knee] = robot.limits.upper[knee] - 0.02
    found = report(robot, posture)
    assert found['position_margin_rad'] == pytest.approx(0.02)
    assert found['position_margin_joint'] == 'right_knee_joint'


def test_limbs_that_agree_have_no_error_and_hanging_arms_have_90_degrees(robot) -> None:
    motion = standing(FRAMES)
    spread = limb_direction_error(robot, motion, held(robot, robot.human_rest)[0])
    assert spread.max() < 12.0  # SMPL's rest pose and the G1's T differ by a few degrees
    hanging = robot.human_rest.copy()
    for side in ('left', 'right'):
        hanging[robot.joint_index(f'{side}_shoulder_roll_joint')] = 0.0
    arms = limb_direction_error(robot, motion, held(robot, hanging)[0])[:, 4:]
    assert (np.abs(arms - 90.0) < 10.0).all()


def test_a_pushed_standing_robot_slides_and_a_low_one_is_in_the_floor(robot) -> None:
    base = np.tile([0.0, 0.0, 0.70], (FRAMES, 1))
    base[:, 0] = 0.3 * np.arange(FRAMES) / 30
    found = report(robot, robot.neutral, base=base)
    assert found['foot_slide_m_s'] == pytest.approx(0.3, abs=1e-6)
    # The G1's soles are .79 m below its pelvis when its legs are straight.
    assert found['foot_penetration_cm'] == pytest.approx(9.2, abs=0.3)


def test_verdicts_name_their_reason(robot) -> None:
    good = report(robot, robot.human_rest)
    assert (good['verdict'], good['reason']) == ('accept', 'inside all limits at its own pace')
    slowed = report(robot, robot.human_rest, stretch=1.5)
    assert slowed['verdict'] == 'slowed'
    assert '1.50 times' in slowed['reason']
    frozen = report(robot, robot.human_rest, stretch=MAX_STRETCH + 0.1)
    assert frozen['verdict'] == 'refuse'
    assert 'times slower' in frozen['reason']
    wrong = report(robot, robot.limits.upper)
    assert wrong['limb_direction_error_deg'] > MAX_LIMB_ERROR
    assert wrong['verdict'] == 'refuse'
    assert 'degrees away' in wrong['reason']


def test_too_heavy_a_motion_is_refused(robot) -> None:
    shaking = np.tile(robot.human_rest, (FRAMES, 1))
    waist = robot.joint_index('waist_roll_joint')
    shaking[:, waist] = 0.3 * np.sin(2.0 * np.arange(FRAMES))
    found = report(robot, shaking)
    assert found['torque_joint'] == 'waist_roll_joint'
    assert found['torque_use'] > 1.0
    assert found['verdict'] == 'refuse'
    assert 'waist_roll_joint would need' in found['reason']
