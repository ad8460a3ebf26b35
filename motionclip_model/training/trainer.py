"""Training: stage after stage, in one process or many, with checkpoints never half written."""

import copy
import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motionclip_model import __version__
from motionclip_model.architecture import build_network
from motionclip_model.checkpoint import checkpoint_path, save_network
from motionclip_model.errors import CheckpointError
from motionclip_model.storage import file_hash
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.data import fingerprint, provenance, samplers
from motionclip_model.training.journal import Journal, Reporter
from motionclip_model.training.optimisation import (
    WARM_UP_STEPS,
    Move,
    follow,
    new_optimizer,
    optimise,
)
from motionclip_model.training.processes import Processes, Sealed
from motionclip_model.training.stages import Stage
from motionclip_model.training.start import take_over
from motionclip_model.training.state import (
    State,
    check_folder,
    claim_folder,
    load_state,
    room_on_disk,
    save_state,
)
from motionclip_model.training.watch import collapse_warning, liveliness, peak_memory

_ROW_SCALE_FLOOR = 0.05
"""Nearly constant numbers (a stiff wrist) are not blown up to unit deviation."""

_VALIDATION_STEPS = 8
_SHORTEST_EPOCH = 50
_WATCHED_WINDOWS = 16


class Trainer:
    """Trains a network stage by stage; picks up where an earlier run in `out` stopped.

    Attributes:
        encoder: The frozen text encoder.
        network: The weights that the optimiser moves.
        average: Their moving average, which is what is shipped.
        is_main: Whether this process reports and writes; true where there is only one.
    """

    def __init__(
        self,
        config: TrainConfig,
        corpus: Path,
        out: Path,
        reporter: Reporter,
        *,
        text_encoder: str = 'minilm',
        devices: int = 1,
    ):
        """Read the corpus and encode its captions, or find both in `out`.

        Args:
            config: What to train and how long.
            corpus: See `motionclip_model.data.corpus`.
            out: Folder of the run: rows, embeddings, checkpoints, curves.
            reporter: Told of each step.
            text_encoder: See `TextEncoder.load`.
            devices: GPUs (without one: processes) of this machine; `torchrun` says that itself.

        Raises:
            ConfigError: `out` holds another run, or the configuration does not fit.
            CheckpointError: What `out` holds is damaged, or the disk is full.
        """
        self._config, self._out = config, out
        self._stages = config.chosen_stages()
        self._processes = Processes(config, devices)
        self.is_main = self._processes.is_main
        self._journal = Journal(reporter if self.is_main else None)
        self.encoder = TextEncoder.load(text_encoder, device=self._processes.device.type)
        self._data_sha256 = fingerprint(corpus)
        identity = self._identity(self._data_sha256)
        check_folder(out, identity)
        # One process prepares what the others then find.
        with room_on_disk(out), self._processes.main_first():
            if self.is_main:
                claim_folder(out, identity)
            self._train, self._val = samplers(config, corpus, out, self.encoder, self._journal)
        self.network = self._new_network()
        self.average = copy.deepcopy(self.network)
        self._stage, self._step, self._best = 0, 0, math.inf
        self._optimizer_state: dict[str, Any] | None = None
        self._resume()

    def run(self) -> Any:
        """Train what is left to train and return the averaged network.

        Raises:
            CheckpointError: Training diverged, or the disk is full; what was saved stays.
        """
        with room_on_disk(self._out):
            self._journal.open_curves(self._out / 'tensorboard', self._place())
            while self._stage < len(self._stages):
                stage = self._stages[self._stage]
                self._run_stage(stage)
                self._journal.finish(stage.name)
                self._export(stage.name)
                self._stage, self._step, self._best = self._stage + 1, 0, math.inf
                self._optimizer_state = None
                # The next stage builds on the averaged weights of this one.
                self.network = copy.deepcopy(self.average)
                self._save()
            self._journal.close()
        return self.average.eval()

    def info(self) -> dict[str, Any]:
        """What a checkpoint says of how it was made, as plain JSON."""
        facts = {**self._journal.facts, **peak_memory(), 'processes': self._processes.count}
        config = _plain(self._config)
        return {
            'data': provenance(self._train.clips),
            'data_sha256': self._data_sha256,
            **self._hashes(),
            'licence': config['licence'],
            'held_out': config['held_out'],
            'seed': config['seed'],
            'config': config,
            'training': facts,
            'versions': {'motionclip': __version__, 'torch': str(torch.__version__)},
        }

    @property
    def captions(self) -> dict[str, list[str]]:
        """All different captions of each split."""
        found = {'train': self._train, 'val': self._val}
        return {split: list(sampler.captions.index) for split, sampler in found.items()}

    def _identity(self, data: str) -> dict[str, Any]:
        return {
            'config': _plain(self._config),
            'data': data,
            'text_encoder': self.encoder.name,
            **self._hashes(),
        }

    def _hashes(self) -> dict[str, str | None]:
        """By what the parts of a run are known again, besides its data."""
        start = self._config.start
        return {
            'text_encoder_sha256': self.encoder.sha256,
            'start_sha256': None if start is None else file_hash(checkpoint_path(start)),
        }

    def _new_network(self) -> Any:
        torch.manual_seed(self._config.seed)
        network = build_network(self._config.architecture, self._config.network, self.encoder)
        rows = np.concatenate([clip.rows for clip in self._train.clips])
        network.row_mean.copy_(torch.from_numpy(rows.mean(0)))
        network.row_scale.copy_(torch.from_numpy(rows.std(0)).clamp(min=_ROW_SCALE_FLOOR))
        if self._config.start is not None:
            taken = take_over(network, self._config.start, self._stages)
            self._journal.note(f'took {", ".join(taken)} from {self._config.start}')
        return network.to(self._processes.device)

    def _run_stage(self, stage: Stage) -> None:
        settings = self._config.settings(stage)
        if stage.prepare is not None and self._step == 0:
            draws = (self._train.draw(step, 64, 64, 200) for step in range(20))
            stage.prepare(self.average.eval(), map(self._processes.moved, draws))
            self.network.load_state_dict(self.average.state_dict())
        self.average.eval().requires_grad_(requires_grad=False)
        optimizer = new_optimizer(self.network, stage, settings)
        if self._optimizer_state is not None:
            optimizer.load_state_dict(self._optimizer_state)
        loss = self._processes.setup(self.network, stage)
        while self._step < settings.steps:
            with self._journal.meter.step(settings.batch):
                batch = self._processes.batch(self._train, settings, self._step)
                values = loss(Sealed(batch))
                self._processes.backward(stage.total(values))
                moved = optimise(self.network, optimizer, settings, self._step)
                self._step += 1
                follow(self.average, self.network, stage, self._config.average, self._step)
                numbers = self._processes.numbers(values)
            self._check(stage, settings, numbers, moved)
            if self._step % self._config.save_every == 0:
                self._optimizer_state = optimizer.state_dict()
                self._save()

    def _check(
        self, stage: Stage, settings: StageConfig, numbers: dict[str, float], moved: Move
    ) -> None:
        """Tell the losses, stop where they make no sense, validate where it is time."""
        place = self._place()
        self._journal.losses(stage.name, self._step, settings.steps, numbers, place, moved)
        if not all(math.isfinite(number) for number in numbers.values()):
            raise CheckpointError(
                f'{stage.name} diverged at step {self._step}: {numbers}; lower its '
                'learning_rate in the configuration and train in a new folder'
            )
        every = self._config.validate_every
        if every is None:
            every = max(_SHORTEST_EPOCH, math.ceil(len(self._train.clips) / settings.batch))
        if self._step % every == 0 or self._step == settings.steps:
            self._validate(stage, settings)

    def _validate(self, stage: Stage, settings: StageConfig) -> None:
        found = []
        for step in range(_VALIDATION_STEPS):
            batch = self._processes.batch(self._val, settings, step)
            found.append(self._processes.evaluate(self.average, stage, batch))
        values = self._processes.numbers(
            {name: torch.stack([row[name] for row in found]).mean() for name in found[0]}
        )
        count = min(settings.batch, _WATCHED_WINDOWS)
        seen = self._val.draw(0, count, settings.shortest, settings.longest)
        ratios = liveliness(self.average, stage, self._processes.moved(seen))
        warmed = self._step >= max(WARM_UP_STEPS, settings.steps // 4)
        warning = collapse_warning(stage, ratios) if warmed else None
        self._journal.validated(stage.name, self._step, values, ratios, warning, self._place())
        loss = float(stage.total({name: torch.tensor(value) for name, value in values.items()}))
        if loss < self._best:
            self._best = loss
            self._export(f'{stage.name}_best')

    def _place(self) -> int:
        """Steps of all stages so far."""
        before = self._stages[: self._stage]
        return sum(self._config.settings(stage).steps for stage in before) + self._step

    def _export(self, name: str) -> None:
        """Write the averaged network as a checkpoint that can be used and started from."""
        if self.is_main:
            path = self._out / 'checkpoints' / f'{name}.safetensors'
            save_network(self.average, path, {**self.info(), 'text_encoder': self.encoder.name})

    def _save(self) -> None:
        if self.is_main:
            networks = self.network.state_dict(), self.average.state_dict()
            state = State(
                self._stage,
                self._step,
                self._best,
                *networks,
                self._optimizer_state,
                self._journal.facts,
            )
            save_state(self._out / 'state.pt', state)

    def _resume(self) -> None:
        state = load_state(self._out / 'state.pt', self._processes.device)
        if state is None:
            return
        self._stage, self._step, self._best = state.stage, state.step, state.best
        self._optimizer_state = state.optimizer
        self.network.load_state_dict(state.network)
        self.average.load_state_dict(state.average)
        self._journal.facts = state.facts
        self._journal.note(f'resumed at stage {self._stage + 1}, step {self._step}')


def _plain(config: TrainConfig) -> dict[str, Any]:
    """A configuration as JSON knows it."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return plain
