"""Runs, evaluations and pages for the tests of plots."""

import json
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
from small_model import small_config

from motionclip_model.training.journal import Journal
from motionclip_model.training.optimisation import Move

VOID = {'meta', 'link', 'br', 'img', 'input', 'hr'}


class Silent:
    """Is told of training and keeps nothing."""

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def warn(self, text: str) -> None:
        pass


def loss_at(step: int, seed: int = 0) -> float:
    """A loss that falls until step 60 of a stage and rises again."""
    return 1.0 + abs(step - 60) / 40 + 0.1 * seed


def write_run(folder: Path, steps: int = 100, until: int = 100, seed: int = 0) -> Path:
    """Leave what a run leaves that stopped at step `until` of its first stage, or is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    config = json.loads(json.dumps(asdict(small_config(steps, seed=seed))))
    identity = {'config': config, 'data': 'abc', 'text_encoder': 'minilm'}
    (folder / 'run.json').write_text(json.dumps(identity))
    go_on(folder, 0, until, steps, seed)
    return folder


def go_on(folder: Path, first: int, until: int, steps: int, seed: int = 0) -> None:
    """Tell the steps of the first stage from `first` on, as one process would."""
    journal = Journal(Silent())
    journal.open_curves(folder / 'tensorboard', first)
    for step in range(first + 1, until + 1):
        value = loss_at(step, seed)
        values = {'rows': value, 'position': value / 2, 'velocity': 0.1, 'path': 0.1}
        values['divergence'] = 1.0
        with journal.meter.step(4):
            pass
        journal.losses('autoencoder', step, steps, values, step, Move(1e-3 * step, value))
        if step % 20 == 0:
            ratios = {'reconstructed': step / steps}
            journal.validated('autoencoder', step, values, ratios, None, step)
    journal.close()


def evaluation(top1: float = 0.5) -> dict[str, Any]:
    """What `motionclip evaluate` writes, small."""
    baselines = {
        name: {'joint_error_cm': 9.0, 'rotation_error_deg': 20.0, 'speed_ratio': 0.0,
               'path_error': 0.4}
        for name in ('mean_pose', 'first_frame', 'on_the_spot')
    }  # fmt: skip
    recovered = {
        'clips': 7, 'joint_error_cm': 1.5, 'rotation_error_deg': 4.0, 'speed_ratio': 0.9,
        'path_error': 0.05, 'baselines': baselines,
    }  # fmt: skip
    ways = {'r1': 0.4, 'r1_95': [0.25, 0.6], 'r5': 0.8, 'r5_95': [0.7, 0.95], 'median_rank': 2.0}
    whole = {'r1': 0.3, 'r5': 0.6, 'median_rank': 4.0}
    chance = {'r1': 0.03, 'r5': 0.15}
    shares = {'top1': top1, 'top5': 0.9, 'mean_per_class': 0.6}
    return {
        'version': '0.1.0',
        'model': 'base',
        'model_sha256': 'ab' * 32,
        'data': 'DATA',
        'split': 'val',
        'clips': 7,
        'skipped': [],
        'notes': [],
        'reconstruction': {'CMU': recovered, 'all': recovered},
        'retrieval': {
            'whole_split': {'motion_to_text': whole, 'text_to_motion': whole, 'chance': chance},
            'pools': {
                'all': {'pool': 7, 'motion_to_text': ways, 'text_to_motion': ways,
                        'chance': chance},
            },
        },
        'recognition': {
            'classes': 3,
            'clips': 7,
            'chance': 0.333,
            'majority': 0.571,
            'zero_shot': shares,
            'one_prompt': shares,
            'nearest_neighbour': 0.7,
            'nearest_neighbour_among': 'the other clips',
            'linear_probe': None,
            'per_class': {
                'bow': {'top1': 1.0, 'clips': 1, 'named': {'bow': 1}},
                'kick': {'top1': 0.25, 'clips': 4, 'named': {'punch': 3, 'kick': 1}},
                'punch': {'top1': 1.0, 'clips': 2, 'named': {'punch': 2}},
            },
        },
        'generation': {
            'diversity_cm': {'one_text': 3.0, 'two_texts': 8.0, 'two_texts_least': 4.0},
            'directions_right': 0.75,
            'directions': {
                'walk forward': {'right': 1.0, 'mean': 1.1, 'lowest': 0.9, 'highest': 1.3,
                                 'wanted': [0.5, 2.0], 'unit': 'm/s'},
                'walk and turn left': {'right': 0.5, 'mean': 30.0, 'lowest': 5.0,
                                       'highest': 50.0, 'wanted': [20.0, 360.0], 'unit': 'deg'},
            },
            'liveliness': {'clips': 4, 'median': 0.9, 'alive': 0.5,
                           'actions': {'bow': 0.7, 'kick': 1.1}},
            'foot_skate_m_s': {'generated': 0.5, 'real': 0.2},
        },
    }  # fmt: skip


class Page(HTMLParser):
    """Reads a page strictly: every tag is closed in its turn, every id stands once."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f'never closed: {self.open}'

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        for name, value in attrs:
            if name == 'id':
                self.ids.append(str(value))
            if name in ('href', 'src'):
                self.links.append(str(value))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f'{tag} is closed, but nothing is open'
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def panel(plot: Any, title: str) -> Any:
    """The axes of a figure whose title begins so."""
    found = [axes for axes in plot.figure.axes if axes.get_title('left').startswith(title)]
    assert len(found) == 1, [axes.get_title('left') for axes in plot.figure.axes]
    return found[0]


def bar_widths(axes: Any) -> list[float]:
    """Lengths of the bars of a panel, from the top down, series after series."""
    return [float(np.round(bar.get_width(), 9)) for bar in axes.patches]
