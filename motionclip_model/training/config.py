"""What to train and how long, read strictly from YAML."""

import math
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from motionclip_model.architecture import ARCHITECTURES
from motionclip_model.data.licences import LICENCE_CHOICES
from motionclip_model.errors import ConfigError
from motionclip_model.network import STRIDE, NetworkConfig
from motionclip_model.reading import read_yaml
from motionclip_model.training.stages import Stage

_Kind = TypeVar('_Kind')


@dataclass(frozen=True)
class StageConfig:
    """How long and how one stage is trained.

    Attributes:
        steps: Optimiser steps.
        batch: Windows in a batch, of all processes together.
        learning_rate: Peak of the cosine schedule.
        shortest: Shortest window [frames].
        longest: Longest window [frames], a multiple of four.
        weights: How much each loss counts, where that differs from `stages.STAGES`; 0 turns
            one off.
    """

    steps: int = 4000
    batch: int = 64
    learning_rate: float = 4e-4
    shortest: int = 32
    longest: int = 64
    weights: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        for name in ('steps', 'batch', 'learning_rate', 'shortest', 'longest'):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ConfigError(f'{name} {getattr(self, name)} is not above 0')
        if self.shortest > self.longest or self.longest % STRIDE:
            raise ConfigError(
                f'longest {self.longest} must be a multiple of {STRIDE} and not below '
                f'shortest {self.shortest}'
            )
        for name, value in self.weights.items():
            if not 0.0 <= value < math.inf:
                raise ConfigError(f'the weight {name} {value} is below 0 or not finite')


@dataclass(frozen=True)
class TrainConfig:
    """A training run; `config/train/*.yaml` holds one.

    Attributes:
        architecture: A key of `architecture.ARCHITECTURES`.
        network: Sizes of the networks; the widths of the text encoder's embeddings are filled
            in from the encoder.
        stages: Which stages to train; all of the architecture's by default.
        start: Checkpoint that gives what the chosen stages do not train.
        held_out: Pairs of action and style that are not trained on, so that they can be
            measured; a file beside the configuration may hold them (`held_out.yaml`).
        licence: "any", or "commercial" to leave out what must not be used for profit.
        autoencoder: First stage.
        alignment: Second stage.
        prior: Third stage.
        paper: The only stage of the paper's architecture.
        seed: Seed of weights, batches and noise.
        average: Decay of the moving average of the weights.
        validate_every: Steps between validations; by default an epoch, which is as many
            windows as there are training clips, and at least 50 steps.
        save_every: Steps between checkpoints.
        bfloat16: Run the networks in bfloat16 where that is safe.
    """

    architecture: str = 'latent'
    network: Any = field(default_factory=NetworkConfig)
    stages: tuple[str, ...] = ()
    start: str | None = None
    held_out: tuple[tuple[str, str], ...] = ()
    licence: str = 'any'
    autoencoder: StageConfig = field(default_factory=StageConfig)
    alignment: StageConfig = field(default_factory=StageConfig)
    prior: StageConfig = field(default_factory=StageConfig)
    paper: StageConfig = field(default_factory=StageConfig)
    seed: int = 0
    average: float = 0.998
    validate_every: int | None = None
    save_every: int = 250
    bfloat16: bool = True

    def __post_init__(self) -> None:
        """Refuse names that are not known and numbers that make no sense."""
        self.chosen_stages()
        if self.licence not in LICENCE_CHOICES:
            choices = ', '.join(LICENCE_CHOICES)
            raise ConfigError(f'licence {self.licence!r} is not one of {choices}')
        if self.save_every < 1 or (self.validate_every is not None and self.validate_every < 1):
            raise ConfigError('save_every and validate_every are numbers of steps, at least 1')
        if not 0.0 <= self.average < 1.0:
            raise ConfigError(f'average {self.average} is not from 0 to below 1')
        if self.seed < 0:
            raise ConfigError(f'seed {self.seed} is below 0')

    @staticmethod
    def load(path: Path) -> 'TrainConfig':
        """Read a YAML file.

        Raises:
            ConfigError: Missing, malformed, or with a name that is not known.
        """
        try:
            values = read_yaml(path) or {}
        except ConfigError as error:
            raise ConfigError(f'{error}; see config/train/base.yaml') from None
        try:
            return _typed(values, path.parent)
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            reason = str(error).replace('\n', ' ')
            raise ConfigError(f'{path}: {reason}; see config/train/base.yaml') from None
        except ConfigError as error:
            raise ConfigError(f'{path}: {error}') from None

    @staticmethod
    def read(values: dict[str, Any]) -> 'TrainConfig':
        """Read what a run's folder says of its configuration, as plain JSON.

        Raises:
            ConfigError: An entry that is not known, or one that makes no sense.
        """
        try:
            return _typed(values, Path())
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            raise ConfigError(str(error).replace('\n', ' ')) from None

    def chosen_stages(self) -> tuple[Stage, ...]:
        """The stages to train, in the architecture's order, with the weights asked for.

        Raises:
            ConfigError: An architecture, a stage or a loss that is not known.
        """
        known = _known_stages(self.architecture)
        for name in self.stages:
            if name not in known:
                raise ConfigError(f'no stage {name!r}; choose of {", ".join(known)}')
        return tuple(
            _weighted(stage, self.settings(stage).weights)
            for stage in known.values()
            if not self.stages or stage.name in self.stages
        )

    def settings(self, stage: Stage) -> StageConfig:
        """How a stage is trained."""
        found: StageConfig = getattr(self, stage.name)
        return found


def _known_stages(architecture: str) -> dict[str, Stage]:
    if architecture not in ARCHITECTURES:
        raise ConfigError(
            f'no architecture {architecture!r}; choose of {", ".join(ARCHITECTURES)}'
        )
    return {stage.name: stage for stage in ARCHITECTURES[architecture].stages}


def _typed(values: dict[str, Any], folder: Path) -> TrainConfig:
    """Turn what YAML says into the dataclasses that it stands for."""
    typed = dict(values)
    if isinstance(typed.get('held_out'), str):
        listed = read_yaml(folder / typed['held_out'])['combinations']
        typed['held_out'] = [(pair['content'], pair['style']) for pair in listed]
    architecture = typed.get('architecture', 'latent')
    _known_stages(architecture)
    # What is left empty is the text encoder's to say.
    sizes = {key: value for key, value in typed.get('network', {}).items() if value is not None}
    typed['network'] = _build(ARCHITECTURES[architecture].sizes, 'network', sizes)
    for part in fields(TrainConfig):
        if part.type is StageConfig and part.name in typed:
            typed[part.name] = _build(StageConfig, part.name, typed[part.name])
    return _build(TrainConfig, 'the configuration', typed)


def _build(kind: type[_Kind], name: str, values: dict[str, Any]) -> _Kind:
    """Build the dataclass `kind` from the entries of the part `name`."""
    known = [part.name for part in fields(kind)]  # type: ignore[arg-type]
    unknown = sorted(map(str, values.keys() - set(known)))
    if unknown:
        raise ConfigError(f'{name} has no {", ".join(unknown)}; it has {", ".join(known)}')
    try:
        return TypeAdapter(kind).validate_python(values)
    except ConfigError as error:
        raise ConfigError(f'{name}: {error}') from None
    except ValidationError as error:
        reasons = [
            f'{".".join(map(str, one["loc"]))} {one["input"]!r}: {one["msg"]}'
            for one in error.errors()
        ]
        raise ConfigError(f'{name}: {"; ".join(reasons)}') from None


def _weighted(stage: Stage, weights: dict[str, float]) -> Stage:
    unknown = weights.keys() - stage.weights.keys()
    if unknown:
        raise ConfigError(
            f'{stage.name} has no loss {", ".join(sorted(unknown))}; it has '
            f'{", ".join(stage.weights)}'
        )
    return replace(stage, weights={**stage.weights, **weights})
