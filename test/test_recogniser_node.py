"""The recogniser as a process of its own: joint states over DDS, labels back."""

import json
import time

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from ros_graph import Graph, graph
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motionclip_model.motion import Motion
from motionclip_ros import conversions, topics
from motionclip_ros.nodes.running import RELIABLE
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

RECOGNISER = 'motionclip_ros.nodes.recogniser'


def publish(graph: Graph, publisher, names: tuple[str, ...], positions: np.ndarray) -> None:
    zeros = np.zeros(len(names))
    now = graph.node.get_clock().now().to_msg()
    publisher.publish(conversions.joint_state(names, positions, zeros, zeros, now))


def test_a_robot_that_waves_is_said_to_wave(graph, clips):
    graph.start(RECOGNISER)
    motion = Motion.load(clips['wave']).resampled(20.0)
    wave = Retargeter(load_robot('g1')).retarget(motion).trajectory
    labels: list = []
    status: list = []
    node = graph.node
    node.create_subscription(String, '/recogniser/label', labels.append, RELIABLE)
    node.create_subscription(DiagnosticArray, topics.DIAGNOSTICS, status.append, RELIABLE)
    publisher = node.create_publisher(JointState, topics.JOINT_STATES, RELIABLE)
    graph.until(lambda: labels and status and publisher.get_subscription_count() == 1)
    assert json.loads(labels[-1].data) == {'label': None, 'score': 0.0, 'labels': {}}
    assert status[-1].status[0].level == DiagnosticStatus.WARN
    assert 'no joint states' in status[-1].status[0].message

    # Played until it is recognised, back and forth as long as that takes on a busy machine.
    begin = time.monotonic()

    def waves() -> bool:
        place = (time.monotonic() - begin) % (2.0 * wave.seconds)
        sample = wave.sample(min(place, 2.0 * wave.seconds - place))
        publish(graph, publisher, wave.joint_names, sample.positions)
        return 'wave' in (json.loads(labels[-1].data)['label'] or '')

    graph.until(waves)
    said = json.loads(labels[-1].data)
    assert said['labels'][said['label']] == said['score'] > 0.2
    assert len(said['labels']) == 3
    graph.until(lambda: 'wave' in status[-1].status[0].message)
    assert status[-1].status[0].level == DiagnosticStatus.OK

    def refused() -> bool:
        publish(graph, publisher, ('tail',), np.zeros(1))
        return 'no joint of g1_29dof' in graph.log(RECOGNISER)

    graph.until(refused)
    # Silence is no movement.
    graph.until(lambda: 'no joint states' in status[-1].status[0].message)
    assert json.loads(labels[-1].data)['label'] is None
    assert graph.stop(RECOGNISER) == 0
    assert 'Traceback' not in graph.log(RECOGNISER)


def test_a_recogniser_that_cannot_start_says_why_in_one_line(graph):
    process = graph.start(RECOGNISER, '-p', 'robot:=nobody')
    assert process.wait(40.0) == 2
    assert "no robot 'nobody'" in graph.log(RECOGNISER)
    assert len(graph.log(RECOGNISER).strip().splitlines()) == 1
