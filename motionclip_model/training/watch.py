"""What is kept in view while a model trains: speed, memory, and whether its motions live."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from motionclip_model import features
from motionclip_model.data.sampler import Batch
from motionclip_model.generation import GUIDANCE, STEPS
from motionclip_model.text_encoder import TextEmbedding
from motionclip_model.training.stages import Stage

LIVELY = 0.6
"""Joints that move slower than this share of the real ones are a collapsing model's."""

_REMEDIES = {
    'reconstructed': 'train longer, raise the weight of velocity or lower that of divergence',
    'generated': 'train longer, or check that the reconstructed motions are lively',
}


@torch.no_grad()
def liveliness(network: Any, stage: Stage, batch: Batch) -> dict[str, float]:
    """Joint speed of a network's motions, as a share of the real motions' speed.

    A model that has collapsed makes the average motion, which hardly moves.

    Args:
        network: See `MotionClipNetwork`.
        stage: Says what to watch.
        batch: Real motions and their sentences.

    Returns:
        A ratio for each kind of motion that is watched.
    """
    valid = batch.valid
    real = joint_speed(batch.rows, valid)
    found = {}
    for kind in stage.watched:
        if kind == 'reconstructed':
            rows = network.reconstruct(batch.rows, valid)
        else:
            words, given = batch.words, batch.words_valid
            text = TextEmbedding(network.text_head(batch.sentence, words, given), words, given)
            frames = valid.sum(1).tolist()
            rows = network.generate(text, frames, list(range(len(frames))), GUIDANCE, STEPS)
        speed = joint_speed(rows[:, : valid.shape[1]].float(), valid)
        found[kind] = float(speed / real.clamp(min=1e-6))
    return found


def joint_speed(
    rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
) -> Float[Tensor, '']:
    """Mean speed of the joints about the pelvis [m/s]."""
    steps = features.local_positions(rows).diff(dim=1).norm(dim=-1).mean(-1)
    both = valid[:, 1:] & valid[:, :-1]
    return (steps * both).sum() / both.sum().clamp(min=1) * features.FPS


def collapse_warning(stage: Stage, ratios: dict[str, float]) -> str | None:
    """Say which motions are not lively and what helps; None where all are."""
    for kind, ratio in ratios.items():
        if ratio < LIVELY:
            return (
                f'{stage.name}: {kind} motions move at {ratio:.2f} of the real speed, below '
                f'{LIVELY}: the model is collapsing to the average motion; {_REMEDIES[kind]}'
            )
    return None


class Meter:
    """Windows trained on in a second, without the time for validation and checkpoints."""

    def __init__(self) -> None:
        """Start at zero."""
        self._windows, self._seconds = 0, 0.0

    @contextmanager
    def step(self, windows: int) -> Iterator[None]:
        """Count the windows and the duration of a step."""
        begin = time.perf_counter()
        yield
        self._windows += windows
        self._seconds += time.perf_counter() - begin

    @property
    def rate(self) -> float:
        """Windows a second [1/s]."""
        return self._windows / max(self._seconds, 1e-9)


def peak_memory() -> dict[str, float]:
    """Most memory that this process has used so far, on the machine and on its GPU [MB]."""
    # Linux counts in kilobytes.
    found = {'memory_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3}
    if torch.cuda.is_available():
        found['gpu_memory_mb'] = torch.cuda.max_memory_allocated() / 1e6
    return {name: round(value, 1) for name, value in found.items()}
