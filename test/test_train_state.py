"""What a run leaves behind is whole, or refused in one line."""

import errno
import os
import shutil
import subprocess

import pytest
import torch
from small_model import Notes, small_config, small_trainer

from motionclip_model import storage
from motionclip_model.errors import CheckpointError
from motionclip_model.training.state import State, load_state, save_state
from motionclip_model.training.trainer import Trainer

CPU = torch.device('cpu')


def state(step: int = 3, size: int = 4) -> State:
    """A state with weights of some size."""
    weights = {'w': torch.full((size,), float(step))}
    return State(1, step, 0.5, weights, weights, None, {'stages': {}, 'warnings': []})


def test_a_state_comes_back_as_it_was(tmp_path) -> None:
    save_state(tmp_path / 'state.pt', state())
    found = load_state(tmp_path / 'state.pt', CPU)
    assert found is not None
    assert torch.equal(found.network['w'], torch.full((4,), 3.0))
    assert (found.stage, found.step, found.best, found.optimizer) == (1, 3, 0.5, None)
    assert load_state(tmp_path / 'none.pt', CPU) is None


@pytest.mark.parametrize('keep', [0, 1, 200, -1])
def test_a_damaged_state_is_named(tmp_path, keep) -> None:
    path = tmp_path / 'state.pt'
    save_state(path, state())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r'state\.pt: damaged .*; remove') as caught:
        load_state(path, CPU)
    assert '\n' not in str(caught.value)


def test_a_state_of_another_version_is_named(tmp_path) -> None:
    path = tmp_path / 'state.pt'
    torch.save({'format': 99, **vars(state())}, path)
    with pytest.raises(CheckpointError, match='format 99, this version reads format'):
        load_state(path, CPU)
    torch.save({'stage': 1}, path)
    with pytest.raises(CheckpointError, match='damaged'):
        load_state(path, CPU)


def test_nothing_of_a_state_is_run(tmp_path) -> None:
    class Trap:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(tmp_path / 'trapped'),)

    torch.save({'format': 2, 'stage': Trap()}, tmp_path / 'state.pt')
    with pytest.raises(CheckpointError, match='damaged'):
        load_state(tmp_path / 'state.pt', CPU)
    assert not (tmp_path / 'trapped').exists()


def test_a_full_disk_leaves_the_last_checkpoint(corpus, tmp_path, monkeypatch) -> None:
    config = small_config(3, stages=('alignment',), save_every=1, bfloat16=False)
    whole = small_trainer(config, corpus, tmp_path / 'whole').run().state_dict()

    class FullDisk(Notes):
        def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
            if step == 2:
                monkeypatch.setattr(storage.os, 'fsync', _no_space)

    out = tmp_path / 'cut'
    with pytest.raises(CheckpointError, match=r'no space left on the disk of .*: make room'):
        small_trainer(config, corpus, out, FullDisk()).run()
    assert not list(out.glob('.*'))
    monkeypatch.undo()
    found = load_state(out / 'state.pt', CPU)
    assert found is not None
    assert found.step == 1
    resumed = Trainer(config, corpus, out, Notes()).run().state_dict()
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())


def _no_space(_: int) -> None:
    raise OSError(errno.ENOSPC, 'No space left on device')


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 1 MB, where this machine lets us make one."""
    folder = tmp_path / 'disk'
    folder.mkdir()
    mount = shutil.which('mount')
    command = [str(mount), '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip('no file system can be mounted here')
    yield folder
    subprocess.run(['umount', str(folder)], check=True)


def test_a_disk_that_is_really_full_keeps_the_old_state(tiny_disk) -> None:
    path = tiny_disk / 'state.pt'
    save_state(path, state(1, 50_000))
    with pytest.raises(OSError, match='No space'):
        save_state(path, state(2, 250_000))
    found = load_state(path, CPU)
    assert found is not None
    assert found.step == 1
    assert [file.name for file in tiny_disk.iterdir()] == ['state.pt']
