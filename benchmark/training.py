"""Training speed beside a plain PyTorch loop of the paper's model, in the same run.

    python benchmark/training.py [--data FOLDER] [--json FILE]

The plain loop is what a straightforward implementation does: 32-bit numbers, frames turned into
rows and padded for every batch, captions encoded by the frozen text encoder at every step. The
trainer's blocks of steps and the loop's steps alternate, and medians are compared. Times
are processor time of one thread, so that other programs disturb them little; on a GPU they are
those of the clock. Peak memory is measured in a process of its own for each.
"""

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')

import argparse
import multiprocessing
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from reporting.measured import save
from rich.console import Console
from rich.table import Table

from motionclip_model import features
from motionclip_model.data.corpus import Clip, load_corpus
from motionclip_model.data.sampler import Batch, pad
from motionclip_model.motion import Motion
from motionclip_model.paper import STAGES, PaperConfig, PaperNetwork
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.training.config import TrainConfig
from motionclip_model.training.trainer import Trainer

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / 'test' / 'data'
CONFIGS = {name: ROOT / 'config' / 'train' / f'{name}.yaml' for name in ('base', 'paper')}
PLAIN = 'plain loop'

BLOCK = 5
BLOCKS = 7
BATCH = 20
WINDOW = 60
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


def clock() -> float:
    """Time of this process [s]; on a GPU, time on the wall."""
    return time.process_time() if DEVICE == 'cpu' else time.perf_counter()


class PlainLoop:
    """The paper's model and losses in a loop without any of our preparation."""

    def __init__(self, data: Path):
        """Load motions, text encoder and network."""
        clips = load_corpus(data, 'train', mirror=True)
        self.clip_frames = float(np.mean([len(clip.rows) for clip in clips]))
        self._clips = [(clip, features.decode(torch.from_numpy(clip.rows))) for clip in clips]
        self._encoder = TextEncoder.load(device=DEVICE)
        widths = (self._encoder.embedding_width, self._encoder.token_width)
        torch.manual_seed(0)
        self.network = PaperNetwork(PaperConfig(*widths)).to(DEVICE).train()
        rows = torch.from_numpy(np.concatenate([clip.rows for clip in clips]))
        self.network.row_mean.copy_(rows.mean(0))
        self.network.row_scale.copy_(rows.std(0).clamp(min=0.05))
        self._optimizer = torch.optim.AdamW(self.network.parameters(), 1e-4)
        self._random = np.random.default_rng(0)
        self.seconds = {'data': 0.0, 'text': 0.0, 'network': 0.0}

    def step(self) -> float:
        """Run a step and return samples a second."""
        begin = clock()
        picked = self._random.integers(len(self._clips), size=BATCH)
        rows, valid = pad([self._window(self._clips[i][1]) for i in picked])
        clips = [self._clips[i][0] for i in picked]
        read = clock()
        text = self._encoder.encode([self._caption(clip) for clip in clips])
        encoded = clock()
        batch = Batch(
            rows,
            valid,
            *text,
            seconds=torch.tensor([clip.seconds for clip in clips]),
            label=torch.arange(BATCH),
        )
        stage = STAGES[0]
        self._optimizer.zero_grad()
        loss = stage.total(stage.loss(self.network, batch.to(DEVICE)))
        loss.backward()
        self._optimizer.step()
        loss.item()
        end = clock()
        spent = (read - begin, encoded - read, end - encoded)
        for name, seconds in zip(self.seconds, spent, strict=True):
            self.seconds[name] += seconds
        return BATCH / (end - begin)

    def _window(self, motion: Motion) -> np.ndarray:
        first = int(self._random.integers(max(1, len(motion) - WINDOW + 1)))
        return features.encode(motion[first : first + WINDOW])

    def _caption(self, clip: Clip) -> str:
        return clip.captions[self._random.integers(len(clip.captions))]


class Stopwatch:
    """Times a trainer's steps in blocks, and lets the plain loop take a step after each."""

    def __init__(self, config: TrainConfig, rival: PlainLoop | None):
        """Start with no figures.

        Args:
            config: Says how many windows a step of each stage has.
            rival: What runs between the trainer's blocks, if anything.
        """
        self.rates: dict[str, list[float]] = {}
        self.rival_rates: list[float] = []
        self._config, self._rival = config, rival
        self._begin = 0.0

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Close a block of the trainer's steps; the first block of a stage warms up."""
        del steps, values
        if step % BLOCK:
            return
        if step > BLOCK:
            count = BLOCK * getattr(self._config, stage).batch
            self.rates.setdefault(stage, []).append(count / (clock() - self._begin))
            if self._rival is not None:
                self.rival_rates.append(self._rival.step())
        self._begin = clock()

    def note(self, text: str) -> None:
        """Hear what the trainer says; nothing of it is about speed."""

    def warn(self, text: str) -> None:
        """Hear a warning: so short a training has no lively motion yet."""


def shortened(name: str, blocks: int) -> TrainConfig:
    """A shipped configuration with a few steps of each stage, none of them validated."""
    config = TrainConfig.load(CONFIGS[name])
    # One step more than is timed: the last one is followed by a validation.
    steps = BLOCK * (blocks + 1) + 1
    stages = {
        stage.name: replace(config.settings(stage), steps=steps)
        for stage in config.chosen_stages()
    }
    return replace(config, **stages, validate_every=10 * steps, save_every=10 * steps)


def train(name: str, data: Path, blocks: int, rival: PlainLoop | None = None) -> Stopwatch:
    """Run a shortened training of a shipped configuration."""
    config = shortened(name, blocks)
    watch = Stopwatch(config, rival)
    with tempfile.TemporaryDirectory() as folder:
        Trainer(config, data, Path(folder), watch).run()
    return watch


def peak_memory(name: str, data: Path) -> float:
    """Peak resident memory of this process after some training [MiB]; on a GPU, the GPU's."""
    if name == PLAIN:
        PlainLoop(data).step()
    else:
        train(name, data, 1)
    if DEVICE == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    # Not getrusage: a process starts with the peak of the one that it was forked from.
    status = Path('/proc/self/status').read_text()
    return int(status.partition('VmHWM:')[2].split()[0]) / 2**10


def alone(name: str, data: Path) -> float:
    """`peak_memory` in a fresh process."""
    fresh = multiprocessing.get_context('spawn')
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(peak_memory, name, data).result()


def measure(data: Path) -> dict[str, Any]:
    """Time every stage of both shipped configurations beside the plain loop."""
    loop = PlainLoop(data)
    loop.step()
    plain: list[float] = []
    stages: dict[str, dict[str, Any]] = {}
    for name in CONFIGS:
        config = TrainConfig.load(CONFIGS[name])
        watch = train(name, data, BLOCKS, loop)
        plain += watch.rival_rates
        for stage, rates in watch.rates.items():
            settings = getattr(config, stage)
            stages[f'{name}: {stage}'] = {
                'samples_per_s': median(rates),
                'window_frames': [settings.shortest, settings.longest],
                'steps': settings.steps,
                'batch': settings.batch,
            }
    rate = median(plain)
    for row in stages.values():
        row['ratio'] = row['samples_per_s'] / rate
    shipped = [row for stage, row in stages.items() if stage.startswith('base')]
    shown = sum(row['steps'] * row['batch'] for row in shipped)
    spent = sum(row['steps'] * row['batch'] / row['samples_per_s'] for row in shipped)
    total = sum(loop.seconds.values())
    return {
        'device': torch.cuda.get_device_name() if DEVICE == 'cuda' else 'one CPU thread',
        'plain_loop': {
            'samples_per_s': rate,
            'parameters_m': sum(p.numel() for p in loop.network.parameters()) / 1e6,
            'shares': {part: spent / total for part, spent in loop.seconds.items()},
        },
        'clip_frames': loop.clip_frames,
        'stages': stages,
        'base_whole_run': {'samples_per_s': shown / spent, 'ratio': shown / spent / rate},
        'peak_memory_mib': {name: alone(name, data) for name in (PLAIN, *CONFIGS)},
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    plain, whole = figures['plain_loop'], figures['base_whole_run']
    table = Table(title=f'training on {figures["device"]}')
    for column in ('', 'samples/s', 'times the plain loop', 'window [frames]'):
        table.add_column(column, justify='right' if column else 'left')
    table.add_row(PLAIN, f'{plain["samples_per_s"]:.1f}', '1', str(WINDOW))
    for name, row in figures['stages'].items():
        window = '-'.join(str(frames) for frames in dict.fromkeys(row['window_frames']))
        table.add_row(name, f'{row["samples_per_s"]:.1f}', f'{row["ratio"]:.1f}', window)
    table.add_row('base: whole run', f'{whole["samples_per_s"]:.1f}', f'{whole["ratio"]:.1f}', '')
    console = Console()
    console.print(table)
    shares = ', '.join(f'{part} {share:.0%}' for part, share in plain['shares'].items())
    console.print(f'{PLAIN}: {plain["parameters_m"]:.1f} M parameters; time: {shares}')
    memory = figures['peak_memory_mib'].items()
    console.print(f'clips have {figures["clip_frames"]:.0f} frames; a shorter one is a window')
    console.print('peak memory: ' + ', '.join(f'{name} {value:.0f} MiB' for name, value in memory))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data', type=Path, default=DATA, help='corpus to train on')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    figures = measure(arguments.data)
    show(figures)
    if arguments.json:
        save(arguments.json, figures)


if __name__ == '__main__':
    main()
