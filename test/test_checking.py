"""`motionclip check` says what the report says, and its exit status may be relied on."""

import json

import numpy as np
import pytest
from feasibility_cases import held

from motionclip_ros import cli
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.fixture
def run(monkeypatch, capsys):
    monkeypatch.setenv('COLUMNS', '200')

    def motionclip(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return motionclip


@pytest.fixture
def still(robot, tmp_path):
    held(robot, robot.neutral).save(tmp_path / 'still.npz')
    return tmp_path / 'still.npz'


@pytest.fixture
def fast(robot, tmp_path):
    path = np.tile(robot.neutral, (20, 1))
    path[:, robot.joint_index('waist_yaw_joint')] = 0.15 * np.sin(2.0 * np.arange(20))
    held(robot, path).save(tmp_path / 'fast.npz')
    return tmp_path / 'fast.npz'


def test_what_is_fine_is_accepted_with_status_0(run, still) -> None:
    status, out, _ = run('check', still)
    assert status == 0
    assert out.strip().endswith('accept: inside all limits at its own pace')
    assert 'position margin' in out


def test_the_json_is_the_report(run, still, clips) -> None:
    status, out, _ = run('check', still, '--json', '--motion', clips['wave'])
    report = json.loads(out)
    assert report['frames'] == 20
    assert report['limb_direction_error_deg'] > 10.0
    assert status == int(report['verdict'] == 'refuse')


def test_what_is_too_fast_is_written_slowed(run, fast, robot, tmp_path) -> None:
    status, out, _ = run('check', fast, '--out', tmp_path / 'slow.npz', '--json')
    report = json.loads(out)
    assert (status, report['verdict']) == (0, 'slowed')
    slow = RobotTrajectory.load(tmp_path / 'slow.npz')
    assert slow.seconds == pytest.approx(report['stretch_needed'] * report['seconds'])
    again = json.loads(run('check', tmp_path / 'slow.npz', '--json')[1])
    assert (again['verdict'], again['stretch_needed']) == ('accept', 1.0)


def test_what_the_user_asks_for_decides(run, fast, tmp_path) -> None:
    strict = tmp_path / 'strict.yaml'
    strict.write_text('max_stretch: 1.0\n')
    arguments = ('check', fast, '--thresholds', strict, '--out', tmp_path / 'slow.npz')
    status, out, _ = run(*arguments)
    assert status == 1
    assert 'refuse: ' in out
    assert not (tmp_path / 'slow.npz').exists()


def test_mistakes_are_one_line_and_status_2(run, still, clips, tmp_path) -> None:
    for arguments in (
        ('check', tmp_path / 'none.npz'),
        ('check', clips['walk']),
        ('check', still, '--robot', 'r2d2'),
        ('check', still, '--thresholds', tmp_path / 'none.yaml'),
    ):
        status, out, err = run(*arguments)
        assert status == 2
        assert out == ''
        assert len(err.strip().splitlines()) == 1
