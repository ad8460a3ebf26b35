"""What RViz is shown while a motion plays."""

import time
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import JointState
from visualization_msgs.msg import MarkerArray

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.markers import markers
from motionclip_ros.nodes.running import LATCHED, RELIABLE, resume
from motionclip_ros.nodes.transforms import TransformPublisher
from motionclip_ros.preview import Preview

_RATE = 30.0  # [1/s], as screens like it


class Show:
    """Publishes markers, joint states and the base of the preview, moment by moment."""

    def __init__(self, node: LifecycleNode):
        """Announce the topics; nothing is shown yet."""
        self._node = node
        self._markers = node.create_lifecycle_publisher(MarkerArray, '~/markers', LATCHED)
        self._joints = node.create_lifecycle_publisher(
            JointState, '~/preview/joint_states', RELIABLE
        )
        self._tf = TransformPublisher(node, node.create_lifecycle_publisher)
        self._preview: Preview | None = None
        self._began = 0.0
        self._timer = node.create_timer(1.0 / _RATE, self._show)
        self._timer.cancel()

    def begin(self, preview: Preview) -> None:
        """Show a motion from its beginning."""
        self._preview, self._began = preview, time.monotonic()
        resume(self._node, self._timer)

    def end(self) -> None:
        """Leave what is shown as it is."""
        self._timer.cancel()

    def destroy(self) -> None:
        """Take the topics back."""
        self._node.destroy_timer(self._timer)
        for publisher in (self._markers, self._joints, self._tf.publisher):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _show(self) -> None:
        preview, elapsed = self._preview, time.monotonic() - self._began
        if preview is None or elapsed > preview.seconds:
            self._timer.cancel()
        if preview is None:
            return
        shown, stamp = preview.at(elapsed), self._now()
        self._markers.publish(markers(shown, stamp))
        still = np.zeros(len(shown.positions))
        self._joints.publish(
            conversions.joint_state(preview.joint_names, shown.positions, still, still, stamp)
        )
        self._tf.publish(topics.WORLD_FRAME, shown.base, stamp, topics.PREVIEW_PREFIX)

    def _now(self) -> Any:
        return self._node.get_clock().now().to_msg()
