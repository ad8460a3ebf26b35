"""Commands from the page to a generator over real DDS."""

import asyncio
import json
import os
from concurrent.futures import Future

import pytest
from ros_graph import GENERATOR, SIMULATOR, graph
from ros_talk import Talk

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_ros.nodes.messenger import Messenger
from motionclip_ros.nodes.running import stay_on_this_machine
from motionclip_ros.scenes import Scene
from motionclip_ros.studio.robot_link import RobotLink
from motionclip_ros.studio.takes import Take

__all__ = ['graph']


@pytest.fixture
def messenger():
    messenger = Messenger()
    yield messenger
    messenger.close()


def test_a_robot_does_what_it_is_told_says_why_it_does_not_and_stops(graph, messenger):
    def told(answer: 'Future[str]') -> str:
        graph.until(answer.done)
        return answer.result()

    assert not messenger.is_connected
    graph.start(SIMULATOR)
    graph.start(GENERATOR)
    talk = Talk(graph)
    talk.wait_for_generator()
    graph.until(lambda: messenger.is_connected)

    stages: list[str] = []
    assert told(messenger.send('wave', 1.5, 7, stages.append))
    assert stages
    provenance = json.loads(talk.reports[-1].data)['provenance']
    assert (provenance['text'], provenance['seed']) == ('wave', 7)
    assert provenance['requested_seconds'] == pytest.approx(1.5)

    with pytest.raises(MotionClipError, match='empty'):
        told(messenger.send('', None, None, stages.append))

    count = len(talk.trajectories)
    answer = messenger.send('wave', 8.0, None, stages.append)
    graph.until(lambda: len(talk.trajectories) > count)
    messenger.stop()
    with pytest.raises(MotionClipError, match='stop'):
        told(answer)
    assert not any(talk.trajectories[-1].points[-1].velocities)


def test_what_cannot_be_sent_is_said_in_a_line():
    link = RobotLink()
    try:
        assert link.absence is None
        with pytest.raises(ConfigError, match='no generator is running'):
            asyncio.run(link.send(Take(Scene('walk', 1.0), None, 'g1', {})))
    finally:
        link.close()


def test_a_take_whose_commands_have_lengths_of_their_own_is_not_sent(monkeypatch):
    """The action has one length; another motion than the one on the stage is not sent."""
    monkeypatch.setattr(RobotLink, 'is_connected', True)
    link = RobotLink()
    try:
        take = Take(Scene('walk; bow', 1.0), None, 'g1', {}, requested_seconds=(1.0, 2.0))
        with pytest.raises(ConfigError, match='one length'):
            asyncio.run(link.send(take))
    finally:
        link.close()


def test_it_looks_for_robots_on_this_machine_alone_unless_told(monkeypatch):
    variable = 'ROS_AUTOMATIC_DISCOVERY_RANGE'
    for asked, kept in ((None, 'LOCALHOST'), ('SUBNET', 'SUBNET')):
        monkeypatch.setenv(variable, asked or '')
        if asked is None:
            monkeypatch.delenv(variable)
        stay_on_this_machine()
        assert os.environ[variable] == kept
    monkeypatch.delenv(variable)
    Messenger().close()
    assert os.environ[variable] == 'LOCALHOST'
