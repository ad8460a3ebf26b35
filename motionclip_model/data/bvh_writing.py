"""`Motion` as a BVH file, for Blender, MotionBuilder and their like."""

import os

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_model.storage import write_atomically

_CENTIMETRES = 100.0

_MIDDLE = {
    'pelvis': 'Hips',
    'spine1': 'Spine',
    'spine2': 'Spine1',
    'spine3': 'Spine2',
    'neck': 'Neck',
    'head': 'Head',
}
_SIDE = {
    'hip': 'UpLeg',
    'knee': 'Leg',
    'ankle': 'Foot',
    'foot': 'ToeBase',
    'collar': 'Shoulder',
    'shoulder': 'Arm',
    'elbow': 'ForeArm',
    'wrist': 'Hand',
    'hand': 'HandMiddle1',
}
"""The names that most programs know, MotionBuilder's."""

_TIPS = {'head': (0.0, 0.18, 0.0), 'foot': (0.0, 0.0, 0.06)}
"""From the last joint of a chain to its end; a hand goes on as it came [m]."""


def save_bvh(motion: Motion, path: str | os.PathLike[str]) -> None:
    """Write a motion with the SMPL skeleton, y up, in centimetres.

    Every joint turns by intrinsic z, y, x angles [deg] away from SMPL's rest pose, in which
    the arms are stretched out to the sides.

    Args:
        motion: What the person does.
        path: File to write.
    """
    lines = ['HIERARCHY']
    _describe(0, 0, lines)
    to_y_up = skeleton.Y_UP_TO_Z_UP.T
    rotations = motion.joint_rotations[:, _order()].copy()
    rotations[:, 0] = to_y_up @ rotations[:, 0]
    shape = rotations.shape[:2]
    angles = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_euler('ZYX', degrees=True)
    places = motion.root_position @ to_y_up.T * _CENTIMETRES
    rows = np.concatenate([places, angles.reshape(shape[0], -1)], axis=1)
    lines += ['MOTION', f'Frames: {len(motion)}', f'Frame Time: {1.0 / motion.fps:.8f}']
    lines += [' '.join(f'{value:.6f}' for value in row) for row in rows]
    with write_atomically(path) as file:
        file.write(('\n'.join(lines) + '\n').encode())


def _children(joint: int) -> list[int]:
    return [child for child, parent in enumerate(skeleton.PARENTS) if parent == joint and child]


def _order(joint: int = 0) -> list[int]:
    """Joints in the order of the file: a limb to its end before the next begins."""
    return [joint, *(each for child in _children(joint) for each in _order(child))]


def _describe(joint: int, depth: int, lines: list[str]) -> None:
    indent, inner = '\t' * depth, '\t' * (depth + 1)
    kind = 'JOINT' if joint else 'ROOT'
    places = '' if joint else 'Xposition Yposition Zposition '
    offset = skeleton.OFFSETS[joint] if joint else np.zeros(3)
    lines += [
        f'{indent}{kind} {_name(joint)}',
        f'{indent}{{',
        f'{inner}OFFSET {_vector(offset)}',
        f'{inner}CHANNELS {3 if joint else 6} {places}Zrotation Yrotation Xrotation',
    ]
    children = _children(joint)
    for child in children:
        _describe(child, depth + 1, lines)
    if not children:
        part = skeleton.JOINT_NAMES[joint].split('_')[-1]
        tip = np.array(_TIPS[part]) if part in _TIPS else skeleton.OFFSETS[joint]
        lines += [
            f'{inner}End Site',
            f'{inner}{{',
            f'{inner}\tOFFSET {_vector(tip)}',
            f'{inner}}}',
        ]
    lines.append(f'{indent}}}')


def _name(joint: int) -> str:
    name = skeleton.JOINT_NAMES[joint]
    side, _, part = name.partition('_')
    return _MIDDLE.get(name) or f'{side.capitalize()}{_SIDE[part]}'


def _vector(metres: np.ndarray) -> str:
    return ' '.join(f'{_CENTIMETRES * value:.6f}' for value in metres)
