"""People standing still: the calm moments of clips that were recorded for something else.

Motion collections show what people do, hardly ever that they do nothing; but "stand still" is
what a robot hears most often. People stand before they start and after they are done.
"""

import math

import numpy as np
from jaxtyping import Bool, Float

from motionclip_model import features
from motionclip_model.motion import Motion
from motionclip_model.skeleton import JOINT_INDEX

STILL_ACTION = 'stand still'

STILL_CAPTIONS = (
    'a person stands still',
    'someone is standing still',
    'a person stands and waits',
    'a person does nothing',
    'a figure stands without moving',
    'someone waits',
    'a human stands upright and does not move',
    'a person stops and stays where they are',
    'a person is standing with the arms at the sides',
    'standing still',
)

_SHORTEST = 0.4
"""Shortest calm moment [s]; shorter ones are where a movement turns back."""

_WANTED = 3.0
"""A shorter moment is played back and forth to last this long [s]."""

_LONGEST = 10.0
"""A longer moment is cut [s]; it has nothing new to show."""

_JOINT_SPEED, _ROOT_SPEED, _TURNING_SPEED = 0.4, 0.15, 0.5
"""Below these a person is calm: fastest joint [m/s], pelvis [m/s], head or trunk [rad/s]."""

_SWAYING_SPEED, _SLOWEST = 0.15, 4.0
"""The fastest joint of who stands [m/s]; a moment is slowed to that, but not further than so."""

_PELVIS_HEIGHT, _FOOT_HEIGHT = 0.84, 0.1
"""Straight legs have the pelvis above this and both feet below that [m]."""

_FEET_APART = 0.6
"""Feet further apart are a stride or a lunge [m]."""

_HANDS_BELOW_SHOULDERS = 0.3
"""Hanging arms, also with hands on the hips, have both wrists at least so far down [m]."""

_UPRIGHT = math.cos(math.radians(22.0))
"""Least cosine between the vertical and the up axis of pelvis and chest."""


def still_part(motion: Motion) -> Motion | None:
    """Find the longest stretch of a motion in which the person just stands.

    A short stretch is played back and forth, and a lively one slowly, so that it becomes the
    swaying of someone who waits.

    Args:
        motion: Any motion, on a floor at z = 0.

    Returns:
        A motion at `features.FPS`, or None where the person never stands still.
    """
    motion = motion.resampled(features.FPS)
    fastest = _fastest_joint(motion)
    first, count = _longest_run(_calm(motion, fastest) & _standing(motion))
    if count < _SHORTEST * motion.fps:
        return None
    count = min(count, round(_LONGEST * motion.fps))
    slow = float(np.clip(fastest[first : first + count].max() / _SWAYING_SPEED, 1.0, _SLOWEST))
    passes = math.ceil(_WANTED * motion.fps / (count * slow))
    frames = first + _back_and_forth(count, passes)
    slowed = Motion(
        motion.joint_rotations[frames], motion.root_position[frames], motion.fps / slow
    )
    return slowed.resampled(features.FPS)


def _fastest_joint(motion: Motion) -> Float[np.ndarray, ' frame']:
    """Speed of whichever joint is fastest [m/s]."""
    velocity = np.gradient(motion.pose.positions, 1.0 / motion.fps, axis=0)
    return np.linalg.norm(velocity, axis=-1).max(axis=1)


def _calm(motion: Motion, fastest: Float[np.ndarray, ' frame']) -> Bool[np.ndarray, ' frame']:
    pelvis = np.linalg.norm(np.gradient(motion.root_position, 1.0 / motion.fps, axis=0), axis=-1)
    # A nod hardly moves a joint: what turns is asked, too.
    turning = [JOINT_INDEX[name] for name in ('pelvis', 'spine3', 'head')]
    change = np.gradient(motion.pose.rotations[:, turning], 1.0 / motion.fps, axis=0)
    rate = np.linalg.norm(change, axis=(-2, -1)).max(axis=1) / math.sqrt(2.0)
    return (fastest < _JOINT_SPEED) & (pelvis < _ROOT_SPEED) & (rate < _TURNING_SPEED)


def _standing(motion: Motion) -> Bool[np.ndarray, ' frame']:
    """Where a person stands on straight legs with the arms down."""
    positions, rotations = motion.pose
    feet = positions[:, [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]]
    wrists = positions[:, [JOINT_INDEX['left_wrist'], JOINT_INDEX['right_wrist']], 2]
    shoulders = positions[:, [JOINT_INDEX['left_shoulder'], JOINT_INDEX['right_shoulder']], 2]
    up = rotations[:, [JOINT_INDEX['pelvis'], JOINT_INDEX['spine3']], 2, 1]
    return np.asarray(
        (up > _UPRIGHT).all(axis=1)
        & (motion.root_position[:, 2] > _PELVIS_HEIGHT)
        & (feet[..., 2] < _FOOT_HEIGHT).all(axis=1)
        & (np.linalg.norm(feet[:, 0] - feet[:, 1], axis=-1) < _FEET_APART)
        & (wrists < shoulders - _HANDS_BELOW_SHOULDERS).all(axis=1)
    )


def _longest_run(wanted: Bool[np.ndarray, ' frame']) -> tuple[int, int]:
    """First frame and number of frames of the longest run of True."""
    edges = np.flatnonzero(np.diff(wanted.astype(np.int8), prepend=0, append=0))
    starts, counts = edges[::2], edges[1::2] - edges[::2]
    if not len(starts):
        return 0, 0
    longest = int(np.argmax(counts))
    return int(starts[longest]), int(counts[longest])


def _back_and_forth(count: int, passes: int) -> np.ndarray:
    """Indices 0 ... count-1 ... 0 ..., each end visited once, for a number of passes."""
    step = np.arange((count - 1) * passes + 1) % (2 * (count - 1))
    return np.minimum(step, 2 * (count - 1) - step)
