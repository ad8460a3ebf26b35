"""Transforms on `/tf`, where `tf2_msgs` is installed."""

import importlib
from collections.abc import Callable
from typing import Any

from rclpy.node import Node

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.running import RELIABLE
from motionclip_ros.poses import LinkPoses


class TransformPublisher:
    """Publishes where frames are; without `tf2_msgs` it says so once, and does nothing.

    Attributes:
        publisher: On `/tf`; None without `tf2_msgs`.
    """

    def __init__(self, node: Node, create: Callable[..., Any] | None = None):
        """Announce the topic.

        Args:
            node: Owner of the publisher.
            create: Makes it; by default the node's `create_publisher`.
        """
        self.publisher: Any = None
        try:
            self._kind = importlib.import_module('tf2_msgs.msg').TFMessage
        except ImportError:
            node.get_logger().warning(
                'tf2_msgs is not installed: no transforms on /tf; `make interfaces` builds it'
            )
            return
        self.publisher = (create or node.create_publisher)(self._kind, topics.TF, RELIABLE)

    def publish(self, parent: str, poses: LinkPoses, stamp: Any, prefix: str = '') -> None:
        """Publish poses in a parent frame.

        Args:
            parent: Name of the frame.
            poses: Where the others are in it.
            stamp: When.
            prefix: Put before their names.
        """
        if self.publisher is not None:
            transforms = conversions.transforms(parent, poses, stamp, prefix)
            self.publisher.publish(self._kind(transforms=transforms))
