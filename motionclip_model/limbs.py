"""The flesh of the person that needs no licence: a capsule for each bone, a few ellipsoids."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_model import skeleton

_RADIUS = {
    'hip': 0.08,
    'knee': 0.055,
    'ankle': 0.045,
    'foot': 0.04,
    'collar': 0.06,
    'shoulder': 0.05,
    'elbow': 0.04,
    'wrist': 0.033,
    'hand': 0.04,
    'spine1': 0.11,
    'spine2': 0.12,
    'spine3': 0.11,
    'neck': 0.05,
    'head': 0.05,
}
_ROUNDINGS = {
    'head': ((0.0, 0.07, 0.01), (0.078, 0.115, 0.095)),
    'spine1': ((0.0, -0.08, 0.01), (0.145, 0.10, 0.105)),
    'spine3': ((0.0, 0.02, 0.0), (0.155, 0.20, 0.11)),
}
"""Ellipsoids of head, hips and chest: centre from the joint and half axes [m]."""

_STATIONS = (1.0 / 6.0, 0.5, 5.0 / 6.0)
"""Shares of a bone at which four points stand around it."""


class Ellipsoid(NamedTuple):
    """A rounding in the frame of the joint that a bone starts from.

    Attributes:
        centre: [3] its middle [m].
        half_axes: [3] along the axes of that joint [m].
    """

    centre: np.ndarray
    half_axes: np.ndarray


class Limb(NamedTuple):
    """The flesh around a bone, fixed to the joint that the bone starts from.

    Attributes:
        joint: Joint at the far end of the bone.
        parent: Joint that it starts from.
        end: [3] the far end in the frame of that joint [m].
        radius: Half thickness of the capsule [m].
        rounding: What is rounder than a capsule there, if anything.
    """

    joint: int
    parent: int
    end: np.ndarray
    radius: float
    rounding: Ellipsoid | None

    @property
    def part(self) -> str:
        """Name of the part of the body, left and right alike."""
        return skeleton.JOINT_NAMES[self.joint].split('_')[-1]

    def surface(self) -> Float[np.ndarray, 'point 3']:
        """Points on the surface, in the frame of the joint that the bone starts from [m]."""
        along = self.end / np.linalg.norm(self.end)
        # Any two directions across the bone will do, as long as they are always the same.
        across = np.cross(along, np.eye(3)[np.abs(along).argmin()])
        across /= np.linalg.norm(across)
        ring = np.stack([across, np.cross(along, across)])
        ring = self.radius * np.concatenate([ring, -ring])
        points = [share * self.end + ring for share in _STATIONS]
        if self.joint not in skeleton.PARENTS:
            points.append((self.end + self.radius * along)[None])
        if self.rounding is not None:
            poles = np.diag(self.rounding.half_axes)
            points.append(self.rounding.centre + np.concatenate([poles, -poles]))
        return np.concatenate(points)


def _limb(joint: int) -> Limb:
    name = skeleton.JOINT_NAMES[joint]
    end = skeleton.OFFSETS[joint]
    rounding = None
    if name in _ROUNDINGS:
        centre, half_axes = _ROUNDINGS[name]
        rounding = Ellipsoid(end + centre, np.array(half_axes))
    return Limb(joint, skeleton.PARENTS[joint], end, _RADIUS[name.split('_')[-1]], rounding)


LIMBS = tuple(_limb(joint) for joint in range(1, skeleton.JOINT_COUNT))
"""The 23 limbs of the person that needs no licence."""
