"""Training losses. Every mean is over valid elements, never over padding."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from motionclip_model import features


def masked_mean(
    value: Float[Tensor, 'batch frame *rest'], valid: Bool[Tensor, 'batch frame']
) -> Float[Tensor, '']:
    """Mean over the frames that are not padding."""
    weight = valid.to(value.dtype)
    per_frame = value.flatten(2).mean(-1) if value.dim() > 2 else value
    return (per_frame * weight).sum() / weight.sum().clamp(min=1.0)


def reconstruction(
    decoded: Float[Tensor, 'batch frame width'],
    target: Float[Tensor, 'batch frame width'],
    scale: Float[Tensor, ' width'],
    valid: Bool[Tensor, 'batch frame'],
) -> dict[str, Float[Tensor, '']]:
    """Compare two motions as rows, joint positions and joint velocities.

    Args:
        decoded: Rows in physical units.
        target: Rows in physical units.
        scale: Deviations that normalise the rows.
        valid: Which frames are not padding.

    Returns:
        `rows` [deviations], `position` [m], `velocity` [m/s] and `path` [m/s].
    """
    rows = torch.nn.functional.smooth_l1_loss(
        decoded / scale, target / scale, reduction='none', beta=0.5
    )
    # A chain of rotations in bfloat16 would be off by centimetres at the wrist.
    with torch.autocast(decoded.device.type, enabled=False):
        place = features.local_positions(decoded.float())
        wanted = features.local_positions(target.float())
    both = valid[:, 1:] & valid[:, :-1]
    velocity = (place.diff(dim=1) - wanted.diff(dim=1)).norm(dim=-1) * features.FPS
    path = (decoded - target)[..., features.VELOCITY].norm(dim=-1)
    return {
        'rows': masked_mean(rows, valid),
        'position': masked_mean((place - wanted).norm(dim=-1), valid),
        'velocity': masked_mean(velocity, both),
        'path': masked_mean(path, valid),
    }


def divergence(
    mean: Float[Tensor, 'batch latent dim'],
    log_variance: Float[Tensor, 'batch latent dim'],
    valid: Bool[Tensor, 'batch latent'],
) -> Float[Tensor, '']:
    """Kullback-Leibler divergence of the latents from a unit normal [nat a dimension]."""
    value = 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance)
    return masked_mean(value, valid)


def contrast(
    motion: Float[Tensor, 'batch embedding'],
    text: Float[Tensor, 'batch embedding'],
    same: Bool[Tensor, 'batch batch'],
    temperature: float = 0.06,
) -> Float[Tensor, '']:
    """Pull each motion to its text and push it from the others: symmetric InfoNCE.

    Args:
        motion: Unit vectors of motions.
        text: Unit vectors of one text for each motion.
        same: Pairs that mean the same and are not held against each other, as Petrovich et
            al. (2023) filter false negatives; the diagonal counts in any case.
        temperature: Softness of the contrast.
    """
    own = torch.eye(len(text), dtype=torch.bool, device=text.device)
    logits = (motion @ text.T / temperature).masked_fill(same & ~own, -torch.inf)
    target = torch.arange(len(text), device=text.device)
    rows = torch.nn.functional.cross_entropy(logits, target)
    return 0.5 * (rows + torch.nn.functional.cross_entropy(logits.T, target))


def distance(
    ours: Float[Tensor, 'batch embedding'], theirs: Float[Tensor, 'batch embedding']
) -> Float[Tensor, '']:
    """Mean of 1 - cos between unit vectors (Tevet et al. 2022, equation 3)."""
    return 1.0 - (ours * theirs).sum(-1).mean()
