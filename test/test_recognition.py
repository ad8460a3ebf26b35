"""What a robot looks like it is doing, by its joint states."""

import json
from functools import cache

import numpy as np
import pytest

from motionclip_model.errors import RobotError, TextError
from motionclip_model.motion import Motion
from motionclip_ros import cli
from motionclip_ros.recognition import NOTHING, STILL, Recogniser, load_recogniser
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@cache
def recogniser() -> Recogniser:
    return load_recogniser('base', 'g1', '', 3.0)


@cache
def path(file) -> RobotTrajectory:
    return Retargeter(load_robot('g1')).retarget(Motion.load(file).resampled(20.0)).trajectory


def play(trajectory: RobotTrajectory, times: np.ndarray, start: float = 0.0) -> None:
    for time in times:
        positions = trajectory.sample(time).positions.tolist()
        recogniser().add(start + time, dict(zip(trajectory.joint_names, positions, strict=True)))


@pytest.fixture(autouse=True)
def fresh():
    recogniser().forget()


@pytest.mark.parametrize(
    ('action', 'word'), [('wave', 'wave'), ('walk', 'walk'), ('sit', 'sit down'), ('kick', 'kick')]
)
def test_what_people_did_is_recognised_on_the_robot(clips, action, word):
    trajectory = path(clips[action])
    assert word in recogniser().look_at(trajectory).label
    # Joint states come when they come.
    random = np.random.default_rng(0)
    play(trajectory, np.cumsum(random.uniform(0.005, 0.06, 100)).clip(0, trajectory.seconds))
    seen = recogniser().look()
    assert word in seen.label
    assert seen.score == seen.ranked[0].score
    assert sum(each.score for each in seen.ranked) == pytest.approx(1.0)


def test_nothing_is_said_before_a_second_of_movement(clips):
    assert recogniser().look() == NOTHING
    play(path(clips['wave']), np.arange(0.0, 0.9, 0.05))
    assert recogniser().look() == NOTHING


def test_a_robot_that_only_trembles_is_still():
    random = np.random.default_rng(0)
    robot = load_robot('g1')
    for time in np.arange(0.0, 3.0, 0.05):
        noise = robot.neutral + random.normal(0.0, 0.005, len(robot.joint_names))
        recogniser().add(time, dict(zip(robot.joint_names, noise.tolist(), strict=True)))
    assert recogniser().look()[:2] == (STILL, 1.0)


def test_parts_of_the_robot_may_speak_for_themselves(clips):
    trajectory = path(clips['wave'])
    arms = [name for name in trajectory.joint_names if 'shoulder' in name or 'elbow' in name]
    rest = [name for name in trajectory.joint_names if name not in arms]
    for time in np.arange(0.0, 3.0, 0.05):
        sample = trajectory.sample(time).positions.tolist()
        positions = dict(zip(trajectory.joint_names, sample, strict=True))
        for part in (arms, rest):
            assert recogniser().wants(time)
            recogniser().add(time, {name: positions[name] for name in part} | {'finger': 1.0})
    apart = recogniser().look()
    recogniser().forget()
    play(trajectory, np.arange(0.0, 3.0, 0.05))
    assert recogniser().look().ranked == apart.ranked


def test_states_that_come_too_fast_are_not_wanted(clips):
    play(path(clips['wave']), np.array([0.0]))
    assert not recogniser().wants(0.002)
    assert recogniser().wants(0.05)


@pytest.mark.parametrize('jump', [-5.0, 1.0])
def test_a_clock_that_jumps_begins_anew(clips, jump):
    times = np.arange(0.0, 2.0, 0.05)
    play(path(clips['wave']), times)
    play(path(clips['wave']), times[:15], start=2.0 + jump)
    assert recogniser().look() == NOTHING


def test_what_was_seen_before_fades(clips):
    times = np.arange(0.0, 2.6, 0.05)
    play(path(clips['walk']), times)
    before = recogniser().look().label
    for lap in range(1, 5):
        play(path(clips['wave']), times, start=lap * 2.6)
        after = recogniser().look().label
    assert 'walk' in before
    assert 'wave' in after


def test_a_trajectory_is_recognised_from_the_command_line(clips, tmp_path, monkeypatch, capsys):
    path(clips['wave']).save(tmp_path / 'wave.npz')
    words = ['recognise', str(tmp_path / 'wave.npz'), '--robot', 'g1', '--json', '--top', '1']
    monkeypatch.setattr('sys.argv', ['motionclip', *words])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    assert not caught.value.code
    found = json.loads(capsys.readouterr().out)
    ((best,),) = (file['labels'] for file in found['files'])
    assert 'wave' in best['label']
    assert found['robot_sha256'] == load_robot('g1').fingerprint


def test_another_robots_joints_and_too_few_labels_are_refused():
    with pytest.raises(RobotError, match='no joint of g1_29dof'):
        recogniser().add(0.0, {'tail': 0.1})
    with pytest.raises(TextError, match='at least two different'):
        load_recogniser('base', 'g1', 'walk, walk', 3.0)
