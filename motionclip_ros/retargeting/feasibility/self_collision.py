"""How deep the links go into each other."""

from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from motionclip_ros.retargeting.collision.hulls import HullChecker
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State

_FIGURES = (
    'self_collision_cm',
    'self_collision_part',
    'self_collision_links',
    'self_collision_at_s',
)


@lru_cache(maxsize=4)
def _checker(robot: Robot) -> HullChecker:
    """Build a robot's hulls once, which takes longer than a report."""
    return HullChecker(robot)


def self_collision_depths(
    robot: Robot, state: State
) -> dict[tuple[str, str], Float[np.ndarray, ' point']] | None:
    """Return how deep each two links that ever touch are in each other [m].

    Returns:
        Nothing (None) for a robot whose links have no shapes that are looked at.
    """
    checker = _checker(robot)
    return checker.by_pair(state) if checker.link_pairs else None


def self_collision_figures(
    robot: Robot, state: State, times: Float[np.ndarray, ' point'], touching_cm: float
) -> dict[str, Any]:
    """Find the deepest penetration between the convex hulls of any two links.

    Args:
        robot: The robot.
        state: Its posture at every point.
        times: Times of the points [s].
        touching_cm: Depth from which on a point counts as a collision.

    Returns:
        Figures; None for a robot whose links have no shapes that are looked at.
    """
    depths = self_collision_depths(robot, state)
    if depths is None:
        return dict.fromkeys(_FIGURES)
    if not depths:
        return {**dict.fromkeys(_FIGURES), 'self_collision_cm': 0.0, 'self_collision_part': 0.0}
    links, deepest = max(depths.items(), key=lambda item: float(item[1].max()))
    touches = np.max(list(depths.values()), axis=0) * 100 > touching_cm
    return {
        'self_collision_cm': float(deepest.max() * 100),
        'self_collision_part': float(touches.mean()),
        'self_collision_links': list(links),
        'self_collision_at_s': float(times[deepest.argmax()]),
    }
