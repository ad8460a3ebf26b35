"""ROS messages made from core types; the other way is `messages`, which needs no ROS."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from jaxtyping import Float
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import (
    JointTrajectory,
    JointTrajectoryPoint,
    MultiDOFJointTrajectory,
    MultiDOFJointTrajectoryPoint,
)

from motionclip_model import skeleton
from motionclip_model.errors import TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros.follower import JointState as State
from motionclip_ros.messages import BASE_JOINT
from motionclip_ros.poses import LinkPoses
from motionclip_ros.retargeting.trajectory import RobotTrajectory
from motionclip_ros.topics import WORLD_FRAME


def joint_trajectory(trajectory: RobotTrajectory, start: int = 0) -> JointTrajectory:
    """Write a trajectory for a joint trajectory controller.

    Args:
        trajectory: First point after time 0, as `retargeting.approach.executable` makes it.
        start: When it starts [ns]; 0 on arrival.

    Raises:
        TrajectoryError: The first point is due at time 0, when no robot can be there.
    """
    if trajectory.time_from_start[0] <= 0.0:
        raise TrajectoryError(
            'the first point is due at time 0; prepend an approach from the measured positions'
        )
    message = JointTrajectory(joint_names=list(trajectory.joint_names))
    message.header.stamp = moment(start)
    rows = zip(
        trajectory.time_from_start, trajectory.positions, trajectory.velocities, strict=True
    )
    for time, positions, velocities in rows:
        message.points.append(trajectory_point(State(positions, velocities), time))
    return message


def trajectory_point(state: State, seconds: float) -> JointTrajectoryPoint:
    """Write where joints are at a time of a trajectory [s]."""
    point = JointTrajectoryPoint(time_from_start=duration(seconds))
    point.positions.frombytes(np.ascontiguousarray(state.positions, np.float64).tobytes())
    point.velocities.frombytes(np.ascontiguousarray(state.velocities, np.float64).tobytes())
    return point


def base_trajectory(trajectory: RobotTrajectory, start: int = 0) -> MultiDOFJointTrajectory:
    """Write the path that the robot's root link should take in the world.

    Args:
        trajectory: A robot's path.
        start: When it starts [ns]; 0 on arrival.
    """
    message = _multi_dof(
        (BASE_JOINT,),
        trajectory.time_from_start,
        trajectory.base_position[:, None],
        trajectory.base_quaternion_xyzw[:, None],
    )
    message.header.stamp = moment(start)
    return message


def human_motion(motion: Motion) -> MultiDOFJointTrajectory:
    """Write a human motion: one transform per SMPL joint and frame, joint to its parent.

    The pelvis' transform is its pose in the world; every other joint's translation is its
    offset at rest.
    """
    frames = len(motion)
    quaternions = Rotation.from_matrix(motion.joint_rotations.reshape(-1, 3, 3)).as_quat()
    translations = np.tile(skeleton.OFFSETS, (frames, 1, 1))
    translations[:, 0] = motion.root_position
    return _multi_dof(
        skeleton.JOINT_NAMES,
        np.arange(frames) / motion.fps,
        translations,
        quaternions.reshape(frames, skeleton.JOINT_COUNT, 4),
    )


def joint_state(
    joint_names: Sequence[str],
    positions: Float[np.ndarray, ' joint'],
    velocities: Float[np.ndarray, ' joint'],
    efforts: Float[np.ndarray, ' joint'],
    stamp: Time,
) -> JointState:
    """Write measured positions [rad], velocities [rad/s] and efforts [Nm]."""
    message = JointState(name=list(joint_names))
    message.header.stamp = stamp
    message.position.frombytes(np.ascontiguousarray(positions, np.float64).tobytes())
    message.velocity.frombytes(np.ascontiguousarray(velocities, np.float64).tobytes())
    message.effort.frombytes(np.ascontiguousarray(efforts, np.float64).tobytes())
    return message


def transforms(
    parent: str, poses: LinkPoses, stamp: Time, prefix: str = ''
) -> list[TransformStamped]:
    """Write where frames are in a parent frame, each under its name with a prefix."""
    found = []
    for name, place, turn in zip(
        poses.names, poses.positions.tolist(), poses.quaternions_xyzw.tolist(), strict=True
    ):
        message = TransformStamped(child_frame_id=prefix + name, transform=_transform(place, turn))
        message.header.frame_id, message.header.stamp = parent, stamp
        found.append(message)
    return found


def diagnostics(
    name: str, summary: str, values: Mapping[str, Any], stamp: Time, warning: bool = False
) -> DiagnosticArray:
    """Write one status, OK or WARN, with its values as text."""
    status = DiagnosticStatus(
        level=DiagnosticStatus.WARN if warning else DiagnosticStatus.OK,
        name=name,
        message=summary,
        values=[KeyValue(key=str(key), value=str(value)) for key, value in values.items()],
    )
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message


def report(values: Mapping[str, Any]) -> String:
    """Write a report as JSON, so that anything can read it without our message types."""
    return String(data=json.dumps(values, allow_nan=False))


def duration(seconds: float) -> Duration:
    """Round a time to whole nanoseconds."""
    whole, rest = divmod(round(float(seconds) * 1e9), 1_000_000_000)
    return Duration(sec=whole, nanosec=rest)


def moment(nanoseconds: int) -> Time:
    """Write a moment [ns]."""
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    return Time(sec=whole, nanosec=rest)


def _multi_dof(
    joint_names: Sequence[str],
    times: np.ndarray,
    translations: np.ndarray,
    quaternions_xyzw: np.ndarray,
) -> MultiDOFJointTrajectory:
    message = MultiDOFJointTrajectory(joint_names=list(joint_names))
    message.header.frame_id = WORLD_FRAME
    # tolist() yields the Python floats that message fields want, in one go.
    for time, places, turns in zip(
        times, translations.tolist(), quaternions_xyzw.tolist(), strict=True
    ):
        point = MultiDOFJointTrajectoryPoint(time_from_start=duration(time))
        point.transforms.extend(map(_transform, places, turns))
        message.points.append(point)
    return message


def _transform(place: Sequence[float], turn_xyzw: Sequence[float]) -> Transform:
    (x, y, z), (qx, qy, qz, qw) = place, turn_xyzw
    return Transform(
        translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)
    )
