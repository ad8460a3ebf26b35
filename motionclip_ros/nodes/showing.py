"""What RViz is shown while a motion plays."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import JointState
from visualization_msgs.msg import MarkerArray

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.markers import markers
from motionclip_ros.nodes.running import LATCHED, RELIABLE, resume
from motionclip_ros.nodes.transforms import TransformPublisher
from motionclip_ros.performance import Performance
from motionclip_ros.poses import LinkPoses
from motionclip_ros.preview import Preview, at_rest
from motionclip_ros.retargeting.robots.robot import Robot

Offset = Callable[[], tuple[float, float]]

_RATE = 30.0  # [1/s], as screens like it
_STILL = 1.0  # [s] between pictures of what does not move, for who comes later


class Show:
    """Publishes markers, joint states and the base of the preview, moment by moment."""

    def __init__(self, node: LifecycleNode, robot: Robot, offset: Offset):
        """Announce the topics; nothing is shown yet.

        Args:
            node: Owner of the topics.
            robot: Stands there until there is something to show.
            offset: Where the preview stands now, x and y [m].
        """
        self._node, self._robot, self._offset = node, robot, offset
        self._markers = node.create_lifecycle_publisher(MarkerArray, '~/markers', LATCHED)
        self._joints = node.create_lifecycle_publisher(
            JointState, '~/preview/joint_states', RELIABLE
        )
        self._tf = TransformPublisher(node, node.create_lifecycle_publisher)
        self._preview: Preview | None = None
        self._began = 0.0
        self._timer = node.create_timer(1.0 / _RATE, self._show)
        self._still = node.create_timer(_STILL, self._show_still)
        self.silence()

    def stand(self) -> None:
        """Show the robot as it stands, until there is something to show."""
        self._show_still()
        self._still.reset()

    def begin(self, performance: Performance) -> None:
        """Show a motion from its beginning."""
        generation, command = performance.generation, performance.command
        self._preview = Preview(
            generation.motion,
            generation.trajectory,
            generation.targets,
            command.trajectory,
            command.begins,
            self._robot.correspondence.base,
            self._offset(),
        )
        self._began = time.monotonic()
        resume(self._node, self._timer)

    def end(self) -> None:
        """Leave what is shown as it is."""
        self._timer.cancel()

    def silence(self) -> None:
        """Show nothing more."""
        self._timer.cancel()
        self._still.cancel()

    def destroy(self) -> None:
        """Take the topics back."""
        for timer in (self._timer, self._still):
            self._node.destroy_timer(timer)
        for publisher in (self._markers, self._joints, self._tf.publisher):
            if publisher is not None:
                self._node.destroy_lifecycle_publisher(publisher)

    def _show(self) -> None:
        preview, elapsed = self._preview, time.monotonic() - self._began
        if preview is None or elapsed > preview.seconds:
            self._timer.cancel()
        if preview is None:
            return
        shown = preview.at(elapsed)
        self._markers.publish(markers(shown, self._now()))
        self._show_robot(shown.positions, shown.base)

    def _show_still(self) -> None:
        """Show the last moment again, or the robot at rest; the markers are latched."""
        if not self._timer.is_canceled():
            return
        if self._preview is None:
            self._show_robot(*at_rest(self._robot, self._offset()))
        else:
            shown = self._preview.at(self._preview.seconds)
            self._show_robot(shown.positions, shown.base)

    def _show_robot(self, positions: np.ndarray, base: LinkPoses) -> None:
        stamp, still = self._now(), np.zeros(len(positions))
        names = self._robot.joint_names
        self._joints.publish(conversions.joint_state(names, positions, still, still, stamp))
        self._tf.publish(topics.WORLD_FRAME, base, stamp, topics.PREVIEW_PREFIX)

    def _now(self) -> Any:
        return self._node.get_clock().now().to_msg()
