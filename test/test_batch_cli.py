"""`motionclip retarget` of files and folders, in processes that get killed, and on Ray."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from batch_cases import ALL, BAD, GOOD, collect, here, tree

from motionclip_model.motion import Motion
from motionclip_ros import cli
from motionclip_ros.batch.run import retarget_folder
from motionclip_ros.retargeting.export import load_csv
from motionclip_ros.retargeting.trajectory import RobotTrajectory

COMMAND = [sys.executable, '-c', 'from motionclip_ros.cli import main; main()', 'retarget']


@pytest.fixture
def retarget(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Run the command in this process; returns exit status, output and errors."""
    monkeypatch.setenv('COLUMNS', '200')

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr('sys.argv', ['motionclip', 'retarget', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture(scope='module')
def folder(tmp_path_factory, clips, bvh_files) -> Path:
    return collect(tmp_path_factory.mktemp('motions'), clips, bvh_files)


@pytest.fixture(scope='module')
def whole(tmp_path_factory, folder) -> Path:
    """The results of an undisturbed run."""
    out = tmp_path_factory.mktemp('whole')
    retarget_folder(folder, out, ALL, here)
    return out


def test_a_folder_of_good_motions_has_status_0(retarget, clips, tmp_path) -> None:
    Motion.load(clips['kick'])[20:40].save(tmp_path / 'in/kick.npz')
    status, out, _ = retarget(tmp_path / 'in', '-o', tmp_path / 'out', '--workers', 1, '--json')
    assert status == 0
    assert json.loads(out) == json.loads((tmp_path / 'out/summary.json').read_text())
    status, out, _ = retarget(tmp_path / 'in', '-o', tmp_path / 'out', '--workers', 1)
    assert status == 0
    assert '1 were there' in out


def test_a_file_is_written_in_every_format_asked_for(retarget, clips, tmp_path) -> None:
    out = tmp_path / 'kick.npz'
    status, text, _ = retarget(clips['kick'], '-o', out, '--format', 'npz,csv,mujoco')
    assert status == 0
    assert all(str(tmp_path / f'kick.{ending}') in text for ending in ('csv', 'mujoco.npz'))
    positions = RobotTrajectory.load(out).positions
    np.testing.assert_array_equal(load_csv(tmp_path / 'kick.csv').positions, positions)
    with np.load(tmp_path / 'kick.mujoco.npz') as arrays:
        assert arrays['qpos'].shape == (len(positions), 7 + positions.shape[1])
    retarget(clips['kick'], '-o', tmp_path / 'alone.csv')
    assert load_csv(tmp_path / 'alone.csv').positions.shape == positions.shape


def test_limits_of_ones_own_are_kept(retarget, clips, tmp_path) -> None:
    limits = tmp_path / 'joint_limits.yaml'
    limits.write_text(
        'joint_limits: {left_elbow_joint: {has_velocity_limits: true, max_velocity: 0.5}}'
    )
    retarget(clips['wave'], '-o', tmp_path / 't.npz', '--limits', limits)
    found = RobotTrajectory.load(tmp_path / 't.npz')
    speed = np.abs(found.velocities[:, found.joint_names.index('left_elbow_joint')])
    assert speed.max() <= 0.5 + 1e-9


def test_mistakes_are_one_line(retarget, clips, tmp_path, monkeypatch) -> None:
    out = ('-o', tmp_path / 'o')
    one = tmp_path / 'in/one.npz'
    Motion.load(clips['kick'])[20:30].save(one)
    cases = [
        ((clips['kick'], *out, '--workers', 2), 'for folders'),
        ((clips['kick'], *out, '--format', 'xlsx'), 'there are npz, csv, mujoco'),
        ((one.parent, *out, '--format', ''), 'there are npz, csv, mujoco'),
        ((one.parent, *out, '--robot', 'r2d2'), 'r2d2'),
        ((tmp_path / 'in/no', *out), 'a motion is read from'),
        ((tmp_path / 'in', '-o', tmp_path / 'in', '--ray', '127.0.0.1:1'), 'no cluster'),
    ]
    pytest.importorskip('ray')
    for arguments, reason in cases:
        status, _, error = retarget(*arguments)
        assert status == 2
        assert reason in error
        assert error.count('\n') == 1
    monkeypatch.setitem(sys.modules, 'ray', None)
    status, _, error = retarget(one.parent, *out, '--ray', 'local')
    assert status == 2
    assert "pip install 'motionclip_ros[ray]'" in error


@pytest.mark.parametrize(
    ('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_a_run_that_is_stopped_leaves_no_process_and_can_go_on(
    folder, whole, tmp_path, tmp_path_factory, number, status
) -> None:
    drafts = tmp_path_factory.mktemp('drafts')
    run = subprocess.Popen(
        [*COMMAND, folder, '--out', tmp_path, '--format', 'npz,csv,mujoco', '--workers', '1'],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, 'TMPDIR': str(drafts)},
    )
    _wait_until(lambda: list(tmp_path.rglob('*.report.json')))
    # The terminal sends Ctrl-C to all processes of a command; only one gets a kill.
    os.killpg(run.pid, number) if number == signal.SIGINT else run.send_signal(number)
    _, error = run.communicate(timeout=60)
    assert run.returncode in (status, 1)  # 1: it was done already, with the files that fail
    assert b'Traceback' not in error
    _wait_until(lambda: not _session(run.pid))
    assert number == signal.SIGKILL or not list(drafts.iterdir())
    for path in tmp_path.rglob('*.report.json'):
        json.loads(path.read_bytes())
    retarget_folder(folder, tmp_path, ALL, here)
    assert tree(tmp_path) == tree(whole)


def test_bad_files_are_a_line_each_and_status_1(retarget, folder, tmp_path) -> None:
    status, out, error = retarget(folder, '--out', tmp_path, '--workers', 1)
    assert status == 1
    assert f'{len(GOOD)} of {len(GOOD) + len(BAD)} motions' in out
    for name in BAD:
        assert sum(line.startswith(f'{name}: ') for line in error.splitlines()) == 1


@pytest.mark.nightly
def test_ray_brings_the_same_bytes(folder, whole, tmp_path) -> None:
    pytest.importorskip('ray')
    command = [*COMMAND, folder, '-o', tmp_path, '--ray', 'local', '--workers', '2']
    result = subprocess.run(
        [*command, '--format', 'npz,csv,mujoco'], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1, result.stderr
    assert tree(tmp_path) == tree(whole)


def _session(leader: int) -> list[str]:
    """The processes of a session that have not ended."""
    found = []
    for path in Path('/proc').glob('[0-9]*/stat'):
        try:
            state, _, _, session = path.read_text().rpartition(')')[2].split()[:4]
        except OSError:
            continue
        if int(session) == leader and state != 'Z':
            found.append(path.parent.name)
    return found


def _wait_until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
