"""Whether the robot could stand by itself while it moves: its zero moment point and its soles."""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from motionclip_ros.retargeting.feasibility.dynamics import Loads, robot_weight
from motionclip_ros.retargeting.feasibility.ground import support_margin
from motionclip_ros.retargeting.feasibility.soles import Placed, Soles
from motionclip_ros.retargeting.robots.robot import Robot

_LIGHT = 0.2  # part of the weight; with less on the floor a zero moment point means nothing

_FIGURES = (
    'flight_part',
    'held_elsewhere_part',
    'zmp_inside_part',
    'zmp_margin_cm',
    'zmp_margin_mean_cm',
    'zmp_margin_at_s',
    'com_inside_part',
    'com_margin_cm',
    'balanced_part',
)


def zero_moment_point(
    wrench: Float[np.ndarray, 'sample 6'], base: Float[np.ndarray, 'sample 3']
) -> Float[np.ndarray, 'sample 2']:
    """Return where on the floor the ground's forces would have no horizontal moment.

    With the weight alone as wrench this is the centre of mass, seen from above.

    Args:
        wrench: Force [N] and moment about the base's origin [Nm] from outside, world's axes.
        base: The base's origin; the floor is at height 0 [m].

    Returns:
        x and y [m]; NaN or infinite where nothing pushes up.
    """
    force = wrench[:, :3]
    moment = wrench[:, 3:] + np.cross(base, force)
    with np.errstate(divide='ignore', invalid='ignore'):
        point = np.stack([-moment[:, 1], moment[:, 0]], axis=1) / force[:, 2:]
    return np.asarray(point)


def balance_figures(
    robot: Robot,
    loads: Loads | None,
    placed: Placed,
    soles: Soles,
    standing: Bool[np.ndarray, 'point corner'],
    times: Float[np.ndarray, ' point'],
) -> dict[str, Any]:
    """Compare the zero moment point with the soles that stand.

    Args:
        robot: The robot.
        loads: What must hold it up between the ends; None without masses.
        placed: Where its joints are at all points.
        soles: Its soles' corners.
        standing: Which of them stand.
        times: Times of the points [s].

    Returns:
        Figures; None where they have no meaning.
    """
    if loads is None or not len(loads.wrench) or robot.fixed_base or not len(soles.body):
        return dict.fromkeys(_FIGURES)
    placed, standing, times = placed.at(slice(1, -1)), standing[1:-1], times[1:-1]
    weight = robot_weight(robot)
    upward = loads.wrench[:, 2] / weight
    stands = standing.any(axis=1)
    held = stands & (upward > _LIGHT)
    corners = soles.points(placed)[..., :2]
    base = placed.origin[:, 0]

    figures: dict[str, Any] = {
        'flight_part': float((~stands & (upward <= _LIGHT)).mean()),
        'held_elsewhere_part': float((~stands & (upward > _LIGHT)).mean()),
        'balanced_part': float(loads.balanced[stands].mean()) if stands.any() else None,
    }
    if held.any():
        wanted = (loads.wrench, loads.weight)
        points = [zero_moment_point(wrench[held], base[held]) for wrench in wanted]
        dynamic, static = np.split(
            support_margin(
                np.tile(corners[held], (2, 1, 1)),
                np.tile(standing[held], (2, 1)),
                np.concatenate(points),
            ),
            2,
        )
        figures |= {
            'zmp_inside_part': float((dynamic >= 0.0).mean()),
            'zmp_margin_cm': float(dynamic.min() * 100),
            'zmp_margin_mean_cm': float(dynamic.mean() * 100),
            'zmp_margin_at_s': float(times[held][dynamic.argmin()]),
            'com_inside_part': float((static >= 0.0).mean()),
            'com_margin_cm': float(static.min() * 100),
        }
    return {name: figures.get(name) for name in _FIGURES}
