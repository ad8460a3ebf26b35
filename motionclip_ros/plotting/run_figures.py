"""Figures of training runs: the losses of each stage, and how the run went."""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from motionclip_model.training.watch import LIVELY
from motionclip_ros.plotting.document import Document, Plot, Table, number, thinned
from motionclip_ros.plotting.runs import Curve, Run, StageSpan
from motionclip_ros.plotting.style import (
    INK,
    MUTED,
    SERIES,
    key,
    legend,
    logarithmic,
    new_figure,
    tidy,
)

_COLUMNS = 3
_ROW = 2.5
"""Height of a row of panels [inch]."""

_DECADE = 10.0
"""An axis whose values differ by more than this is logarithmic."""

_COURSE = (
    ('learning_rate', 'Learning rate', 'learning rate [1]'),
    ('gradient_norm', 'Gradient norm, before it is cut to 1', 'norm [1]'),
    ('windows_per_s', 'Throughput', 'windows [1/s]'),
)


def run_document(runs: Sequence[Run], over: str) -> Document:
    """Draw runs, laid over each other where there are several.

    Args:
        runs: The runs.
        over: 'steps' or 'time'.
    """
    stages = dict.fromkeys(span.name for run in runs for span in run.stages)
    plots = [_stage_plot(runs, stage, over) for stage in stages if _losses(runs, stage)]
    alone = len(runs) == 1
    facts = [
        (name if alone else f'{run.name}: {name}', value)
        for run in runs
        for name, value in run.facts
    ]
    return Document(
        f'Training {"run" if alone else "runs"} {", ".join(run.name for run in runs)}',
        tuple(run.headline for run in runs),
        tuple(facts),
        (*plots, _course_plot(runs, over)),
    )


def _losses(runs: Sequence[Run], stage: str) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.losses(stage)))


def _stage_plot(runs: Sequence[Run], stage: str, over: str) -> Plot:
    """Draw a panel for each loss of a stage, the weighted sum first."""
    losses = _losses(runs, stage)
    rows = -(-(len(losses) + 1) // _COLUMNS)
    figure = new_figure(rows * _ROW + 0.5)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    best = []
    for run, colour in zip(runs, SERIES, strict=False):
        for span in (span for span in run.stages if span.name == stage):
            for panel, name in zip(panels[1:], losses, strict=False):
                trained, validated = run.training(stage, name), run.validation(stage, name)
                _draw(panel, trained, span, over, colour, alpha=0.5, linewidth=1.0)
                _draw(panel, validated, span, over, colour, marker='o', markersize=4.0)
            total = run.total(span)
            _draw(panels[0], total, span, over, colour, marker='o', markersize=4.0)
            if total is not None:
                best.append((run.name, *_mark_best(panels[0], total, span, over, colour)))
    x = f'step of {stage}' if over == 'steps' else 'time [min]'
    for panel, name in zip(panels, ['weighted sum, validation', *losses], strict=False):
        tidy(panel, name.replace('_', ' '), x, 'loss [1]')
        _scale(panel)
    for panel in panels[len(losses) + 1 :]:
        panel.set_visible(False)
    panels[0].set_visible(bool(best))
    kinds = [
        key('training batch', MUTED, alpha=0.6),
        key('validation, averaged weights', MUTED, 'o'),
        key('best checkpoint', INK, '*', 'none'),
    ]
    legend(figure, [*_names(runs), *kinds])
    reading = (
        'Thin: losses of training batches. Dots: losses of the averaged weights on the validation '
        f'split. The star is where checkpoints/{stage}_best was written, at the lowest weighted '
        'sum of the validation losses.'
    )
    return Plot(f'Losses of {stage}', reading, figure, _loss_tables(runs, stage, losses, best))


def _names(runs: Sequence[Run]) -> list[Line2D]:
    """Make the legend's entries of runs; a single one needs none."""
    named = zip(runs, SERIES, strict=False)
    return [key(run.name, colour) for run, colour in named] if len(runs) > 1 else []


def _draw(
    panel: Axes, curve: Curve | None, span: StageSpan, over: str, colour: str, **look: object
) -> None:
    if curve is not None:
        where = _where(curve, span.first, over)
        panel.plot(where, curve.value, color=colour, **look)  # type: ignore[arg-type]


def _where(curve: Curve, first: int, over: str) -> Float[np.ndarray, ' point']:
    """Return where a curve's points stand on the level axis."""
    return np.asarray(curve.step - first, np.float64) if over == 'steps' else curve.minutes


def _mark_best(
    panel: Axes, total: Curve, span: StageSpan, over: str, colour: str
) -> tuple[str, str]:
    """Mark the lowest point of a sum of losses; return its step and value."""
    lowest = int(total.value.argmin())
    panel.plot(
        _where(total, span.first, over)[lowest],
        total.value[lowest],
        marker='*',
        markersize=15.0,
        color=colour,
        markeredgecolor=INK,
        zorder=5,
    )
    return str(int(total.step[lowest]) - span.first), number(float(total.value[lowest]))


def _scale(panel: Axes) -> None:
    """Make the upright axis logarithmic where what it shows spans more than a decade."""
    drawn = [np.asarray(line.get_ydata(), np.float64) for line in panel.lines]
    values = np.concatenate(drawn) if drawn else np.zeros(0)
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0.0 and values.max() > _DECADE * values.min():
        logarithmic(panel, 'y')


def _loss_tables(
    runs: Sequence[Run], stage: str, losses: Sequence[str], best: Sequence[tuple[str, ...]]
) -> tuple[Table, ...]:
    marks = Table(('run', 'best at step', 'weighted sum of validation losses'), tuple(best))
    return (
        marks,
        _curve_table('validation', runs, stage, losses, Run.validation),
        _curve_table('training', runs, stage, losses, Run.training),
    )


def _curve_table(
    kind: str,
    runs: Sequence[Run],
    stage: str,
    names: Sequence[str],
    read: Callable[[Run, str, str], Curve | None],
) -> Table:
    """List curves of one stage, a row for each step of each run."""
    rows, left_out = [], 0
    for run in runs:
        first = next((span.first for span in run.stages if span.name == stage), 0)
        curves = [read(run, stage, name) for name in names]
        found = [
            {} if curve is None else dict(zip(curve.step.tolist(), curve.value, strict=True))
            for curve in curves
        ]
        steps = sorted(set().union(*found))
        kept = [steps[i] for i in thinned(len(steps))]
        left_out += len(steps) - len(kept)
        rows += [
            (run.name, str(step - first), *(number(values.get(step)) for values in found))
            for step in kept
        ]
    note = f'{left_out} of the {kind} steps that are drawn are not listed' if left_out else ''
    columns = ('run', f'{kind} at step', *(name.replace('_', ' ') for name in names))
    return Table(columns, tuple(rows), note)


def _course_plot(runs: Sequence[Run], over: str) -> Plot:
    """Draw how all stages went: pace, liveliness, memory, time."""
    figure = new_figure(2 * _ROW + 0.7)
    panels = figure.subplots(2, _COLUMNS).ravel()
    for run, colour in zip(runs, SERIES, strict=False):
        for panel, (name, _, _) in zip(panels, _COURSE, strict=False):
            for span in run.stages:
                _draw(panel, run.training(span.name, name), _WHOLE, over, colour, linewidth=1.2)
        for name, curve in run.curves.items():
            if name.endswith('_speed'):
                _draw(panels[3], curve, _WHOLE, over, colour, marker='o', markersize=4.0)
        _draw(panels[4], run.curves.get('machine/memory_mb'), _WHOLE, over, colour, marker='o')
        _draw(
            panels[4],
            run.curves.get('machine/gpu_memory_mb'),
            _WHOLE,
            over,
            colour,
            marker='s',
            linestyle='--',
        )
        longest = max(run.curves.values(), key=lambda curve: len(curve.step))
        panels[5].plot(longest.step, longest.minutes, color=colour)
    x = 'step of all stages' if over == 'steps' else 'time [min]'
    for panel, (_, title, y) in zip(panels, _COURSE, strict=False):
        tidy(panel, title, x, y)
    _scale(panels[1])
    tidy(panels[3], 'Liveliness: joint speed', x, 'generated or decoded / real [1]')
    tidy(panels[4], 'Peak memory', x, 'memory [MB]')
    tidy(panels[5], 'Time worked', 'step of all stages', 'time [min]')
    panels[3].axhline(1.0, color=MUTED, linewidth=1.0, linestyle=':')
    panels[3].axhline(LIVELY, color=INK, linewidth=1.0, linestyle='--')
    panels[4].set_ylim(0.0, 1.1 * panels[4].dataLim.y1 if panels[4].lines else 1.0)
    for panel in panels:
        if not panel.lines:
            panel.text(
                0.5,
                0.5,
                'not recorded',
                color=MUTED,
                ha='center',
                va='center',
                transform=panel.transAxes,
            )
    if over == 'steps' and all(run.stages == runs[0].stages for run in runs):
        last = max(int(curve.step[-1]) for run in runs for curve in run.curves.values())
        _mark_stages(panels, [span for span in runs[0].stages if span.first < last])
    kinds = [key(f'below {LIVELY} a model collapses', INK, line='--')]
    if any('machine/gpu_memory_mb' in run.curves for run in runs):
        kinds.append(key('GPU memory', MUTED, 's', '--'))
    legend(figure, [*_names(runs), *kinds])
    reading = (
        'All stages one after the other. Liveliness is how fast joints move in what the model '
        'makes, as a share of the real motions. Pauses of a run that was resumed take no time.'
    )
    return Plot('How the run went', reading, figure, _course_tables(runs))


_WHOLE = StageSpan('', 0, None, {})


def _mark_stages(panels: Sequence[Axes], stages: Sequence[StageSpan]) -> None:
    for panel in panels:
        for span in stages[1:]:
            panel.axvline(span.first, color=MUTED, linewidth=0.8, linestyle=':')
    for span in stages:
        panels[0].text(
            span.first,
            1.0,
            f' {span.name}',
            color=MUTED,
            size=8.5,
            va='top',
            transform=panels[0].get_xaxis_transform(),
        )


def _course_tables(runs: Sequence[Run]) -> tuple[Table, ...]:
    names = [name for name, _, _ in _COURSE]
    stages = dict.fromkeys(span.name for run in runs for span in run.stages)
    tables = []
    for stage in stages:
        table = _curve_table(stage, runs, stage, names, Run.training)
        tables.append(table)
    machine = [
        (
            run.name,
            name.partition('/')[2] if name.startswith('machine') else name,
            str(int(step)),
            number(float(value)),
        )
        for run in runs
        for name, curve in run.curves.items()
        if name.startswith('machine/') or name.endswith('_speed')
        for step, value in zip(curve.step, curve.value, strict=True)
    ]
    columns = ('run', 'quantity', 'step of all stages', 'value')
    kept = thinned(len(machine), 200)
    note = f'every so many of {len(machine)} rows' if len(kept) < len(machine) else ''
    return (*tables, Table(columns, tuple(machine[i] for i in kept), note))
