"""Whether the robot could stand by itself while it moves: its zero moment point and its soles."""

from typing import Any, NamedTuple

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


class Margins(NamedTuple):
    """How far inside the standing soles the robot is held, between the ends of a trajectory.

    Attributes:
        held: Where soles stand and something pushes the robot up.
        dynamic: Distance of the zero moment point to the soles' edge there, negative outside [m].
        static: The same for the centre of mass [m].
    """

    held: Bool[np.ndarray, ' sample']
    dynamic: Float[np.ndarray, ' holding']
    static: Float[np.ndarray, ' holding']


def support_margins(
    robot: Robot,
    loads: Loads,
    placed: Placed,
    soles: Soles,
    standing: Bool[np.ndarray, 'point corner'],
) -> Margins:
    """Compare the zero moment point and the centre of mass with the soles that stand.

    Args:
        robot: The robot.
        loads: What must hold it up between the ends.
        placed: Where its joints are at all points.
        soles: Its soles' corners.
        standing: Which of them stand.

    Returns:
        The margins, where they have a meaning.
    """
    placed, standing = placed.at(slice(1, -1)), standing[1:-1]
    held = standing.any(axis=1) & (loads.wrench[:, 2] > _LIGHT * robot_weight(robot))
    if not held.any():
        return Margins(held, np.zeros(0), np.zeros(0))
    base = placed.origin[held, 0]
    points = [zero_moment_point(wrench[held], base) for wrench in (loads.wrench, loads.weight)]
    margins = support_margin(
        np.tile(soles.points(placed)[held, :, :2], (2, 1, 1)),
        np.tile(standing[held], (2, 1)),
        np.concatenate(points),
    )
    return Margins(held, *np.split(margins, 2))


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
    held, dynamic, static = support_margins(robot, loads, placed, soles, standing)
    upward = loads.wrench[:, 2] / robot_weight(robot)
    stands = standing[1:-1].any(axis=1)
    figures: dict[str, Any] = {
        'flight_part': float((~stands & (upward <= _LIGHT)).mean()),
        'held_elsewhere_part': float((~stands & (upward > _LIGHT)).mean()),
        'balanced_part': float(loads.balanced[stands].mean()) if stands.any() else None,
    }
    if held.any():
        figures |= {
            'zmp_inside_part': float((dynamic >= 0.0).mean()),
            'zmp_margin_cm': float(dynamic.min() * 100),
            'zmp_margin_mean_cm': float(dynamic.mean() * 100),
            'zmp_margin_at_s': float(times[1:-1][held][dynamic.argmin()]),
            'com_inside_part': float((static >= 0.0).mean()),
            'com_margin_cm': float(static.min() * 100),
        }
    return {name: figures.get(name) for name in _FIGURES}
