"""Node `recogniser`: joint states in, a label of what the robot looks like it is doing out."""

import time
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motionclip_model.errors import MotionClipError
from motionclip_ros import conversions, messages, topics
from motionclip_ros.nodes.polling import Polled, Taken
from motionclip_ros.nodes.running import RELIABLE, one_line, overridable, serve
from motionclip_ros.parameters import declaration
from motionclip_ros.parameters.definitions import RecogniserParameters

LoadRecogniser = Callable[[RecogniserParameters], Any]

_SHOWN = 3
_QUEUE = 2000
"""Joint states that may come between two labels: ten seconds of 200 a second."""

_SILENCE = 2.0
"""Age of the last joint state after which nothing is said [s]."""


class RecogniserNode(Node):  # type: ignore[misc]
    """Publishes `~/label` as JSON: `label`, `score` and the best `labels` with their scores."""

    def __init__(self, load_recogniser: LoadRecogniser):
        """Declare parameters, load the model, and listen.

        Args:
            load_recogniser: Gives an object with `wants`, `add`, `forget` and `look`, as
                `motionclip_ros.recognition.Recogniser` has them.

        Raises:
            MotionClipError: A parameter is invalid, or model or robot cannot be loaded.
        """
        super().__init__('recogniser')
        settings = declaration.declare(self, RecogniserParameters)
        self._recogniser = load_recogniser(settings)
        self._heard = time.monotonic() - _SILENCE
        self._label = self.create_publisher(String, '~/label', RELIABLE)
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, RELIABLE)
        profile = QoSProfile(depth=_QUEUE, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._states = Polled(self, JointState, topics.JOINT_STATES, **overridable(profile))
        self.create_timer(1.0 / settings.rate, self._on_timer)
        self.get_logger().info('ready')

    def _see(self, taken: Taken) -> None:
        """Take note of where the joints were."""
        message = deserialize_message(taken.data, JointState)
        time_s = 1e-9 * (messages.nanoseconds(message.header.stamp) or taken.received)
        if not self._recogniser.wants(time_s):
            return
        try:
            self._recogniser.add(time_s, messages.joint_positions(message))
        except MotionClipError as error:
            self.get_logger().warning(one_line(error), throttle_duration_sec=5.0)
        else:
            self._heard = time.monotonic()

    def _on_timer(self) -> None:
        began = time.perf_counter()
        for taken in self._states.take():
            self._see(taken)
        silent = time.monotonic() - self._heard >= _SILENCE
        if silent:
            self._recogniser.forget()
        seen = self._recogniser.look()
        best = {each.label: round(each.score, 3) for each in seen.ranked[:_SHOWN]}
        self._label.publish(
            conversions.report(
                {'label': seen.label, 'score': round(seen.score, 3), 'labels': best}
            )
        )
        summary = f'{seen.label} {seen.score:.2f}' if seen.label else 'nothing recognised'
        values = {'latency_ms': f'{1e3 * (time.perf_counter() - began):.1f}', **best}
        self._diagnostics.publish(
            conversions.diagnostics(
                'recogniser',
                f'no joint states on {topics.JOINT_STATES}' if silent else summary,
                values,
                self.get_clock().now().to_msg(),
                warning=silent,
            )
        )


def _load(settings: RecogniserParameters) -> Any:
    # PyTorch comes with the model; who only wants the node class does not pay for it.
    from motionclip_ros.recognition import load_recogniser

    return load_recogniser(settings.model, settings.robot, settings.labels, settings.window)


def main() -> None:
    """Run the node."""
    serve(lambda: RecogniserNode(_load))


if __name__ == '__main__':
    main()
