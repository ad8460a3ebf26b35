"""What `motionclip evaluate` wrote, read strictly."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from motionclip_model.errors import ConfigError

Numbers = dict[str, float | None]


@dataclass(frozen=True)
class Recovered:
    """Reconstruction of one collection; see `evaluation.reconstruction`."""

    clips: int
    joint_error_cm: float
    rotation_error_deg: float
    speed_ratio: float
    path_error: float
    baselines: dict[str, Numbers]


@dataclass(frozen=True)
class Pool:
    """Retrieval among some clips: recalls with intervals; see `evaluation.retrieval`."""

    motion_to_text: dict[str, Any]
    text_to_motion: dict[str, Any]
    chance: dict[str, float]
    pool: int | None = None


@dataclass(frozen=True)
class Retrieval:
    """Retrieval in the whole split, in pools of several kinds, and of what was never trained."""

    whole_split: Pool
    pools: dict[str, Pool]
    unseen: Pool | None = None

    def named(self) -> dict[str, Pool]:
        """All pools, by what a reader calls them."""
        found = {
            f'{name}, pools of {pool.pool}' if pool.pool else name: pool
            for name, pool in self.pools.items()
        }
        if self.unseen is not None:
            found[f'unseen pairs, pools of {self.unseen.pool}'] = self.unseen
        return {**found, 'whole split': self.whole_split}


@dataclass(frozen=True)
class Shares:
    """Shares of clips that were named right."""

    top1: float
    top5: float
    mean_per_class: float


@dataclass(frozen=True)
class Action:
    """How often one action was named right, and what its clips were named."""

    top1: float
    clips: int
    named: dict[str, int] | None = None


@dataclass(frozen=True)
class Recognition:
    """Recognition by words alone; `skipped` says why there is none."""

    skipped: str | None = None
    classes: int = 0
    clips: int = 0
    zero_shot: Shares | None = None
    one_prompt: Shares | None = None
    chance: float | None = None
    majority: float | None = None
    nearest_neighbour: float | None = None
    linear_probe: float | None = None
    per_class: dict[str, Action] | None = None


@dataclass(frozen=True)
class Direction:
    """Where motions of one text went, over several seeds."""

    right: float
    mean: float
    lowest: float
    highest: float
    wanted: tuple[float, float]
    unit: str


@dataclass(frozen=True)
class Liveliness:
    """Joint speed of generated over real motions."""

    median: float
    alive: float
    actions: dict[str, float]


@dataclass(frozen=True)
class Generation:
    """Generated motions; see `evaluation.generation`."""

    directions: dict[str, Direction]
    directions_right: float
    diversity_cm: dict[str, float]
    liveliness: Liveliness | None = None
    foot_skate_m_s: dict[str, float] | None = None


@dataclass(frozen=True)
class _Written:
    """The whole of what was written; older files do not say of which model."""

    split: str
    clips: int
    reconstruction: dict[str, Recovered]
    retrieval: Retrieval
    recognition: Recognition
    generation: Generation
    version: str | None = None
    model: str | None = None
    model_sha256: str | None = None
    data: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """An evaluation to plot.

    Attributes:
        name: What it is called in a comparison.
        written: File of the evaluation, and when it was written.
        figures: What was measured.
    """

    name: str
    written: str
    figures: _Written


def is_evaluation(content: dict[str, Any]) -> bool:
    """Whether JSON looks like what `motionclip evaluate` writes."""
    return {'reconstruction', 'retrieval', 'recognition', 'generation'} <= content.keys()


def read_evaluation(content: dict[str, Any], name: str, written: str, place: str) -> Evaluation:
    """Read an evaluation.

    Args:
        content: The JSON.
        name: What to call it.
        written: When the file was written.
        place: The file, for the message.

    Raises:
        ConfigError: Something that is drawn is missing or of another kind.
    """
    try:
        return Evaluation(name, written, TypeAdapter(_Written).validate_python(content))
    except ValidationError as error:
        first = error.errors()[0]
        where = '.'.join(map(str, first['loc']))
        raise ConfigError(
            f'{place}: no evaluation of this version ({where}: {first["msg"]}); write it anew '
            'with `motionclip evaluate --out`'
        ) from None
