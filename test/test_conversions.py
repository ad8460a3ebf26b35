"""Messages carry what the core types hold, and refuse what no controller could follow."""

import json

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from hypothesis import given, settings
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from scipy.spatial.transform import Rotation
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from motionclip_model import skeleton
from motionclip_model.errors import MotionError, TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros import conversions, messages
from motionclip_ros.retargeting.trajectory import RobotTrajectory


def random_motion(seed: int, frames: int = 7, fps: float = 29.97) -> Motion:
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(frames * skeleton.JOINT_COUNT, rng).as_matrix()
    return Motion(
        rotations.reshape(frames, skeleton.JOINT_COUNT, 3, 3), rng.normal(size=(frames, 3)), fps
    )


def random_trajectory(seed: int, points: int = 9) -> RobotTrajectory:
    rng = np.random.default_rng(seed)
    quaternions = Rotation.random(points, rng).as_quat()
    return RobotTrajectory(
        ('a', 'b', 'c'),
        np.cumsum(rng.uniform(0.01, 0.1, points)),
        rng.normal(size=(points, 3)),
        # A command ends at rest.
        np.vstack([rng.normal(size=(points - 1, 3)), np.zeros((1, 3))]),
        rng.normal(size=(points, 3)),
        quaternions,
    )


def sent(message):
    """What a subscriber gets."""
    return deserialize_message(serialize_message(message), type(message))


@given(st.integers(0, 2**31))
@settings(deadline=None, max_examples=20)
def test_motion_survives_a_message(seed):
    motion = random_motion(seed)
    back = messages.human_motion(sent(conversions.human_motion(motion)))
    assert back.fps == motion.fps
    np.testing.assert_allclose(back.joint_rotations, motion.joint_rotations, atol=1e-9)
    np.testing.assert_allclose(back.root_position, motion.root_position, atol=1e-9)


def test_motion_message_places_the_skeleton():
    """Composing the transforms alone gives the joint positions: rest offsets are inside."""
    motion = random_motion(3)
    message = conversions.human_motion(motion)
    assert tuple(message.joint_names) == skeleton.JOINT_NAMES
    transforms = message.points[2].transforms
    hip, knee = transforms[skeleton.JOINT_INDEX['left_hip']], skeleton.JOINT_INDEX['left_knee']
    root = transforms[0]
    position = np.zeros(3)
    for transform in (transforms[knee], hip, root):
        rotation = Rotation.from_quat(
            [getattr(transform.rotation, axis) for axis in 'xyzw']
        ).as_matrix()
        position = rotation @ position + [getattr(transform.translation, a) for a in 'xyz']
    np.testing.assert_allclose(position, motion.pose.positions[2, knee], atol=1e-9)


@given(st.integers(0, 2**31))
@settings(deadline=None, max_examples=20)
def test_trajectory_survives_its_messages(seed):
    trajectory = random_trajectory(seed)
    back = messages.robot_trajectory(
        sent(conversions.joint_trajectory(trajectory)),
        sent(conversions.base_trajectory(trajectory)),
    )
    assert back.joint_names == trajectory.joint_names
    np.testing.assert_allclose(back.time_from_start, trajectory.time_from_start, atol=1e-9)
    for name in ('positions', 'velocities', 'base_position', 'base_quaternion_xyzw'):
        np.testing.assert_array_equal(getattr(back, name), getattr(trajectory, name))


def test_trajectory_message_starts_now_and_after_zero():
    trajectory = random_trajectory(0)
    message = conversions.joint_trajectory(trajectory)
    assert message.header.stamp == Time()
    at_zero = RobotTrajectory(
        trajectory.joint_names,
        trajectory.time_from_start - trajectory.time_from_start[0],
        trajectory.positions,
        trajectory.velocities,
        trajectory.base_position,
        trajectory.base_quaternion_xyzw,
    )
    with pytest.raises(TrajectoryError, match='approach'):
        conversions.joint_trajectory(at_zero)


def test_command_without_velocities_is_read():
    message = conversions.joint_trajectory(random_trajectory(1))
    for point in message.points:
        point.velocities = []
    assert messages.joint_command(message).velocities is None


@pytest.mark.parametrize('start', [0, 1, 1_700_000_000_123_456_789])
def test_a_start_survives_to_the_nanosecond(start):
    trajectory = random_trajectory(2)
    assert messages.joint_command(conversions.joint_trajectory(trajectory, start)).stamp == start
    base = conversions.base_trajectory(trajectory, start)
    assert messages.nanoseconds(base.header.stamp) == start


def test_empty_trajectory_is_a_stop():
    assert len(messages.joint_command(JointTrajectory()).times) == 0


def short_positions(message: JointTrajectory) -> None:
    message.points[3].positions = [0.0]


def some_velocities(message: JointTrajectory) -> None:
    message.points[2].velocities = []


@pytest.mark.parametrize(
    ('damage', 'reason'),
    [
        (short_positions, 'point 3 has 1 positions for 3 joints'),
        (some_velocities, 'point 2 has 0 velocities'),
    ],
)
def test_incomplete_trajectory_messages_are_refused(damage, reason):
    message = conversions.joint_trajectory(random_trajectory(2))
    damage(message)
    with pytest.raises(TrajectoryError, match=reason):
        messages.joint_command(message)


def missing_transform(message: MultiDOFJointTrajectory) -> None:
    message.points[1].transforms = message.points[1].transforms[:-1]


def other_joints(message: MultiDOFJointTrajectory) -> None:
    message.joint_names = message.joint_names[::-1]


def uneven_times(message: MultiDOFJointTrajectory) -> None:
    message.points[1].time_from_start.nanosec += 1_000_000


def zero_quaternion(message: MultiDOFJointTrajectory) -> None:
    message.points[1].transforms[4].rotation.w = 0.0
    message.points[1].transforms[4].rotation.x = 0.0
    message.points[1].transforms[4].rotation.y = 0.0
    message.points[1].transforms[4].rotation.z = 0.0


@pytest.mark.parametrize(
    ('damage', 'reason'),
    [
        (missing_transform, '23 transforms'),
        (other_joints, 'SMPL joints in order'),
        (uneven_times, 'constant rate'),
        (zero_quaternion, 'human motion'),
    ],
)
def test_malformed_motion_messages_are_refused(damage, reason):
    message = conversions.human_motion(random_motion(4))
    damage(message)
    with pytest.raises(MotionError, match=reason):
        messages.human_motion(message)


def test_joint_state_is_read_by_name():
    message = conversions.joint_state(
        ('b', 'a'), np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), Time(sec=7)
    )
    assert messages.joint_positions(sent(message)) == {'b': 1.0, 'a': 2.0}
    assert message.header.stamp.sec == 7
    message.position[0] = float('nan')
    with pytest.raises(TrajectoryError, match='NaN'):
        messages.joint_positions(message)


def test_report_is_json_and_refuses_nan():
    assert json.loads(conversions.report({'a': [1, 2]}).data) == {'a': [1, 2]}
    with pytest.raises(ValueError, match='JSON'):
        conversions.report({'a': float('nan')})


@pytest.mark.parametrize(
    ('warning', 'level'), [(False, DiagnosticStatus.OK), (True, DiagnosticStatus.WARN)]
)
def test_diagnostics_hold_values_as_text(warning, level):
    message = conversions.diagnostics('n', 'all well', {'k': 1.5}, Time(), warning=warning)
    assert message.status[0].level == level
    assert (message.status[0].values[0].key, message.status[0].values[0].value) == ('k', '1.5')


@given(st.floats(0.0, 1e6))
def test_duration_is_exact_to_the_nanosecond(seconds):
    message = conversions.duration(seconds)
    assert 0 <= message.nanosec < 10**9
    assert abs(message.sec + message.nanosec * 1e-9 - seconds) <= 1e-9 + 1e-15 * seconds * 1e3
