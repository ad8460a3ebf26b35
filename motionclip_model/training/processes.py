"""Processes that train together, on one machine or several, through Lightning Fabric.

Every process draws the same batch and takes its share of it, so that the number of processes
changes how fast a run is and hardly what it learns.
"""

import logging
import os
from contextlib import AbstractContextManager
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor, nn

from motionclip_model.data.sampler import Batch, Sampler
from motionclip_model.errors import ConfigError, DependencyError
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.stages import Gather, Losses, Stage, alone


class Processes:
    """This process among those of the run; alone by default.

    Attributes:
        is_main: Whether this is the one that reports and writes.
        rank: Number of this process.
        count: Number of all.
        device: Where this process computes.
    """

    def __init__(self, config: TrainConfig, devices: int):
        """Start the processes of this run, or join those that `torchrun` has started.

        Args:
            config: Says how precisely to compute, and how large a batch is.
            devices: GPUs (without one: processes) of this machine; `torchrun` overrides it.

        Raises:
            DependencyError: Lightning Fabric is not installed.
            ConfigError: More GPUs than there are, or a batch that cannot be shared.
        """
        try:
            from lightning_fabric import Fabric
        except ImportError:
            raise DependencyError(
                'training needs more than using a model does; run: pip install '
                "'motionclip_ros[train]'"
            ) from None
        nodes = 1
        if 'TORCHELASTIC_RUN_ID' in os.environ:
            devices = int(os.environ['LOCAL_WORLD_SIZE'])
            nodes = int(os.environ['WORLD_SIZE']) // devices
        _check_counts(config, devices, devices * nodes)
        # It announces what the configuration says already.
        logging.getLogger('lightning_fabric').setLevel(logging.WARNING)
        self._seed = config.seed
        self._fabric = Fabric(
            accelerator='cuda' if torch.cuda.is_available() else 'cpu',
            devices=devices,
            num_nodes=nodes,
            strategy='ddp' if devices * nodes > 1 else 'auto',
            precision='bf16-mixed' if config.bfloat16 else '32-true',
        )
        self._fabric.launch()
        self.is_main = self._fabric.is_global_zero
        self.rank, self.count = self._fabric.global_rank, self._fabric.world_size
        self.device = self._fabric.device
        self.gather: Gather = alone if self.count == 1 else self._gather

    def main_first(self) -> AbstractContextManager[None]:
        """Let the main process do something before the others do it."""
        return self._fabric.rank_zero_first()

    def batch(self, sampler: Sampler, settings: StageConfig, step: int) -> Batch:
        """Draw this process' share of a batch, and fix what the networks will draw.

        Noise and dropout are functions of the step, as the batch is: resuming is exact.
        """
        torch.manual_seed(self._seed + 1_000_003 * (step + 1) + 7_919 * self.rank)
        batch = sampler.draw(step, settings.batch, settings.shortest, settings.longest)
        return self.moved(share(batch, self.rank, self.count))

    def moved(self, batch: Batch) -> Batch:
        """Move a batch to this process' device."""
        return batch.to(str(self.device))

    def setup(self, network: nn.Module, stage: Stage) -> nn.Module:
        """Build the loss of a stage; its gradients become the means over all processes."""
        return self._fabric.setup_module(_StageLoss(network, stage, self.gather))

    def backward(self, loss: Tensor) -> None:
        """Compute gradients."""
        self._fabric.backward(loss)

    def evaluate(self, network: nn.Module, stage: Stage, batch: Batch) -> Losses:
        """Compute a stage's losses outside of training."""
        with torch.no_grad(), self._fabric.autocast():
            return stage.loss(network, batch, self.gather)

    def numbers(self, values: Losses) -> dict[str, float]:
        """Losses as plain numbers, the means over all processes."""
        means: Any = torch.stack([value.detach().float() for value in values.values()])
        if self.count > 1:
            means = self._fabric.all_reduce(means, reduce_op='mean')
        return dict(zip(values, means.tolist(), strict=True))

    def _gather(self, part: Tensor) -> Tensor:
        joined: Any = self._fabric.all_gather(part, sync_grads=part.requires_grad)
        return joined.flatten(0, 1)


class Sealed:
    """A batch that Fabric passes on as it is; bare tensors would be rounded to bfloat16."""

    def __init__(self, batch: Batch):
        """Seal a batch."""
        self.batch = batch


def share(batch: Batch, rank: int, count: int) -> Batch:
    """Take every `count`-th window, from window `rank` on, with no more padding than it needs.

    Windows stand in the order of their length, so that all shares have about the same.
    """
    if count == 1:
        return batch
    taken: dict[str, Any] = {}
    for part in fields(batch):
        value = getattr(batch, part.name)
        taken[part.name] = None if value is None else value[rank::count]
    for mask, padded in (('valid', 'rows'), ('words_valid', 'words')):
        length = int(taken[mask].sum(1).max())
        taken[mask], taken[padded] = taken[mask][:, :length], taken[padded][:, :length]
    return Batch(**taken)


def _check_counts(config: TrainConfig, devices: int, count: int) -> None:
    if torch.cuda.is_available() and devices > torch.cuda.device_count():
        raise ConfigError(f'{devices} GPUs wanted, this machine has {torch.cuda.device_count()}')
    for stage in config.chosen_stages():
        batch = config.settings(stage).batch
        if batch % count:
            raise ConfigError(
                f'{stage.name}: a batch of {batch} cannot be shared by {count} processes; make '
                f'it a multiple of {count}'
            )


class _StageLoss(nn.Module):
    """A stage's loss as a module, which is what Fabric averages gradients for."""

    def __init__(self, network: nn.Module, stage: Stage, gather: Gather):
        super().__init__()
        self.network = network
        self._stage = stage
        self._gather = gather

    def forward(self, sealed: 'Sealed') -> Losses:
        """Compute the losses of a batch."""
        return self._stage.loss(self.network, sealed.batch, self._gather)
