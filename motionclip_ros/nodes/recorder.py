"""Node `recorder`: topics into rosbag2 folders (MCAP) that ROS 2's own tools open."""

import time
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_srvs.srv import Trigger

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_ros import topics
from motionclip_ros.nodes.message_types import message_type
from motionclip_ros.nodes.polling import Polled
from motionclip_ros.nodes.running import one_line, serve
from motionclip_ros.parameters import declaration
from motionclip_ros.parameters.definitions import RecorderParameters
from motionclip_ros.recording import BagWriter

_QUEUE = 1000
"""Messages of a topic that may come between two looks."""

_LOOK = 0.05  # [s] between looks at what has come
_DISCOVERY = 0.1  # [s] between looks at which topics there are

_FLUSHED = 1.0
"""How much of a recording a killed recorder may lose [s]."""


class RecorderNode(Node):  # type: ignore[misc]
    """Subscribes to its topics as they appear, with the QoS of who uses them."""

    def __init__(self) -> None:
        """Open the first recording, unless `~/start` shall.

        Raises:
            ConfigError: A parameter is invalid, or the recording cannot be made there.
        """
        super().__init__('recorder')
        settings = declaration.declare(self, RecorderParameters)
        self._wanted = [topics.absolute(name, self.get_namespace()) for name in settings.topics]
        self._bag: BagWriter | None = None
        self._folder = ''
        self._count = 0
        self._heard: dict[str, Polled | None] = {}
        if settings.at_once:
            self._begin()
        self.create_timer(_DISCOVERY, self._look_for_topics)
        self.create_timer(_LOOK, self._write)
        self.create_timer(_FLUSHED, self._flush)
        self.create_service(Trigger, '~/start', self._on_start)
        self.create_service(Trigger, '~/stop', self._on_stop)

    def destroy_node(self) -> None:
        """Finish the recording first: whatever goes wrong in ROS after that, the bag opens."""
        try:
            self._write()
            if self._bag is not None:
                self._bag.close()
        except MotionClipError as error:
            self.get_logger().error(one_line(error))
        finally:
            super().destroy_node()

    def _begin(self) -> str:
        """Open a new recording and tell its folder."""
        if self._bag is not None:
            raise ConfigError(f'recording to {self._folder} already; call ~/stop first')
        output = declaration.read(self, RecorderParameters).output
        folder = output.replace('{time}', time.strftime('%Y-%m-%d_%H-%M-%S'))
        self._bag, self._folder, self._count = BagWriter(folder), folder, 0
        self.get_logger().info(f'recording to {folder}')
        return folder

    def _end(self) -> str:
        """Finish the recording and tell what it holds."""
        if self._bag is None:
            raise ConfigError('nothing is being recorded; call ~/start first')
        self._write()
        bag = self._bag
        self._leave()
        if bag is None:
            raise ConfigError(f'the recording in {self._folder} had to be given up')
        bag.close()
        summary = f'{self._count} messages in {self._folder}'
        self.get_logger().info(summary)
        return summary

    def _leave(self) -> None:
        """Listen no more, and forget the recording without closing it."""
        self._bag = None
        for subscription in self._heard.values():
            if subscription is not None:
                subscription.destroy()
        self._heard.clear()

    def _on_start(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return _answer(response, self._begin)

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        return _answer(response, self._end)

    def _look_for_topics(self) -> None:
        bag = self._bag
        if bag is None:
            return
        for topic, kinds in self.get_topic_names_and_types():
            if topic in self._heard or not any(fnmatchcase(topic, name) for name in self._wanted):
                continue
            endpoints = self.get_publishers_info_by_topic(topic) or self._listeners(topic)
            if not endpoints:
                continue
            self._heard[topic] = None  # a topic that cannot be recorded is named once
            try:
                self._heard[topic] = self._record(bag, topic, kinds[0], endpoints)
            except MotionClipError as error:
                self.get_logger().warning(one_line(error))

    def _listeners(self, topic: str) -> list[Any]:
        """Subscribers of a command topic, which tell its QoS before anybody publishes.

        Who publishes a single command and goes (`ros2 topic pub --once`) is gone before a
        recorder could follow. Streams and latched topics can wait for their publisher, and
        their subscribers may ask for less than it offers.
        """
        endpoints = self.get_subscriptions_info_by_topic(topic)
        commands = all(
            info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
            and info.qos_profile.durability == DurabilityPolicy.VOLATILE
            for info in endpoints
        )
        return list(endpoints) if commands else []

    def _record(self, bag: BagWriter, topic: str, kind: str, endpoints: list[Any]) -> Polled:
        """Subscribe with the strictest QoS that every endpoint agrees to."""
        durable = DurabilityPolicy.TRANSIENT_LOCAL
        latched = all(info.qos_profile.durability == durable for info in endpoints)
        wanted = ReliabilityPolicy.RELIABLE
        reliable = all(info.qos_profile.reliability == wanted for info in endpoints)
        message_type = _message_type(topic, kind)
        bag.add_topic(topic, kind, latched=latched, reliable=reliable)
        profile = QoSProfile(
            depth=_QUEUE,
            durability=durable if latched else DurabilityPolicy.VOLATILE,
            reliability=wanted if reliable else ReliabilityPolicy.BEST_EFFORT,
        )
        subscription = Polled(self, message_type, topic, profile)
        self.get_logger().info(f'recording {topic}')
        return subscription

    def _write(self) -> None:
        """Write what has come, in the order in which it came."""
        bag = self._bag
        if bag is None:
            return
        # The system's clock says nothing of a simulated time.
        now = self.get_clock().now().nanoseconds
        simulated = bool(self.get_parameter('use_sim_time').value)
        came = [
            (now if simulated else taken.received or now, topic, taken.data)
            for topic, subscription in self._heard.items()
            if subscription is not None
            for taken in subscription.take()
        ]
        try:
            for received, topic, data in sorted(came, key=itemgetter(0)):
                bag.write(topic, received, data)
                self._count += 1
        except MotionClipError as error:
            self._give_up(bag, error)

    def _flush(self) -> None:
        bag = self._bag
        if bag is None:
            return
        try:
            bag.flush()
        except MotionClipError as error:
            self._give_up(bag, error)

    def _give_up(self, bag: BagWriter, error: MotionClipError) -> None:
        """Stop recording on a disk that takes no more; the node itself goes on."""
        self._leave()
        bag.abort()
        self.get_logger().error(one_line(error))


def _answer(response: Trigger.Response, action: Any) -> Trigger.Response:
    try:
        response.message, response.success = action(), True
    except MotionClipError as error:
        response.message, response.success = one_line(error), False
    return response


def _message_type(topic: str, kind: str) -> Any:
    try:
        return message_type(kind)
    except MotionClipError as error:
        raise ConfigError(f'{topic}: not recorded, because {error}') from None


def main() -> None:
    """Run the node."""
    serve(RecorderNode)


if __name__ == '__main__':
    main()
