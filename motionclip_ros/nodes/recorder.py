"""Node `recorder`: topics into a rosbag2 folder (MCAP) that ROS 2's own tools open."""

import importlib
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from motionclip_model.errors import MotionClipError
from motionclip_ros import parameters
from motionclip_ros.bag import BagWriter
from motionclip_ros.nodes.running import one_line, serve

_QUEUE = 1000


class RecorderNode(Node):  # type: ignore[misc]
    """Subscribes to its topics as they appear, with the QoS of who uses them."""

    def __init__(self) -> None:
        """Open the recording.

        Raises:
            ConfigError: A parameter is invalid, or the recording cannot be made there.
        """
        super().__init__('recorder')
        settings = parameters.declare(self, parameters.RecorderParameters)
        self._bag = BagWriter(settings.output)
        self._waiting = set(settings.topics)
        self.create_timer(0.1, self._look_for_topics)
        self.get_logger().info(f'recording {len(self._waiting)} topics to {settings.output}')

    def destroy_node(self) -> None:
        """Finish the recording first: whatever goes wrong in ROS after that, the bag opens."""
        try:
            self._bag.close()
        finally:
            super().destroy_node()

    def _look_for_topics(self) -> None:
        for topic, kinds in self.get_topic_names_and_types():
            if topic not in self._waiting:
                continue
            endpoints = self.get_publishers_info_by_topic(topic) or self._listeners(topic)
            if not endpoints:
                continue
            self._waiting.remove(topic)
            try:
                self._record(topic, kinds[0], endpoints)
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

    def _record(self, topic: str, kind: str, endpoints: list[Any]) -> None:
        """Subscribe with the strictest QoS that every endpoint agrees to."""
        durable = DurabilityPolicy.TRANSIENT_LOCAL
        latched = all(info.qos_profile.durability == durable for info in endpoints)
        wanted = ReliabilityPolicy.RELIABLE
        reliable = all(info.qos_profile.reliability == wanted for info in endpoints)
        self._bag.add_topic(topic, kind, latched=latched, reliable=reliable)
        package, _, name = kind.split('/')
        self.create_subscription(
            getattr(importlib.import_module(f'{package}.msg'), name),
            topic,
            partial(self._on_message, topic),
            QoSProfile(
                depth=_QUEUE,
                durability=durable if latched else DurabilityPolicy.VOLATILE,
                reliability=wanted if reliable else ReliabilityPolicy.BEST_EFFORT,
            ),
            raw=True,
        )
        self.get_logger().info(f'recording {topic}')

    def _on_message(self, topic: str, data: bytes) -> None:
        self._bag.write(topic, self.get_clock().now().nanoseconds, data)


def main() -> None:
    """Run the node."""
    serve(RecorderNode)


if __name__ == '__main__':
    main()
