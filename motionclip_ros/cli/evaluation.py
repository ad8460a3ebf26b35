"""The command that measures a model, and its tables."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table

from motionclip_model import __version__
from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Corpus, Json, Model, app, console, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import working


@app.command(rich_help_panel=Panel.MODEL)
def evaluate(
    corpus: Corpus,
    model: Model = 'base',
    split: Annotated[
        str,
        typer.Option(
            help='train, val or all; without splits.json always all.',
            autocompletion=completing.one_of('train', 'val', 'all'),
        ),
    ] = 'val',
    json_output: Json = False,
    out: Annotated[Path | None, typer.Option('--out', '-o', help='JSON file to write.')] = None,
) -> None:
    """Measure a model on captioned clips: reconstruction, retrieval, recognition, generation.

    The figures are self-figures: comparable between checkpoints, not with published ones.
    `motionclip plot` draws what --out writes.

    Example: motionclip evaluate --data data --model base --json
    """
    with working('loading') as work:
        from motionclip_model.evaluation import evaluate as measure
        from motionclip_model.model import MotionClip
        from motionclip_model.storage import write_json

        figures = measure(MotionClip.load(model), corpus, split, work.stage)
    figures = {**measured_with(model, corpus), **figures}
    if out is not None:
        write_json(out, figures)
    if json_output:
        print_json(figures)
        return
    say(f'{figures["clips"]} clips of split {figures["split"]}; {len(figures["skipped"])} skipped')
    for line in [*figures['notes'], *(f'{s["path"]}: {s["reason"]}' for s in figures['skipped'])]:
        say(f'  {line}')
    for table in tables(figures):
        console.print(table)


def measured_with(model: str, corpus: Path) -> dict[str, str]:
    """Say which model was measured, and on which data."""
    from motionclip_model.checkpoint import checkpoint_path
    from motionclip_model.storage import file_hash
    from motionclip_model.training.data import fingerprint

    return {
        'version': __version__,
        'model': model,
        'model_sha256': file_hash(checkpoint_path(model)),
        'data': str(corpus),
        'data_sha256': fingerprint(corpus),
    }


def tables(figures: dict[str, Any]) -> list[Table]:
    """Arrange figures for people."""
    return [
        _reconstruction(figures['reconstruction']),
        _retrieval(figures['retrieval']),
        _recognition(figures['recognition']),
        *_generation(figures['generation']),
    ]


def _reconstruction(figures: dict[str, Any]) -> Table:
    rows = []
    for name in sorted(figures, key=lambda name: name == 'all'):
        part, others = figures[name], figures[name]['baselines']
        rows.append(
            [
                name,
                part['clips'],
                f'{part["joint_error_cm"]:.2f}',
                f'{others["mean_pose"]["joint_error_cm"]:.1f}',
                f'{others["first_frame"]["joint_error_cm"]:.1f}',
                f'{part["rotation_error_deg"]:.1f}',
                f'{part["speed_ratio"]:.2f}',
                f'{part["path_error"]:.2f}',
                f'{others["on_the_spot"]["path_error"]:.2f}',
            ]
        )
    columns = ('collection', 'clips', 'cm', 'mean', 'first', 'deg', 'speed', 'path', 'spot')
    table = _table('Reconstruction', columns, rows)
    table.caption = (
        'joint error (cm), beside the mean pose and the first frame; angle error (deg); '
        'joint speed decoded / real; path error, beside a body on the spot'
    )
    return table


def _retrieval(figures: dict[str, Any]) -> Table:
    parts = {f'{name}, {part["pool"]}': part for name, part in figures['pools'].items()}
    if 'unseen' in figures:
        parts[f'unseen pairs, {figures["unseen"]["pool"]}'] = figures['unseen']
    parts['whole split'] = figures['whole_split']
    ways = {
        'motion_to_text': 'text',
        'text_to_motion': 'motion',
        'shuffled_text': 'shuffled',
        'chance': 'chance',
    }
    rows = [
        [name, label, _recall(part[way], 'r1', interval=True)]
        + [_recall(part[way], f'r{rank}') for rank in (3, 5, 10)]
        + [part[way].get('median_rank')]
        for name, part in parts.items()
        for way, label in ways.items()
    ]
    columns = ('clips, pool', 'found', 'R@1 (95 %)', 'R@3', 'R@5', 'R@10', 'median')
    table = _table('Retrieval', columns, rows)
    table.caption = figures.get('skipped')
    return table


def _recall(part: dict[str, Any], name: str, *, interval: bool = False) -> str | None:
    if name not in part:
        return None
    low, high = part.get(f'{name}_95', (None, None))
    spread = f' ({low:.2f}-{high:.2f})' if interval and low is not None else ''
    return f'{part[name]:.2f}{spread}'


def _recognition(figures: dict[str, Any]) -> Table:
    title = 'Recognition of actions by words alone'
    if 'skipped' in figures:
        table = _table(title, ('how', 'top-1', 'top-5', 'mean per class'), [])
        table.caption = figures['skipped']
        return table
    rows: list[list[Any]] = [
        [label, *(figures[name][key] for key in ('top1', 'top5', 'mean_per_class'))]
        for name, label in (('zero_shot', 'zero-shot, four prompts'), ('one_prompt', 'one prompt'))
    ]
    near = f'nearest neighbour among {figures["nearest_neighbour_among"]}'
    for name, label in (
        ('chance', 'chance'),
        ('majority', 'majority'),
        ('nearest_neighbour', near),
        ('linear_probe', 'linear probe on training clips'),
    ):
        rows.append([label, figures[name], '', ''])
    table = _table(title, ('how', 'top-1', 'top-5', 'mean per class'), rows)
    table.caption = f'{figures["clips"]} clips of {figures["classes"]} actions'
    return table


def _generation(figures: dict[str, Any]) -> list[Table]:
    rows = [
        [text, p['right'], f'{p["mean"]} {p["unit"]}', f'{p["lowest"]} to {p["highest"]}']
        for text, p in figures['directions'].items()
    ]
    found = [_table('Directions', ('text', 'share right', 'mean', 'range'), rows)]
    diversity = figures['diversity_cm']
    facts: list[list[Any]] = [
        ['two seeds of one text, cm a joint', diversity['one_text']],
        ['two texts, cm a joint', diversity['two_texts']],
    ]
    if 'liveliness' in figures:
        alive, skate = figures['liveliness'], figures['foot_skate_m_s']
        facts += [
            ['foot skate generated / real, m/s', f'{skate["generated"]} / {skate["real"]}'],
            ['joint speed generated / real, median of actions', alive['median']],
            ['actions between 0.8 and 1.2', alive['alive']],
        ]
    found.append(_table('Generation', ('figure', 'value'), facts))
    return found


def _table(title: str, columns: Iterable[str], rows: list[list[Any]]) -> Table:
    table = Table(title=title, title_justify='left', box=SIMPLE, padding=(0, 1, 0, 0))
    for i, column in enumerate(columns):
        table.add_column(column, no_wrap=i == 0)
    for row in rows:
        table.add_row(*('-' if cell is None else str(cell) for cell in row))
    return table
