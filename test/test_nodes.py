"""The three nodes as processes of their own over real DDS; the model is an analytic wave."""

import json
import signal
import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from ros_graph import GENERATOR, RECORDER, SIMULATOR, graph
from ros_talk import Talk
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from motionclip_ros import conversions, messages, topics
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.running import LATCHED, LATEST, RELIABLE

__all__ = ['graph']


def test_text_moves_the_simulated_robot_and_bad_texts_do_not(graph):
    graph.start(SIMULATOR)
    graph.start(GENERATOR)
    talk = Talk(graph)
    talk.wait_for_generator()

    for text, reason in (
        ('', 'empty'),
        ('x' * 10_000, '10000 characters'),
        ('wave\n\x1b[2J', 'control characters'),
        ('fly', 'the robot cannot do this: it has no wings'),
    ):
        talk.say(text)
        # A heartbeat may still repeat what was wrong with the text before.
        graph.until(lambda reason=reason: talk.status and reason in talk.status.message)
        assert talk.status.level == DiagnosticStatus.WARN
        assert talk.status.message.isprintable()
    assert not talk.trajectories
    assert not talk.reports

    graph.until(lambda: talk.states)
    before = np.array(talk.states[-1].position)
    talk.say('a person waves')
    graph.until(lambda: talk.reports and talk.trajectories and talk.human)
    report = json.loads(talk.reports[-1].data)
    assert (report['text'], report['seed']) == ('a person waves', 0)
    assert set(report['latency_ms']) >= {'encode', 'decode', 'retarget', 'plan', 'publish'}
    assert messages.human_motion(talk.human[-1]).fps == 30.0
    command = messages.joint_command(talk.trajectories[-1])
    assert command.times[0] > 0.0
    np.testing.assert_allclose(command.positions[0], before, atol=0.05)
    assert not command.velocities[-1].any()

    graph.until(lambda: talk.markers and talk.preview)
    assert {marker.ns for marker in talk.markers[-1].markers} == {
        'bones', 'joints', 'contacts', 'targets',
    }  # fmt: skip
    assert tuple(talk.preview[-1].name) == command.joint_names
    graph.spin(report['trajectory_seconds'] + 0.5)
    final = messages.joint_positions(talk.states[-1])
    for name, position in zip(command.joint_names, command.positions[-1], strict=True):
        assert final[name] == pytest.approx(position, abs=0.05)
    assert talk.status.level == DiagnosticStatus.OK
    warnings = [line for line in graph.log(GENERATOR).splitlines() if '[WARN]' in line]
    assert len(warnings) == 4
    assert graph.stop(GENERATOR) == 0
    assert graph.stop(SIMULATOR, signal.SIGTERM) == 0
    for module in (GENERATOR, SIMULATOR):
        assert 'Traceback' not in graph.log(module)


def test_a_fault_in_the_program_is_reported_and_the_next_text_is_served(graph):
    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('crash')
    graph.until(lambda: talk.status and talk.status.level == DiagnosticStatus.WARN)
    assert talk.status.message == 'internal error: a fault in the program'
    assert not talk.trajectories
    talk.say('a person waves')
    graph.until(lambda: talk.trajectories)


def test_each_text_of_a_flood_has_an_outcome_and_the_last_is_executed(graph):
    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('sleep')
    for number in range(500):
        talk.say(f'wave {number}')
        graph.spin(0.0)
    graph.until(lambda: len(talk.outcomes) == 501)
    told = talk.told
    assert len(told) == 501
    executed = [text for text, outcome in told.items() if outcome == 'executed']
    assert executed == ['wave 499']
    assert set(told.values()) == {'executed', 'replaced'}
    assert graph.stop(GENERATOR) == 0


def test_a_stop_word_brakes_at_once_and_calls_off_what_is_being_made(graph):
    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('sleep')  # takes two seconds to make
    graph.until(lambda: 'asleep' in graph.log(GENERATOR))
    talk.say('wave')
    graph.spin(0.2)
    talk.say('Stop!')
    graph.until(lambda: len(talk.outcomes) == 3)
    assert talk.told == dict.fromkeys(('sleep', 'wave', 'Stop!'), 'stopped')
    graph.until(lambda: talk.trajectories)
    assert [len(trajectory.points) for trajectory in talk.trajectories] == [0]
    talk.say('wave')
    graph.until(lambda: len(talk.trajectories) == 2)
    assert talk.trajectories[-1].points


def test_without_a_robot_a_text_is_refused_unless_rest_is_allowed(graph):
    graph.start(GENERATOR)
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('wave')
    graph.until(lambda: talk.status and talk.status.level == DiagnosticStatus.WARN)
    assert 'nothing on /joint_states' in talk.status.message
    assert graph.stop(GENERATOR) == 0
    assert not talk.trajectories

    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    graph.until(lambda: talk.text.get_subscription_count() >= 1)
    talk.say('wave')
    graph.until(lambda: talk.trajectories)


def trajectory(positions: list[float], seconds: list[float], joint: str) -> JointTrajectory:
    message = JointTrajectory(joint_names=[joint])
    for position, time_from_start in zip(positions, seconds, strict=True):
        message.points.append(
            JointTrajectoryPoint(
                positions=[position],
                velocities=[0.0],
                time_from_start=conversions.duration(time_from_start),
            )
        )
    return message


def test_simulator_refuses_bad_trajectories_and_stops_on_an_empty_one(graph):
    graph.start(SIMULATOR)
    talk = Talk(graph)
    publisher = graph.node.create_publisher(JointTrajectory, topics.JOINT_TRAJECTORY, RELIABLE)
    graph.until(lambda: publisher.get_subscription_count() == 2 and talk.states)
    joint = 'right_elbow_joint'
    past = trajectory([0.5], [1.0], joint)
    past.header.stamp.sec = 9
    refusals = (
        (trajectory([0.5], [0.0], joint), 'after time 0'),
        (trajectory([0.5, 0.6], [1.0, 1.0], joint), 'does not increase'),
        (trajectory([9.0], [1.0], joint), 'outside its limits'),
        (trajectory([float('nan')], [1.0], joint), 'NaN'),
        (trajectory([0.5], [1.0], 'tail_joint'), 'unknown joint'),
        (past, 'all of it is past'),
    )
    for message, reason in refusals:
        publisher.publish(message)
        graph.until(lambda reason=reason: reason in graph.log(SIMULATOR))
    assert graph.log(SIMULATOR).count('trajectory refused: ') == len(refusals)
    index = talk.states[-1].name.index(joint)
    assert talk.states[-1].position[index] == pytest.approx(0.0, abs=0.03)

    publisher.publish(trajectory([1.5], [2.0], joint))
    graph.until(lambda: talk.states[-1].position[index] > 0.3)
    publisher.publish(JointTrajectory())
    graph.spin(0.5)
    held = talk.states[-1].position[index]
    graph.spin(0.5)
    assert 0.3 < held < 1.0
    assert talk.states[-1].position[index] == pytest.approx(held, abs=0.01)
    assert 'Traceback' not in graph.log(SIMULATOR)


def test_robot_description_waits_for_late_subscribers(graph):
    graph.start(SIMULATOR)
    states: list = []
    graph.node.create_subscription(JointState, topics.JOINT_STATES, states.append, LATEST)
    graph.until(lambda: states)
    descriptions: list = []
    graph.node.create_subscription(String, topics.ROBOT_DESCRIPTION, descriptions.append, LATCHED)
    graph.until(lambda: descriptions)
    assert 'g1_29dof' in descriptions[0].data
    began, count = time.monotonic(), len(states)
    graph.spin(2.0)
    rate = (len(states) - count) / (time.monotonic() - began)
    assert 10.0 < rate < 110.0  # a busy machine may be late; none may be early


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_recorder_takes_what_appears_and_closes_on_a_signal(graph, number):
    path = graph.folder / 'bag'
    graph.start(RECORDER, '-p', f'output:={path}')
    graph.until(lambda: 'recording' in graph.log(RECORDER))
    graph.start(SIMULATOR)
    publisher = graph.node.create_publisher(String, topics.TEXT, RELIABLE)
    latched = graph.node.create_publisher(String, topics.REPORT, LATCHED)
    latched.publish(String(data='{"seed": 3}'))
    graph.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(String(data='wave'))
    graph.until(lambda: f'recording /{topics.ROBOT_DESCRIPTION}' in graph.log(RECORDER))
    graph.spin(1.0)
    assert graph.stop(RECORDER, number) == 0
    bag = Bag(path)
    assert bag.text() == 'wave'
    assert bag.report() == {'seed': 3}
    assert bag.counts[topics.ROBOT_DESCRIPTION] == 1
    assert bag.joints().positions.shape[1] == 29
    assert bag.counts[topics.JOINT_STATES] > 30
    assert 'Traceback' not in graph.log(RECORDER)


@pytest.mark.parametrize('module', [GENERATOR, SIMULATOR, RECORDER])
def test_a_second_ctrl_c_does_no_harm(graph, module):
    """Launch sends one, the terminal another."""
    arguments = ('-p', f'output:={graph.folder / "bag"}') if module == RECORDER else ()
    process = graph.start(module, *arguments)
    word = {GENERATOR: 'ready', SIMULATOR: 'simulating', RECORDER: 'recording'}[module]
    graph.until(lambda: word in graph.log(module))
    graph.spin(0.5)
    began = time.monotonic()
    while process.poll() is None:
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
        assert time.monotonic() - began < 4.0  # launch insists after five seconds
    assert process.returncode == 0
    assert 'Traceback' not in graph.log(module)


def test_a_command_is_recorded_from_its_first_message(graph):
    path = graph.folder / 'bag'
    heard: list = []
    graph.node.create_subscription(String, topics.TEXT, heard.append, RELIABLE)
    graph.node.create_subscription(JointState, topics.JOINT_STATES, heard.append, LATEST)
    graph.start(RECORDER, '-p', f'output:={path}')
    graph.until(lambda: f'recording /{topics.TEXT}\n' in graph.log(RECORDER))
    assert topics.JOINT_STATES not in graph.log(RECORDER)  # a stream waits for its publisher
    publisher = graph.node.create_publisher(String, topics.TEXT, RELIABLE)
    graph.until(lambda: publisher.get_subscription_count() == 2)
    publisher.publish(String(data='bow'))
    graph.until(lambda: heard)
    graph.spin(0.5)  # a publisher that goes at once takes unacknowledged messages with it
    assert graph.stop(RECORDER) == 0
    assert Bag(path).text() == 'bow'


@pytest.mark.parametrize(
    ('module', 'arguments', 'reason'),
    [
        (GENERATOR, ('-p', 'model:=broken'), 'broken: not a checkpoint; train one'),
        (GENERATOR, ('-p', 'seed:=-4'), 'parameter seed'),
        (SIMULATOR, ('-p', 'robot:=nobody'), "no robot 'nobody'"),
        (RECORDER, ('-p', 'output:=/'), '/ exists'),
    ],
)
def test_a_node_that_cannot_start_says_why_in_one_line(graph, module, arguments, reason):
    process = graph.start(module, *arguments)
    assert process.wait(40.0) == 2
    lines = graph.log(module).strip().splitlines()
    assert len(lines) == 1
    assert reason in lines[0]
