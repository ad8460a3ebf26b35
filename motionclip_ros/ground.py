"""A floor for a simulated robot, and the shapes with which it touches it.

Soles touch with their corners, all other links with the capsules that keep them apart from each
other when a motion is retargeted. Nothing but the floor is touched.
"""

import mujoco
import numpy as np

from motionclip_ros.retargeting.collision.library import fitted
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.soles import sole_corners

_CORNER = 0.005
"""Radius of the spheres at the corners of a sole [m]."""

_FRICTION = (1.0, 0.005, 0.0001)
"""Rubber on a laboratory's floor: sliding, spinning [m], rolling [m]."""


def add_floor(spec: mujoco.MjSpec, robot: Robot) -> None:
    """Add a floor at height 0 and what touches it to a robot's specification.

    Args:
        spec: The robot, as `mujoco_model.robot_spec` gives it.
        robot: The same robot.
    """
    spec.worldbody.add_geom(
        name='floor',
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 1.0],
        contype=1,
        conaffinity=0,
        friction=_FRICTION,
    )
    corners = sole_corners(robot)
    for corner in corners:
        raised = np.add(corner.point, [0.0, 0.0, _CORNER])
        _touching(spec, corner.link, mujoco.mjtGeom.mjGEOM_SPHERE, [_CORNER, 0, 0], pos=raised)
    soles = {corner.link for corner in corners}
    for link, capsules in fitted(robot)[0].items():
        for start, end, radius in capsules if link not in soles else ():
            _touching(
                spec,
                link,
                mujoco.mjtGeom.mjGEOM_CAPSULE,
                [radius, 0, 0],
                fromto=[*start, *_apart(start, end)],
            )


def _touching(
    spec: mujoco.MjSpec, link: str, kind: mujoco.mjtGeom, size: list[float], **place: object
) -> None:
    spec.body(link).add_geom(
        type=kind, size=size, mass=0.0, contype=0, conaffinity=1, friction=_FRICTION, **place
    )


def _apart(start: tuple[float, ...], end: tuple[float, ...]) -> np.ndarray:
    """Return an end that MuJoCo takes for a capsule's: spheres have both ends in one place."""
    gap = np.subtract(end, start)
    return np.array(end) if np.linalg.norm(gap) > 1e-4 else np.add(start, [0.0, 0.0, 1e-4])
