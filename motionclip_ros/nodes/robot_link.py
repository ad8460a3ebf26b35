"""The way from a trajectory to the controller that executes it: a topic or an action."""

from collections.abc import Callable
from typing import Any, Protocol

from action_msgs.msg import GoalStatus
from rclpy.action.client import ActionClient
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleNode
from trajectory_msgs.msg import JointTrajectory

from motionclip_model.errors import DependencyError, RobotError
from motionclip_ros import topics
from motionclip_ros.execution.commander import Command
from motionclip_ros.execution.envelope import Cleared
from motionclip_ros.nodes.following import follow_joint_trajectory
from motionclip_ros.nodes.running import RELIABLE, overridable

Finished = Callable[[Command, str | None], None]
"""Told that a command is done, or what went wrong."""


class RobotLink(Protocol):
    """How a controller is reached.

    Attributes:
        answers: Whether it says when a command is done.
        topic: Full name of the topic on which it gets trajectories; empty if it gets goals.
        controller: Full name under which its topic or action stands.
    """

    answers: bool
    topic: str
    controller: str

    def require(self) -> None:
        """Make sure that there is a controller.

        Raises:
            RobotError: There is none.
        """

    def send(self, cleared: Cleared, command: Command) -> None:
        """Have a trajectory executed in the place of what is."""

    def halt(self) -> None:
        """Ask for a stop of whatever is executed, without knowing what that is."""

    def listeners(self) -> int:
        """Return how many controllers there are."""

    def settle(self, seconds: float) -> None:
        """Wait a while for the last word to arrive."""

    def destroy(self) -> None:
        """Let go."""


class TopicLink:
    """A controller that listens to a topic, and does not answer."""

    answers = False

    def __init__(self, node: LifecycleNode, controller: str):
        """Announce the topic of a controller."""
        self._node = node
        self._publisher = node.create_lifecycle_publisher(
            JointTrajectory,
            topics.of_controller(topics.JOINT_TRAJECTORY, controller),
            **overridable(RELIABLE),
        )
        self.topic = str(self._publisher.topic_name)
        self.controller = self.topic.rpartition('/')[0]

    def require(self) -> None:
        """Make sure that somebody listens.

        Raises:
            RobotError: Nobody does.
        """
        if not self.listeners():
            raise RobotError(
                f'nobody listens to {self.topic}; start the controller, or remap '
                'the topic to where it listens'
            )

    def send(self, cleared: Cleared, command: Command) -> None:
        """Publish a trajectory."""
        self._publisher.publish(cleared.message)

    def halt(self) -> None:
        """Publish an empty trajectory: a stop for some controllers, though not for all."""
        self._publisher.publish(JointTrajectory())

    def listeners(self) -> int:
        """Return how many listen."""
        return int(self._publisher.get_subscription_count())

    def settle(self, seconds: float) -> None:
        """Wait a while for the last message to arrive."""
        self._publisher.wait_for_all_acked(Duration(seconds=seconds))

    def destroy(self) -> None:
        """Take the topic back."""
        self._node.destroy_lifecycle_publisher(self._publisher)


class ActionLink:
    """A controller that serves FollowJointTrajectory; its topic is used for halting alone."""

    answers = True
    topic = ''

    def __init__(self, node: LifecycleNode, controller: str, finished: Finished):
        """Look for the controller.

        Args:
            node: Owner of the client.
            controller: Its name.
            finished: Told what became of each command, in the executor's thread.

        Raises:
            DependencyError: `control_msgs` is not installed.
        """
        try:
            self._kind = follow_joint_trajectory()
        except ImportError:
            raise DependencyError(
                'parameter execution: "action" needs control_msgs, which is not installed; `make '
                'interfaces` builds it, or set execution to "topic"'
            ) from None
        self._node, self._finished = node, finished
        self._topic = TopicLink(node, controller)
        name = topics.of_controller(topics.FOLLOW_JOINT_TRAJECTORY, controller)
        self._client: Any = ActionClient(node, self._kind, name)
        self._name = node.resolve_service_name(name)
        self.controller = self._name.rpartition('/')[0]

    def require(self) -> None:
        """Make sure that the controller is there.

        Raises:
            RobotError: It is not.
        """
        if not self._client.server_is_ready():
            raise RobotError(
                f'no controller serves {self._name}; start it, remap the action to where it is '
                'served, or set the parameter execution to "topic"'
            )

    def send(self, cleared: Cleared, command: Command) -> None:
        """Send a trajectory as a goal; the controller lets the older one go."""
        asked = self._client.send_goal_async(self._kind.Goal(trajectory=cleared.message))
        asked.add_done_callback(lambda answer: self._on_answer(answer.result(), command))

    def halt(self) -> None:
        """Publish an empty trajectory: a stop for some controllers, though not for all."""
        self._topic.halt()

    def listeners(self) -> int:
        """Return whether the controller is there."""
        return int(self._client.server_is_ready())

    def settle(self, seconds: float) -> None:
        """Wait a while for the last word to arrive."""
        self._topic.settle(seconds)

    def destroy(self) -> None:
        """Let go of the controller."""
        self._client.destroy()
        self._topic.destroy()

    def _on_answer(self, goal_handle: Any, command: Command) -> None:
        if not goal_handle.accepted:
            self._finished(command, f'the controller {self._name} rejected the trajectory')
            return
        goal_handle.get_result_async().add_done_callback(
            lambda answer: self._on_result(answer.result(), command)
        )

    def _on_result(self, answer: Any, command: Command) -> None:
        result = answer.result
        if answer.status == GoalStatus.STATUS_SUCCEEDED:
            self._finished(command, None)
            return
        said = ' '.join(result.error_string.split()) or f'error {result.error_code}'
        self._finished(command, f'the controller gave up: {said}')
