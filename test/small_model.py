"""A model small enough to train within a test."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from motionclip_model.network import NetworkConfig
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.data import samplers
from motionclip_model.training.journal import Journal
from motionclip_model.training.trainer import Trainer


class Notes:
    """Keeps what training reports."""

    def __init__(self) -> None:
        """Start empty."""
        self.steps: list[tuple[str, int, dict[str, float]]] = []
        self.texts: list[str] = []
        self.warnings: list[str] = []

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Keep a step."""
        self.steps.append((stage, step, values))

    def note(self, text: str) -> None:
        """Keep a sentence."""
        self.texts.append(text)

    def warn(self, text: str) -> None:
        """Keep a warning."""
        self.warnings.append(text)


def small_config(steps: int, **change: object) -> TrainConfig:
    """Configure a run of `steps` steps a stage."""
    stage = StageConfig(steps, batch=4, learning_rate=2e-3, shortest=16, longest=32)
    network = NetworkConfig(
        latent_width=16,
        autoencoder_width=48,
        encoder_width=32,
        encoder_layers=1,
        prior_width=32,
        prior_layers=1,
        prior_feedforward=32,
        heads=2,
        dropout=0.0,
    )
    values = {
        'network': network,
        'autoencoder': stage,
        'alignment': stage,
        'prior': stage,
        'save_every': 3,
        'validate_every': steps,
    }
    return TrainConfig(**{**values, **change})


def small_trainer(
    config: TrainConfig, corpus: Path, out: Path, notes: Notes | None = None, **options: Any
) -> Trainer:
    """Make a trainer for a corpus that is read and encoded once for all tests."""
    out.mkdir(parents=True, exist_ok=True)
    for path in _prepared(corpus).iterdir():
        shutil.copy(path, out)
    return Trainer(config, corpus, out, notes or Notes(), **options)


@cache
def _prepared(corpus: Path) -> Path:
    folder = Path(tempfile.mkdtemp(prefix='motionclip-corpus-'))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    samplers(small_config(1), corpus, folder, TextEncoder.load(), Journal(None))
    return folder
