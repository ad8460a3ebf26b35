"""The tables of the documentation, each made from the figures of one benchmark."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Cell = str | float | None


def shown(value: Cell) -> str:
    """Write a number with as many digits as are worth reading; text stays as it is."""
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return '-'
    size = abs(value)
    digits = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    return f'{value:,.{digits if size >= 0.1 or size == 0 else 3}f}'


def markdown(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Set a table in Markdown."""
    lines = [columns, ['---'] * len(columns), *([shown(cell) for cell in row] for row in rows)]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def generation(figures: Figures) -> str:
    """Text to motion, one prompt and many."""
    one, many = figures['single'], figures['batch']
    rows = [
        ('one prompt, median', one['ms']),
        ('the slowest of ten', one['p90_ms']),
        ('of the median: text encoder', one['text_encoder_ms']),
        ('text head', one['text_ms'] - one['text_encoder_ms']),
        (f'prior, {one["steps"]} steps', one['flow_ms']),
        ('decoder', one['decode_ms']),
        (f'{many["prompts"]} prompts, one by one', many['one_by_one_ms_a_prompt']),
        (f'{many["prompts"]} prompts in one batch', many['ms_a_prompt']),
    ]
    memory = ('peak memory, MiB', figures['peak_memory_mib'])
    return markdown(('4 s of motion', 'ms a prompt'), [*rows, memory])


def abstention(figures: Figures) -> str:
    """Commands beside texts that ask for no motion."""
    rows = [
        ('area under the ROC curve', f'{figures["roc_area"]:.3f}'),
        ('commands refused', f'{len(figures["refused"])} of {figures["known"]}'),
        ('other texts accepted', f'{len(figures["accepted"])} of {figures["unknown"]}'),
    ]
    return markdown(('', ''), rows)


def rendering(figures: Figures) -> str:
    """Time of a film of person and robot."""
    rows = [
        (f'film of {figures["seconds"]:.1f} s, MP4', figures['mp4_s']),
        ('the same as GIF of half the rate', figures['gif_s']),
    ]
    return markdown(('', 's'), rows)


def studio(figures: Figures) -> str:
    """Time from Enter until somebody moves, and of the computation in it."""
    rows = [
        (name, *(f'{figures[key][place]:.2f}' for place in ('median', 'worst')))
        for name, key in (
            ('Enter to motion on the stage', 'enter_to_motion_s'),
            ('the pipeline alone', 'pipeline_alone_s'),
        )
    ]
    rows.append(('ratio', f'{figures["ratio"]:.1f}', ''))
    return markdown(('', 'median, s', 'worst, s'), rows)


def closed_loop(figures: Figures) -> str:
    """How often the right label is found."""
    names = {
        'person': 'the person',
        'robot': 'the robot, with its base',
        'joint states': 'its joint states alone',
    }
    rows = [
        (
            *((what, figures[source]['motions']) if seen == 'person' else ('', '')),
            name,
            *(f'{100 * figures[source][seen][place]:.0f} %' for place in ('first', 'first_three')),
        )
        for source, what in (('clip', 'recorded clips'), ('text', 'commands, 3 seeds each'))
        for seen, name in names.items()
    ]
    columns = ('', 'motions', 'seen', 'right label first', 'among the first three')
    return markdown(columns, rows)


def columns_and_rows(figures: Figures) -> str:
    """A table that was measured as one."""
    return markdown(figures['columns'], figures['rows'])


def determinism(figures: Figures) -> str:
    """How far processes in other surroundings are apart."""
    rows = [
        (
            row['surroundings'],
            'yes' if row['equal'] else 'no',
            *(
                f'{row[key]:.0e}' if row[key] else '0'
                for key in ('rotations', 'usual', 'positions')
            ),
        )
        for row in figures['rows']
    ]
    columns = (
        '',
        'same bytes',
        'rotations, largest',
        'joints, 99 % [rad]',
        'joints, largest [rad]',
    )
    return markdown(columns, rows)


def stopping(figures: Figures) -> str:
    """How soon a stop is obeyed, and how long it then takes."""
    rows = [
        (name, *(times[place] for place in ('median', 'p99', 'worst')), times.get('in time', ''))
        for name, times in figures.items()
        if isinstance(times, Mapping)
    ]
    in_time = f'within {figures["wanted"]:g} ms, %'
    return markdown(('', 'median, ms', '99 %, ms', 'worst, ms', in_time), rows)


def fuzzing(figures: Figures) -> str:
    """What each reader was fed, and what broke it."""
    rows = [
        (name, each['executions'], each['edges'], each['seconds'] / 60.0, len(each['findings']))
        for name, each in figures['readers'].items()
    ]
    columns = ('reader', 'inputs', 'branches reached', 'minutes', 'findings')
    return markdown(columns, rows)


def part(name: str) -> Callable[[Figures], str]:
    """Make the table that stands under a name among a benchmark's figures."""
    return lambda figures: columns_and_rows(figures[name])


def peers(title: str) -> Callable[[Figures], str]:
    """Make the summary of a retargeting table, whose title begins with some words."""

    def table(figures: Figures) -> str:
        found = next(each for each in figures['tables'] if each['title'].startswith(title))
        return markdown(found['columns'], found['rows'][-found['summary'] :])

    return table


TABLES: Mapping[str, tuple[str, Callable[[Figures], str]]] = {
    'abstention': ('abstention', abstention),
    'closed_loop': ('closed_loop', closed_loop),
    'determinism': ('determinism', determinism),
    'generation': ('generation', generation),
    'faults': ('faults', part('rounds')),
    'takeover': ('faults', part('takeover')),
    'latency': ('node_latency', part('latency')),
    'nodes': ('node_latency', part('nodes')),
    'quality': ('quality', columns_and_rows),
    'rendering': ('rendering', rendering),
    'soak': ('soak', part('usage')),
    'soak requests': ('soak', part('requests')),
    'fuzzing': ('fuzzing', fuzzing),
    'stopping': ('stopping', stopping),
    'stopping unprivileged': ('stopping_unprivileged', stopping),
    'studio': ('studio', studio),
    'retargeting speed': ('retargeting', peers('Speed on our link targets')),
    'retargeting speed ratios': ('retargeting', peers('Times as many frames/s')),
    'retargeting gmr': ('retargeting', peers("GMR's targets and joint limits")),
    'retargeting gmr ratios': ('retargeting', peers("Times as many frames/s on GMR's")),
    'retargeting ours': ('retargeting', peers('Our targets; GMR as recorded')),
    'retargeting feet': ('retargeting', peers('Feet while the human stands')),
    'retargeting length': ('retargeting', peers('Length of the clip')),
    'retargeting hard': ('retargeting', peers('Hard clips')),
    'retargeting walking': ('retargeting', peers('Walking')),
}
"""Name of each table, the benchmark whose figures it shows, and how."""
