"""Training on top of a checkpoint: it gives what the chosen stages do not train."""

from collections.abc import Iterable
from pathlib import Path

import torch
from torch import Tensor

from motionclip_model.checkpoint import checkpoint_path, load_network
from motionclip_model.errors import ConfigError
from motionclip_model.network import MotionClipNetwork
from motionclip_model.training.stages import Stage

_WITHOUT_TEXT = ('autoencoder.', 'row_', 'latent_')
"""Weights that are the same for every text encoder."""


def take_over(network: MotionClipNetwork, start: str | Path, stages: Iterable[Stage]) -> list[str]:
    """Copy from a checkpoint all that no stage is going to train.

    What the stages train starts afresh, so that runs which differ in one stage can share the
    others; the network may differ from the checkpoint's in those parts.

    Args:
        network: The network to fill.
        start: Name of a shipped checkpoint or path of a .safetensors file.
        stages: What is going to be trained.

    Returns:
        Names of the modules that were taken over.

    Raises:
        CheckpointError: No checkpoint, or a damaged one.
        ConfigError: It does not fit the network or the text encoder.
    """
    path = checkpoint_path(start)
    weights = load_network(path)[0].state_dict()
    trained = {f'{name}.' for stage in stages for name in stage.modules}
    kept = {
        name: value
        for name, value in network.state_dict().items()
        if not name.startswith(tuple(trained))
    }
    modules = sorted({name.partition('.')[0] for name in kept if '.' in name})
    if not modules:
        raise ConfigError(
            f'start {path} has nothing to give, since every stage is trained; name fewer in stages'
        )
    for name, value in kept.items():
        if name not in weights or weights[name].shape != value.shape:
            raise ConfigError(
                f'start {path} does not fit: {name} is {_size(weights.get(name))} there and '
                f'{_size(value)} here; take its sizes over into network:'
            )
    _check_probe(path, weights['encoder_probe'], network.encoder_probe, kept)
    with torch.no_grad():
        for name, value in kept.items():
            value.copy_(weights[name])
    return modules


def _check_probe(path: Path, theirs: Tensor, ours: Tensor, kept: Iterable[str]) -> None:
    bound = [
        name for name in kept if name != 'encoder_probe' and not name.startswith(_WITHOUT_TEXT)
    ]
    if bound and float(theirs @ ours) < 0.999:
        raise ConfigError(
            f'start {path} is aligned to another text encoder; only its autoencoder can be '
            'taken over: train alignment and prior anew'
        )


def _size(value: Tensor | None) -> str:
    return 'missing' if value is None else 'x'.join(map(str, value.shape)) or 'a number'
