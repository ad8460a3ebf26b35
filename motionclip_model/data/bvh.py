"""BVH motion capture files as `Motion`, for both releases of the CMU data and their like."""

import os
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model.data.bvh_file import BvhFile, Placement, read_bvh
from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion
from motionclip_model.skeleton import (
    JOINT_INDEX,
    JOINT_NAMES,
    OFFSETS,
    PARENTS,
    Y_UP_TO_Z_UP,
    forward_kinematics,
)

_MIDDLE_NAMES = {
    'pelvis': ('hips', 'hip', 'pelvis', 'root'),
    'neck': ('neck', 'neck1'),
    'head': ('head',),
}
_SIDE_NAMES = {
    'hip': ('upleg', 'thigh', 'hip', 'upperleg'),
    'knee': ('leg', 'shin', 'knee', 'lowerleg', 'calf'),
    'ankle': ('foot', 'ankle'),
    'foot': ('toebase', 'toe', 'toes'),
    'collar': ('shoulder', 'collar', 'clavicle'),
    'shoulder': ('arm', 'shldr', 'uparm', 'upperarm', 'shoulder'),
    'elbow': ('forearm', 'elbow', 'lowerarm'),
    # In the MotionBuilder release the hand only rolls, and this joint in its place bends.
    'wrist': ('fingerbase', 'hand', 'wrist'),
}
"""Names in use, without prefix, separators, case and side; the first that exists is taken."""

_LIMBS = {
    'hip': 'knee',
    'knee': 'ankle',
    'shoulder': 'elbow',
    'elbow': 'wrist',
}
"""Joints whose bone is to point where the file's bone points, and the bone's end."""

_NEAR_REST = 30.0
"""Largest joint angle of a reference pose [deg]; a T-pose differs that much from rest."""

_LEAP, _FAST = 1500.0, 600.0
"""Joint speeds that only a leap can have, and below which a fade has ended [deg/s]."""

_LONGEST_FADE = 0.1
"""Longest fade from the reference pose to the motion [s]."""


class _Mapping(NamedTuple):
    """Indices in the file's tree: a joint's own, and where its bone ends."""

    joint: dict[str, int]
    bone_end: dict[str, int]


def load_bvh(path: str | os.PathLike[str]) -> Motion:
    """Read a BVH file and carry its motion over to the SMPL skeleton.

    Joints are matched by name. Upper and lower arms and legs point exactly where the file's
    bones point; trunk, neck, head, collars, feet and hands turn as the file's joints turn away
    from its rest pose, which may be any pose with an upright trunk. The root path is scaled by
    the ratio of leg lengths, whatever the file's unit, and the floor put under the lowest
    foot. A reference pose in front of the motion is left out.

    Args:
        path: File with the usual names, such as Hips, LeftUpLeg or hip, lThigh.

    Returns:
        The motion at the file's own frame rate, z up.

    Raises:
        MotionError: The file is malformed, or a joint that is needed has no known name.
    """
    file = read_bvh(path)
    try:
        mapping = _map_joints(file)
        return _converted(file, mapping)
    except MotionError as error:
        raise MotionError(f'{path}: {error}') from None


def _converted(file: BvhFile, mapping: _Mapping) -> Motion:
    rest, placed = file.at_rest(), file.placed()
    start = _first_frame(file, placed, list(mapping.joint.values()))
    placed = Placement(placed.positions[start:], placed.rotations[start:])
    upright = _upright_frame(rest.positions[0], mapping.joint)
    to_world = Y_UP_TO_Z_UP if np.argmax(np.abs(upright[:, 1])) == 1 else np.eye(3)
    rotations = _world_rotations(rest, placed, mapping, upright)
    rotations = to_world @ rotations
    local = np.swapaxes(rotations[:, list(PARENTS)], -1, -2) @ rotations
    local[:, 0] = rotations[:, 0]
    hips = placed.positions[:, [mapping.joint['left_hip'], mapping.joint['right_hip']]].mean(1)
    hips = hips @ to_world.T * _scale(rest.positions[0], mapping.joint)
    smpl_hips = OFFSETS[[JOINT_INDEX['left_hip'], JOINT_INDEX['right_hip']]].mean(0)
    root = hips - rotations[:, 0] @ smpl_hips
    feet = [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]
    root[:, 2] -= forward_kinematics(local, root).positions[:, feet, 2].min()
    return Motion(local, root, file.fps)


def _world_rotations(
    rest: Placement, placed: Placement, mapping: _Mapping, upright: np.ndarray
) -> Float[np.ndarray, 'frame 24 3 3']:
    """Find each SMPL joint's rotation from SMPL's rest pose to the file's frame.

    `alignment` turns a bone of SMPL's rest pose into the file's rest pose; it is carried down
    the chain, so that a forearm shares the roll that its upper arm needed. What the file's
    joint does from there on is added.
    """
    alignment = np.empty((len(JOINT_NAMES), 3, 3))
    world = np.empty((len(placed.positions), len(JOINT_NAMES), 3, 3))
    for index, name in enumerate(JOINT_NAMES):
        parent = PARENTS[index]
        alignment[index] = upright if parent < 0 else alignment[parent]
        source = mapping.joint.get(name)
        if source is None:
            world[:, index] = world[:, parent]
            continue
        if name.endswith('ankle'):
            shank = rest.positions[0, source] - rest.positions[0, mapping.joint[_knee(name)]]
            alignment[index] = _flat_foot(upright, shank)
        end = mapping.bone_end.get(name)
        if end is None:
            world[:, index] = placed.rotations[:, source] @ alignment[index]
            continue
        offset = OFFSETS[JOINT_INDEX[_bone_end_name(name)]]
        bone = rest.positions[0, end] - rest.positions[0, source]
        alignment[index] = _swing(alignment[index] @ offset, bone) @ alignment[index]
        world[:, index] = placed.rotations[:, source] @ alignment[index]
        # Joints between the two, of a forearm that twists in two places say, may bend a bone.
        bone = placed.positions[:, end] - placed.positions[:, source]
        world[:, index] = _swing(world[:, index] @ offset, bone) @ world[:, index]
    return world


def _flat_foot(upright: np.ndarray, shank: np.ndarray) -> np.ndarray:
    """Let the foot stand flat and straight in the rest pose, square to a leg seen from front.

    How a foot's bone falls and turns towards the toes depends on where its ends were put, so
    bones are no guide here; that people are drawn at rest with their soles flat is.
    """
    front = upright[:, 2]
    turn = _swing(upright @ [0.0, -1.0, 0.0], shank - (shank @ front) * front)
    return np.asarray(turn @ upright)


def _map_joints(file: BvhFile) -> _Mapping:
    found = {_plain(joint.name): index for index, joint in reversed([*enumerate(file.joints)])}
    joint: dict[str, int] = {}
    for name in JOINT_NAMES:
        for candidate in _candidates(name):
            if candidate in found and found[candidate] not in joint.values():
                joint[name] = found[candidate]
                break
    limbs = [f'{side}_{part}' for side in ('left', 'right') for part in _LIMBS]
    needed = {'pelvis', 'left_ankle', 'right_ankle', *limbs}
    missing = sorted(needed - set(joint))
    if missing:
        known = ', '.join(_plain(each.name) for each in file.joints if each.channels)
        names = ' or '.join(_candidates(missing[0]))
        raise MotionError(f'no joint for {missing[0]}: it may be called {names}; found {known}')
    joint |= _spine(file, joint)
    bone_end = {}
    for name in limbs:
        end = joint.get(_bone_end_name(name))
        bone_end[name] = _end_site(file, joint[name]) if end is None else end
    return _Mapping(joint, {name: end for name, end in bone_end.items() if end is not None})


def _spine(file: BvhFile, joint: dict[str, int]) -> dict[str, int]:
    """Spread the joints between pelvis and neck, however many, over SMPL's three."""
    upper = joint.get('neck', joint.get('head', joint['left_shoulder']))
    collars = {joint.get('left_collar'), joint.get('right_collar')}
    chain: list[int] = []
    index = file.joints[upper].parent
    while index >= 0 and index != joint['pelvis']:
        if index not in collars:
            chain.insert(0, index)
        index = file.joints[index].parent
    if not chain:
        return {}
    picked = np.linspace(0, len(chain) - 1, 3).round().astype(int)
    return {f'spine{number}': chain[at] for number, at in enumerate(picked, start=1)}


def _first_frame(file: BvhFile, placed: Placement, body: list[int]) -> int:
    """Find where the motion begins behind a reference pose, if there is one.

    Both CMU releases start with an upright T-pose near their rest pose. In one the motion
    follows with a leap; in the other it fades in over a few frames, still too fast for humans.
    """
    names = [name for joint in file.joints for name in joint.channels]
    turns = np.array([name.endswith('rotation') for name in names])
    if len(file.values) < 4 or np.abs(file.values[0, turns]).max(initial=0.0) > _NEAR_REST:
        return 0
    rotations = placed.rotations[:, body]  # fingers and toes may be noisier
    change = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    cosine = (np.trace(change, axis1=-2, axis2=-1).min(axis=1) - 1.0) / 2.0
    speed = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) * file.fps
    if np.abs(placed.rotations[0, 0] - np.eye(3)).max() > 1e-4 or speed[0] < _LEAP:
        return 0
    if speed[1] < _LEAP:
        return 1
    fading = int(_LONGEST_FADE * file.fps) + 1
    calm = np.flatnonzero(speed[1:fading] < _FAST)
    return 1 + int(calm[0]) if len(calm) else 1


def _upright_frame(rest: np.ndarray, joint: dict[str, int]) -> np.ndarray:
    """Find the axes of the body (left, up, front) in the file's rest pose, as columns."""
    left = rest[joint['left_hip']] - rest[joint['right_hip']]
    arms = (rest[joint['left_shoulder']] + rest[joint['right_shoulder']]) / 2
    up = arms - (rest[joint['left_hip']] + rest[joint['right_hip']]) / 2
    front = np.cross(left, up)
    if np.linalg.norm(front) < 1e-9 * max(np.linalg.norm(rest, axis=1).max(), 1e-9):
        raise MotionError('hips and shoulders of the rest pose lie on one line or point')
    front /= np.linalg.norm(front)
    left /= np.linalg.norm(left)
    axes = np.stack([left, np.cross(front, left), front], axis=-1)
    # Rest poses are drawn along the axes; a lopsided hip must not tilt the whole body.
    rounded = np.round(axes)
    return rounded if np.abs(axes - rounded).max() < 0.35 else axes


def _scale(rest: np.ndarray, joint: dict[str, int]) -> float:
    """Divide SMPL's leg length by the file's [m per file unit]."""
    length = ours = 0.0
    for side in ('left', 'right'):
        hip, knee, ankle = (joint[f'{side}_{part}'] for part in ('hip', 'knee', 'ankle'))
        length += float(np.linalg.norm(rest[knee] - rest[hip]))
        length += float(np.linalg.norm(rest[ankle] - rest[knee]))
        ours += sum(
            float(np.linalg.norm(OFFSETS[JOINT_INDEX[f'{side}_{part}']]))
            for part in ('knee', 'ankle')
        )
    return ours / length


def _swing(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Find the shortest rotations [frame, 3, 3] that turn directions [.., 3] into others."""
    source, target = np.broadcast_arrays(source, target)
    if min(np.linalg.norm(source, axis=-1).min(), np.linalg.norm(target, axis=-1).min()) < 1e-9:
        raise MotionError('a limb of the skeleton has no length')
    axis = np.cross(source, target)
    length = np.linalg.norm(axis, axis=-1, keepdims=True)
    angle = np.arctan2(length[..., 0], (source * target).sum(-1))
    # Opposite directions: any perpendicular axis is as short as the other.
    other = np.cross(source, np.eye(3)[np.argmin(np.abs(source), axis=-1)])
    straight = length < 1e-12
    axis = np.where(straight, other, axis)
    axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    return np.asarray(Rotation.from_rotvec(axis * angle[..., None]).as_matrix())


def _candidates(name: str) -> list[str]:
    side, _, part = name.partition('_')
    if not part:
        return list(_MIDDLE_NAMES.get(name, ()))
    plain = _SIDE_NAMES.get(part, ())
    return [start + end for end in plain for start in (side, side[0])]


def _bone_end_name(name: str) -> str:
    side, _, part = name.partition('_')
    return f'{side}_{_LIMBS[part]}'


def _knee(ankle: str) -> str:
    return ankle.replace('ankle', 'knee')


def _end_site(file: BvhFile, joint: int) -> int | None:
    for index, each in enumerate(file.joints):
        if each.parent == joint and not each.channels:
            return index
    return None


def _plain(name: str) -> str:
    """Strip prefix, separators and case: `mixamorig:Left_UpLeg` becomes `leftupleg`."""
    return ''.join(letter for letter in name.rsplit(':')[-1].lower() if letter.isalnum())
