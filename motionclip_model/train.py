"""Training: stage after stage, with checkpoints that are never half written."""

import copy
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import nn

from motionclip_model.architecture import build_network
from motionclip_model.data.corpus import Clip, load_corpus, load_rows, save_rows
from motionclip_model.data.sampler import CaptionTable, Sampler
from motionclip_model.errors import CheckpointError, ConfigError
from motionclip_model.network import STRIDE, MotionClipNetwork
from motionclip_model.stages import Losses, Stage
from motionclip_model.storage import write_atomically
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.train_config import StageConfig, TrainConfig
from motionclip_model.train_start import take_over

_ROW_SCALE_FLOOR = 0.05
"""Nearly constant numbers (a stiff wrist) are not blown up to unit deviation."""

_VALIDATION_STEPS = 8
_WARM_UP_STEPS = 100


@runtime_checkable
class Reporter(Protocol):
    """Who is told how training goes: a progress bar or a log."""

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Take note of a step's losses."""

    def note(self, text: str) -> None:
        """Take note of a sentence."""


class Trainer:
    """Trains a network stage by stage; picks up where an earlier run in `out` stopped.

    Attributes:
        encoder: The frozen text encoder.
        provenance: For each collection of the train split, its clips, hours and licence.
        network: The weights that the optimiser moves.
        average: Their moving average, which is what is shipped.
    """

    def __init__(self, config: TrainConfig, corpus: Path, out: Path, reporter: Reporter):
        """Read the corpus and encode its captions.

        Args:
            config: What to train and how long.
            corpus: See `motionclip_model.data.corpus`.
            out: Folder of the run: cached rows and `state.pt`.
            reporter: Told of each step.

        Raises:
            ConfigError: `out` holds a run of another configuration.
        """
        self._config, self._out, self._reporter = config, out, reporter
        self._device = 'cuda' if torch.cuda.is_available() else 'cpu'
        out.mkdir(parents=True, exist_ok=True)
        clips = prepare_clips(corpus, out)
        clips['train'] = without(clips['train'], config.held_out)
        self.provenance = provenance(clips['train'])
        reporter.note(f'{len(clips["train"])} training and {len(clips["val"])} validation clips')
        self.encoder = TextEncoder.load(device=self._device)
        self._train, self._val = (
            Sampler(clips[split], CaptionTable(clips[split], self.encoder), config.seed)
            for split in ('train', 'val')
        )
        torch.manual_seed(config.seed)
        self.network = build_network(config.architecture, config.network, self.encoder)
        rows = np.concatenate([clip.rows for clip in clips['train']])
        self.network.row_mean.copy_(torch.from_numpy(rows.mean(0)))
        self.network.row_scale.copy_(torch.from_numpy(rows.std(0)).clamp(min=_ROW_SCALE_FLOOR))
        self._stages = config.chosen_stages()
        if config.start is not None:
            taken = take_over(self.network, config.start, self._stages)
            reporter.note(f'took {", ".join(taken)} from {config.start}')
        self.network.to(self._device)
        self.average = copy.deepcopy(self.network)
        self._stage, self._step = 0, 0
        self._optimizer_state: dict[str, Any] | None = None
        self._resume()

    def run(self) -> MotionClipNetwork:
        """Train what is left to train and return the averaged network."""
        while self._stage < len(self._stages):
            self._run_stage(self._stages[self._stage])
            self._stage, self._step, self._optimizer_state = self._stage + 1, 0, None
            # The next stage builds on the averaged weights of this one.
            self.network = copy.deepcopy(self.average)
            self._save()
        return self.average.eval()

    def _run_stage(self, stage: Stage) -> None:
        settings = self._config.settings(stage)
        if stage.name == 'prior' and self._step == 0:
            self._measure_latents()
        self.network.eval().requires_grad_(requires_grad=False)
        self.average.eval().requires_grad_(requires_grad=False)
        for module in stage.trained(self.network):
            module.train().requires_grad_(requires_grad=True)
        parameters = [p for p in self.network.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=0.01)
        if self._optimizer_state is not None:
            optimizer.load_state_dict(self._optimizer_state)
        while self._step < settings.steps:
            for group in optimizer.param_groups:
                group['lr'] = _learning_rate(settings, self._step)
            values = self._loss(stage, self.network, self._train, settings, self._step)
            optimizer.zero_grad(set_to_none=True)
            stage.total(values).backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            self._step += 1
            self._update_average(stage)
            self._report(stage, settings, values)
            if self._step % self._config.save_every == 0:
                self._optimizer_state = optimizer.state_dict()
                self._save()

    def _loss(
        self,
        stage: Stage,
        network: MotionClipNetwork,
        sampler: Sampler,
        settings: StageConfig,
        step: int,
    ) -> Losses:
        # Noise and dropout are functions of the step, as the batch is: resuming is exact.
        torch.manual_seed(self._config.seed + 1_000_003 * (step + 1))
        batch = sampler.draw(step, settings.batch, settings.shortest, settings.longest)
        with torch.autocast(self._device, torch.bfloat16, enabled=self._config.bfloat16):
            return stage.loss(network, batch.to(self._device))

    def _report(self, stage: Stage, settings: StageConfig, values: Losses) -> None:
        numbers = {name: float(value.detach()) for name, value in values.items()}
        self._reporter.step(stage.name, self._step, settings.steps, numbers)
        if not all(math.isfinite(number) for number in numbers.values()):
            raise CheckpointError(
                f'{stage.name} diverged at step {self._step}: {numbers}; lower its '
                'learning_rate in the configuration and train in a new folder'
            )
        if self._step % self._validate_every(settings) == 0 or self._step == settings.steps:
            with torch.no_grad():
                rows = [
                    self._loss(stage, self.average, self._val, settings, step)
                    for step in range(_VALIDATION_STEPS)
                ]
            means = ', '.join(
                f'{name} {float(torch.stack([row[name] for row in rows]).mean()):.4f}'
                for name in rows[0]
            )
            self._reporter.note(f'{stage.name} step {self._step}, validation: {means}')

    def _validate_every(self, settings: StageConfig) -> int:
        return self._config.validate_every or math.ceil(len(self._train.clips) / settings.batch)

    def _update_average(self, stage: Stage) -> None:
        # A short memory at first: early weights are far from where training leads.
        decay = min(self._config.average, (1.0 + self._step) / (10.0 + self._step))
        ours, theirs = stage.trained(self.average), stage.trained(self.network)
        with torch.no_grad():
            for mean, value in zip(_parameters(ours), _parameters(theirs), strict=True):
                mean.lerp_(value, 1.0 - decay)

    @torch.no_grad()
    def _measure_latents(self) -> None:
        """Store mean and deviation of the latents, so that the prior sees unit variance."""
        network = self.average.eval()
        found = []
        for step in range(20):
            batch = self._train.draw(step, 64, 64, 200).to(self._device)
            latents, _ = network.autoencoder.encode(network.normalise(batch.rows), batch.valid)
            found.append(latents[batch.valid[:, ::STRIDE]])
        values = torch.cat(found)
        for each in (self.network, self.average):
            each.latent_mean.copy_(values.mean(0))
            each.latent_scale.copy_(values.std(0).clamp(min=1e-3))

    def _save(self) -> None:
        buffer = io.BytesIO()
        state = {
            'config': asdict(self._config),
            'stage': self._stage,
            'step': self._step,
            'network': self.network.state_dict(),
            'average': self.average.state_dict(),
            'optimizer': self._optimizer_state,
        }
        torch.save(state, buffer)
        with write_atomically(self._out / 'state.pt') as file:
            file.write(buffer.getbuffer())

    def _resume(self) -> None:
        path = self._out / 'state.pt'
        if not path.exists():
            return
        state = torch.load(path, map_location=self._device, weights_only=True)
        if state['config'] != asdict(self._config):
            raise ConfigError(
                f'{self._out} holds a run of another configuration; choose another folder, or '
                'remove it to start anew'
            )
        self._stage, self._step = state['stage'], state['step']
        self._optimizer_state = state['optimizer']
        self.network.load_state_dict(state['network'])
        self.average.load_state_dict(state['average'])
        self._reporter.note(f'resumed at stage {self._stage + 1}, step {self._step}')


def prepare_clips(corpus: Path, cache: Path) -> dict[str, list[Clip]]:
    """Read the train split (with mirror images) and the validation split, once."""
    clips = {}
    for split in ('train', 'val'):
        kept = cache / f'{split}_rows.npz'
        if not kept.exists():
            save_rows(load_corpus(corpus, split, mirror=split == 'train'), kept)
        clips[split] = load_rows(kept)
    return clips


def without(clips: list[Clip], held_out: Iterable[tuple[str, str]]) -> list[Clip]:
    """Leave out the clips of some pairs of action and style, mirror images by their own."""
    excluded = set(held_out)
    return [clip for clip in clips if (clip.action, clip.style) not in excluded]


def provenance(clips: list[Clip]) -> dict[str, dict[str, Any]]:
    """Say where clips come from and on what terms; mirror images are not counted."""
    found: dict[str, dict[str, Any]] = {}
    for clip in clips:
        if clip.name.startswith('mirror:'):
            continue
        entry = found.setdefault(clip.dataset, {'clips': 0, 'hours': 0.0, 'licence': clip.licence})
        entry['clips'] += 1
        entry['hours'] = round(entry['hours'] + clip.seconds / 3600.0, 4)
    return found


def _learning_rate(settings: StageConfig, step: int) -> float:
    """Short warm-up, then a half cosine to nothing."""
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    return settings.learning_rate * warm * 0.5 * (1.0 + math.cos(math.pi * step / settings.steps))


def _parameters(modules: list[nn.Module]) -> Iterator[nn.Parameter]:
    return (parameter for module in modules for parameter in module.parameters())
