"""What a test says to a generator and its robot, and what it hears of them."""

import json
import time
from dataclasses import dataclass

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from ros_graph import Graph
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory
from visualization_msgs.msg import MarkerArray

from motionclip_ros import messages, topics
from motionclip_ros.follower import JointTrajectoryFollower
from motionclip_ros.nodes.running import FLOOD, LATCHED, LATEST, RELIABLE
from motionclip_ros.retargeting.robots.robot import load_robot


def call(graph: Graph, kind, name: str, request):
    client = graph.node.create_client(kind, name)
    graph.until(client.service_is_ready)
    answer = client.call_async(request)
    graph.until(answer.done)
    graph.node.destroy_client(client)
    return answer.result()


def set_parameter(graph: Graph, name: str, value, node: str = 'motionclip'):
    """Set one parameter; returns whether it was taken, and why not."""
    kinds = {
        bool: ('bool_value', ParameterType.PARAMETER_BOOL),
        float: ('double_value', ParameterType.PARAMETER_DOUBLE),
        str: ('string_value', ParameterType.PARAMETER_STRING),
        int: ('integer_value', ParameterType.PARAMETER_INTEGER),
    }
    field, kind = kinds[type(value)]
    wanted = Parameter(name=name, value=ParameterValue(type=kind, **{field: value}))
    request = SetParameters.Request(parameters=[wanted])
    return call(graph, SetParameters, f'/{node}/set_parameters', request).results[0]


class Caller:
    """Sends goals of one action and keeps what comes back."""

    def __init__(self, graph: Graph, kind, name: str):
        self.graph, self.kind = graph, kind
        self._client = ActionClient(graph.node, kind, name)
        graph.until(self._client.server_is_ready)
        self.feedback: list = []

    def send_goal(self, goal):
        sent = self._client.send_goal_async(goal, lambda m: self.feedback.append(m.feedback))
        self.graph.until(sent.done)
        handle = sent.result()
        return handle, handle.accepted and handle.get_result_async()

    def wait(self, answer):
        self.graph.until(answer.done)
        return answer.result().status, answer.result().result


@dataclass
class Arrived:
    """A trajectory, and when it came [s since 1970]."""

    message: JointTrajectory
    time: float


class Talk:
    """What the test says and hears."""

    def __init__(self, graph: Graph, namespace: str = ''):
        self.graph = graph
        self.arrived: list[Arrived] = []
        self.human: list = []
        self.reports: list = []
        self.states: list = []
        self.diagnostics: list = []
        node = graph.node
        self.outcomes: list = []
        self.markers: list = []
        self.preview: list = []
        self.text = node.create_publisher(String, topics.absolute(topics.TEXT, namespace), FLOOD)
        heard = (
            (MultiDOFJointTrajectory, topics.HUMAN_MOTION, self.human, LATCHED),
            (String, topics.REPORT, self.reports, LATCHED),
            (MarkerArray, topics.MARKERS, self.markers, LATCHED),
            (JointState, topics.PREVIEW, self.preview, RELIABLE),
            (String, topics.OUTCOME, self.outcomes, FLOOD),
            (JointState, topics.JOINT_STATES, self.states, LATEST),
            (DiagnosticArray, topics.DIAGNOSTICS, self.diagnostics, RELIABLE),
        )
        for kind, topic, box, qos in heard:
            node.create_subscription(kind, topics.absolute(topic, namespace), box.append, qos)
        node.create_subscription(
            JointTrajectory,
            topics.absolute(topics.JOINT_TRAJECTORY, namespace),
            self._arrive,
            RELIABLE,
        )

    def _arrive(self, message: JointTrajectory, information: dict) -> None:
        # When the middleware had it: this process may have been busy with something else.
        self.arrived.append(Arrived(message, information['received_timestamp'] / 1e9))

    @property
    def trajectories(self) -> list[JointTrajectory]:
        return [each.message for each in self.arrived]

    @property
    def told(self) -> dict[str, str]:
        """Outcome of each text."""
        said = [json.loads(message.data) for message in self.outcomes]
        return {outcome['text']: outcome['outcome'] for outcome in said}

    @property
    def status(self) -> DiagnosticStatus | None:
        said = [message.status[0] for message in self.diagnostics]
        ours = [status for status in said if status.name.endswith(topics.GENERATOR)]
        return ours[-1] if ours else None

    def wait_for_generator(self, robot: bool = True) -> None:
        def ready() -> bool:
            values = {v.key: v.value for v in self.status.values} if self.status else {}
            return (
                self.text.get_subscription_count() >= 1
                and int(values.get('controllers', 0)) >= (2 if robot else 1)
                and (not robot or values.get('joint_states') == 'True')
            )

        self.graph.until(ready)

    def say(self, text: str) -> None:
        self.diagnostics.clear()
        self.text.publish(String(data=text))

    def running(self) -> bool:
        """Whether the robot is to move now."""
        if not self.arrived:
            return False
        message = self.arrived[-1].message
        start = messages.nanoseconds(message.header.stamp) / 1e9
        last = messages.nanoseconds(message.points[-1].time_from_start) / 1e9
        return start + last > time.time()

    def jumps(self) -> tuple[float, float]:
        """Largest jump in position [rad] and velocity [rad/s] that a controller would see."""
        robot = load_robot('g1')
        limits, worst = robot.limits, (0.0, 0.0)
        follower = JointTrajectoryFollower(
            robot.joint_names, limits.lower, limits.upper, robot.neutral
        )
        for number, (message, arrived) in enumerate((e.message, e.time) for e in self.arrived):
            command = messages.joint_command(message)
            before = follower.desired(arrived)
            follower.accept(command, arrived, command.stamp / 1e9 if command.stamp else None)
            after = follower.desired(arrived)
            if number:
                steps = (np.abs(b - a).max() for a, b in zip(before, after, strict=True))
                worst = tuple(map(max, worst, steps))
        return worst
