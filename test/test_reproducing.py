"""The same text, seed, model and robot: the same bytes here, nearly the same angles elsewhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from reproducing import COMMANDS, PAIRS, REFERENCE, processor, sampled

from motionclip_model.threads import one_thread

HERE = Path(__file__).resolve().parent
THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMBA_NUM_THREADS')
ELSEWHERE = 1e-5  # [rad] that another machine may be off
ANEW = 'if the motions were meant to change, run: python test/reproducing.py --reference'

Found = dict[str, np.ndarray]


@pytest.fixture(scope='module')
def processes(tmp_path_factory) -> list[Found]:
    """What two processes made that have nothing in common but the commands."""
    folder = tmp_path_factory.mktemp('made')
    common = {name: value for name, value in os.environ.items() if name not in THREADS}
    common['PYTHONPATH'] = os.pathsep.join([str(HERE.parent), *filter(None, sys.path)])
    surroundings = [
        ({'PYTHONHASHSEED': '1', 'TZ': 'UTC', 'LC_ALL': 'C'}, folder, ()),
        (
            {'PYTHONHASHSEED': '2', 'TZ': 'Asia/Kathmandu', 'LC_ALL': 'C.UTF-8'}
            | dict.fromkeys(THREADS, '2'),
            Path('/'),
            ('--threads', '2', '--backwards'),
        ),
    ]
    started = [
        subprocess.Popen(
            [sys.executable, HERE / 'reproducing.py', folder / f'{number}.npz', *arguments],
            env=common | environment, cwd=place, stderr=subprocess.PIPE, text=True,
        )
        for number, (environment, place, arguments) in enumerate(surroundings)
    ]  # fmt: skip
    for process in started:
        _, errors = process.communicate()
        assert process.returncode == 0, errors
    found = []
    for number in range(len(started)):
        with np.load(folder / f'{number}.npz') as arrays:
            found.append(dict(arrays))
    return found


@pytest.mark.parametrize('what', ['joint_rotations', 'positions', 'recording', 'report', ''])
def test_two_processes_make_the_same_bytes(processes, what) -> None:
    first, second = processes
    names = [name for name in first if what in name]
    assert len(names) >= len(PAIRS)
    assert first.keys() == second.keys()
    for name in names:
        assert first[name].dtype == second[name].dtype, name
        assert first[name].tobytes() == second[name].tobytes(), name


def test_another_machine_makes_nearly_the_same_angles(processes) -> None:
    reference = json.loads(REFERENCE.read_text())
    found = sampled(processes[0])
    assert found.keys() == reference['positions_rad'].keys()
    assert len(found) == len(PAIRS) * len(COMMANDS)
    for name, rows in found.items():
        there = np.array(reference['positions_rad'][name])
        assert there.shape == np.shape(rows), f'{name}: {ANEW}'
        off = np.abs(there - rows).max()
        assert off < ELSEWHERE, (
            f'{name}: {off:.2g} rad between {reference["processor"]} and {processor()}; {ANEW}'
        )


def test_threads_come_back_after_the_networks() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
