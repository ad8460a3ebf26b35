"""Trajectories of some of a robot's joints."""

from collections.abc import Mapping, Sequence

import numpy as np

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.trajectory import RobotTrajectory


def only(trajectory: RobotTrajectory, joint_names: Sequence[str]) -> RobotTrajectory:
    """Return a trajectory of some of its joints, in the order in which they are named.

    Raises:
        TrajectoryError: A joint is not in the trajectory, or no joint is named.
    """
    column = {name: index for index, name in enumerate(trajectory.joint_names)}
    unknown = [name for name in joint_names if name not in column]
    if unknown:
        raise TrajectoryError(
            f'unknown joint {unknown[0]!r}; this trajectory has {", ".join(column)}'
        )
    order = np.array([column[name] for name in joint_names], np.intp)
    return RobotTrajectory(
        tuple(joint_names),
        trajectory.time_from_start,
        trajectory.positions[:, order],
        trajectory.velocities[:, order],
        trajectory.base_position,
        trajectory.base_quaternion_xyzw,
    )


def moving(trajectory: RobotTrajectory) -> tuple[str, ...]:
    """Name the joints that do not stay where they are; the first one if all do."""
    moves = np.ptp(trajectory.positions, axis=0) > 0.0
    moves |= np.abs(trajectory.velocities).max(axis=0) > 0.0
    names = tuple(np.array(trajectory.joint_names)[moves].tolist())
    return names or trajectory.joint_names[:1]


def completed(
    trajectory: RobotTrajectory, joint_names: Sequence[str], posture: Mapping[str, float]
) -> RobotTrajectory:
    """Return a trajectory of all joints; those that it lacks hold a posture.

    Args:
        trajectory: Some of the joints, in any order.
        joint_names: All joints of the robot, in its order.
        posture: Where each of the other joints stays [rad].

    Raises:
        TrajectoryError: The trajectory has a joint that the robot lacks, or a joint is in
            neither the trajectory nor the posture.
    """
    column = {name: index for index, name in enumerate(trajectory.joint_names)}
    foreign = [name for name in column if name not in joint_names]
    if foreign:
        raise TrajectoryError(
            f'unknown joint {foreign[0]!r}; this robot has {", ".join(joint_names)}'
        )
    missing = [name for name in joint_names if name not in column and name not in posture]
    if missing:
        raise TrajectoryError(
            f'joint {missing[0]!r} has neither a path nor a place; add it to the posture'
        )
    positions = np.empty((len(trajectory), len(joint_names)))
    velocities = np.zeros_like(positions)
    for index, name in enumerate(joint_names):
        if name in column:
            positions[:, index] = trajectory.positions[:, column[name]]
            velocities[:, index] = trajectory.velocities[:, column[name]]
        else:
            positions[:, index] = posture[name]
    return RobotTrajectory(
        tuple(joint_names),
        trajectory.time_from_start,
        positions,
        velocities,
        trajectory.base_position,
        trajectory.base_quaternion_xyzw,
    )
