"""The demo's exit status tells the truth, and its folder is replaced only by something."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ros_graph import GENERATOR, environment

from motionclip_model.errors import DependencyError
from motionclip_model.motion import Motion
from motionclip_ros import demo, topics
from motionclip_ros.bag import Bag
from motionclip_ros.processes import Processes
from motionclip_ros.retargeting.trajectory import RobotTrajectory

pytestmark = pytest.mark.real_time


@pytest.fixture(autouse=True)
def analytic_model(monkeypatch):
    """Let the demo start the generator that needs no weights."""
    monkeypatch.setattr(demo, '_GENERATOR', GENERATOR)
    monkeypatch.setenv('PYTHONPATH', environment()['PYTHONPATH'])


def no_pictures(*_: object, **__: object) -> None:
    raise DependencyError('no off-screen OpenGL; sudo apt install libegl1')


def test_a_good_run_leaves_everything(tmp_path, monkeypatch, capsys):
    out = tmp_path / 'demo'
    monkeypatch.setattr(demo, '_SHEET_FRAMES', 2)
    monkeypatch.setattr(demo, 'FILM_FPS', 2.0)
    assert demo.run_demo('a person waves', out, seconds=1.0, seed=5) == 0
    assert {path.name for path in out.iterdir()} >= {
        'bag',
        'motion.npz',
        'trajectory.npz',
        'report.json',
        'logs',
    }
    assert [path.name for path in tmp_path.iterdir()] == ['demo']
    report = json.loads((out / 'report.json').read_text())
    assert (report['text'], report['seed'], report['problem']) == ('a person waves', 5, None)
    assert set(report['topics']) - {topics.TF} == set(topics.RECORDED)
    assert min(report['topics'].values()) >= 1
    # Usually .2; a machine that stalls for a moment lets the simulation fall behind its clock.
    assert report['simulation']['tracking_rms_deg'] < 10.0
    assert report['simulation']['commanded_limit_margin_deg'] >= 0.0
    sources = report['provenance']['sources']
    assert all(sources[name] for name in sources if name.endswith('_sha256'))
    assert sources['robot_sha256'] == report['robot_sha256']
    assert Motion.load(out / 'motion.npz').seconds == pytest.approx(1.0)
    trajectory = RobotTrajectory.load(out / 'trajectory.npz')
    assert trajectory.seconds == pytest.approx(report['trajectory_seconds'])
    np.testing.assert_array_equal(Bag(out / 'bag').trajectory().positions, trajectory.positions)
    said = capsys.readouterr().err
    assert str(out / 'trajectory.npz') in said
    if 'pictures' not in report:
        assert (out / 'motion.mp4').stat().st_size > 1000
        assert (out / 'motion.png').stat().st_size > 1000


def test_a_bad_text_is_refused_and_an_older_demo_stays(tmp_path, capsys):
    out = tmp_path / 'demo'
    out.mkdir()
    (out / 'report.json').write_text('{}')
    assert demo.run_demo('   ', out) == 2
    assert 'the text is empty' in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == ['report.json']
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.nightly
def test_without_opengl_all_but_the_pictures_is_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(demo, 'robot_frames', no_pictures)
    out = tmp_path / 'demo'
    assert demo.run_demo('wave', out, seconds=1.0) == 0
    assert not (out / 'motion.mp4').exists()
    assert (out / 'trajectory.npz').exists()
    assert 'apt install libegl1' in json.loads((out / 'report.json').read_text())['pictures']
    assert 'apt install libegl1' in capsys.readouterr().err


def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path, capsys):
    out = tmp_path / 'demo'
    assert demo.run_demo('wave', out, model='broken') == 2
    said = capsys.readouterr().err
    assert 'broken: not a checkpoint; train one' in said
    assert 'Traceback' not in said
    assert not out.exists()


@pytest.mark.parametrize('place', ['a folder of others', 'a file'])
def test_what_is_no_demo_is_never_replaced(tmp_path, capsys, place):
    out = tmp_path / 'demo'
    if place == 'a file':
        out.write_text('mine')
    else:
        out.mkdir()
        (out / 'thesis.txt').write_text('mine')
    assert demo.run_demo('wave', out) == 2
    assert 'name' in capsys.readouterr().err
    assert out.exists()


def test_ctrl_c_ends_all_processes(tmp_path):
    """Stop the demo while its nodes come up; none of them may stay behind."""
    code = (
        'import sys, pathlib; from motionclip_ros import demo; '
        f'demo._GENERATOR = {GENERATOR!r}; '
        f'sys.exit(demo.run_demo("wave", pathlib.Path({str(tmp_path / "demo")!r})))'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', code],
        env=environment(),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30.0
    while len(children(process.pid)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    nodes = children(process.pid)
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(40.0) == 130
    assert not [pid for pid in nodes if Path(f'/proc/{pid}').exists()]
    assert not list(tmp_path.iterdir())


def children(pid: int) -> list[int]:
    text = Path(f'/proc/{pid}/task/{pid}/children').read_text()
    return [int(child) for child in text.split()]


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_while_a_process_is_born_leaves_none_behind(tmp_path, monkeypatch, number):
    born = []

    class Interrupted(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            born.append(self.pid)
            os.kill(os.getpid(), number)

    monkeypatch.setattr('motionclip_ros.processes.subprocess.Popen', Interrupted)
    with pytest.raises(KeyboardInterrupt), Processes(tmp_path, os.environ) as processes:
        processes.start('http.server', ['--bind', '127.0.0.1', '0'])
    assert not Path(f'/proc/{born[0]}').exists()


def test_a_stubborn_process_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr('motionclip_ros.processes._PATIENCE', 0.5)
    (tmp_path / 'stubborn.py').write_text(
        'import signal, time\n'
        'for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, signal.SIG_IGN)\n'
        'print("up", flush=True)\n'
        'time.sleep(60)\n'
    )
    variables = {**os.environ, 'PYTHONPATH': str(tmp_path)}
    others = set(children(os.getpid()))
    with Processes(tmp_path, variables) as processes:
        processes.start('stubborn')
        while 'up' not in processes.log('stubborn').read_text():
            time.sleep(0.05)
        (pid,) = set(children(os.getpid())) - others
    assert not Path(f'/proc/{pid}').exists()


@pytest.mark.parametrize(('asked', 'given'), [(None, 'LOCALHOST'), ('SUBNET', 'SUBNET')])
def test_the_nodes_look_for_each_other_on_this_machine_alone(tmp_path, monkeypatch, asked, given):
    """Unless somebody who knows says otherwise."""
    variable = 'ROS_AUTOMATIC_DISCOVERY_RANGE'
    monkeypatch.setenv(variable, 'to be restored')
    monkeypatch.delenv(variable) if asked is None else monkeypatch.setenv(variable, asked)
    seen = []

    def started(command, *, env, **_):
        seen.append((command[2], env))
        if len(seen) == 3:
            raise KeyboardInterrupt
        return subprocess_popen([sys.executable, '-c', ''], env=env)

    subprocess_popen = subprocess.Popen
    monkeypatch.setattr('motionclip_ros.processes.subprocess.Popen', started)
    monkeypatch.setattr(Processes, 'check', lambda _: None)
    assert demo.run_demo('a person waves', tmp_path / 'demo') == 130
    assert [module.rpartition('.')[2] for module, _ in seen] == [
        'recorder', 'simulator', GENERATOR,
    ]  # fmt: skip
    assert {env[variable] for _, env in seen} == {given}
    assert all(env.keys() >= {'ROS_DOMAIN_ID', 'ROS_LOG_DIR'} for _, env in seen)
