"""How weights move: schedule, optimiser, moving average."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from motionclip_model.training.config import StageConfig
from motionclip_model.training.stages import Stage

WARM_UP_STEPS = 100
"""Steps until the learning rate has reached its schedule."""


class Move(NamedTuple):
    """How one step moved the weights.

    Attributes:
        learning_rate: Of the schedule.
        gradient_norm: Length of the gradient, before it is cut to one.
    """

    learning_rate: float
    gradient_norm: Float[Tensor, '']


def new_optimizer(network: nn.Module, stage: Stage, settings: StageConfig) -> torch.optim.AdamW:
    """Free what a stage trains, freeze the rest, and build the optimiser."""
    network.eval().requires_grad_(requires_grad=False)
    for module in stage.trained(network):
        module.train().requires_grad_(requires_grad=True)
    return torch.optim.AdamW(trainable(network), settings.learning_rate, weight_decay=0.01)


def optimise(
    network: nn.Module, optimizer: torch.optim.Optimizer, settings: StageConfig, step: int
) -> Move:
    """Move the weights along their gradients, which are at most one long.

    Args:
        network: The network, with gradients.
        optimizer: See `new_optimizer`.
        settings: Says how fast and how long.
        step: Steps that were made before.

    Returns:
        How far they moved; the norm stays where the network is, so that nothing waits for it.
    """
    rate = learning_rate(settings, step)
    for group in optimizer.param_groups:
        group['lr'] = rate
    norm = torch.nn.utils.clip_grad_norm_(trainable(network), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return Move(rate, norm)


def learning_rate(settings: StageConfig, step: int) -> float:
    """Short warm-up, then a half cosine to nothing."""
    warm = min(1.0, (step + 1) / WARM_UP_STEPS)
    return settings.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * step / settings.steps))


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, stage: Stage, decay: float, step: int) -> None:
    """Let the moving average follow the weights that a stage trains.

    Args:
        average: Averaged weights, which are changed.
        network: Weights that the optimiser has moved.
        stage: Says which of them.
        decay: Share of the old average that stays, in the long run.
        step: Steps made so far, at least one.
    """
    # A short memory at first: early weights are far from where training leads.
    kept = min(decay, (1.0 + step) / (10.0 + step))
    ours, theirs = _parameters(stage.trained(average)), _parameters(stage.trained(network))
    for mean, value in zip(ours, theirs, strict=True):
        mean.lerp_(value, 1.0 - kept)


def trainable(network: nn.Module) -> list[nn.Parameter]:
    """Weights that are free to move."""
    return [parameter for parameter in network.parameters() if parameter.requires_grad]


def _parameters(modules: list[nn.Module]) -> Iterator[nn.Parameter]:
    return (parameter for module in modules for parameter in module.parameters())
