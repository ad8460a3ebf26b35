"""A recording is played again as it was, and only to the robot that it is of."""

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from ros_graph import ROOT, environment, graph
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from test_bag import SECOND, record, wire
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory
from wave_generator import wave_trajectory

from motionclip_model.errors import ConfigError
from motionclip_ros import messages, topics
from motionclip_ros.nodes.running import LATCHED, RELIABLE
from motionclip_ros.recording import BagWriter
from motionclip_ros.replaying import read_replay
from motionclip_ros.retargeting.approach import executable
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

PLAYER = 'motionclip_ros.nodes.player'


def recorded_wave(path, robot='g1', faster=1.0):
    """A recording of a G1 that waves, and what it was told."""
    g1 = load_robot('g1')
    whole = executable(wave_trajectory(g1.joint_names), g1.limits, g1.neutral).trajectory
    record(path, trajectory=whole.slowed(1.0 / faster), robot=robot)
    return whole


class Robot:
    """Publishes joint states and keeps the trajectories that it gets."""

    def __init__(self, graph, names, positions):
        self.heard: list = []
        self._state = JointState(name=list(names), position=[float(value) for value in positions])
        self._states = graph.node.create_publisher(JointState, topics.JOINT_STATES, RELIABLE)
        graph.node.create_subscription(
            JointTrajectory, topics.JOINT_TRAJECTORY, self.heard.append, RELIABLE
        )
        graph.node.create_timer(0.02, lambda: self._states.publish(self._state))


def test_a_robot_gets_what_was_recorded_at_the_speed_that_is_asked_for(graph):
    trajectory = recorded_wave(graph.folder / 'bag')
    robot = Robot(graph, trajectory.joint_names[::-1], trajectory.positions[0][::-1])
    reports, bases = [], []
    graph.node.create_subscription(String, '/mine', reports.append, LATCHED)
    kind = MultiDOFJointTrajectory
    graph.node.create_subscription(kind, topics.BASE_TRAJECTORY, bases.append, RELIABLE)
    remap = f'/{topics.REPORT}:=/mine'
    command = 'from motionclip_ros.cli import main; main()'
    arguments = [str(graph.folder / 'bag'), '--rate', '0.5', '--', '-r', remap]
    log = (graph.folder / 'log').open('wb')
    with log, subprocess.Popen(
        [sys.executable, '-c', command, 'replay', *arguments],
        cwd=ROOT, env=environment(), stdout=log, stderr=log,
    ) as process:  # fmt: skip
        try:
            graph.until(lambda: process.poll() is not None)
        finally:
            process.kill()
    assert process.returncode == 0, (graph.folder / 'log').read_text()
    graph.until(lambda: robot.heard and bases and reports)
    assert [json.loads(report.data)['seed'] for report in reports] == [4]
    again = messages.robot_trajectory(robot.heard[0], bases[0])
    expected = trajectory.slowed(2.0)
    np.testing.assert_allclose(again.time_from_start, expected.time_from_start, atol=2e-9)
    np.testing.assert_array_equal(again.positions, expected.positions)
    np.testing.assert_allclose(again.velocities, expected.velocities, atol=1e-12)


@pytest.mark.parametrize(
    ('rename', 'shift', 'reason'),
    [('z', 0.0, 'the robot has no joint'), (None, 0.5, 'rad from where the recording begins')],
)
def test_another_robot_or_one_elsewhere_is_not_commanded(graph, rename, shift, reason):
    trajectory = recorded_wave(graph.folder / 'bag')
    names = [rename or trajectory.joint_names[0], *trajectory.joint_names[1:]]
    robot = Robot(graph, names, trajectory.positions[0] + shift)
    topic = f"topics:=['{topics.TRAJECTORY}']"  # waits for nobody else
    settings = ('-p', f'bag:={graph.folder / "bag"}', '-p', 'patience:=20.0', '-p', topic)
    process = graph.start(PLAYER, *settings)
    graph.until(lambda: process.poll() is not None)
    assert process.returncode == 2
    assert reason in graph.log(PLAYER).strip().splitlines()[-1]
    assert 'Traceback' not in graph.log(PLAYER)
    assert not robot.heard


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        ({'robot': ''}, 'does not say of which robot it is'),
        ({'faster': 20.0}, 'held back: .* is its limit'),
        ({'robot': 'talos'}, 'held back: unknown joint'),
    ],
)
def test_a_recording_that_could_hurt_the_robot_is_not_played(graph, options, reason):
    trajectory = recorded_wave(graph.folder / 'bag', **options)
    robot = Robot(graph, trajectory.joint_names, trajectory.positions[0])
    topic = f"topics:=['{topics.TRAJECTORY}']"
    settings = ('-p', f'bag:={graph.folder / "bag"}', '-p', 'patience:=20.0', '-p', topic)
    process = graph.start(PLAYER, *settings)
    graph.until(lambda: process.poll() is not None)
    assert process.returncode == 2
    assert re.search(reason, graph.log(PLAYER).strip().splitlines()[-1])
    assert not robot.heard


def test_the_recorded_pauses_are_kept(graph):
    path = graph.folder / 'bag'
    bag = BagWriter(path)
    bag.add_topic('/number', 'std_msgs/msg/String', latched=False, reliable=True)
    due = (0.0, 0.4, 1.2)
    for seconds in due:
        message = wire('std_msgs/msg/String', String(data=str(seconds)))
        bag.write('/number', 9 * SECOND + round(seconds * SECOND), message)
    bag.close()
    heard: list = []

    def on_message(message):
        heard.append((time.monotonic(), message.data))

    graph.node.create_subscription(String, '/number', on_message, RELIABLE)
    graph.start(PLAYER, '-p', f'bag:={path}', '-p', "topics:=['/number']", '-p', 'patience:=20.0')
    graph.until(lambda: len(heard) == len(due))
    assert [text for _, text in heard] == [str(seconds) for seconds in due]
    # A busy machine may be late; none may be early.
    assert heard[2][0] - heard[0][0] > 0.9
    assert graph.stop(PLAYER, signal.SIGTERM) == 0


def test_what_cannot_be_played_is_one_line(tmp_path):
    record(tmp_path / 'bag')
    with pytest.raises(ConfigError, match='no message on /nothing'):
        read_replay(tmp_path / 'bag', ('/nothing',))
    with pytest.raises(ConfigError, match='not a readable recording'):
        read_replay(tmp_path, ('/nothing',))


def test_topics_and_their_qos_come_from_the_recording(tmp_path):
    record(tmp_path / 'bag')
    replay = read_replay(tmp_path / 'bag', (topics.REPORT, topics.JOINT_STATES))
    assert {channel.topic: channel.latched for channel in replay.channels} == {
        topics.REPORT: True,
        topics.JOINT_STATES: False,
    }
    times = [event.seconds for event in replay.events]
    assert times[0] == 0.0
    assert times == sorted(times)
