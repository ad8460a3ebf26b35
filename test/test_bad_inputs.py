"""No bad file, message or command crashes, hangs, fills the memory or leaves the folder.

`bad_inputs` holds the inputs and their readers; `make fuzz` looks for new ones.
"""

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from bad_inputs import KINDS

ROOT = Path(__file__).resolve().parent.parent
WORKER = ROOT / 'test' / 'bad_inputs' / 'worker.py'
MEMORY, SECONDS, CHARACTERS = 2_000_000_000, 5.0, 2000


@pytest.fixture(scope='module')
def outcomes(tmp_path_factory) -> dict[str, list[dict[str, Any]]]:
    """What came of every input, by kind; made once, in a process of its own."""
    folder = tmp_path_factory.mktemp('outside')
    result = subprocess.run(
        [sys.executable, str(WORKER), str(folder)],
        capture_output=True, text=True, errors='replace', cwd=folder, check=False,
    )  # fmt: skip
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0, f'died of {lines[-1:]}: {result.stderr[-2000:]}'
    assert 'was_run' not in str(lines[-1]['made'])
    # Libraries in C write past Python: of them nothing must be heard either.
    assert not result.stderr
    found = defaultdict(list)
    for line in lines:
        if 'error' in line:
            found[line['kind']].append(line)
    # In each case's folder is what was put there, and nothing beside them.
    places = {Path(name).parts[0] for name in lines[-1]['made']}
    assert places <= {'inside', 'home'}
    return found


def test_there_are_enough(outcomes) -> None:
    assert outcomes.keys() == set(KINDS)
    assert sum(map(len, outcomes.values())) >= 700


@pytest.mark.parametrize('kind', KINDS)
def test_a_bad_input_is_refused_in_one_line_or_read(outcomes, kind) -> None:
    found = outcomes[kind]
    names = {
        'broke': [(each['name'], each['trace']) for each in found if each['trace']],
        'hung': [each['name'] for each in found if each['seconds'] > SECONDS],
        'swelled': [each['name'] for each in found if each['growth'] > MEMORY],
        'rambled': [
            each['name']
            for each in found
            if not each['error'].isprintable() or len(each['error']) > CHARACTERS
        ],
    }
    assert not any(names.values()), names
    assert any(each['error'] for each in found)


@pytest.mark.parametrize(
    ('arguments', 'name', 'content'),
    [
        (('retarget', 'walk.npz', '--out', 'out.npz'), 'walk.npz', b'PK\x03\x04'),
        (('check', 'walk.npz'), 'walk.npz', b'\x80\x04.'),
        (('plot', 'report.json'), 'report.json', b'[' * 50_000),
        (('robot', 'add', 'a.urdf', '--out', '.'), 'a.urdf', b'<!DOCTYPE a><robot/>'),
        (('repair', 'bag'), 'bag/bag.mcap', b'\x89MCAP0\r\n'),
    ],
)
def test_the_command_says_one_line_and_ends_with_2(tmp_path, arguments, name, content) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    result = subprocess.run(
        [sys.executable, '-c', 'from motionclip_ros.cli import main; main()', *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1, result.stderr
    assert sorted(tmp_path.rglob('*')) == sorted({path, path.parent} - {tmp_path})
