"""How deep the links go into each other."""

from functools import lru_cache
from typing import Any, NamedTuple

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

_BLOCK = 256  # points looked at in one go, to bound the memory


class _Worst(NamedTuple):
    depth: float  # [m]
    point: int
    links: tuple[str, str] | None


@lru_cache(maxsize=4)
def _checker(robot: Robot) -> HullChecker:
    """Build a robot's hulls once, which takes longer than a report."""
    return HullChecker(robot)


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
    checker = _checker(robot)
    if not checker.link_pairs:
        return dict.fromkeys(_FIGURES)
    worst = _Worst(0.0, 0, None)
    touching = 0
    for begin in range(0, len(times), _BLOCK):
        depths = checker.by_pair(State(*(values[begin : begin + _BLOCK] for values in state)))
        if not depths:
            continue
        links, deepest = max(depths.items(), key=lambda item: float(item[1].max()))
        here = _Worst(float(deepest.max()), begin + int(deepest.argmax()), links)
        worst = max(worst, here, key=lambda found: found.depth)
        touching += int((np.max(list(depths.values()), axis=0) * 100 > touching_cm).sum())
    return {
        'self_collision_cm': worst.depth * 100,
        'self_collision_part': touching / len(times),
        'self_collision_links': None if worst.links is None else list(worst.links),
        'self_collision_at_s': None if worst.links is None else float(times[worst.point]),
    }
