"""Several processes train what one process trains."""

import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from small_model import Notes, small_config, small_trainer

from motionclip_model.data.sampler import Batch
from motionclip_model.errors import ConfigError
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.processes import share
from motionclip_model.training.trainer import Trainer

HERE = Path(__file__).parent
PROGRAM = """
import sys
from pathlib import Path
import torch
from test_train_processes import Notes, Trainer, settings
out, corpus = map(Path, sys.argv[1:])
trainer = Trainer(settings(), corpus, out, Notes())
trainer.run()
torch.save(trainer.network.state_dict(), out / f'rank{trainer._processes.rank}.pt')
"""


def settings() -> TrainConfig:
    """Train the alignment, which contrasts over the batch; it draws no noise."""
    alignment = StageConfig(6, batch=8, learning_rate=2e-3, shortest=16, longest=32)
    return small_config(1, stages=('alignment',), alignment=alignment, bfloat16=False)


def batch(windows: int) -> Batch:
    """A batch of windows whose lengths grow."""
    lengths = 4 * torch.arange(1, windows + 1)
    valid = torch.arange(int(lengths.max())) < lengths[:, None]
    words_valid = torch.arange(windows) < torch.arange(windows, 0, -1)[:, None]
    return Batch(
        torch.randn(*valid.shape, 140),
        valid,
        torch.randn(windows, 3),
        torch.randn(windows, windows, 3),
        words_valid,
        torch.arange(windows).float(),
        torch.arange(windows),
    )


@pytest.mark.parametrize('count', [1, 2, 3])
def test_shares_are_the_batch_without_needless_padding(count) -> None:
    whole = batch(6)
    parts = [share(whole, rank, count) for rank in range(count)]
    assert sorted(torch.cat([part.label for part in parts]).tolist()) == list(range(6))
    for part in parts:
        assert part.valid.any(0).all()
        assert part.words_valid.any(0).all()
        for row, label in enumerate(part.label.tolist()):
            frames = int(part.valid[row].sum())
            assert torch.equal(part.rows[row, :frames], whole.rows[label, :frames])
            assert int(whole.valid[label].sum()) == frames
            for name in ('sentence', 'seconds'):
                assert torch.equal(getattr(part, name)[row], getattr(whole, name)[label])
    assert {part.name for part in fields(Batch)} >= {'rows', 'valid', 'words', 'words_valid'}


@pytest.mark.nightly
def test_two_processes_learn_what_one_learns(corpus, tmp_path) -> None:
    whole = small_trainer(settings(), corpus, tmp_path / 'one')
    start = {name: value.clone() for name, value in whole.network.state_dict().items()}
    whole.run()
    program = tmp_path / 'program.py'
    program.write_text(PROGRAM)
    out = tmp_path / 'two'
    shutil.copytree(
        tmp_path / 'one', out, ignore=shutil.ignore_patterns('state.pt', 'tensorboard')
    )
    command = [sys.executable, '-m', 'torch.distributed.run', '--standalone']
    result = subprocess.run(
        [*command, '--nproc-per-node', '2', str(program), str(out), str(corpus)],
        env={**os.environ, 'PYTHONPATH': f'{HERE.parent}:{HERE}'},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    ranks = [torch.load(out / f'rank{rank}.pt', weights_only=True) for rank in range(2)]
    for name, value in whole.network.state_dict().items():
        assert torch.equal(ranks[0][name], ranks[1][name]), name
        # Sums in another order differ in the last digits, and where a gradient is next to
        # nothing Adam's first steps take its sign for its size: a step of 0.01 of the way.
        moved = (value - start[name]).norm()
        assert (ranks[0][name] - value).norm() <= 0.01 * moved + 1e-6, name
    assert len(list((out / 'tensorboard').iterdir())) == 1


def test_a_batch_that_cannot_be_shared_is_refused(corpus, tmp_path) -> None:
    with pytest.raises(ConfigError, match='a batch of 4 cannot be shared by 3 processes'):
        Trainer(small_config(1), corpus, tmp_path, Notes(), devices=3)
