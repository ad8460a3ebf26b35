"""Whether generated motions went where they were told, and how lively they are."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from motionclip_ros.plotting.charts import Rows, draw_bars, draw_dots
from motionclip_ros.plotting.document import Plot, Table, number
from motionclip_ros.plotting.evaluations import Direction, Evaluation
from motionclip_ros.plotting.style import (
    BAND,
    MARKERS,
    MUTED,
    SERIES,
    key,
    legend,
    new_figure,
    tidy,
)

_LIVELY = (0.8, 1.2)
"""Joint speeds that `alive` counts, as parts of the real."""

_MEASURES = {'m/s': 'forward speed [m/s]', 'deg': 'turned [deg]', 'm': 'drift [m]'}


def generation_plots(
    evaluations: Sequence[Evaluation], names: Sequence[Line2D | Patch]
) -> list[Plot]:
    """Draw directions, liveliness, diversity and foot skate.

    Args:
        evaluations: What was measured.
        names: Entries of the legend that tell evaluations apart.
    """
    alive = any(each.figures.generation.liveliness for each in evaluations)
    lively = [_lively_plot(evaluations, names)] if alive else []
    return [_direction_plot(evaluations, names), *lively]


def _direction_plot(evaluations: Sequence[Evaluation], names: Sequence[Line2D | Patch]) -> Plot:
    """Draw where motions went, over all seeds, beside where the text says."""
    found = {each.name: each.figures.generation.directions for each in evaluations}
    texts = list(dict.fromkeys(text for table in found.values() for text in table))
    units = list(dict.fromkeys(table[text].unit for table in found.values() for text in table))
    by_unit = {unit: [t for t in texts if _first(found, t).unit == unit] for unit in units}
    figure = new_figure(1.6 + max(0.3, 0.16 + 0.16 * len(found)) * len(texts))
    grid = figure.add_gridspec(len(units), 2, height_ratios=[len(by_unit[u]) for u in units])
    shares = Rows(
        texts,
        {
            name: [table[t].right if t in table else None for t in texts]
            for name, table in found.items()
        },
    )
    left = figure.add_subplot(grid[:, 0])
    draw_bars(left, shares)
    tidy(left, 'Went where the text says', 'share of seeds [1]', grid='x')
    left.set_xlim(0.0, 1.03)
    for row, unit in enumerate(units):
        axes = figure.add_subplot(grid[row, 1])
        _draw_ways(axes, found, by_unit[unit])
        tidy(axes, 'Where they went' if row == 0 else '', _MEASURES.get(unit, unit), grid='x')
    legend(
        figure,
        [
            *names,
            Patch(color=BAND, label='wanted'),
            key('mean and range of the seeds', MUTED, 'o'),
        ],
    )
    reading = (
        'Each text is drawn with its most typical motion and seven seeds. A dot and its line are '
        'mean and range, the grey band is what the text asks for.'
    )
    rows = tuple(
        (
            name,
            text,
            number(d.right),
            number(d.mean),
            number(d.lowest),
            number(d.highest),
            f'{d.wanted[0]:g} to {d.wanted[1]:g}',
            d.unit,
        )
        for name, table in found.items()
        for text, d in table.items()
    )
    columns = ('evaluation', 'text', 'share right', 'mean', 'lowest', 'highest', 'wanted', 'unit')
    return Plot('Directions', reading, figure, (Table(columns, rows),))


def _first(found: dict[str, dict[str, Direction]], text: str) -> Direction:
    return next(table[text] for table in found.values() if text in table)


def _draw_ways(axes: Axes, found: dict[str, dict[str, Direction]], texts: Sequence[str]) -> None:
    empty = Rows(texts, {name: [None] * len(texts) for name in found})
    for row, text in enumerate(texts):
        low, high = _first(found, text).wanted
        axes.fill_betweenx([row - 0.45, row + 0.45], low, high, color=BAND)
    for index, table in enumerate(found.values()):
        for place, text in zip(empty.places(index), texts, strict=True):
            if text in table:
                way = table[text]
                axes.plot([way.lowest, way.highest], [place, place], color=SERIES[index])
                axes.plot(way.mean, place, marker=MARKERS[index], color=SERIES[index])
    axes.set_yticks(np.arange(len(texts)), list(texts))
    axes.set_ylim(len(texts) - 0.5, -0.5)


def _lively_plot(evaluations: Sequence[Evaluation], names: Sequence[Line2D | Patch]) -> Plot:
    """Draw joint speed as a part of the real for each action, diversity and foot skate."""
    speeds = {
        each.name: each.figures.generation.liveliness.actions
        for each in evaluations
        if each.figures.generation.liveliness is not None
    }
    order: dict[str, float] = {}
    for table in speeds.values():
        order = {**table, **order}
    actions = sorted(order, key=lambda action: -order[action])
    lively = Rows(
        actions,
        {
            each.name: [speeds.get(each.name, {}).get(action) for action in actions]
            for each in evaluations
        },
    )
    made = {each.name: each.figures.generation for each in evaluations}
    distances = ('one_text', 'two_texts', 'two_texts_least')
    diversity = Rows(
        ['seeds of one text', 'two texts', 'two texts, least'],
        {name: [part.diversity_cm.get(pair) for pair in distances] for name, part in made.items()},
    )
    feet = ('generated', 'real')
    skates = {name: part.foot_skate_m_s or {} for name, part in made.items()}
    skate = Rows(
        feet, {name: [found.get(kind) for kind in feet] for name, found in skates.items()}
    )
    figure = new_figure(max(3.6, 1.2 + (0.14 + 0.1 * len(evaluations)) * len(actions)))
    grid = figure.add_gridspec(2, 2, width_ratios=(1.3, 1))
    left = figure.add_subplot(grid[:, 0])
    left.axvspan(*_LIVELY, color=BAND)
    draw_dots(left, lively)
    tidy(left, 'Joint speed', 'generated / real [1]', grid='x')
    left.set_xlim(left=0.0)
    for place, rows, title, x in (
        (0, diversity, 'Diversity', 'distance of a joint [cm]'),
        (1, skate, 'Foot skate', 'speed of standing feet [m/s]'),
    ):
        axes = figure.add_subplot(grid[place, 1])
        draw_bars(axes, rows)
        tidy(axes, title, x, grid='x')
    legend(figure, [*names, Patch(color=BAND, label='0.8 to 1.2 of the real speed')])
    reading = (
        'How fast joints move in what is generated for the captions of real clips: 1 is right, '
        'near 0 the model has collapsed. Seeds of one text should differ, but less than texts.'
    )
    tables = (
        lively.table('action', 'generated / real'),
        diversity.table('compared', 'cm'),
        skate.table('motions', 'm/s'),
    )
    return Plot('Liveliness, diversity, foot skate', reading, figure, tables)
