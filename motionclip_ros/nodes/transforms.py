"""Transforms on `/tf`, where `tf2_msgs` is installed."""

import importlib
from typing import Any

from rclpy.node import Node

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.running import RELIABLE
from motionclip_ros.poses import LinkPoses


class TransformPublisher:
    """Publishes where frames are; without `tf2_msgs` it says so once, and does nothing."""

    def __init__(self, node: Node):
        """Announce the topic, with a node's own publisher."""
        try:
            self._kind = importlib.import_module('tf2_msgs.msg').TFMessage
        except ImportError:
            self._publisher: Any = None
            node.get_logger().warning(
                'tf2_msgs is not installed: no transforms on /tf; `make interfaces` builds it'
            )
            return
        self._publisher = node.create_publisher(self._kind, topics.TF, RELIABLE)

    def publish(self, parent: str, poses: LinkPoses, stamp: Any, prefix: str = '') -> None:
        """Publish poses in a parent frame.

        Args:
            parent: Name of the frame.
            poses: Where the others are in it.
            stamp: When.
            prefix: Put before their names.
        """
        if self._publisher is not None:
            transforms = conversions.transforms(parent, poses, stamp, prefix)
            self._publisher.publish(self._kind(transforms=transforms))
