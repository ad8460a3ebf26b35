"""Retargeting reports, wherever they were written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from motionclip_model.errors import ConfigError
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds, shipped_thresholds


@dataclass(frozen=True)
class _Written:
    """What every report of this version holds."""

    verdict: str
    reason: str
    warnings: list[str]
    notes: list[str]
    robot: str
    urdf_sha256: str
    joints: dict[str, dict[str, float | None]]
    thresholds: dict[str, float] | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """A retargeting report to plot.

    Attributes:
        name: What it is called in a comparison.
        written: The parts that are no single number.
        figures: All single numbers by name; docs/feasibility.md explains each.
        where: All joints and links that are named, by name of the entry.
        facts: What the report belongs to.
    """

    name: str
    written: _Written
    figures: Mapping[str, float]
    where: Mapping[str, str]
    facts: tuple[tuple[str, str], ...]

    @property
    def thresholds(self) -> Thresholds:
        """What it was judged by; older reports do not say it."""
        told = self.written.thresholds
        return shipped_thresholds() if told is None else Thresholds(**told)

    @property
    def headline(self) -> str:
        """The verdict with its reason."""
        return f'{self.name}: {self.written.verdict}; {self.written.reason}'


def is_report(content: Mapping[str, Any]) -> bool:
    """Whether JSON looks like a report, by itself or inside that of `motionclip generate`."""
    return {'verdict', 'joints'} <= content.keys() or 'retargeting' in content


def read_report(
    content: Mapping[str, Any], name: str, facts: tuple[tuple[str, str], ...], place: str
) -> Report:
    """Read a report.

    Args:
        content: The JSON of `motionclip check`, `retarget` or `generate`.
        name: What to call it.
        facts: What it belongs to, beside what it says itself.
        place: The file, for the message.

    Raises:
        ConfigError: Something that is drawn is missing or of another kind.
    """
    inner = content.get('retargeting', content)
    try:
        written = TypeAdapter(_Written).validate_python(inner)
        if written.thresholds is not None:
            Thresholds(**written.thresholds)
    except (ValidationError, TypeError, ConfigError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else None
        why = error if first is None else f'{".".join(map(str, first["loc"]))}: {first["msg"]}'
        raise ConfigError(
            f'{place}: no retargeting report of this version ({why}); write it anew with '
            '`motionclip check --json`'
        ) from None
    told = ('text', 'seed', 'model_sha256', 'version')
    own = [(key, str(content[key])) for key in told if content.get(key) is not None]
    own += [('robot', written.robot), ('urdf sha256', written.urdf_sha256)]
    own += [('note', line) for line in written.notes]
    return Report(
        name,
        written,
        {
            key: float(value)
            for key, value in inner.items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
        {
            key: ' and '.join(value) if isinstance(value, list) else value
            for key, value in inner.items()
            if key.endswith(('_joint', '_links')) and value
        },
        (*own, *facts),
    )
