"""Sole corners of a foot, from its shape."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_ros.retargeting.robots.correspondence import Point
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.robots.shapes import Shape
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_THICKNESS = 0.004  # [m] what is this near to the lowest point is sole
_SMALLEST = 0.03  # [m] a shorter sole is an edge; then the whole foot counts
_USUAL_LENGTH = 0.27  # length of a foot over that of the leg, for feet without a shape
_USUAL_HEEL = 0.3  # share of the foot that is behind the ankle
_USUAL_WIDTH = 0.4  # width over length


class Sole(NamedTuple):
    """The corners of a sole in the foot link's frame [m], and where they are from."""

    heel: tuple[Point, ...]
    toe: tuple[Point, ...]
    source: str


def find_sole(
    robot: Robot,
    link: str,
    shapes: list[Shape],
    upright: Float[np.ndarray, '3 3'],
    leg_length: float,
    rest: Float[np.ndarray, ' joint'],
) -> Sole:
    """Find the lowest rectangle of a foot in the rest posture.

    Args:
        robot: A robot.
        link: The foot link.
        shapes: The robot's shapes.
        upright: Rotation from the root link to x front, y left, z up.
        leg_length: Hip to ankle [m], for a foot that has no shape.
        rest: Joint angles at which the soles are level [rad].

    Returns:
        Two corners at the heel and two at the toes.
    """
    frame = robot.frame(link)
    state = State(np.zeros((1, 3)), upright[None], rest[None])
    turn, origin = (array[0, frame.body + 1] for array in placing.place(robot.tree, state))
    here = [shape for shape in shapes if shape.body == frame.body]
    carried = [other.position for other in robot.frames.values() if other.body == frame.body]
    centre = origin + turn @ frame.position
    if here:
        points = np.concatenate([shape.vertices for shape in here]) @ turn.T + origin
        rectangle, source = _rectangle(points), 'shape of the foot'
    else:
        height = min((turn @ point + origin)[2] for point in carried)
        length = _USUAL_LENGTH * leg_length
        ends = centre[0] - _USUAL_HEEL * length, centre[0] + (1.0 - _USUAL_HEEL) * length
        half = _USUAL_WIDTH * length / 2
        rectangle = np.array([[x, centre[1] + y, height] for x in ends for y in (half, -half)])
        source = 'no shape: length of the leg'
    local = ((rectangle - origin) @ turn - frame.position) @ frame.rotation
    corners = [(float(x), float(y), float(z)) for x, y, z in (np.round(local, 4) + 0.0).tolist()]
    return Sole(tuple(corners[:2]), tuple(corners[2:]), source)


def _rectangle(points: Float[np.ndarray, 'point 3']) -> Float[np.ndarray, '4 3']:
    """Return heel left, heel right, toe left, toe right of the lowest points."""
    floor = points[:, 2].min()
    sole = points[points[:, 2] < floor + _THICKNESS]
    if np.ptp(sole[:, 0]) < _SMALLEST:
        sole = points
    back, front = sole[:, 0].min(), sole[:, 0].max()
    middle = (back + front) / 2
    corners = []
    for x, half in ((back, sole[:, 0] <= middle), (front, sole[:, 0] >= middle)):
        # A row of corners cannot be wider than the sole is at that end.
        corners += [[x, sole[half, 1].max(), floor], [x, sole[half, 1].min(), floor]]
    return np.array(corners)
