"""A model small enough to train within a test."""

from motionclip_model.network import NetworkConfig
from motionclip_model.train_config import StageConfig, TrainConfig


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
