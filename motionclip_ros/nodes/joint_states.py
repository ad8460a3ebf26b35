"""The newest joint states, looked at only when somebody wants to know them."""

import time
from collections import deque
from collections.abc import Mapping

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState

from motionclip_model.errors import RobotError
from motionclip_ros import messages, topics
from motionclip_ros.execution.state import MeasuredState, MovingState
from motionclip_ros.nodes.polling import Polled
from motionclip_ros.nodes.running import overridable
from motionclip_ros.retargeting.limits import JointLimits

_KEPT = 10
"""Messages that are kept: a robot may say where its parts are one after the other."""

_LATELY = 2.0
"""Time within which a robot that is there has said something [s], on the busiest machine."""

_AHEAD = 20_000_000
"""How far ahead of ours a clock may be that trajectories are timed by [ns]; a trajectory that
begins on it in the past would begin with a jump."""

_FAR = 3600 * 10**9  # [ns], later than any stamp


class JointStates:
    """What a robot has said of its joints lately."""

    def __init__(self, node: Node):
        """Subscribe; nothing is called back."""
        self._node = node
        profile = QoSProfile(depth=_KEPT, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._polled = Polled(node, JointState, topics.JOINT_STATES, **overridable(profile))
        self._kept: deque[bytes] = deque(maxlen=_KEPT)
        self._heard = 0  # [ns since 1970]

    def are_heard(self) -> bool:
        """Whether the robot has said anything lately."""
        self._take()
        return self._silent() < _LATELY

    def state(
        self,
        joint_names: tuple[str, ...],
        limits: JointLimits,
        max_age: float,
        stamped: bool,
        assumed: Mapping[str, float],
    ) -> MovingState:
        """Return where the robot is.

        Args:
            joint_names: The joints that are wanted.
            limits: Their bounds.
            max_age: Age at which a joint state no longer counts [s].
            stamped: Whether trajectories are to be timed by the robot's clock.
            assumed: Where joints are that the robot says nothing of [rad].

        Raises:
            RobotError: It has said nothing for a while, or its clock is another.
            TrajectoryError: It does not say where the joints are, or they are where they
                cannot be.
        """
        self._take()
        if not self._kept:
            raise RobotError(f'nothing on {self._polled.topic} yet; start the robot')
        # The robot's silence shows on the system's clock, too, where a simulated one stands.
        silent = self._silent()
        if silent > max_age:
            raise RobotError(f'the last joint state came {silent:.1f} s ago; start the robot')
        now = self._node.get_clock().now().nanoseconds
        measured = self._merged(joint_names, now, assumed)
        ahead = round(1e9 * measured.stamp) - now
        # A simulated clock comes by the same way as the joint states, and may be later.
        if stamped and ahead > _AHEAD and not self._node.get_parameter('use_sim_time').value:
            raise RobotError(
                f'the robot stamps its joint states {ahead / 1e9:.3f} s ahead of our clock; '
                'synchronise the clocks, or set the parameter stamped to false'
            )
        return measured.state(joint_names, limits, now / 1e9, max_age)

    def _merged(
        self, joint_names: tuple[str, ...], now: int, assumed: Mapping[str, float]
    ) -> MeasuredState:
        """Join what the messages say, the newest first; the oldest that is needed gives the time.

        Messages without a stamp count as of now; that they came lately is known.
        """
        found: dict[str, tuple[float, float]] = {}
        stamp = now + _FAR
        for data in reversed(self._kept):
            message = deserialize_message(data, JointState)
            said = messages.joint_motion(message)
            if said.keys() <= found.keys():
                continue
            found = said | found
            stamp = min(stamp, messages.nanoseconds(message.header.stamp) or now)
            if found.keys() >= set(joint_names):
                break
        found = {name: (place, 0.0) for name, place in assumed.items()} | found
        values = np.array(list(found.values()), np.float64).reshape(-1, 2)
        return MeasuredState(tuple(found), values[:, 0], values[:, 1], stamp / 1e9)

    def _silent(self) -> float:
        """Return how long the robot has said nothing [s]."""
        return abs(time.time_ns() - self._heard) / 1e9

    def destroy(self) -> None:
        """Listen no more."""
        self._polled.destroy()

    def _take(self) -> None:
        """Fetch what has come; the newest messages are kept."""
        for taken in self._polled.take():
            self._kept.append(taken.data)
            self._heard = taken.received
