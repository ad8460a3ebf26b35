"""One robot is told by one node, over real DDS: the others refuse until it is gone."""

import json
import signal
import time

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from ros_graph import GENERATOR, SIMULATOR, graph
from ros_talk import Talk, call
from std_msgs.msg import String
from test_bag import SECOND, wire
from test_generator_node import needs_controllers
from wave_generator import wave_trajectory

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.running import FLOOD, LATCHED, RELIABLE
from motionclip_ros.recording import BagWriter
from motionclip_ros.retargeting.approach import executable
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

PLAYER = 'motionclip_ros.nodes.player'


class Second:
    """Another generator: what is said to it, and what it says."""

    def __init__(self, graph, name='second', *arguments):
        self.graph, self.name = graph, name
        self.outcomes: list = []
        self.status: DiagnosticStatus | None = None
        self.commanders: list[str] = []
        self.text = graph.node.create_publisher(String, f'/{name}/text', FLOOD)
        graph.node.create_subscription(
            String, f'/{name}/outcome', lambda m: self.outcomes.append(json.loads(m.data)), FLOOD
        )
        graph.node.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, RELIABLE
        )
        self.process = graph.start(GENERATOR, '-r', f'__node:={name}', *arguments, as_=name)

    def _on_diagnostics(self, message) -> None:
        for status in message.status:
            if status.name == self.name:
                self.status = status
                self.commanders.append(self.values['commander'].partition(' ')[0])

    @property
    def values(self) -> dict[str, str]:
        return {v.key: v.value for v in self.status.values} if self.status else {}

    def wait(self) -> None:
        self.graph.until(
            lambda: (
                self.text.get_subscription_count() and self.values.get('joint_states') == 'True'
            ),
            90.0,
        )

    def ask(self, text: str) -> dict[str, str]:
        """Say a text; returns its outcome."""
        self.outcomes.clear()
        self.text.publish(String(data=text))
        self.graph.until(lambda: self.outcomes)
        return self.outcomes[0]


@needs_controllers
def test_a_second_generator_refuses_until_the_first_is_killed(graph):
    graph.start(SIMULATOR)
    first = graph.start(GENERATOR)
    talk = Talk(graph)
    talk.wait_for_generator()
    second = Second(graph, 'second', '-p', 'execution:=action')  # by another way
    second.wait()
    refused = second.ask('wave')
    assert refused['outcome'] == 'refused', refused
    assert f'/motionclip (process {first.pid}, ' in refused['message']
    assert 'commands the robot of /joint_trajectory_controller; end or' in refused['message']
    graph.until(lambda: f'process {first.pid}' in second.values['commander'])
    assert second.status.level == DiagnosticStatus.WARN
    assert not talk.trajectories

    # A stop reaches the robot whomever it is said to.
    talk.say('wave')
    graph.until(lambda: talk.trajectories)
    graph.spin(1.0)
    assert second.ask('stop')['outcome'] == 'stopped'
    graph.until(lambda: talk.told == {'wave': 'stopped'})
    position, velocity = talk.jumps()
    assert position < 1e-3  # two brakes at once would be tens of them
    assert velocity < 0.3  # on a busy machine it comes here milliseconds late

    first.kill()
    killed = time.monotonic()
    while second.ask('wave')['outcome'] == 'refused':
        assert time.monotonic() - killed < 4.0
    assert second.outcomes[0]['outcome'] == 'executed'
    assert 'Traceback' not in graph.log('second') + graph.log(SIMULATOR)


def test_of_two_that_start_at_once_one_serves_whatever_else_is_said(graph):
    graph.start(SIMULATOR)
    talk = Talk(graph)
    graph.until(lambda: talk.states)
    both = [Second(graph, name) for name in ('one', 'other')]
    for each in both:
        each.wait()
    topic = f'/{topics.CONTROLLER}/{topics.COMMANDER}'
    publisher = graph.node.create_publisher(String, topic, LATCHED)
    graph.until(lambda: publisher.get_subscription_count() == 2)
    for data in ('', '{', '[]', '7', '{"identity": 1}', '{"identity": {}, "stops": []}'):
        publisher.publish(String(data=data))
    for each in both:
        graph.until(lambda each=each: 'is not from a commander' in graph.log(each.name))
    for each in both:
        each.text.publish(String(data='wave'))
    graph.until(lambda: all(each.outcomes for each in both))
    assert sorted(each.outcomes[0]['outcome'] for each in both) == ['executed', 'refused']
    serves = next(f'/{each.name}' for each in both if each.outcomes[0]['outcome'] == 'executed')
    # Who was heard in time has said that it did not know yet; none ever said anything wrong.
    assert any(each.commanders[0] == '' for each in both)
    assert all(set(each.commanders) <= {'', serves} for each in both), [e.commanders for e in both]
    assert len(talk.trajectories) == 1
    assert 'Traceback' not in graph.log('one') + graph.log('other')


@pytest.mark.nightly
def test_who_was_frozen_while_another_took_over_says_that_it_failed(graph):
    graph.start(SIMULATOR)
    first = Second(graph, 'first', '-p', 'seconds:=6.0')
    second = Second(graph, 'second', '-p', 'autostart:=false')
    first.wait()
    move(graph, 'second', Transition.TRANSITION_CONFIGURE)
    graph.spin(1.0)
    assert first.ask('stop')['outcome'] == 'stopped'
    move(graph, 'second', Transition.TRANSITION_ACTIVATE)
    second.wait()
    first.outcomes.clear()
    first.text.publish(String(data='wave'))
    graph.until(lambda: first.status.message == "executing 'wave'")
    first.process.send_signal(signal.SIGSTOP)
    try:
        while second.ask('wave again')['outcome'] == 'refused':
            pass
    finally:
        first.process.send_signal(signal.SIGCONT)
    graph.until(lambda: first.outcomes)
    assert first.outcomes[0]['outcome'] == 'failed'
    assert '/second' in first.outcomes[0]['message']
    assert first.ask('wave')['outcome'] == 'refused'
    move(graph, 'second', Transition.TRANSITION_DEACTIVATE)
    deactivated = time.monotonic()
    while (served := first.ask('wave'))['outcome'] == 'refused':
        assert time.monotonic() - deactivated < 4.0
    assert served['outcome'] == 'executed', served


def move(graph, node: str, transition: int) -> None:
    request = ChangeState.Request(transition=Transition(id=transition))
    assert call(graph, ChangeState, f'/{node}/change_state', request).success


def recording_with_a_late_word(path) -> None:
    """A G1 that waves at once, and a text after a long while, so that its player stays."""
    g1 = load_robot('g1')
    wave = executable(wave_trajectory(g1.joint_names, 6.0), g1.limits, g1.neutral).trajectory
    events = (
        (0.0, f'/{topics.TRAJECTORY}', conversions.joint_trajectory(wave)),
        (60.0, '/late', String(data='late')),
    )
    bag = BagWriter(path)
    for seconds, topic, message in events:
        kind = f'{type(message).__module__.split(".")[0]}/msg/{type(message).__name__}'
        bag.add_topic(topic, kind, latched=False, reliable=True)
        bag.write(topic, round((9 + seconds) * SECOND), wire(kind, message))
    bag.close()


@pytest.mark.nightly
def test_a_player_and_a_generator_do_not_command_one_robot(graph):
    recording_with_a_late_word(graph.folder / 'bag')
    graph.start(SIMULATOR)
    talk = Talk(graph)
    graph.until(lambda: talk.states)
    arguments = (
        '-p', f'bag:={graph.folder / "bag"}', '-p', 'robot:=g1',
        '-p', f"topics:=['{topics.TRAJECTORY}', '/late']",
    )  # fmt: skip
    player = graph.start(PLAYER, *arguments)
    graph.until(lambda: talk.arrived or player.poll() is not None)
    generator = Second(graph, 'motionclip')
    generator.wait()
    refused = generator.ask('wave')
    assert refused['outcome'] == 'refused'
    assert f'/player (process {player.pid}, ' in refused['message']

    assert generator.ask('stop')['outcome'] == 'stopped'
    graph.until(lambda: player.poll() is not None)
    assert player.returncode == 2
    assert graph.log(PLAYER).strip().endswith('wants the robot to stop; nothing more is played')
    assert generator.ask('wave')['outcome'] == 'executed'

    told = len(talk.arrived)
    player = graph.start(PLAYER, *arguments)
    graph.until(lambda: player.poll() is not None)
    assert player.returncode == 2
    last = graph.log(PLAYER).strip().splitlines()[-1]
    assert last.startswith(f'/motionclip (process {generator.process.pid}, ')
    assert len(talk.arrived) == told
