"""Sends commands to a generator from a program that is no node itself, in a thread of its own."""

import contextlib
import importlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import rclpy
from rclpy.action.client import ActionClient
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_msgs.msg import String

from motionclip_model.errors import DependencyError, MotionClipError
from motionclip_ros import topics
from motionclip_ros.inbox import STOP_WORDS
from motionclip_ros.nodes.running import FLOOD, joining, prepare_environment, stay_on_this_machine


class Messenger:
    """A node of its own; close it in the end."""

    def __init__(self, namespace: str = ''):
        """Join the ROS graph of this machine; signals stay with the caller.

        Args:
            namespace: Of the robot.

        Raises:
            DependencyError: The action type is not installed.
            MotionClipError: The graph is secured, and this node not let in.
        """
        prepare_environment()
        stay_on_this_machine()
        try:
            self._kind = importlib.import_module('motionclip_interfaces.action').GenerateMotion
        except ImportError:
            raise DependencyError(
                'motionclip_interfaces is not installed; `make interfaces` builds it'
            ) from None
        self._context = Context()
        with joining():
            rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
            node = rclpy.create_node('motionclip_messenger', context=self._context)
        action = topics.absolute(topics.GENERATE_MOTION, namespace)
        self._client: Any = ActionClient(node, self._kind, action)
        self._text = node.create_publisher(String, topics.absolute(topics.TEXT, namespace), FLOOD)
        self._node = node
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._spin, name='messenger', daemon=True)
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        """Whether there is a generator that takes goals."""
        return bool(self._client.server_is_ready())

    def send(
        self,
        text: str,
        seconds: float | None,
        seed: int | None,
        on_stage: Callable[[str], None],
    ) -> 'Future[str]':
        """Tell the robot to do something.

        Args:
            text: The command.
            seconds: Its length [s]; None leaves it to the text.
            seed: What chooses the motion; None for the most typical.
            on_stage: Told, in another thread, what is being done.

        Returns:
            What became of it, in a line; fails with a `MotionClipError` if it was not done.
        """
        goal = self._kind.Goal(
            text=text, seconds=float(seconds or 0.0), seed=-1 if seed is None else seed
        )
        answer: Future[str] = Future()

        def ended(result: Any) -> None:
            found = result.result().result
            if found.success:
                answer.set_result(found.message)
            else:
                answer.set_exception(MotionClipError(found.message))

        def taken(sent: Any) -> None:
            if sent.result().accepted:
                sent.result().get_result_async().add_done_callback(ended)
            else:
                answer.set_exception(
                    MotionClipError('the generator takes no commands now; activate it')
                )

        sending = self._client.send_goal_async(goal, lambda said: on_stage(said.feedback.stage))
        sending.add_done_callback(taken)
        return answer

    def stop(self) -> None:
        """Bring the robot to rest."""
        self._text.publish(String(data=STOP_WORDS[0]))

    def close(self) -> None:
        """Leave the ROS graph."""
        self._executor.shutdown()
        self._thread.join()
        self._client.destroy()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _spin(self) -> None:
        with contextlib.suppress(ExternalShutdownException):
            self._executor.spin()
