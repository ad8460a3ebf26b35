"""A client of the generator: sends one text and sees what becomes of it."""

import json
import time
from types import TracebackType
from typing import Any, Self

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from motionclip_ros import topics
from motionclip_ros.nodes.running import LATCHED, RELIABLE, joining, prepare_environment

_RECORDER = 'recorder'


class GeneratorClient:
    """A node of its own in the calling thread; use it as a context manager.

    Attributes:
        report: The generator's report on the text, once there is one.
        refusal: Why the generator refused the text, once it has.
    """

    def __init__(self) -> None:
        """Join the ROS graph; signals stay with the caller.

        Raises:
            MotionClipError: The graph is secured, and this node not let in.
        """
        prepare_environment()
        self.report: dict[str, Any] | None = None
        self.refusal: str | None = None
        self._state: dict[str, str] = {}
        self._sent = False
        self._context = Context()
        with joining():
            rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
            self._node = rclpy.create_node('motionclip_client', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._text = self._node.create_publisher(String, topics.TEXT, RELIABLE)
        self._node.create_subscription(String, topics.REPORT, self._on_report, LATCHED)
        self._node.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self._on_diagnostics, RELIABLE
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def waiting_for(self) -> str | None:
        """Say what is missing before a text can be sent and its effects recorded, if anything.

        Discovery takes its time, and what is published before it is lost; so everybody must
        have found everybody.
        """
        if not self._state:
            return 'the generator'
        if self._state.get('joint_states') != 'True':
            return 'the robot'
        if not self._state.get('commander'):
            return 'the generator to know that nobody else commands the robot'
        if int(self._state.get('controllers', 0)) < 2:
            return 'robot and recorder to hear the generator'
        if self._text.get_subscription_count() < 2:
            return 'generator and recorder to hear the text'
        for topic in topics.RECORDED:
            listeners = self._node.get_subscriptions_info_by_topic(topic)
            if _RECORDER not in {info.node_name for info in listeners}:
                return f'the recorder to hear {topic}'
        return None

    def send(self, text: str) -> None:
        """Publish a text."""
        self._sent = True
        self._text.publish(String(data=text))

    def spin(self, seconds: float) -> None:
        """Receive for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def _on_report(self, message: String) -> None:
        if self._sent:
            self.report = json.loads(message.data)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == topics.GENERATOR:
                self._state = {value.key: value.value for value in status.values}
                if self._sent and status.level == DiagnosticStatus.WARN:
                    self.refusal = status.message
