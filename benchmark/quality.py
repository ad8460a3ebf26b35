"""What models understand and how well they move: tables for the documentation.

    python benchmark/quality.py --data DATA [NAME=]CHECKPOINT ...

Checkpoints of one name are runs of other seeds: their figures are given as mean and spread. All
figures but those of the judge are the model's own. The judge is trained on the first run, for a
few minutes, and kept in --judge; it never sees the validation clips.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from reporting.measured import save
from rich.progress import track

from motionclip_model.data.corpus import Clip, cached_corpus
from motionclip_model.evaluation import evaluate
from motionclip_model.evaluation.judge import Judge
from motionclip_model.evaluation.judge_training import STEPS, accuracy, train_judge
from motionclip_model.evaluation.judged import judge_combinations, judge_commands
from motionclip_model.model import MotionClip
from motionclip_model.storage import write_json

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = Path(__file__).with_name('commands.yaml')
HELD_OUT = ROOT / 'config' / 'train' / 'held_out.yaml'
SHARED = Path(os.environ.get('MOTIONCLIP_SHARED', ROOT.parent / 'shared')) / 'data'

Figures = dict[str, Any]

ROWS = {
    'joint error, cm': 'reconstruction all joint_error_cm',
    'joint speed decoded / real': 'reconstruction all speed_ratio',
    'R@1 of 32, motion to text': 'retrieval pools all motion_to_text r1',
    'R@1 of 32, text to motion': 'retrieval pools all text_to_motion r1',
    'R@1 of 32, untrained pairs': 'retrieval unseen motion_to_text r1',
    'recognition, top-1': 'recognition zero_shot top1',
    'recognition, top-5': 'recognition zero_shot top5',
    'joint speed generated / real': 'generation liveliness median',
    'actions between 0.8 and 1.2': 'generation liveliness alive',
    'foot skate, m/s': 'generation foot_skate_m_s generated',
    'directions right': 'generation directions_right',
    'judge: commands right': 'commands right',
    'judge: most typical motion right': 'commands typical',
    'judge: pairs, action': 'combinations action',
    'judge: pairs, style': 'combinations style',
    'judge: pairs, both': 'combinations both',
    'pairs were held out': 'combinations held_out',
}
"""Rows of the first table."""


def main() -> None:
    """Measure every checkpoint and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, default=SHARED, help='captioned clips')
    parser.add_argument('--judge', type=Path, default=ROOT / 'runs' / 'judge.safetensors')
    parser.add_argument('--out', type=Path, help='folder for tables.md and figures.json')
    parser.add_argument('--json', type=Path, help='write the first table to this file')
    parser.add_argument('models', nargs='*', default=['base'], metavar='[NAME=]CHECKPOINT')
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f'{arguments.data}: no captioned clips here; name a folder with --data')
        return
    train, judge = trained_judge(arguments.data, arguments.judge)
    commands = yaml.safe_load(COMMANDS.read_text())
    check_commands(commands, train)
    pairs = yaml.safe_load(HELD_OUT.read_text())['combinations']
    combinations = [(pair['content'], pair['style']) for pair in pairs]
    measured: dict[str, list[Figures]] = defaultdict(list)
    for argument in arguments.models:
        name, _, path = argument.rpartition('=')
        model = MotionClip.load(path)
        print(f'measuring {path}')
        figures = evaluate(model, arguments.data)
        figures['commands'] = judge_commands(model, judge, commands)
        figures['combinations'] = judge_combinations(model, judge, arguments.data, combinations)
        measured[name or Path(path).stem].append(figures)
    val = cached_corpus(arguments.data, 'val', arguments.judge.with_name('judge_val.npz'))
    real = accuracy(judge, val)
    text = '\n\n'.join(
        [
            summary(measured),
            judged_actions(measured, real),
            judged_pairs(measured, real),
            failures(measured),
        ]
    )
    print(text)
    if arguments.out is not None:
        arguments.out.mkdir(parents=True, exist_ok=True)
        (arguments.out / 'tables.md').write_text(text + '\n')
        write_json(arguments.out / 'figures.json', {'models': measured, 'judge': real})
    if arguments.json is not None:
        save(arguments.json, {'columns': ['', *measured], 'rows': summary_rows(measured)})


def trained_judge(data: Path, path: Path) -> tuple[list[Clip], Judge]:
    """Load the judge, or train it where there is none."""
    train = cached_corpus(data, 'train', path.with_name('judge_train.npz'), mirror=True)
    if not path.exists():
        steps = iter(track(range(STEPS), 'training the judge'))
        train_judge(train, progress=lambda step: next(steps, None)).save(path)
    return train, Judge.load(path)


def check_commands(commands: dict[str, list[str]], train: Iterable[Clip]) -> None:
    """Say which commands stand among the training captions, as none should."""
    known = {plain(caption) for clip in train for caption in clip.captions}
    taught = [text for texts in commands.values() for text in texts if plain(text) in known]
    count = sum(map(len, commands.values()))
    print(f'{count} commands, {len(taught)} of them training captions: {taught}')


def plain(text: str) -> str:
    """A sentence without case and punctuation."""
    return ' '.join(''.join(c if c.isalnum() else ' ' for c in text.lower()).split())


def summary(measured: dict[str, list[Figures]]) -> str:
    """One column for each name."""
    runs = ['checkpoints', *(str(len(found)) for found in measured.values())]
    return table(['', *measured], [runs, *summary_rows(measured)])


def summary_rows(measured: dict[str, list[Figures]]) -> list[list[str]]:
    """Figures of every name, under what they are."""
    return [
        [row, *(spread([_found(f, keys) for f in found]) for found in measured.values())]
        for row, keys in ROWS.items()
    ]


def judged_actions(measured: dict[str, list[Figures]], real: Figures) -> str:
    """Share of motions that the judge takes for their action, beside real clips."""
    rows = []
    for action, part in real['actions'].items():
        columns = [
            spread([f['commands']['actions'].get(action) for f in found])
            for found in measured.values()
        ]
        rows.append([action, spread([part['right']]), str(part['clips']), *columns])
    total = [spread([f['commands']['right'] for f in found]) for found in measured.values()]
    rows.append(['all', spread([real['action']]), str(real['clips']), *total])
    return table(['action', 'real clips right', 'real clips', *measured], rows)


def judged_pairs(measured: dict[str, list[Figures]], real: Figures) -> str:
    """Share of motions whose action and style the judge both knows."""
    first = next(iter(measured.values()))[0]
    rows = [
        [pair, '-']
        + [
            spread([f['combinations']['combinations'][pair]['both'] for f in found])
            for found in measured.values()
        ]
        for pair in first['combinations']['combinations']
    ]
    total = [spread([f['combinations']['both'] for f in found]) for found in measured.values()]
    rows.append(['all', spread([real['both']]), *total])
    return table(['action, style', 'real clips of any pair', *measured], rows)


def failures(measured: dict[str, list[Figures]]) -> str:
    """Commands of the first checkpoint that the judge did not see every time."""
    name, found = next(iter(measured.items()))
    lines = [
        f'- {part["text"]} ({part["asked"]}): {", ".join(part["seen"])}'
        for part in found[0]['commands']['failures']
    ]
    return '\n'.join([f'Commands that `{name}` did not follow every time:', '', *lines])


def spread(values: list[float | None]) -> str:
    """Mean and, of several, standard deviation; yes or no."""
    if all(isinstance(value, bool) for value in values):
        return 'yes' if all(values) else 'no'
    known = [value for value in values if value is not None]
    if not known:
        return '-'
    deviation = f' ± {np.std(known, ddof=1):.2f}' if len(known) > 1 else ''
    return f'{np.mean(known):.2f}{deviation}'


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _found(figures: Figures, keys: str) -> float | None:
    """A figure by its keys; None where a part of the data was missing."""
    value: Any = figures
    for key in keys.split():
        value = value.get(key) if value is not None else None
    return value


if __name__ == '__main__':
    main()
