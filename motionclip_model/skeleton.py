"""The SMPL joint tree, a licence-free set of joint offsets, and forward kinematics.

The tree is that of Loper et al., "SMPL: A Skinned Multi-Person Linear Model" (2015). The
offsets are our own measurements of an average adult and stand in for a body model that may
not be redistributed. Body frame: +x left, +y up, +z front; world frame: z up.
"""

from typing import Any, NamedTuple

import numpy as np
from array_api_compat import array_namespace

_HALF = {
    'hip': (0.065, -0.085, -0.010),
    'knee': (0.030, -0.395, 0.000),
    'ankle': (-0.010, -0.405, -0.035),
    'foot': (0.035, -0.060, 0.125),
    'collar': (0.075, 0.120, -0.020),
    'shoulder': (0.110, 0.040, -0.015),
    'elbow': (0.260, -0.010, -0.020),
    'wrist': (0.250, 0.010, 0.000),
    'hand': (0.085, -0.010, -0.010),
}
_MIDDLE = {
    'pelvis': (0.0, 0.0, 0.0),
    'spine1': (0.0, 0.110, -0.020),
    'spine2': (0.0, 0.135, 0.005),
    'spine3': (0.0, 0.055, 0.010),
    'neck': (0.0, 0.210, -0.035),
    'head': (0.0, 0.085, 0.045),
}
_PARENT = {
    'left_hip': 'pelvis',
    'right_hip': 'pelvis',
    'spine1': 'pelvis',
    'left_knee': 'left_hip',
    'right_knee': 'right_hip',
    'spine2': 'spine1',
    'left_ankle': 'left_knee',
    'right_ankle': 'right_knee',
    'spine3': 'spine2',
    'left_foot': 'left_ankle',
    'right_foot': 'right_ankle',
    'neck': 'spine3',
    'left_collar': 'spine3',
    'right_collar': 'spine3',
    'head': 'neck',
    'left_shoulder': 'left_collar',
    'right_shoulder': 'right_collar',
    'left_elbow': 'left_shoulder',
    'right_elbow': 'right_shoulder',
    'left_wrist': 'left_elbow',
    'right_wrist': 'right_elbow',
    'left_hand': 'left_wrist',
    'right_hand': 'right_wrist',
}

JOINT_NAMES: tuple[str, ...] = ('pelvis', *_PARENT)
"""The 24 SMPL joints in SMPL's order; every parent stands before its children."""

JOINT_INDEX: dict[str, int] = {name: index for index, name in enumerate(JOINT_NAMES)}

PARENTS: tuple[int, ...] = (-1, *(JOINT_INDEX[parent] for parent in _PARENT.values()))
"""Index of each joint's parent; -1 for the pelvis."""

JOINT_COUNT = len(JOINT_NAMES)

BODY_JOINT_COUNT = 22
"""Joints that AMASS captures: all but the two hands, which stay at rest."""


def _offset(name: str) -> tuple[float, float, float]:
    side, _, part = name.partition('_')
    if side not in ('left', 'right'):
        return _MIDDLE[name]
    x, y, z = _HALF[part]
    return (x if side == 'left' else -x, y, z)


OFFSETS: np.ndarray = np.array([_offset(name) for name in JOINT_NAMES])
"""[24, 3] position of each joint in its parent's frame at rest [m]."""
OFFSETS.setflags(write=False)

MIRROR_INDEX: tuple[int, ...] = tuple(
    JOINT_INDEX[
        name.replace('left_', 'RIGHT_').replace('right_', 'left_').replace('RIGHT_', 'right_')
    ]
    for name in JOINT_NAMES
)
"""For each joint the joint on the other side of the body (itself on the midline)."""

Y_UP_TO_Z_UP: np.ndarray = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Root rotation of a person who stands upright in the z-up world and faces world -y."""
Y_UP_TO_Z_UP.setflags(write=False)


class Pose(NamedTuple):
    """World placement of every joint.

    Attributes:
        positions: [..., 24, 3] joint positions [m].
        rotations: [..., 24, 3, 3] rotations from joint frame to world.
    """

    positions: Any
    rotations: Any


def forward_kinematics(joint_rotations: Any, root_position: Any) -> Pose:
    """Place the skeleton in the world.

    Works alike on NumPy arrays and PyTorch tensors (differentiable there).

    Args:
        joint_rotations: [..., 24, 3, 3] rotation of each joint to its parent; the pelvis'
            is its rotation to the world.
        root_position: [..., 3] pelvis position in the world [m].

    Returns:
        Joint positions and rotations in the world.
    """
    xp = array_namespace(joint_rotations, root_position)
    offsets = xp.asarray(OFFSETS.copy(), dtype=joint_rotations.dtype)
    if hasattr(joint_rotations, 'device') and str(joint_rotations.device) != 'cpu':
        offsets = offsets.to(joint_rotations.device)
    rotations = [joint_rotations[..., 0, :, :]]
    positions = [root_position]
    for joint in range(1, JOINT_COUNT):
        parent = PARENTS[joint]
        positions.append(positions[parent] + (rotations[parent] @ offsets[joint][:, None])[..., 0])
        rotations.append(rotations[parent] @ joint_rotations[..., joint, :, :])
    return Pose(xp.stack(positions, axis=-2), xp.stack(rotations, axis=-3))
