"""What a robot does, seen as a person's motion: the way back from the retargeter."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import RobotError
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.hanging import BASE_TO_SMPL, leg_scale
from motionclip_ros.retargeting.imitation import Imitator
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FPS = 20.0
LIMBS = [
    (f'{side}_{start}', f'{side}_{end}')
    for side in ('left', 'right')
    for start, end in (
        ('hip', 'knee'),
        ('knee', 'ankle'),
        ('shoulder', 'elbow'),
        ('elbow', 'wrist'),
    )
]


@cache
def robot(name: str = 'g1') -> Robot:
    return load_robot(name)


def state(joints: np.ndarray, turn: np.ndarray | None = None) -> State:
    """Base at the origin, in every frame the same turn."""
    turn = np.eye(3) if turn is None else turn
    return State(np.zeros((len(joints), 3)), np.tile(turn, (len(joints), 1, 1)), joints)


def directions(motion: Motion) -> np.ndarray:
    index = skeleton.JOINT_INDEX
    positions = motion.pose.positions
    limbs = [positions[:, index[end]] - positions[:, index[start]] for start, end in LIMBS]
    found = np.stack(limbs, axis=1)
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def degrees(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((one * other).sum(axis=-1), -1.0, 1.0)))


@pytest.mark.parametrize('name', ['g1', 'talos'])
def test_the_rest_pose_is_smpls(name):
    rest = np.tile(robot(name).human_rest, (2, 1))
    motion = Imitator(robot(name)).imitate(state(rest, robot(name).upright), FPS)
    expected = np.tile(np.eye(3), (skeleton.JOINT_COUNT, 1, 1))
    expected[0] = BASE_TO_SMPL.T
    apart = np.swapaxes(expected, -1, -2) @ motion.joint_rotations
    turned = Rotation.from_matrix(apart.reshape(-1, 3, 3)).magnitude()
    # Robots' arms and legs are not quite as straight as they are drawn.
    assert np.degrees(turned).max() < 15.0


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_limbs_point_where_the_robots_do_and_turn_with_the_world(seed):
    random = np.random.default_rng(seed)
    limits = robot().limits
    joints = random.uniform(limits.lower, limits.upper, (3, len(limits.lower)))
    turn = Rotation.random(random_state=seed).as_matrix()
    imitator = Imitator(robot())
    seen = directions(imitator.imitate(state(joints, turn), FPS))

    matches = robot().correspondence.links
    link = {match.human: name for name, match in matches.items()}
    names = tuple(link[joint] for limb in LIMBS for joint in limb)
    places = robot().link_poses(names, state(joints, turn))[0].reshape(3, len(LIMBS), 2, 3)
    limbs = places[:, :, 1] - places[:, :, 0]
    limbs /= np.linalg.norm(limbs, axis=-1, keepdims=True)
    np.testing.assert_allclose(seen, limbs, atol=1e-9)


def test_a_bent_elbow_bends_about_the_elbow_whatever_the_upper_arm_does():
    """The twist of the upper arm is the shoulder's, not lost: the human elbow is a hinge."""
    joints = np.tile(robot().human_rest, (9, 1))
    joints[:, robot().joint_index('left_shoulder_yaw_joint')] = np.linspace(-1.0, 1.0, 9)
    joints[:, robot().joint_index('left_elbow_joint')] -= 1.2
    motion = Imitator(robot()).imitate(state(joints), FPS)
    elbow = motion.joint_rotations[:, skeleton.JOINT_INDEX['left_elbow']]
    axes = Rotation.from_matrix(elbow).as_rotvec()
    assert np.ptp(axes, axis=0).max() < 0.15
    assert np.linalg.norm(axes, axis=1).min() > 0.9


@pytest.mark.parametrize('action', ['walk', 'wave', 'kick', 'sit'])
def test_what_the_robot_imitates_comes_back(clips, action):
    motion = Motion.load(clips[action]).resampled(FPS)
    path = Retargeter(robot()).retarget(motion).trajectory
    turns = Rotation.from_quat(path.base_quaternion_xyzw).as_matrix()
    back = Imitator(robot()).imitate(State(path.base_position, turns, path.positions), FPS)
    assert degrees(directions(back), directions(motion)).mean() < 8.0
    assert np.abs(back.root_position[:, 2] - motion.root_position[:, 2]).mean() < 0.05
    travelled = np.linalg.norm(np.diff(back.root_position[[0, -1], :2], axis=0))
    assert travelled == pytest.approx(
        np.linalg.norm(np.diff(motion.root_position[[0, -1], :2], axis=0)), abs=0.2
    )


def test_a_trajectory_is_read_by_the_names_of_its_joints(clips):
    motion = Motion.load(clips['wave']).resampled(FPS)[:30]
    path = Retargeter(robot()).retarget(motion).trajectory
    order = np.random.default_rng(0).permutation(len(path.joint_names))
    shuffled = RobotTrajectory(
        tuple(path.joint_names[i] for i in order),
        path.time_from_start,
        path.positions[:, order],
        path.velocities[:, order],
        path.base_position,
        path.base_quaternion_xyzw,
    )
    imitator = Imitator(robot())
    np.testing.assert_array_equal(
        imitator.imitate_path(shuffled, FPS).joint_rotations,
        imitator.imitate_path(path, FPS).joint_rotations,
    )
    stranger = Imitator(robot('talos'))
    with pytest.raises(RobotError, match='the trajectory lacks'):
        stranger.imitate_path(path, FPS)


@settings(max_examples=20, deadline=None)
@given(st.floats(-0.6, 0.6), st.floats(0.0, 0.8))
def test_over_flat_feet_the_base_leans_and_stays(lean, bend):
    joints = np.tile(robot().neutral, (10, 1))
    for side in ('left', 'right'):
        # Hip and ankle share the lean; the bend of the knee goes up into both.
        for joint, angle in (
            ('hip_pitch', -bend - lean),
            ('knee', 2 * bend),
            ('ankle_pitch', -bend),
        ):
            joints[:, robot().joint_index(f'{side}_{joint}_joint')] = angle
    found = Imitator(robot()).grounded(joints, FPS)
    upright = Rotation.from_euler('y', lean).as_matrix()
    np.testing.assert_allclose(found.base_rotation, np.tile(upright, (10, 1, 1)), atol=1e-3)
    np.testing.assert_allclose(found.base_position, found.base_position[:1].repeat(10, 0))
    soles = robot().link_poses(tuple(robot().correspondence.feet), found)[0]
    assert np.ptp(soles[..., 2]) < 1e-3
    assert 0.0 < soles[..., 2].min() < 0.06


def test_a_walk_is_seen_to_go_forward_by_its_joints_alone(clips):
    motion = Motion.load(clips['walk']).resampled(FPS)
    path = Retargeter(robot()).retarget(motion).trajectory
    found = Imitator(robot()).grounded(path.positions, FPS)
    gone = np.linalg.norm(found.base_position[-1, :2] - found.base_position[0, :2])
    truth = np.linalg.norm(path.base_position[-1, :2] - path.base_position[0, :2])
    assert gone > 0.7 * truth
    assert found.base_position[-1, 0] > 0.9 * gone
    assert leg_scale(robot()) < 1.0
