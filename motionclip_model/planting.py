"""A root path on which standing feet stand.

The prior draws how fast the pelvis moves and how the legs do, and the two disagree a little:
feet slide and a person who waits drifts. What the rows say of foot contacts settles it: while a
foot stands, the pelvis moves as the leg pushes it.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from motionclip_model import features
from motionclip_model.rotation import yaw_matrix

_SMOOTHING = 2.0
"""Deviation of the kernel over which the correction is spread [frames]."""

_LITTLE = 0.02
"""Contact that bends the correction no more: in flight, nobody knows better than the prior."""

_TRUSTED = 0.6
"""No correction reaches this: where legs and pelvis disagree by much, both are wrong [m/s]."""


def planted(
    rows: Float[Tensor, 'motion frame width'], valid: Bool[Tensor, 'motion frame']
) -> Float[Tensor, 'motion frame width']:
    """Correct the horizontal pelvis velocity so that feet in contact do not slide.

    Args:
        rows: Rows in physical units with contacts between 0 and 1.
        valid: Which frames are not padding.

    Returns:
        Rows that differ in `features.VELOCITY` alone.
    """
    feet = features.local_positions(rows)[..., list(features.CONTACT_JOINTS), :]
    turn = yaw_matrix(rows[..., :-1, features.YAW_RATE].squeeze(-1) / features.FPS)
    later = (turn[..., None, :, :] @ feet[:, 1:, ..., None]).squeeze(-1)
    pushed = (feet[:, :-1] - later)[..., :2] * features.FPS
    contact = rows[..., features.CONTACTS].clamp(0.0, 1.0)
    weight = (contact[:, :-1] * contact[:, 1:]).square() * valid[:, 1:, None]
    wrong = pushed - rows[:, :-1, None, features.VELOCITY]
    kernel = _kernel(rows)
    error = _spread((weight[..., None] * wrong).sum(2), kernel)
    share = _spread(weight.sum(2)[..., None], kernel)
    change = error / (share + _LITTLE)
    change = change / (1.0 + change.norm(dim=-1, keepdim=True) / _TRUSTED)
    corrected = rows.clone()
    corrected[..., features.VELOCITY] += change
    return corrected


def _kernel(like: Tensor) -> Float[Tensor, '1 1 tap']:
    reach = math.ceil(3.0 * _SMOOTHING)
    place = torch.arange(-reach, reach + 1, dtype=like.dtype, device=like.device)
    kernel = torch.exp(-0.5 * (place / _SMOOTHING).square())
    return (kernel / kernel.sum())[None, None]


def _spread(
    values: Float[Tensor, 'motion frame axis'], kernel: Float[Tensor, '1 1 tap']
) -> Float[Tensor, 'motion longer axis']:
    """Convolve along the frames, to one more than there are; beyond the ends there is nothing."""
    values = torch.nn.functional.pad(values, (0, 0, 0, 1))
    flat = values.transpose(1, 2).flatten(0, 1)[:, None]
    smooth = torch.nn.functional.conv1d(flat, kernel, padding='same')
    return smooth[:, 0].unflatten(0, (len(values), -1)).transpose(1, 2)
