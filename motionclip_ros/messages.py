"""Core types read from ROS messages by their fields alone.

Nothing of ROS is imported: the same functions read a message that rclpy delivers and one
that rosbags deserialises from a recording.
"""

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import MotionError, TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros.follower import JointCommand
from motionclip_ros.retargeting.trajectory import RobotTrajectory

BASE_JOINT = 'base'
"""Name of the one joint in a message that carries the path of the robot's root link."""


def joint_command(message: Any) -> JointCommand:
    """Read a `trajectory_msgs/JointTrajectory`.

    Raises:
        TrajectoryError: The message is incomplete or breaks a rule of `JointCommand`.
    """
    names, points = tuple(message.joint_names), message.points
    positions = _rows(points, 'positions', len(names))
    moving = any(len(point.velocities) for point in points)
    velocities = _rows(points, 'velocities', len(names)) if moving else None
    stamp = nanoseconds(message.header.stamp)
    return JointCommand(names, _times(points), positions, velocities, stamp)


def robot_trajectory(message: Any, base_message: Any) -> RobotTrajectory:
    """Join a `JointTrajectory` with the `MultiDOFJointTrajectory` of the robot's base.

    Raises:
        TrajectoryError: A message is malformed or the two do not belong together.
    """
    command = joint_command(message)
    if tuple(base_message.joint_names) != (BASE_JOINT,):
        raise TrajectoryError(
            f'the base path must name the one joint {BASE_JOINT!r}, not '
            f'{", ".join(base_message.joint_names) or "none"}'
        )
    if command.velocities is None:
        raise TrajectoryError('the joint trajectory has no velocities')
    if not np.array_equal(command.times, _times(base_message.points)):
        raise TrajectoryError('joint and base trajectory have different times')
    translations, quaternions = _transforms(base_message.points, 1)
    return RobotTrajectory(
        command.joint_names,
        command.times,
        command.positions,
        command.velocities,
        translations[:, 0],
        quaternions[:, 0],
    )


def human_motion(message: Any) -> Motion:
    """Read a `MultiDOFJointTrajectory` of the 24 SMPL joints.

    Raises:
        MotionError: Joints, times or transforms are not those of a motion.
    """
    if tuple(message.joint_names) != skeleton.JOINT_NAMES:
        raise MotionError(
            f'{len(message.joint_names)} joints; a human motion has the 24 SMPL joints in order'
        )
    times = _times(message.points)
    steps = np.diff(times)
    if len(times) < 2 or (steps <= 0.0).any() or np.ptp(steps) > 1e-3 * steps.mean():
        raise MotionError('a human motion has 2 or more frames at a constant rate')
    try:
        translations, quaternions = _transforms(message.points, skeleton.JOINT_COUNT)
        rotations = Rotation.from_quat(quaternions.reshape(-1, 4)).as_matrix()
    except (TrajectoryError, ValueError) as error:
        raise MotionError(f'human motion: {error}') from None
    # Nanosecond times give the rate to nine digits; what was meant has fewer.
    fps = round(float((len(times) - 1) / (times[-1] - times[0])), 6)
    return Motion(rotations.reshape(len(times), -1, 3, 3), translations[:, 0], fps)


def joint_positions(message: Any) -> dict[str, float]:
    """Read the positions of a `sensor_msgs/JointState` by joint name [rad].

    Raises:
        TrajectoryError: Names and positions do not match, or a position is not finite.
    """
    return {name: position for name, (position, _) in joint_motion(message).items()}


def joint_motion(message: Any) -> dict[str, tuple[float, float]]:
    """Read positions [rad] and velocities [rad/s] of a `sensor_msgs/JointState` by joint name.

    A robot that says no velocities counts as standing.

    Raises:
        TrajectoryError: Names and numbers do not match, or one is not finite.
    """
    if len(message.position) != len(message.name):
        raise TrajectoryError(
            f'joint state with {len(message.name)} names and {len(message.position)} positions'
        )
    velocities = message.velocity if len(message.velocity) else np.zeros(len(message.name))
    if len(velocities) != len(message.name):
        raise TrajectoryError(
            f'joint state with {len(message.name)} names and {len(velocities)} velocities'
        )
    values = np.array([message.position, velocities], np.float64)
    if not np.isfinite(values).all():
        raise TrajectoryError('joint state holds NaN or infinite positions or velocities')
    return dict(zip(message.name, map(tuple, values.T.tolist()), strict=True))


def nanoseconds(moment: Any) -> int:
    """Read a `builtin_interfaces` Time or Duration [ns]."""
    return int(moment.sec) * 1_000_000_000 + int(moment.nanosec)


def _times(points: Any) -> np.ndarray:
    return np.array(
        [p.time_from_start.sec + 1e-9 * p.time_from_start.nanosec for p in points], np.float64
    )


def _rows(points: Any, field: str, joints: int) -> np.ndarray:
    for index, point in enumerate(points):
        if len(getattr(point, field)) != joints:
            raise TrajectoryError(
                f'point {index} has {len(getattr(point, field))} {field} for {joints} joints'
            )
    rows = [np.asarray(getattr(point, field), np.float64) for point in points]
    return np.array(rows, np.float64).reshape(len(points), joints)


def _transforms(points: Any, joints: int) -> tuple[np.ndarray, np.ndarray]:
    """Translations [T, J, 3] and quaternions xyzw [T, J, 4]."""
    values = []
    for index, point in enumerate(points):
        if len(point.transforms) != joints:
            raise TrajectoryError(
                f'point {index} has {len(point.transforms)} transforms for {joints} joints'
            )
        for transform in point.transforms:
            t, r = transform.translation, transform.rotation
            values.append((t.x, t.y, t.z, r.x, r.y, r.z, r.w))
    array = np.array(values, np.float64).reshape(len(points), joints, 7)
    return array[..., :3], array[..., 3:]
