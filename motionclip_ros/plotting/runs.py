"""What a training run's folder tells of it, finished or not."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.checkpoint import read_header
from motionclip_model.errors import CheckpointError, ConfigError, DependencyError
from motionclip_model.reading import read_json
from motionclip_model.storage import file_hash
from motionclip_model.training.config import TrainConfig
from motionclip_model.training.journal import CURVE_EVERY

_CURVES = 'tensorboard'
_VALIDATION = '_validation'


class Curve(NamedTuple):
    """One quantity over a run.

    Attributes:
        step: Steps of all stages.
        minutes: How long the run had worked by then, pauses left out [min].
        value: The quantity.
    """

    step: Int[np.ndarray, ' point']
    minutes: Float[np.ndarray, ' point']
    value: Float[np.ndarray, ' point']


class StageSpan(NamedTuple):
    """Where a stage stands in a run.

    Attributes:
        name: Its name.
        first: Steps of the stages before it.
        steps: Steps that it has; None where the configuration is another version's.
        weights: How much each loss counts; empty where that is not known.
    """

    name: str
    first: int
    steps: int | None
    weights: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Run:
    """A training run.

    Attributes:
        name: What it is called in a comparison.
        curves: By name: `STAGE/LOSS`, `STAGE_validation/LOSS`, `machine/memory_mb`.
        stages: Its stages, in order; those to come as well.
        facts: What it was made from.
        headline: How far it is.
    """

    name: str
    curves: Mapping[str, Curve]
    stages: tuple[StageSpan, ...]
    facts: tuple[tuple[str, str], ...]
    headline: str

    def losses(self, stage: str) -> list[str]:
        """Names of the losses of a stage, in the order in which they were told."""
        told = [name.partition('/') for name in self.curves]
        groups = (stage, stage + _VALIDATION)
        pace = ('learning_rate', 'gradient_norm', 'windows_per_s')
        names = [name for group, _, name in told if group in groups and name not in pace]
        return list(dict.fromkeys(name for name in names if not name.endswith('_speed')))

    def training(self, stage: str, name: str) -> Curve | None:
        """A quantity of a stage, of the step as it was made."""
        return self.curves.get(f'{stage}/{name}')

    def validation(self, stage: str, name: str) -> Curve | None:
        """A quantity of a stage on the validation split, of the averaged weights."""
        return self.curves.get(f'{stage}{_VALIDATION}/{name}')

    def total(self, span: StageSpan) -> Curve | None:
        """The weighted sum of the validation losses, lowest at the best checkpoint."""
        found = [
            (weight, curve)
            for name, weight in span.weights.items()
            if (curve := self.validation(span.name, name)) is not None
        ]
        if not found:
            return None
        # Of a validation that is just being written, some losses may not be there yet.
        whole = min((curve for _, curve in found), key=lambda curve: len(curve.step))
        values = sum(
            weight * curve.value[np.isin(curve.step, whole.step)] for weight, curve in found
        )
        return whole._replace(value=np.asarray(values))


def load_run(folder: Path, name: str) -> Run:
    """Read a run, as far as it is.

    Args:
        folder: What `motionclip train --out` names.
        name: What to call it.

    Raises:
        ConfigError: It has told nothing yet.
        DependencyError: TensorBoard is not installed.
    """
    curves = _read_curves(folder / _CURVES)
    if not curves:
        raise ConfigError(
            f'{folder}: the run has told no step yet; curves come every {CURVE_EVERY} steps'
        )
    identity = _identity(folder)
    stages = _stages(_config(identity), curves)
    return Run(name, curves, stages, _facts(folder, identity), _headline(name, curves, stages))


def _read_curves(folder: Path) -> dict[str, Curve]:
    """Read all curves; what a resumed run made anew replaces what it had made before."""
    try:
        from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
    except ImportError:
        raise DependencyError(
            "curves are read with tensorboard; run: pip install 'motionclip_ros[train]'"
        ) from None
    points: dict[str, dict[int, tuple[float, float]]] = defaultdict(dict)
    for file in sorted(folder.glob('events.out.tfevents.*'), key=_counted):
        begin, worked = None, 0.0
        # A record that is still being written ends the file for now.
        for event in LegacyEventFileLoader(str(file)).Load():
            if event.HasField('session_log'):
                # The step itself was saved before the run stopped; later ones are made anew.
                points = _until(points, event.step)
                worked = max((max(p)[0] for p in map(dict.values, points.values())), default=0.0)
            begin = event.wall_time if begin is None else begin
            minutes = worked + (event.wall_time - begin) / 60.0
            for value in event.summary.value:
                points[value.tag][event.step] = (minutes, value.simple_value)
    return {name: _curve(found) for name, found in points.items()}


def _counted(file: Path) -> list[int]:
    """Return the second, process and number in the process that an event file is named after."""
    return [int(digits) for digits in re.findall(r'\d+', file.name)]


def _until(points: dict[str, dict[int, Any]], last: int) -> dict[str, dict[int, Any]]:
    kept: dict[str, dict[int, Any]] = defaultdict(dict)
    for name, found in points.items():
        early = {step: point for step, point in found.items() if step <= last}
        if early:
            kept[name] = early
    return kept


def _curve(points: dict[int, tuple[float, float]]) -> Curve:
    steps = sorted(points)
    values = np.array([points[step] for step in steps], np.float64)
    return Curve(np.array(steps, np.int64), values[:, 0], values[:, 1])


def _identity(folder: Path) -> dict[str, Any]:
    """Read `run.json`; a damaged one only costs what it would have told."""
    try:
        found = read_json(folder / 'run.json', ConfigError)
    except ConfigError:
        return {}
    return found if isinstance(found, dict) else {}


def _config(identity: dict[str, Any]) -> TrainConfig | None:
    """Read the run's configuration; None where it is another version's."""
    values = identity.get('config')
    try:
        return TrainConfig.read(values) if isinstance(values, dict) else None
    except ConfigError:
        return None


def _stages(config: TrainConfig | None, curves: dict[str, Curve]) -> tuple[StageSpan, ...]:
    if config is None:
        return _stages_seen(curves)
    spans, first = [], 0
    for stage in config.chosen_stages():
        steps = config.settings(stage).steps
        spans.append(StageSpan(stage.name, first, steps, stage.weights))
        first += steps
    return tuple(spans)


def _stages_seen(curves: dict[str, Curve]) -> tuple[StageSpan, ...]:
    """Tell from the curves alone which stages there are, and where."""
    groups = dict.fromkeys(name.partition('/')[0].removesuffix(_VALIDATION) for name in curves)
    groups.pop('machine', None)
    steps = {name: _steps_of(name, curves) for name in groups}
    ordered = sorted(groups, key=lambda name: min(steps[name]))
    firsts = [0, *(max(steps[name]) for name in ordered)]
    return tuple(
        StageSpan(name, first, None, {}) for name, first in zip(ordered, firsts, strict=False)
    )


def _steps_of(stage: str, curves: dict[str, Curve]) -> list[int]:
    return [
        int(step)
        for name, curve in curves.items()
        if name.partition('/')[0] in (stage, stage + _VALIDATION)
        for step in curve.step
    ]


def _headline(name: str, curves: dict[str, Curve], stages: tuple[StageSpan, ...]) -> str:
    done = max(int(curve.step[-1]) for curve in curves.values())
    minutes = max(float(curve.minutes[-1]) for curve in curves.values())
    current = [span for span in stages if span.first < done][-1]
    if current.steps is None:
        return f'{name}: {done} steps, stage {current.name}, {minutes:.1f} min'
    whole = stages[-1].first + (stages[-1].steps or 0)
    if done >= whole:
        return f'{name}: all {whole} steps, {minutes:.1f} min'
    return (
        f'{name}: {done} of {whole} steps, in stage {current.name} '
        f'({done - current.first} of {current.steps}), {minutes:.1f} min'
    )


def _facts(folder: Path, identity: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """What the newest model of the folder and `run.json` say of the run."""
    facts = [('run', str(folder))]
    config = identity.get('config')
    config = config if isinstance(config, dict) else {}
    facts += [(name, str(config[name])) for name in ('architecture', 'seed') if name in config]
    if 'text_encoder' in identity:
        facts.append(('text encoder', str(identity['text_encoder'])))
    if 'data' in identity:
        facts.append(('data', str(identity['data'])))
    newest = _newest_model(folder)
    if newest is not None:
        info = newest[1]
        facts.append((str(newest[0].relative_to(folder)), f'sha256 {file_hash(newest[0])}'))
        versions = info.get('versions', {})
        facts += [(f'{name} version', str(version)) for name, version in versions.items()]
        facts += [('warning', str(text)) for text in info.get('training', {}).get('warnings', [])]
    events = [file.stat().st_mtime for file in (folder / _CURVES).iterdir()]
    last = datetime.fromtimestamp(max(events), UTC)
    return (*facts, ('last written', f'{last:%Y-%m-%d %H:%M} UTC'))


def _newest_model(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    files = [folder / 'model.safetensors', *(folder / 'checkpoints').glob('*.safetensors')]
    for file in sorted(
        (file for file in files if file.is_file()), key=lambda f: f.stat().st_mtime, reverse=True
    ):
        try:
            return file, dict(read_header(file)['info'])
        except CheckpointError:
            continue
    return None
