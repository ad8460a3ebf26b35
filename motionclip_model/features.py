"""What the network sees of a motion: one row of numbers a frame, free of place and heading.

A row describes the body in its own heading frame (z up, x where the hips face) and how that
frame moves, so that the same walk north and west is the same row and integration gives the
root path back.
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from motionclip_model.motion import Motion
from motionclip_model.rotation import matrix_from_6d, yaw_matrix
from motionclip_model.skeleton import BODY_JOINT_COUNT, JOINT_COUNT, JOINT_INDEX
from motionclip_model.skeleton import forward_kinematics as place_joints

FPS = 20.0
"""Frame rate of the rows [1/s]."""

HEIGHT = slice(0, 1)
"""Height of the pelvis [m]."""
VELOCITY = slice(1, 3)
"""Horizontal pelvis velocity in the heading frame [m/s]."""
YAW_RATE = slice(3, 4)
"""Turning speed of the heading frame [rad/s]."""
ROTATIONS = slice(4, 4 + 6 * BODY_JOINT_COUNT)
"""Pelvis to heading frame, then each body joint to its parent, 6D."""
CONTACTS = slice(ROTATIONS.stop, ROTATIONS.stop + 4)
"""1 where left ankle, left foot, right ankle, right foot stand on the floor."""
WIDTH = CONTACTS.stop

CONTACT_JOINTS = tuple(
    JOINT_INDEX[name] for name in ('left_ankle', 'left_foot', 'right_ankle', 'right_foot')
)
_CONTACT_HEIGHT = np.array([0.13, 0.07, 0.13, 0.07])
_CONTACT_SPEED = 0.45
_FRONT_WEIGHT = 0.3


def headings(motion: Motion) -> Float[np.ndarray, ' frame']:
    """Direction that the hips face, unwrapped [rad]; 0 is the world's +x.

    The left-right axis of the pelvis decides; its front axis helps where that axis stands
    upright, as in a cartwheel.
    """
    root = motion.joint_rotations[:, 0]
    left, front = root[:, :, 0], root[:, :, 2]
    forward_x = left[:, 1] + _FRONT_WEIGHT * front[:, 0]
    forward_y = -left[:, 0] + _FRONT_WEIGHT * front[:, 1]
    return np.unwrap(np.arctan2(forward_y, forward_x))


def foot_contacts(motion: Motion) -> Float[np.ndarray, 'frame 4']:
    """Where a foot joint is low and slow: 1 for contact, 0 for none."""
    feet = motion.pose.positions[:, list(CONTACT_JOINTS)]
    speed = np.linalg.norm(np.gradient(feet, axis=0), axis=-1) * motion.fps
    return ((feet[..., 2] < _CONTACT_HEIGHT) & (speed < _CONTACT_SPEED)).astype(np.float64)


def encode(motion: Motion) -> Float[np.ndarray, 'frame width']:
    """Describe a motion frame by frame at `FPS`."""
    motion = motion.resampled(FPS)
    yaw = headings(motion)
    cosine, sine = np.cos(yaw), np.sin(yaw)
    to_heading = np.zeros((len(motion), 3, 3))
    to_heading[:, 0, 0], to_heading[:, 0, 1] = cosine, sine
    to_heading[:, 1, 0], to_heading[:, 1, 1] = -sine, cosine
    to_heading[:, 2, 2] = 1.0
    step = np.diff(motion.root_position, axis=0, append=motion.root_position[-1:])
    step[-1] = step[-2]
    turn = np.diff(yaw, append=yaw[-1:])
    turn[-1] = turn[-2]
    rotations = motion.joint_rotations[:, :BODY_JOINT_COUNT].copy()
    rotations[:, 0] = to_heading @ rotations[:, 0]
    rows = np.empty((len(motion), WIDTH), np.float32)
    rows[:, HEIGHT] = motion.root_position[:, 2:]
    rows[:, VELOCITY] = (to_heading @ step[..., None])[:, :2, 0] * FPS
    rows[:, YAW_RATE] = turn[:, None] * FPS
    rows[:, ROTATIONS] = rotations[..., :2].reshape(len(motion), -1)
    rows[:, CONTACTS] = foot_contacts(motion)
    return rows


def joint_rotations(rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch 24 3 3']:
    """Read the rotations of all 24 joints; the pelvis' is to the heading frame."""
    body = matrix_from_6d(rows[..., ROTATIONS].unflatten(-1, (BODY_JOINT_COUNT, 6)))
    hands = torch.eye(3, dtype=rows.dtype, device=rows.device).expand(
        *body.shape[:-3], JOINT_COUNT - BODY_JOINT_COUNT, 3, 3
    )
    return torch.cat([body, hands], dim=-3)


def local_positions(rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch 24 3']:
    """Joint positions in the heading frame below and around the pelvis [m]."""
    rotations = joint_rotations(rows)
    return place_joints(rotations, torch.zeros_like(rotations[..., 0, :, 0])).positions


def decode(rows: Float[Tensor, 'frame width']) -> Motion:
    """Turn rows at `FPS` back into a motion that starts at the origin and faces +x."""
    rotations, position = _world(rows.detach().to('cpu', torch.float64))
    return Motion(rotations.numpy(), position.numpy(), FPS)


def _world(
    rows: Float[Tensor, '*batch frame width'],
) -> tuple[Float[Tensor, '*batch frame 24 3 3'], Float[Tensor, '*batch frame 3']]:
    rate = rows[..., YAW_RATE].squeeze(-1) / FPS
    to_world = yaw_matrix(torch.cumsum(rate, dim=-1) - rate)
    flat = torch.nn.functional.pad(rows[..., VELOCITY] / FPS, (0, 1))
    step = (to_world @ flat[..., None]).squeeze(-1)
    position = torch.cumsum(step, dim=-2) - step
    position = torch.cat([position[..., :2], rows[..., HEIGHT]], dim=-1)
    rotations = joint_rotations(rows)
    root = to_world @ rotations[..., 0, :, :]
    return torch.cat([root.unsqueeze(-3), rotations[..., 1:, :, :]], dim=-3), position
