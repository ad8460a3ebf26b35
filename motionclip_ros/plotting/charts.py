"""Bars and dots in rows, one colour and shape for each thing that is compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from motionclip_ros.plotting.document import Table, number
from motionclip_ros.plotting.style import INK, MARKERS, SERIES

_FILLED = 0.78
"""Part of a row's height that its bars take."""


@dataclass(frozen=True)
class Rows:
    """A number for each row and each thing that is compared.

    Attributes:
        labels: What each row is.
        values: For each thing by name, a number a row; None where there is none.
        intervals: For each thing, low and high ends a row; None where not measured.
    """

    labels: Sequence[str]
    values: Mapping[str, Sequence[float | None]]
    intervals: Mapping[str, Sequence[tuple[float, float] | None]] = field(default_factory=dict)

    def places(self, index: int) -> Float[np.ndarray, ' row']:
        """Heights at which thing number `index` stands; row 0 is at 0."""
        count = len(self.values)
        return np.arange(len(self.labels)) + (index - (count - 1) / 2) * _FILLED / count

    def table(self, label: str, unit: str) -> Table:
        """List the numbers."""
        columns = [label]
        for name in self.values:
            columns.append(f'{name} [{unit}]')
            columns += [f'{name}, 95 %'] if name in self.intervals else []
        rows = []
        for i, row in enumerate(self.labels):
            cells = [row]
            for name, values in self.values.items():
                cells.append(number(values[i]))
                if name in self.intervals:
                    ends = self.intervals[name][i]
                    cells.append('-' if ends is None else f'{ends[0]:.3g} to {ends[1]:.3g}')
            rows.append(tuple(cells))
        return Table(tuple(columns), tuple(rows))


def numbers(values: Sequence[float | None]) -> Float[np.ndarray, ' row']:
    """Make an array; NaN where there is no number."""
    return np.array([np.nan if value is None else value for value in values], np.float64)


def draw_bars(axes: Axes, rows: Rows) -> None:
    """Draw a bar for each number, with its interval."""
    height = _FILLED / len(rows.values)
    for index, (name, values) in enumerate(rows.values.items()):
        places = rows.places(index)
        axes.barh(places, numbers(values), height * 0.92, color=SERIES[index], label=name)
        ends = rows.intervals.get(name)
        if ends is not None:
            _draw_intervals(axes, places, ends, numbers(values))
    _label(axes, rows)


def draw_dots(axes: Axes, rows: Rows) -> None:
    """Draw a dot for each number, which may stand on a logarithmic axis."""
    for index, (name, values) in enumerate(rows.values.items()):
        axes.plot(
            numbers(values),
            rows.places(index),
            linestyle='none',
            marker=MARKERS[index],
            color=SERIES[index],
            label=name,
        )
    _label(axes, rows)


def _draw_intervals(
    axes: Axes,
    places: Float[np.ndarray, ' row'],
    ends: Sequence[tuple[float, float] | None],
    middle: Float[np.ndarray, ' row'],
) -> None:
    for place, pair, value in zip(places, ends, middle, strict=True):
        if pair is not None:
            low, high = pair
            axes.errorbar(
                value,
                place,
                xerr=[[max(value - low, 0.0)], [max(high - value, 0.0)]],
                color=INK,
                linewidth=1.2,
                capsize=2.5,
            )


def _label(axes: Axes, rows: Rows) -> None:
    axes.set_yticks(np.arange(len(rows.labels)), list(rows.labels))
    axes.set_ylim(len(rows.labels) - 0.5, -0.5)
    axes.grid(visible=False, axis='y')
