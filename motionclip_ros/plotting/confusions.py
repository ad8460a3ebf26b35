"""Which actions are taken for which others."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from motionclip_ros.plotting.document import Plot, Table
from motionclip_ros.plotting.evaluations import Action, Evaluation
from motionclip_ros.plotting.style import BLUE, INK, VERMILION, new_figure, tidy


def confusion_plots(evaluations: Sequence[Evaluation]) -> list[Plot]:
    """Draw one matrix for each evaluation that tells what its clips were named."""
    plots = []
    for each in evaluations:
        actions = {
            label: action
            for label, action in (each.figures.recognition.per_class or {}).items()
            if action.named
        }
        shown = _confused(actions)
        if shown:
            plots.append(_plot(each, actions, shown, alone=len(evaluations) == 1))
    return plots


def _confused(actions: dict[str, Action]) -> list[str]:
    """Actions that were taken for another, or another for them."""
    wrong = [
        (label, other)
        for label, action in actions.items()
        for other in action.named or {}
        if other != label
    ]
    mixed = {label for pair in wrong for label in pair}
    return [label for label in actions if label in mixed]


def _plot(
    evaluation: Evaluation, actions: dict[str, Action], shown: list[str], *, alone: bool
) -> Plot:
    figure = new_figure(2.6 + 0.3 * len(shown))
    axes = figure.subplots()
    _draw(axes, actions, shown)
    title = 'Confusions' if alone else f'Confusions of {evaluation.name}'
    reading = (
        'What clips of an action (row, with their number) were named first (column). Blue on the '
        'diagonal is right, orange is wrong; the darker, the larger the share of the row. The '
        f'{len(actions) - len(shown)} actions without a confusion are left out.'
    )
    rows = tuple(
        (label, other, str(count))
        for label in shown
        for other, count in (actions[label].named or {}).items()
    )
    return Plot(title, reading, figure, (Table(('action', 'named', 'clips'), rows),))


def _draw(axes: Axes, actions: dict[str, Action], shown: list[str]) -> None:
    for row, label in enumerate(shown):
        named = actions[label].named or {}
        for other, count in named.items():
            column, share = shown.index(other), count / actions[label].clips
            colour = BLUE if other == label else VERMILION
            axes.add_patch(
                Rectangle((column - 0.5, row - 0.5), 1, 1, color=colour, alpha=0.15 + 0.6 * share)
            )
            axes.text(column, row, str(count), ha='center', va='center', color=INK, size=9)
    places = range(len(shown))
    axes.set_xticks(places, shown, rotation=40, ha='right', rotation_mode='anchor')
    axes.set_yticks(places, [f'{label} ({actions[label].clips})' for label in shown])
    axes.set_xlim(-0.5, len(shown) - 0.5)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_aspect('equal', anchor='W')
    tidy(axes, x='named', y='action')
    axes.grid(visible=False)
