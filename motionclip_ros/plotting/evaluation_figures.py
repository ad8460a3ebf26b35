"""Figures of evaluations, several side by side."""

from collections.abc import Callable, Sequence

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from motionclip_ros.plotting.charts import Rows, draw_bars, draw_dots
from motionclip_ros.plotting.confusions import confusion_plots
from motionclip_ros.plotting.document import Document, Plot
from motionclip_ros.plotting.evaluations import Evaluation, Pool, Recognition, Recovered, Shares
from motionclip_ros.plotting.generated import generation_plots
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

_WAYS = (('motion_to_text', 'text found by motion'), ('text_to_motion', 'motion found by text'))
_RECOVERED = (
    ('joint_error_cm', 'Joint error', 'cm', ('mean_pose', 'first_frame')),
    ('rotation_error_deg', 'Joint angle error', 'deg', ('mean_pose', 'first_frame')),
    ('speed_ratio', 'Joint speed, decoded / real', '1', ()),
    ('path_error', 'Path error', 'part of the way', ('on_the_spot',)),
)
_BASELINES = {
    'mean_pose': ('mean pose', 'x'),
    'first_frame': ('first frame held', '+'),
    'on_the_spot': ('body on the spot', '|'),
}


def evaluation_document(evaluations: Sequence[Evaluation]) -> Document:
    """Draw evaluations, beside each other where there are several."""
    alone = len(evaluations) == 1
    facts = [
        (name if alone else f'{each.name}: {name}', value)
        for each in evaluations
        for name, value in _facts(each)
    ]
    plots = [
        *_recognition_plots(evaluations),
        *confusion_plots(evaluations),
        _retrieval_plot(evaluations),
        _reconstruction_plot(evaluations),
        *generation_plots(evaluations, _names(evaluations)),
    ]
    names = ', '.join(each.name for each in evaluations)
    title = f'{"Evaluation" if alone else "Evaluations"} {names}'
    return Document(title, tuple(map(_headline, evaluations)), tuple(facts), tuple(plots))


def _facts(evaluation: Evaluation) -> list[tuple[str, str]]:
    figures = evaluation.figures
    told = {
        'model': figures.model,
        'model sha256': figures.model_sha256,
        'version': figures.version,
        'data': figures.data,
    }
    return [
        *((name, value) for name, value in told.items() if value is not None),
        ('split', f'{figures.split}, {figures.clips} clips'),
        ('file written', evaluation.written),
    ]


def _headline(evaluation: Evaluation) -> str:
    figures = evaluation.figures
    parts = [f'{figures.clips} clips of {figures.split}']
    if figures.recognition.zero_shot is not None:
        parts.append(f'recognised {figures.recognition.zero_shot.top1:.0%}')
    found = figures.retrieval.whole_split.text_to_motion.get('r1')
    if found is not None:
        parts.append(f'found first in the whole split {found:.0%}')
    if 'all' in figures.reconstruction:
        parts.append(f'joint error {figures.reconstruction["all"].joint_error_cm:.2f} cm')
    parts.append(f'directions right {figures.generation.directions_right:.0%}')
    return f'{evaluation.name}: {", ".join(parts)}'


def _names(evaluations: Sequence[Evaluation]) -> list[Line2D | Patch]:
    """Make the legend's entries of evaluations; a single one needs none."""
    if len(evaluations) == 1:
        return []
    pairs = zip(evaluations, SERIES, strict=False)
    return [Patch(color=colour, label=each.name) for each, colour in pairs]


def _recognition_plots(evaluations: Sequence[Evaluation]) -> list[Plot]:
    """Draw shares named right, beside what costs nothing, and the share of each action."""
    found = {each.name: each.figures.recognition for each in evaluations}
    if not any(part.per_class for part in found.values()):
        return []
    how: dict[str, Callable[[Recognition], float | None]] = {
        'top-1': lambda part: _share(part.zero_shot, 'top1'),
        'top-5': lambda part: _share(part.zero_shot, 'top5'),
        'mean of actions': lambda part: _share(part.zero_shot, 'mean_per_class'),
        'top-1, one prompt': lambda part: _share(part.one_prompt, 'top1'),
        'nearest neighbour': lambda part: part.nearest_neighbour,
        'linear probe': lambda part: part.linear_probe,
        'majority': lambda part: part.majority,
        'chance': lambda part: part.chance,
    }
    shares = Rows(
        list(how), {name: [get(part) for get in how.values()] for name, part in found.items()}
    )
    actions = _per_action(found)
    thick = 0.1 + 0.12 * len(evaluations)
    figure = new_figure(max(4.0, 1.2 + thick * len(actions.labels)))
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.4))
    draw_bars(left, shares)
    draw_bars(right, actions)
    tidy(left, 'All clips', 'share named right [1]', grid='x')
    tidy(right, 'Each action (number of clips)', 'share named right, top-1 [1]', grid='x')
    for axes in (left, right):
        axes.set_xlim(0.0, 1.0)
    if names := _names(evaluations):
        legend(figure, names)
    reading = (
        'How often words alone name the action of a clip. Nearest neighbour and linear probe have '
        'seen labelled clips; an action with few clips says little.'
    )
    tables = (shares.table('how', 'share'), actions.table('action (clips)', 'share'))
    return [Plot('Recognition of actions', reading, figure, tables)]


def _share(shares: Shares | None, name: str) -> float | None:
    return None if shares is None else getattr(shares, name)


def _per_action(found: dict[str, Recognition]) -> Rows:
    """List actions, those recognised best first."""
    tables = {name: part.per_class or {} for name, part in found.items()}
    clips = {action: row.clips for table in tables.values() for action, row in table.items()}
    first = next(table for table in tables.values() if table)

    def rank(action: str) -> tuple[float, str]:
        return (-first[action].top1 if action in first else 1.0, action)

    actions = sorted(clips, key=rank)
    return Rows(
        [f'{action} ({clips[action]})' for action in actions],
        {
            name: [table[action].top1 if action in table else None for action in actions]
            for name, table in tables.items()
        },
    )


def _retrieval_plot(evaluations: Sequence[Evaluation]) -> Plot:
    """Draw recalls at 1 and 5, both ways, with intervals and chance."""
    pools = {each.name: each.figures.retrieval.named() for each in evaluations}
    labels = list(dict.fromkeys(label for named in pools.values() for label in named))
    figure = new_figure(2 * (0.9 + len(labels) * (0.12 + 0.14 * len(pools))) + 0.5)
    panels = figure.subplots(2, 2, sharey=True)
    tables = []
    for row, rank in zip(panels, ('r1', 'r5'), strict=True):
        for axes, (way, title) in zip(row, _WAYS, strict=True):
            rows = Rows(
                labels,
                {
                    name: [_recall(named.get(x), way, rank) for x in labels]
                    for name, named in pools.items()
                },
                {
                    name: [_ends(named.get(x), way, rank) for x in labels]
                    for name, named in pools.items()
                },
            )
            draw_bars(axes, rows)
            for index, named in enumerate(pools.values()):
                known = [i for i, x in enumerate(labels) if x in named]
                chances = [named[labels[i]].chance.get(rank) for i in known]
                axes.plot(
                    chances,
                    rows.places(index)[known],
                    marker='|',
                    markersize=9.0,
                    markeredgewidth=2.0,
                    linestyle='none',
                    color=INK,
                )
            title = f'{title[0].upper()}{title[1:]}, among the first {rank[1:]}'
            tidy(axes, title, f'recall at {rank[1:]} [1]', grid='x')
            axes.set_xlim(0.0, 1.03)
            tables.append(rows.table(title, 'recall'))
    legend(
        figure,
        [
            *_names(evaluations),
            key('95 % of the pools', INK, '|'),
            key('chance', INK, '|', 'none'),
        ],
    )
    reading = (
        'How often the right caption or clip is found among the others of a pool. Whiskers span '
        '95 % of twenty pools; the whole split is one pool and has none. Strict counts only the '
        'one caption that was drawn as right. Larger pools are harder.'
    )
    return Plot('Retrieval', reading, figure, tuple(tables))


def _recall(pool: Pool | None, way: str, rank: str) -> float | None:
    found: float | None = None if pool is None else getattr(pool, way).get(rank)
    return found


def _ends(pool: Pool | None, way: str, rank: str) -> tuple[float, float] | None:
    ends = None if pool is None else getattr(pool, way).get(f'{rank}_95')
    return None if ends is None else (float(ends[0]), float(ends[1]))


def _reconstruction_plot(evaluations: Sequence[Evaluation]) -> Plot:
    """Draw what the auto-encoder loses, for each collection, beside what costs nothing."""
    parts = {each.name: each.figures.reconstruction for each in evaluations}
    labels = sorted(
        dict.fromkeys(label for found in parts.values() for label in found),
        key=lambda label: label != 'all',
    )
    clips = {label: found[label].clips for found in parts.values() for label in found}
    shown = [f'{label} ({clips[label]})' for label in labels]
    figure = new_figure(2 * (0.9 + len(labels) * (0.16 + 0.1 * len(parts))) + 0.5)
    panels = figure.subplots(2, 2, sharey=True).ravel()
    tables = []
    for axes, (name, title, unit, baselines) in zip(panels, _RECOVERED, strict=True):
        rows = Rows(
            shown,
            {
                each: [_value(found.get(label), name) for label in labels]
                for each, found in parts.items()
            },
        )
        draw_dots(axes, rows)
        for baseline in baselines:
            for index, found in enumerate(parts.values()):
                known = [i for i, label in enumerate(labels) if label in found]
                values = [found[labels[i]].baselines[baseline][name] for i in known]
                axes.plot(
                    values,
                    rows.places(index)[known],
                    marker=_BASELINES[baseline][1],
                    markersize=7.0,
                    linestyle='none',
                    color=MUTED,
                )
        tidy(axes, title, f'{title.lower()} [{unit}]', grid='x')
        tables.append(rows.table(title, unit))
    for axes in panels[:2]:
        logarithmic(axes, 'x')
    panels[2].axvline(1.0, color=MUTED, linewidth=1.0, linestyle=':')
    panels[3].set_xlim(left=0.0)
    legend(
        figure,
        [
            *_names(evaluations),
            *(key(name, MUTED, marker, 'none') for name, marker in _BASELINES.values()),
        ],
    )
    reading = (
        'What is lost between a clip and its decoded latent, for each collection (number of '
        'clips). Errors: less is better, and the grey marks are what a motion that knows nothing '
        'would cost. Speed: 1 is right.'
    )
    return Plot('Reconstruction', reading, figure, tuple(tables))


def _value(part: Recovered | None, name: str) -> float | None:
    return None if part is None else getattr(part, name)
