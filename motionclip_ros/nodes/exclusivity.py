"""One robot, one commander: the others refuse until it is gone."""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable

from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import String

from motionclip_model.errors import RobotError
from motionclip_ros import conversions, topics
from motionclip_ros.execution.tenure import BEAT, Commanding, Tenure

# Latched, so that a newcomer hears who is there as soon as it is discovered.
_SPOKEN = QoSProfile(
    depth=10,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    reliability=ReliabilityPolicy.RELIABLE,
)
_FAREWELL = Duration(seconds=0.2)
_STEP = 0.02  # [s] between looks of who waits


class Exclusivity:
    """A node's claim to a robot, made on a topic beside the one by which the robot is told.

    Liveliness and discovery of the middleware would take up to 20 s to miss a killed process, and
    know nothing of one that hangs.
    """

    def __init__(
        self,
        node: Node,
        controller: str,
        on_lost: Callable[[str], None],
        on_stop: Callable[[], None],
        *,
        brakes: bool,
    ):
        """Listen; nothing is claimed before `enter`.

        Args:
            node: Who wants to command.
            controller: Full name under which topic and action of the robot's controller stand.
            on_lost: Told that somebody else commands the robot now, in the thread that finds out.
            on_stop: Told that somebody who does not command it wants it to stop.
            brakes: Whether the node then brings it to rest.
        """
        self._node, self._on_lost, self._on_stop = node, on_lost, on_stop
        self._controller = controller
        name = f'{node.get_fully_qualified_name()} (process {os.getpid()}, {socket.gethostname()})'
        self._identity = uuid.uuid4().hex
        self._tenure = Tenure(self._identity, name, brakes=brakes)
        self._changing, self._held = threading.Lock(), False
        topic = f'{controller}/{topics.COMMANDER}'
        self._publisher = node.create_publisher(String, topic, _SPOKEN)
        self._subscription = node.create_subscription(String, topic, self._on_word, _SPOKEN)
        self._timer = node.create_timer(BEAT, self._beat)
        self._timer.cancel()

    @property
    def is_known(self) -> bool:
        """Whether it is decided who commands the robot."""
        self._look()
        return self._tenure.is_known

    @property
    def rival(self) -> str | None:
        """Who commands the robot in this node's place, if somebody does."""
        self._look()
        rival = self._tenure.rival
        return None if rival is None else rival.name

    def enter(self) -> None:
        """Want to command the robot."""
        with self._changing:
            self._tenure.enter(time.monotonic())
        self._timer.reset()
        self._say()

    def leave(self) -> None:
        """Let others command it at once."""
        if not self._timer.is_canceled():
            self._timer.cancel()
            with self._changing:
                self._tenure.leave()
                self._held = False
            self._say(leaves=True)
            self._publisher.wait_for_all_acked(_FAREWELL)

    def destroy(self) -> None:
        """Take the topic back."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_subscription(self._subscription)
        self._node.destroy_publisher(self._publisher)

    def secure(self, patience: float = 0.0) -> None:
        """Make sure that nobody else commands the robot.

        Args:
            patience: How long to wait until it is known [s]; not in the executor's thread.

        Raises:
            RobotError: Somebody does, or it is not known.
        """
        end = time.monotonic() + patience
        while not self.is_known:
            if time.monotonic() >= end:
                raise RobotError(
                    f'it is not known yet who commands the robot of {self._controller}; try again'
                )
            time.sleep(_STEP)
        rival = self.rival
        if rival is not None:
            raise RobotError(
                f'{rival} commands the robot of {self._controller}; end or deactivate it, or '
                'send the command there'
            )

    def pass_on_stop(self) -> bool:
        """Tell who commands the robot that it shall stop; returns whether that brakes it."""
        self._look()
        rival = self._tenure.rival
        if rival is None:
            return False
        self._say(stops=rival.identity)
        return rival.brakes

    def _beat(self) -> None:
        self._look()
        self._say()

    def _look(self) -> None:
        with self._changing:
            self._tenure.look(time.monotonic())
            rival = self._tenure.rival
            # After a silence nobody is known to hold it for a while.
            lost = self._held and rival is not None
            self._held = rival is None and (self._held or self._tenure.holds)
        if lost and rival is not None:
            self._on_lost(f'{rival.name} commands the robot now')

    def _say(self, *, leaves: bool = False, stops: str = '') -> None:
        with self._changing:
            said = self._tenure.speak(time.monotonic())._asdict()
        said |= {'leaves': leaves, 'stops': stops}
        self._publisher.publish(conversions.report(said))

    def _on_word(self, message: String) -> None:
        try:
            said = json.loads(message.data)
            other = Commanding(
                str(said['identity']),
                str(said['name']),
                bool(said['holds']),
                bool(said['brakes']),
                int(said['since']),
            )
            leaves, stops = bool(said['leaves']), said['stops']
        except (ValueError, KeyError, TypeError, OverflowError):
            self._node.get_logger().warning(
                f'what came on {self._subscription.topic_name} is not from a commander; ignored',
                throttle_duration_sec=5.0,
            )
            return
        with self._changing:
            if leaves:
                self._tenure.lose(other.identity)
            else:
                self._tenure.hear(other, time.monotonic())
        self._look()
        if stops == self._identity:
            self._on_stop()
