"""What to train and how long, read strictly from YAML."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import yaml

from motionclip_model.errors import ConfigError
from motionclip_model.network import NetworkConfig


@dataclass(frozen=True)
class StageConfig:
    """How long and how one stage is trained.

    Attributes:
        steps: Optimiser steps.
        batch: Windows in a batch.
        learning_rate: Peak of the cosine schedule.
        shortest: Shortest window [frames].
        longest: Longest window [frames], a multiple of four.
    """

    steps: int
    batch: int = 64
    learning_rate: float = 4e-4
    shortest: int = 32
    longest: int = 64


@dataclass(frozen=True)
class TrainConfig:
    """A training run; `config/train/*.yaml` holds one.

    Attributes:
        network: Sizes of the networks.
        autoencoder: First stage.
        alignment: Second stage.
        prior: Third stage.
        seed: Seed of weights, batches and noise.
        average: Decay of the moving average of the weights.
        validate_every: Steps between validations.
        save_every: Steps between checkpoints.
        bfloat16: Run the networks in bfloat16 where that is safe.
    """

    network: NetworkConfig = field(default_factory=NetworkConfig)
    autoencoder: StageConfig = field(default_factory=lambda: StageConfig(4000))
    alignment: StageConfig = field(default_factory=lambda: StageConfig(2000))
    prior: StageConfig = field(default_factory=lambda: StageConfig(4000))
    seed: int = 0
    average: float = 0.998
    validate_every: int = 500
    save_every: int = 250
    bfloat16: bool = True

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a YAML file.

        Raises:
            ConfigError: Missing, malformed, or with a name that is not known.
        """
        parts = {
            'network': NetworkConfig,
            'autoencoder': StageConfig,
            'alignment': StageConfig,
            'prior': StageConfig,
        }
        try:
            values = yaml.safe_load(path.read_text()) or {}
            for name in parts.keys() & values.keys():
                values[name] = parts[name](**values[name])
            return cls(**values)
        except OSError as error:
            raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
        except (yaml.YAMLError, TypeError, AttributeError) as error:
            reason = str(error).replace('\n', ' ')
            raise ConfigError(f'{path}: {reason}; see config/train/base.yaml') from None
