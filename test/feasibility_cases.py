"""Trajectories for the tests of the feasibility report."""

import numpy as np

from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

SOLE = 0.7927
"""Height of the G1's pelvis above its soles, legs straight [m]."""


def held(
    robot: Robot, joints: np.ndarray, base: np.ndarray | None = None, frames: int = 20
) -> RobotTrajectory:
    """A posture held still (or a joint path); the base upright over the origin, or on a path."""
    joints = np.broadcast_to(joints, (frames, len(robot.joint_names))).copy()
    position = np.tile([0.0, 0.0, SOLE], (frames, 1)) if base is None else base
    upright = np.tile([0.0, 0.0, 0.0, 1.0], (frames, 1))
    times = np.arange(frames) / 30
    return RobotTrajectory.through(
        robot.joint_names, times, joints, position, upright, robot.limits
    )


def random_trajectory(robot: Robot, points: int, seed: int, pace: float) -> RobotTrajectory:
    """Anything that is a valid trajectory: uneven times, postures beyond the limits."""
    rng = np.random.default_rng(seed)
    joints = len(robot.joint_names)
    quaternion = rng.normal(size=(points, 4))
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    return RobotTrajectory(
        robot.joint_names,
        np.cumsum(rng.uniform(0.1, 1.0, points)) * pace,
        rng.normal(size=(points, joints)),
        rng.normal(size=(points, joints)) / pace,
        rng.normal(size=(points, 3)),
        quaternion,
    )


def small_clip(robot: Robot, seed: int) -> RobotTrajectory:
    """A smooth random path inside the position limits, often beyond the others."""
    rng = np.random.default_rng(seed)
    times = np.arange(30) / 30
    way = rng.normal(size=(3, len(robot.joint_names))) * rng.uniform(0.1, 1.5)
    waves = np.sin(2 * np.pi * times[:, None] * np.array([1.0, 2.0, 4.0])) @ way
    return held(robot, robot.limits.clipped(robot.neutral + waves), frames=30)
