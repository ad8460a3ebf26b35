"""The generator over real DDS: lifecycle, takeovers, goals, namespaces; the model is a wave."""

import importlib.util
import json
import os
import time
from pathlib import Path

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from ros_graph import GENERATOR, SIMULATOR, Graph, graph
from ros_talk import Caller, Talk, call, set_parameter
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from motionclip_ros import messages, topics
from motionclip_ros.execution.checking import keeps
from motionclip_ros.nodes.running import LATCHED
from motionclip_ros.priority import hurry
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

NO_ROBOT = ('-p', 'require_joint_states:=false')


def change(graph: Graph, transition: int) -> bool:
    request = ChangeState.Request(transition=Transition(id=transition))
    return call(graph, ChangeState, '/motionclip/change_state', request).success


def state(graph: Graph) -> int:
    return call(graph, GetState, '/motionclip/get_state', GetState.Request()).current_state.id


def in_real_time(process: int) -> set[int]:
    """Which of a process's threads run so."""
    threads = (int(thread.name) for thread in Path(f'/proc/{process}/task').iterdir())
    return {thread for thread in threads if os.sched_getscheduler(thread) == os.SCHED_RR}


def test_nothing_is_said_before_it_is_active_nor_after(graph):
    generator = graph.start(GENERATOR, *NO_ROBOT, '-p', 'autostart:=false').pid
    hurrying = {generator} if hurry(True) and hurry(False) else set()  # no thread that computes
    talk = Talk(graph)
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED
    assert not change(graph, Transition.TRANSITION_ACTIVATE)  # not from there; and it lives on
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    graph.until(lambda: talk.text.get_subscription_count() == 1)
    talk.say('wave')
    graph.spin(1.0)
    heard = (talk.trajectories, talk.outcomes, talk.diagnostics, talk.reports, talk.markers)
    assert not any(heard)
    assert 'inactive: a text is ignored' in graph.log(GENERATOR)

    assert change(graph, Transition.TRANSITION_ACTIVATE)
    talk.wait_for_generator(robot=False)
    talk.say('wave')
    graph.until(lambda: talk.trajectories)
    graph.spin(0.5)
    assert in_real_time(generator) == hurrying
    assert change(graph, Transition.TRANSITION_DEACTIVATE)  # in mid-motion: it brakes
    graph.until(lambda: len(talk.trajectories) == 2)
    graph.until(lambda: talk.told == {'wave': 'stopped'})
    assert not np.any(talk.trajectories[1].points[-1].velocities)
    assert not talk.running() or talk.trajectories[1].points[-1].time_from_start.sec < 2
    for box in heard[1:]:
        box.clear()
    graph.spin(1.2)
    assert not any(heard[1:])
    assert not in_real_time(generator)

    assert change(graph, Transition.TRANSITION_CLEANUP)
    graph.until(lambda: talk.text.get_subscription_count() == 0)
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    assert change(graph, Transition.TRANSITION_ACTIVATE)
    talk.wait_for_generator(robot=False)
    talk.say('bow')
    graph.until(lambda: len(talk.trajectories) == 3)
    graph.until(lambda: in_real_time(generator) == hurrying)
    assert change(graph, Transition.TRANSITION_ACTIVE_SHUTDOWN)
    assert state(graph) == State.PRIMARY_STATE_FINALIZED
    assert graph.stop(GENERATOR) == 0
    assert 'Traceback' not in graph.log(GENERATOR)


def test_a_model_that_cannot_be_loaded_leaves_it_unconfigured(graph):
    graph.start(GENERATOR, *NO_ROBOT, '-p', 'autostart:=false', '-p', 'model:=broken')
    assert not change(graph, Transition.TRANSITION_CONFIGURE)
    assert state(graph) == State.PRIMARY_STATE_UNCONFIGURED
    assert 'broken: not a checkpoint; train one' in graph.log(GENERATOR)
    assert set_parameter(graph, 'model', 'wave').successful
    assert change(graph, Transition.TRANSITION_CONFIGURE)
    refused = set_parameter(graph, 'model', 'other')
    assert not refused.successful
    assert 'only while the node is unconfigured' in refused.reason


def test_parameters_are_refused_with_the_reason_and_count_at_once(graph):
    graph.start(GENERATOR, *NO_ROBOT)
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    for name, value, reason in (
        ('seconds', 0.5, '0.5 is not 0, or between 1 and 10'),
        ('velocity_scaling', 1.5, 'out of range'),
        ('velocity_scaling', float('nan'), 'out of range'),
        ('execution', 'telepathy', "'telepathy' is none of topic, action"),
        ('execution', 'action', 'only while the node is unconfigured'),
        ('seed', -2, 'out of range'),
        ('autostart', False, 'read-only'),
        ('seconds', 'long', 'type'),
    ):
        result = set_parameter(graph, name, value)
        assert not result.successful, name
        assert reason in result.reason
        assert '\n' not in result.reason
    limits = load_robot('g1').limits
    fastest = []
    for number, scaling in enumerate((1.0, 0.05)):
        assert set_parameter(graph, 'velocity_scaling', scaling).successful
        talk.say(f'wave {scaling}')
        graph.until(lambda number=number: len(talk.trajectories) == number + 1)
        command = messages.joint_command(talk.trajectories[-1])
        fastest.append((np.abs(command.velocities).max(axis=0) / limits.velocity).max())
        graph.until(lambda: not talk.running())
    assert fastest[0] > 0.06
    assert fastest[1] <= 0.05


def test_a_newer_text_takes_over_in_mid_motion_without_a_jump(graph):
    graph.start(SIMULATOR)
    # So long that a busy machine, too, is done with the next text before it is over.
    graph.start(GENERATOR, '-p', 'seconds:=5.0')
    talk = Talk(graph)
    talk.wait_for_generator()
    for number in range(4):
        talk.say(f'wave {number}')
        graph.until(lambda number=number: len(talk.trajectories) == number + 1)
        graph.spin(0.9)
    position, velocity = talk.jumps()
    assert position < 1e-4
    assert velocity < 1e-2
    talk.say('stop')
    graph.until(lambda: len(talk.trajectories) == 5)
    graph.until(lambda: len(talk.outcomes) == 5)
    assert talk.told == {
        'wave 0': 'replaced', 'wave 1': 'replaced', 'wave 2': 'replaced', 'wave 3': 'stopped',
        'stop': 'stopped',
    }  # fmt: skip
    # A stop is sent so shortly before it counts that on a busy machine it comes milliseconds late.
    position, velocity = talk.jumps()
    assert position < 5e-3
    assert velocity < 0.3
    limits = load_robot('g1').limits
    for trajectory in talk.trajectories:
        command = messages.joint_command(trajectory)
        assert command.times[0] > 0.0
        assert keeps(command.times, command.positions, command.velocities, limits)
    graph.until(lambda: not talk.running())
    graph.spin(0.5)
    told = talk.trajectories[-1].points[-1].positions
    measured = messages.joint_positions(talk.states[-1])
    names = talk.trajectories[-1].joint_names
    np.testing.assert_allclose([measured[name] for name in names], told, atol=0.05)
    assert 'Traceback' not in graph.log(GENERATOR) + graph.log(SIMULATOR)


def test_a_robot_on_the_remapped_topic_is_told_once(graph):
    graph.start(GENERATOR, *NO_ROBOT, '-r', f'~/joint_trajectory:=/{topics.JOINT_TRAJECTORY}')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('wave')
    graph.until(lambda: talk.told)
    assert len(talk.trajectories) == 1


def test_without_stamps_trajectories_start_on_arrival(graph):
    graph.start(GENERATOR, *NO_ROBOT, '-p', 'stamped:=false')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    for number in range(2):
        talk.say(f'wave {number}')
        graph.until(lambda number=number: len(talk.trajectories) == number + 1)
        graph.spin(1.0)
    for trajectory in talk.trajectories:
        assert messages.nanoseconds(trajectory.header.stamp) == 0
    assert messages.joint_command(talk.trajectories[1]).times[0] >= 0.04
    position, velocity = talk.jumps()
    assert position < 1e-6
    assert velocity < 1e-3


def test_only_the_joints_that_move_are_sent_where_that_is_wanted(graph):
    graph.start(GENERATOR, *NO_ROBOT, '-p', 'partial_goals:=true')
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    talk.say('wave')
    graph.until(lambda: talk.trajectories)
    names = set(talk.trajectories[0].joint_names)
    assert names == {'right_shoulder_roll_joint', 'right_elbow_joint'}


def test_a_robot_whose_clock_is_ahead_is_refused(graph):
    graph.start(GENERATOR)
    talk = Talk(graph)
    robot = load_robot('g1')
    states = graph.node.create_publisher(JointState, topics.JOINT_STATES, 10)
    ahead = JointState(name=list(robot.joint_names), position=[0.0] * len(robot.joint_names))

    def say_where() -> None:
        ahead.header.stamp = graph.node.get_clock().now().to_msg()
        ahead.header.stamp.sec += 1
        states.publish(ahead)

    graph.node.create_timer(0.02, say_where)
    graph.until(lambda: talk.status and {v.key: v.value for v in talk.status.values}.get(
        'joint_states') == 'True')  # fmt: skip
    graph.until(lambda: talk.text.get_subscription_count() == 1)
    talk.say('wave')
    graph.until(lambda: talk.told == {'wave': 'refused'})
    assert (
        'ahead of our clock; synchronise the clocks'
        in json.loads(talk.outcomes[0].data)['message']
    )
    assert not talk.trajectories


def test_two_robots_live_in_one_graph(graph):
    talks = {}
    for side in ('left', 'right'):
        names = ('-r', f'__ns:=/{side}')
        graph.start(SIMULATOR, *names, as_=f'simulator {side}')
        graph.start(GENERATOR, *names, as_=f'generator {side}')
        talks[side] = Talk(graph, f'/{side}')
    for side, talk in talks.items():
        graph.until(lambda talk=talk: talk.states and talk.text.get_subscription_count() == 1)
        graph.until(
            lambda side=side: (
                f'/{side}/joint_trajectory_controller/joint_trajectory'
                in dict(graph.node.get_topic_names_and_types())
            )
        )
    graph.spin(2.0)
    talks['left'].say('wave')
    graph.until(lambda: talks['left'].told)
    assert talks['left'].told == {'wave': 'executed'}, graph.log('generator left')
    assert not talks['right'].arrived
    assert not talks['right'].outcomes
    moved = np.ptp([state.position for state in talks['left'].states], axis=0).max()
    still = np.ptp([state.position for state in talks['right'].states], axis=0).max()
    assert moved > 0.5
    assert still < 0.05


needs_goals = pytest.mark.skipif(
    getattr(importlib.util.find_spec('motionclip_interfaces'), 'origin', None) is None,
    reason='motionclip_interfaces is not installed; `make interfaces` builds it',
)


class Client(Caller):
    """Sends goals of GenerateMotion."""

    def __init__(self, graph: Graph):
        from motionclip_interfaces.action import GenerateMotion

        super().__init__(graph, GenerateMotion, topics.GENERATE_MOTION)

    def send(self, text: str, **goal):
        return self.send_goal(self.kind.Goal(text=text, **goal))


@needs_goals
def test_a_goal_tells_of_each_stage_and_ends_with_the_motion(graph):
    graph.start(SIMULATOR)
    graph.start(GENERATOR)
    talk = Talk(graph)
    talk.wait_for_generator()
    client = Client(graph)
    began = time.monotonic()
    _, answer = client.send('a person waves', seconds=2.0, seed=4)
    status, result = client.wait(answer)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.success
    assert result.message.startswith('executed: ')
    assert list(result.trajectory.joint_names) == list(load_robot('g1').joint_names)
    assert result.trajectory == talk.trajectories[0]
    report = json.loads(result.report)
    assert report['provenance']['seed'] == 4
    assert report['provenance']['requested_seconds'] == 2.0
    assert time.monotonic() - began > report['trajectory_seconds'] - 0.1
    stages = list(dict.fromkeys(feedback.stage for feedback in client.feedback))
    assert stages == ['waiting', 'encoding', 'decoding', 'planning', 'executing']
    progress = [feedback.progress for feedback in client.feedback]
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    graph.until(lambda: talk.told)  # by a topic, which may be slower than the result
    assert talk.told == {'a person waves': 'executed'}


@needs_goals
def test_a_goal_can_be_canceled_while_it_is_made_and_while_it_is_executed(graph):
    graph.start(GENERATOR, *NO_ROBOT)
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    client = Client(graph)
    for text, ready in (
        ('sleep', lambda: any(f.stage == 'encoding' for f in client.feedback)),
        ('wave', lambda: any(f.progress > 0.3 for f in client.feedback)),
    ):
        client.feedback.clear()
        handle, answer = client.send(text)
        graph.until(ready)
        canceled = handle.cancel_goal_async()
        graph.until(canceled.done)
        assert len(canceled.result().goals_canceling) == 1
        status, result = client.wait(answer)
        assert status == GoalStatus.STATUS_CANCELED
        assert not result.success
        assert result.message.startswith('stopped: ')
    graph.until(lambda: len(talk.trajectories) > 1)
    assert len(talk.trajectories) == 2  # the wave and its end; nothing of what was being made
    assert not np.any(talk.trajectories[1].points[-1].velocities)
    position, velocity = talk.jumps()
    assert position < 1e-6
    assert velocity < 1e-3


@needs_goals
def test_a_goal_that_only_previews_moves_nothing(graph):
    graph.start(GENERATOR)  # and no robot
    talk = Talk(graph)
    client = Client(graph)
    _, answer = client.send('wave', execute=False, joints=['right_elbow_joint'])
    status, result = client.wait(answer)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.message.startswith('previewed: ')
    command = messages.joint_command(result.trajectory)
    assert command.times[0] > 0.0
    moved = np.ptp(command.positions, axis=0) > 0.0
    assert np.array(command.joint_names)[moved].tolist() == ['right_elbow_joint']
    graph.until(lambda: talk.markers and talk.preview)
    assert not talk.trajectories


@needs_goals
def test_goals_that_cannot_be_served_are_aborted_or_rejected(graph):
    graph.start(GENERATOR, *NO_ROBOT)
    talk = Talk(graph)
    talk.wait_for_generator(robot=False)
    client = Client(graph)
    for text, reason in (('', 'refused: the text is empty'), ('crash', 'failed: internal error')):
        _, answer = client.send(text)
        status, result = client.wait(answer)
        assert status == GoalStatus.STATUS_ABORTED
        assert result.message.startswith(reason)
        assert not result.trajectory.points
    _, first = client.send('wave 1')
    graph.until(lambda: talk.trajectories)
    _, second = client.send('wave 2')
    status, result = client.wait(first)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.message == "replaced: by 'wave 2'"
    assert client.wait(second)[1].success
    assert change(graph, Transition.TRANSITION_DEACTIVATE)
    handle, _ = client.send('wave 3')
    assert not handle.accepted
    assert 'Traceback' in graph.log(GENERATOR)  # of the crash, for who has to find the fault


needs_controllers = pytest.mark.skipif(
    getattr(importlib.util.find_spec('control_msgs'), 'origin', None) is None,
    reason='control_msgs is not installed; `make interfaces` builds it',
)


@needs_controllers
def test_by_the_action_the_controller_says_when_it_is_done_or_why_not(graph):
    graph.start(GENERATOR, '-p', 'execution:=action')
    talk = Talk(graph)
    graph.until(lambda: talk.status)
    talk.say('early')
    graph.until(lambda: talk.told == {'early': 'refused'})
    assert 'no controller serves' in json.loads(talk.outcomes[0].data)['message']

    graph.start(SIMULATOR, '-p', 'path_tolerance:=0.3')
    graph.until(lambda: talk.states)
    graph.until(lambda: {v.key: v.value for v in talk.status.values}.get('controllers') == '1')
    told = []
    graph.node.create_subscription(JointTrajectory, topics.TRAJECTORY, told.append, LATCHED)
    talk.say('wave')
    graph.until(lambda: talk.told.get('wave') == 'executed')
    assert len(told) == 1
    assert not talk.trajectories  # the controller's topic stays silent

    talk.say('wave again')
    graph.until(lambda: len(told) == 2)
    graph.spin(1.0)
    talk.say('and again')
    graph.until(lambda: talk.told.get('and again') == 'executed')
    assert talk.told['wave again'] == 'replaced'

    talk.say('weak')
    graph.until(lambda: len(told) == 4)
    assert set_parameter(graph, 'motor_limit', 0.0, node='simulator').successful
    graph.until(lambda: talk.told.get('weak') == 'failed')
    message = json.loads(talk.outcomes[-1].data)['message']
    assert 'the controller gave up' in message
    assert 'from where it should be on the way' in message
    assert 'Traceback' not in graph.log(GENERATOR) + graph.log(SIMULATOR)


@pytest.mark.parametrize('known', [True, False])
def test_any_robot_is_taken_from_its_description(graph, known, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(graph.folder))
    urdf = load_robot('g1' if known else 'talos').urdf_path.read_text()
    # Another byte makes it a robot that nobody knows.
    text = urdf if known else urdf + '\n'
    description = graph.node.create_publisher(String, topics.ROBOT_DESCRIPTION, LATCHED)
    description.publish(String(data=text))
    graph.start(GENERATOR, *NO_ROBOT, '-p', 'robot:=description')
    graph.until(lambda: 'ready' in graph.log(GENERATOR), 90.0)
    assert ('the robot is g1' in graph.log(GENERATOR)) == known
    cached = list(graph.folder.glob('motionclip/described/*/robot.yaml'))
    assert len(cached) == (0 if known else 1)


@pytest.mark.nightly
def test_without_a_description_one_line_says_so(graph, monkeypatch):
    process = graph.start(GENERATOR, '-p', 'robot:=description')
    assert process.wait(60.0) == 2
    assert graph.log(GENERATOR).strip().count('\n') == 0
    assert 'nothing on /robot_description' in graph.log(GENERATOR)
