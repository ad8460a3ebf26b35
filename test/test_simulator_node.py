"""The simulated robot over real DDS: a controller's action, its clock, transforms, faults."""

import importlib.util
import time

import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from ros_graph import GENERATOR, SIMULATOR, Graph, graph
from ros_talk import Caller, Talk, set_parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from test_nodes import trajectory
from trajectory_msgs.msg import JointTrajectory

from motionclip_ros import messages, topics
from motionclip_ros.nodes.running import LATEST, RELIABLE
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

JOINT = 'right_elbow_joint'


def is_installed(package: str) -> bool:
    return getattr(importlib.util.find_spec(package), 'origin', None) is not None


needs_controllers = pytest.mark.skipif(
    not is_installed('control_msgs'),
    reason='control_msgs is not installed; `make interfaces` builds it',
)
needs_transforms = pytest.mark.skipif(
    not is_installed('tf2_msgs'), reason='tf2_msgs is not installed; `make interfaces` builds it'
)


class States:
    """The joint states that were heard."""

    def __init__(self, graph: Graph):
        self.graph, self.heard = graph, []
        graph.node.create_subscription(JointState, topics.JOINT_STATES, self.heard.append, LATEST)
        graph.until(lambda: self.heard)

    @property
    def elbow(self) -> float:
        return messages.joint_positions(self.heard[-1])[JOINT]


class Controller(Caller):
    """A client of FollowJointTrajectory."""

    def __init__(self, graph: Graph):
        from control_msgs.action import FollowJointTrajectory

        super().__init__(graph, FollowJointTrajectory, topics.FOLLOW_JOINT_TRAJECTORY)

    def send(self, message: JointTrajectory, path: float = 0.0, goal: float = 0.0):
        from control_msgs.msg import JointTolerance

        wanted = self.kind.Goal(trajectory=message)
        for field, value in (('path_tolerance', path), ('goal_tolerance', goal)):
            if value:
                getattr(wanted, field).append(JointTolerance(name=JOINT, position=value))
        return self.send_goal(wanted)


@needs_controllers
def test_goals_succeed_are_replaced_canceled_and_rejected(graph):
    graph.start(SIMULATOR)
    states, controller = States(graph), Controller(graph)
    _, answer = controller.send(trajectory([0.5], [1.0], JOINT), path=0.2, goal=0.05)
    status, result = controller.wait(answer)
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.error_code == result.SUCCESSFUL
    assert states.elbow == pytest.approx(0.5, abs=0.02)
    last = controller.feedback[-1]
    index = list(last.joint_names).index(JOINT)
    assert last.desired.positions[index] == pytest.approx(0.5, abs=0.1)
    np.testing.assert_allclose(
        np.subtract(last.desired.positions, last.actual.positions), last.error.positions, atol=1e-9
    )

    _, first = controller.send(trajectory([1.5], [5.0], JOINT))
    handle, second = controller.send(trajectory([0.0], [3.0], JOINT))
    status, result = controller.wait(first)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_string == 'replaced by a newer trajectory'
    graph.until(lambda: states.elbow < 0.3)
    canceled = handle.cancel_goal_async()
    graph.until(canceled.done)
    status, result = controller.wait(second)
    assert status == GoalStatus.STATUS_CANCELED
    graph.spin(0.5)
    held = states.elbow
    graph.spin(0.5)
    assert 0.1 < held < 0.35
    assert states.elbow == pytest.approx(held, abs=0.01)

    for bad in (trajectory([0.5], [1.0], 'tail_joint'), trajectory([9.0], [1.0], JOINT),
                JointTrajectory()):  # fmt: skip
        handle, _ = controller.send(bad)
        assert not handle.accepted
    assert graph.log(SIMULATOR).count('goal rejected: ') == 3
    assert 'Traceback' not in graph.log(SIMULATOR)


@needs_controllers
def test_a_blocked_robot_violates_tolerances_and_is_stopped(graph):
    graph.start(SIMULATOR, '-p', 'path_tolerance:=0.2', '-p', 'motor_limit:=0.0')
    states, controller = States(graph), Controller(graph)
    _, answer = controller.send(trajectory([1.5], [2.0], JOINT))
    status, result = controller.wait(answer)
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == result.PATH_TOLERANCE_VIOLATED
    assert 'from where it should be on the way, 0.2 rad' in result.error_string

    # A goal's own tolerances count more; -1 lifts one.
    assert set_parameter(graph, 'motor_limit', 1.0, node='simulator').successful
    graph.spin(1.0)
    assert set_parameter(graph, 'goal_time', 0.5, node='simulator').successful
    assert set_parameter(graph, 'motor_limit', 0.0, node='simulator').successful
    wanted = trajectory([states.elbow + 0.5], [1.0], JOINT)
    _, answer = controller.send(wanted, path=-1.0, goal=0.001)
    status, result = controller.wait(answer)
    assert result.error_code in (result.GOAL_TOLERANCE_VIOLATED, result.PATH_TOLERANCE_VIOLATED)
    refused = set_parameter(graph, 'motor_limit', 1.5, node='simulator')
    assert not refused.successful


def test_lost_commands_and_silence_can_be_tried(graph):
    graph.start(SIMULATOR, '-p', 'drop_commands:=1.0')
    states = States(graph)
    publisher = graph.node.create_publisher(JointTrajectory, topics.JOINT_TRAJECTORY, RELIABLE)
    graph.until(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(trajectory([0.5], [0.5], JOINT))
    graph.spin(1.0)
    assert states.elbow == pytest.approx(0.0, abs=0.03)
    assert set_parameter(graph, 'drop_commands', 0.0, node='simulator').successful
    publisher.publish(trajectory([0.5], [0.5], JOINT))
    graph.until(lambda: states.elbow > 0.45)
    assert set_parameter(graph, 'stale_states', True, node='simulator').successful
    graph.spin(0.3)
    count = len(states.heard)
    graph.spin(0.5)
    assert len(states.heard) == count
    assert set_parameter(graph, 'stale_states', False, node='simulator').successful
    graph.until(lambda: len(states.heard) > count)


def test_a_silent_robot_is_not_moved(graph):
    graph.start(SIMULATOR)
    graph.start(GENERATOR, '-p', 'joint_state_timeout:=0.3')
    talk = Talk(graph)
    talk.wait_for_generator()
    assert set_parameter(graph, 'stale_states', True, node='simulator').successful
    graph.spin(0.6)
    talk.say('wave')
    graph.until(lambda: talk.told == {'wave': 'refused'})
    assert 'the last joint state came' in talk.outcomes[0].data
    assert not talk.trajectories


def test_simulated_time_runs_as_fast_as_it_is_told_and_everybody_follows_it(graph):
    sim_time = ('-p', 'use_sim_time:=true')
    graph.start(SIMULATOR, *sim_time, '-p', 'real_time_factor:=3.0')
    graph.start(GENERATOR, *sim_time)
    talk = Talk(graph)
    ticks: list = []

    def on_clock(message) -> None:
        ticks.append((time.monotonic(), messages.nanoseconds(message.clock) / 1e9))

    graph.node.create_subscription(Clock, '/clock', on_clock, LATEST)
    talk.wait_for_generator()
    graph.until(lambda: len(ticks) > 20)
    began, first = ticks[-1]
    talk.say('wave 1')
    graph.until(lambda: talk.trajectories)
    graph.spin(0.4)
    talk.say('wave 2')
    graph.until(lambda: talk.told.get('wave 2') == 'executed')
    ended, last = ticks[-1]
    assert 2.0 < (last - first) / (ended - began) < 3.3
    start = messages.nanoseconds(talk.trajectories[0].header.stamp) / 1e9
    assert first < start < last  # on the simulated clock
    assert talk.told['wave 1'] == 'replaced'
    last_told = messages.joint_command(talk.trajectories[-1])
    reached = messages.joint_positions(talk.states[-1])
    np.testing.assert_allclose(
        [reached[name] for name in last_told.joint_names], last_told.positions[-1], atol=0.05
    )


def test_another_pace_without_simulated_time_is_refused(graph):
    process = graph.start(SIMULATOR, '-p', 'real_time_factor:=3.0')
    assert process.wait(40.0) == 2
    assert 'needs use_sim_time' in graph.log(SIMULATOR)


@needs_transforms
@pytest.mark.parametrize('base', ['gantry', 'free'])
def test_the_base_and_where_it_is_wanted_all_links_have_transforms(graph, base):
    from tf2_msgs.msg import TFMessage

    graph.start(SIMULATOR, '-p', f'base:={base}', '-p', 'link_frames:=true')
    heard: list = []
    graph.node.create_subscription(TFMessage, topics.TF, heard.append, RELIABLE)
    graph.until(lambda: len(heard) > 5)
    robot = load_robot('g1')
    frames = {t.child_frame_id: t for t in heard[-1].transforms}
    assert set(frames) <= set(robot.frames)
    assert set(robot.correspondence.links) <= set(frames)
    assert {t.header.frame_id for t in frames.values()} == {'odom'}
    height = frames['pelvis'].transform.translation.z
    assert height == pytest.approx(0.79, abs=0.03)
    soles = [
        frames[f'{side}_ankle_roll_link'].transform.translation.z for side in ('left', 'right')
    ]
    assert min(soles) == pytest.approx(0.05 if base == 'gantry' else 0.035, abs=0.01)


@needs_transforms
def test_the_preview_has_a_base_of_its_own(graph):
    from tf2_msgs.msg import TFMessage

    graph.start(
        GENERATOR, '-p', 'require_joint_states:=false', '-p', 'preview_offset:=[2.0, -3.0]'
    )
    talk = Talk(graph)
    heard: list = []
    graph.node.create_subscription(TFMessage, topics.TF, heard.append, RELIABLE)
    talk.wait_for_generator(robot=False)
    graph.until(lambda: heard and talk.preview)  # at rest, for RViz to find
    talk.say('wave')
    graph.until(lambda: talk.markers)
    (transform,) = heard[-1].transforms
    assert (transform.header.frame_id, transform.child_frame_id) == ('odom', 'preview/pelvis')
    assert (transform.transform.translation.x, transform.transform.translation.y) == (2.0, -3.0)
    graph.until(lambda: talk.markers)
    bones = next(m for m in talk.markers[-1].markers if m.ns == 'bones')
    assert np.mean([p.x for p in bones.points]) == pytest.approx(4.0, abs=0.3)
