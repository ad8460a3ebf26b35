"""What the feet do while the human's stand, and how deep the robot's parts are in each other."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.collision.hulls import HullChecker
from motionclip_ros.retargeting.contacts import contacts, foot_heights
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State

DEEP = 0.005
"""Penetration of convex hulls that counts as a collision [m]."""


class Feet(NamedTuple):
    """The supporting foot: of the points that stand on the floor, the lowest one.

    Attributes:
        speed: Its mean horizontal speed while it supports [m/s].
        height: Mean of how far it is above or below the floor meanwhile [cm].
        away: Part of that time in which it is more than 1 cm off the floor.
        mean_depth: How deep the lowest sole corner is below the floor, mean of all frames [cm].
        worst_depth: The deepest [cm].
    """

    speed: float
    height: float
    away: float
    mean_depth: float
    worst_depth: float


class Support(NamedTuple):
    """When a human point supports, and which: heels and toes of all feet.

    Attributes:
        frames: Frames in which some point stands.
        point: The lowest standing point there.
        human_speed: Its mean horizontal speed in the capture itself [m/s].
    """

    frames: Int[np.ndarray, ' support']
    point: Int[np.ndarray, ' support']
    human_speed: float


def support(robot: Robot, motion: Motion) -> Support:
    """Find the human's supporting points."""
    joints = _joints(robot)
    standing = contacts(motion, joints)
    heights = np.where(standing, foot_heights(motion, joints).heights, np.inf)
    frames = np.flatnonzero(standing.any(axis=1))
    point = heights[frames].argmin(axis=1)
    index = [skeleton.JOINT_INDEX[joint] for joint in joints]
    speeds = _horizontal_speed(motion.pose.positions[:, index], motion.fps)
    return Support(frames, point, float(speeds[frames, point].mean()))


def feet(robot: Robot, asked: Support, state: State, fps: float) -> Feet:
    """Measure the robot's soles; its floor is at height 0."""
    soles = _soles(robot, state)
    centres = np.stack([corners.mean(axis=1) for corners in soles], axis=1)
    lowest = np.stack([corners[..., 2].min(axis=1) for corners in soles], axis=1)
    height = lowest[asked.frames, asked.point]
    depth = np.maximum(0.0, -lowest.min(axis=1))
    return Feet(
        float(_horizontal_speed(centres, fps)[asked.frames, asked.point].mean()),
        float(np.abs(height).mean() * 100),
        float((np.abs(height) > 0.01).mean()),
        float(depth.mean() * 100),
        float(depth.max() * 100),
    )


def _joints(robot: Robot) -> tuple[str, ...]:
    """Return the human heels and toes in the order of the soles' parts."""
    soles = robot.correspondence.feet.values()
    return tuple(joint for foot in soles for joint in (foot.human_heel, foot.human_toe))


def _soles(robot: Robot, state: State) -> list[Float[np.ndarray, 'frame corner 3']]:
    """Return the corners of each heel and toe in the world."""
    parts = []
    for link, foot in robot.correspondence.feet.items():
        frame = robot.frame(link)
        for corners in (foot.heel_corners, foot.toe_corners):
            points = frame.position + np.array(corners) @ frame.rotation.T
            parts.append(robot.points(np.full(len(points), frame.body), points, state))
    return parts


def _horizontal_speed(
    points: Float[np.ndarray, 'frame point 3'], fps: float
) -> Float[np.ndarray, 'frame point']:
    return np.asarray(np.linalg.norm(np.gradient(points[..., :2], axis=0), axis=-1) * fps)


def collisions(checker: HullChecker, state: State) -> float:
    """Return the part of the frames in which some links are deep in each other."""
    return float((checker.depths(state) > DEEP).mean())
