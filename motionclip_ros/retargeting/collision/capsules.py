"""Capsules on a robot's joints, and the distances between them in NumPy, all frames at once."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_ros.retargeting.robots.correspondence import Segment
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.kernel_numpy import nearest_on_segments
from motionclip_ros.retargeting.solving.problem import State, Tree

LinkCapsules = Mapping[str, tuple[Segment, ...]]
"""Link -> its capsules: both ends of the axis in the link's frame [m], and the radius [m]."""


class Capsules(NamedTuple):
    """Round-ended cylinders carried by the joints. With equal ends it is a sphere.

    Attributes:
        body: Joint that carries each capsule; -1 is the base.
        start: One end of its axis in that joint's frame [m].
        end: The other end [m].
        radius: [m].
    """

    body: Int[np.ndarray, ' capsule']
    start: Float[np.ndarray, 'capsule 3']
    end: Float[np.ndarray, 'capsule 3']
    radius: Float[np.ndarray, ' capsule']


class Nearness(NamedTuple):
    """How near the capsules of each pair are, in the world.

    Attributes:
        distance: Between the surfaces, negative by the depth where they overlap [m].
        first: Point on the first capsule's axis that is nearest to the second one's [m].
        second: Point on the second capsule's axis that is nearest to the first one's [m].
        normal: Unit vector from the first to the second; 0 where the axes touch.
    """

    distance: Float[np.ndarray, 'frame pair']
    first: Float[np.ndarray, 'frame pair 3']
    second: Float[np.ndarray, 'frame pair 3']
    normal: Float[np.ndarray, 'frame pair 3']


def on_joints(robot: Robot, by_link: LinkCapsules) -> Capsules:
    """Move capsules from their links' frames to those of the joints that carry them.

    Raises:
        RobotError: The URDF has no such link.
    """
    frames = [robot.frame(link) for link, capsules in by_link.items() for _ in capsules]
    ends = np.array([c[:2] for capsules in by_link.values() for c in capsules], float)
    radius = np.array([c[2] for capsules in by_link.values() for c in capsules], float)
    ends = ends.reshape(-1, 2, 3)
    for index, frame in enumerate(frames):
        ends[index] = frame.position + ends[index] @ frame.rotation.T
    body = np.array([frame.body for frame in frames], np.int64)
    return Capsules(body, ends[:, 0].copy(), ends[:, 1].copy(), radius)


def capsule_distances(
    tree: Tree, capsules: Capsules, pairs: Int[np.ndarray, 'pair 2'], state: State
) -> Float[np.ndarray, 'frame pair']:
    """Measure the distances between the surfaces of pairs of capsules.

    Args:
        tree: The robot's joints.
        capsules: The capsules on them.
        pairs: Two indices of capsules each.
        state: The robot's posture in every frame.

    Returns:
        Distances, negative by the depth where capsules overlap [m].
    """
    return closest(tree, capsules, pairs, state).distance


def closest(
    tree: Tree, capsules: Capsules, pairs: Int[np.ndarray, 'pair 2'], state: State
) -> Nearness:
    """Find the nearest points of the axes of pairs of capsules; see `capsule_distances`."""
    start, axis = _placed(tree, capsules, state)
    one, other = pairs.T
    first, second = nearest_points(start[:, one], axis[:, one], start[:, other], axis[:, other])
    way = second - first
    length = np.linalg.norm(way, axis=-1)
    normal = way / np.maximum(length, 1e-12)[..., None]
    radii = capsules.radius[one] + capsules.radius[other]
    return Nearness(length - radii, first, second, normal)


def near_distances(
    tree: Tree,
    capsules: Capsules,
    pairs: Int[np.ndarray, 'pair 2'],
    state: State,
    within: float,
) -> Float[np.ndarray, 'frame pair']:
    """Measure only the distances that matter; see `capsule_distances`.

    Args:
        tree: The robot's joints.
        capsules: The capsules on them.
        pairs: Two indices of capsules each.
        state: The robot's posture in every frame.
        within: What counts as near [m].

    Returns:
        Distances where they are less than `within`, and elsewhere something from `within` to
        the distance [m]. Where few pairs are near this takes a fraction of the time.
    """
    start, axis = _placed(tree, capsules, state)
    one, other = pairs.T
    middle = start + axis / 2
    size = np.linalg.norm(capsules.end - capsules.start, axis=-1) / 2 + capsules.radius
    away = middle[:, one] - middle[:, other]
    bound = np.sqrt(np.einsum('tpa,tpa->tp', away, away)) - (size[one] + size[other])
    frame, pair = np.nonzero(bound < within)
    one, other = one[pair], other[pair]
    first, second = nearest_points(
        start[frame, one], axis[frame, one], start[frame, other], axis[frame, other]
    )
    radii = capsules.radius[one] + capsules.radius[other]
    bound[frame, pair] = np.linalg.norm(second - first, axis=-1) - radii
    return np.asarray(bound)


def _placed(
    tree: Tree, capsules: Capsules, state: State
) -> tuple[Float[np.ndarray, 'frame capsule 3'], Float[np.ndarray, 'frame capsule 3']]:
    """Return where the capsules' axes start in the world, and where they lead from there [m]."""
    turn, origin = placing.place(tree, state)
    turn, origin = turn[:, capsules.body + 1], origin[:, capsules.body + 1]
    start = origin + np.einsum('tcab,cb->tca', turn, capsules.start)
    return start, np.einsum('tcab,cb->tca', turn, capsules.end - capsules.start)


def nearest_points(
    start: Float[np.ndarray, '*batch 3'],
    axis: Float[np.ndarray, '*batch 3'],
    other_start: Float[np.ndarray, '*batch 3'],
    other_axis: Float[np.ndarray, '*batch 3'],
) -> tuple[Float[np.ndarray, '*batch 3'], Float[np.ndarray, '*batch 3']]:
    """Find the nearest points of two segments, each from its start along its whole axis."""
    along, other_along = nearest_on_segments(start, axis, other_start, other_axis)
    return start + along[..., None] * axis, other_start + other_along[..., None] * other_axis
