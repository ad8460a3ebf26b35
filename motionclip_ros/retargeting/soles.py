"""The corners of a robot's soles: which there are, what carries them, where they would be."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_ros.retargeting.hanging import Wanted, rest_wanted
from motionclip_ros.retargeting.robots.correspondence import Foot
from motionclip_ros.retargeting.robots.robot import Frame, Robot


class Corner(NamedTuple):
    """One corner of a sole.

    Attributes:
        link: The foot.
        point: In the link's frame [m].
        human: SMPL joint above it, which tells whether it stands.
        heel: Whether it is at the heel, not at the toes.
    """

    link: str
    point: Float[np.ndarray, '3']
    human: str
    heel: bool


class Layout(NamedTuple):
    """How the corners lie in their soles.

    Attributes:
        foot: Foot of each corner, counted from 0.
        heel: Whether it is a heel corner.
        local: Its place in the flat sole, x to the toes, from the sole's middle [m].
    """

    foot: Int[np.ndarray, ' corner']
    heel: Bool[np.ndarray, ' corner']
    local: Float[np.ndarray, 'corner 2']


def sole_corners(robot: Robot) -> list[Corner]:
    """List the corners of all feet, foot by foot, heels first."""

    def of(link: str, foot: Foot) -> list[Corner]:
        heel = [Corner(link, np.array(p), foot.human_heel, True) for p in foot.heel_corners]
        toes = [Corner(link, np.array(p), foot.human_toe, False) for p in foot.toe_corners]
        return heel + toes

    return [c for link, foot in robot.correspondence.feet.items() for c in of(link, foot)]


def corner_positions(
    robot: Robot, wanted: Wanted, corners: list[Corner]
) -> Float[np.ndarray, 'frame corner 3']:
    """Return where the corners would be with the links on their targets [m]."""
    names = list(robot.correspondence.links)
    index = [names.index(corner.link) for corner in corners]
    points = np.array([corner.point for corner in corners]).reshape(-1, 3)
    turned = np.einsum('tkab,kb->tka', wanted.rotations[:, index], points)
    return np.asarray(wanted.positions[:, index] + turned)


def carried(robot: Robot, corners: list[Corner]) -> list[Frame]:
    """Return the corners on the joints that carry them."""
    carriers = [robot.frame(corner.link) for corner in corners]
    # Ankle frames carry the corners; a corner itself has no orientation to track.
    return [
        Frame(frame.body, frame.position + frame.rotation @ corner.point, frame.rotation)
        for frame, corner in zip(carriers, corners, strict=True)
    ]


def layout(robot: Robot, corners: list[Corner]) -> Layout:
    """Tell how the corners lie in their soles, by the robot in SMPL's rest pose."""
    links = list(robot.correspondence.feet)
    foot = np.array([links.index(corner.link) for corner in corners], np.int64)
    heel = np.array([corner.heel for corner in corners], bool)
    at_rest = corner_positions(robot, rest_wanted(robot), corners)
    local = np.zeros((len(corners), 2))
    ahead = headings(at_rest, foot, heel)[0]
    for one, angle in enumerate(ahead):
        own = foot == one
        c, s = np.cos(angle), np.sin(angle)
        local[own] = (at_rest[0, own, :2] - at_rest[0, own, :2].mean(axis=0)) @ [[c, -s], [s, c]]
    return Layout(foot, heel, local)


def headings(
    corners: Float[np.ndarray, 'frame corner 3'],
    foot: Int[np.ndarray, ' corner'],
    heel: Bool[np.ndarray, ' corner'],
) -> Float[np.ndarray, 'frame foot']:
    """Return the direction of each sole, from its heel corners to its toe corners [rad]."""
    found = []
    for one in range(foot.max() + 1 if len(foot) else 0):
        toes = corners[:, (foot == one) & ~heel].mean(axis=1)
        along = toes - corners[:, (foot == one) & heel].mean(axis=1)
        found.append(np.unwrap(np.arctan2(along[:, 1], along[:, 0])))
    return np.reshape(found, (-1, len(corners))).T
