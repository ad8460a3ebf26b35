"""What the generator says of itself on `/diagnostics`, twice a second."""

from collections import Counter
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.lifecycle import LifecycleNode

from motionclip_ros import conversions, topics
from motionclip_ros.nodes.exclusivity import Exclusivity
from motionclip_ros.nodes.joint_states import JointStates
from motionclip_ros.nodes.robot_link import RobotLink
from motionclip_ros.nodes.running import RELIABLE
from motionclip_ros.provenance import Sources

_PERIOD = 0.5  # [s]

_BAD = ('refused', 'failed')

_FIGURES = {
    'link_position_error_cm': '{:.1f}',
    'limb_direction_error_deg': '{:.1f}',
    'time_stretch': '{:.2f}',
    'position_margin_rad': '{:.3f}',
    'velocity_use': '{:.2f}',
    'acceleration_use': '{:.2f}',
}
"""What of the retargeter's report is told: residuals, and how much of the limits is used."""


class Heartbeat:
    """Publishes one status: WARN after a text that could not be served."""

    def __init__(
        self,
        node: LifecycleNode,
        sources: Sources,
        joint_states: JointStates,
        link: RobotLink,
        exclusivity: Exclusivity,
    ):
        """Announce the topic; nothing is said before `begin`."""
        self._node, self._joint_states, self._link = node, joint_states, link
        self._exclusivity = exclusivity
        self._publisher = node.create_lifecycle_publisher(
            DiagnosticArray, topics.DIAGNOSTICS, RELIABLE
        )
        self._values: dict[str, Any] = {
            'model': sources.model,
            'model_sha256': sources.model_sha256[:12],
            'robot': sources.robot,
            'urdf_sha256': sources.urdf_sha256[:12],
        }
        self._outcomes: Counter[str] = Counter()
        self._summary, self._failed = 'ready', False
        self._timer = node.create_timer(_PERIOD, self.beat)
        self._timer.cancel()

    def begin(self) -> None:
        """Speak."""
        self._timer.reset()
        self.beat()

    def end(self) -> None:
        """Be silent."""
        self._timer.cancel()

    def destroy(self) -> None:
        """Take the topic back."""
        self._node.destroy_timer(self._timer)
        self._node.destroy_lifecycle_publisher(self._publisher)

    def sent(self, report: dict[str, Any]) -> None:
        """Note what the robot was told."""
        self._values['last_latency_ms'] = f'{report["latency_ms"]["total"]:.1f}'
        retargeting = report.get('retargeting', {})
        for name, form in _FIGURES.items():
            if retargeting.get(name) is not None:
                self._values[name] = form.format(retargeting[name])
        self._summary, self._failed = f'executing {report["text"]!r}', False

    def ended(self, outcome: str, message: str) -> None:
        """Note what became of a text."""
        self._outcomes[outcome] += 1
        if outcome != 'replaced':  # by what is told of next
            self._summary, self._failed = message, outcome in _BAD
        self.beat()

    def beat(self) -> None:
        """Publish how things are."""
        is_known, rival = self._exclusivity.is_known, self._exclusivity.rival
        own = self._node.get_fully_qualified_name() if is_known else ''
        values = {
            **self._values,
            **{f'texts_{name}': count for name, count in sorted(self._outcomes.items())},
            'controllers': self._link.listeners(),
            'joint_states': self._joint_states.are_heard(),
            'commander': rival or own,
        }
        self._publisher.publish(
            conversions.diagnostics(
                # With its namespace, as several may speak on this topic.
                self._node.get_fully_qualified_name().lstrip('/'),
                self._summary if rival is None or self._failed else f'idle: {rival} commands it',
                values,
                self._node.get_clock().now().to_msg(),
                warning=self._failed or rival is not None,
            )
        )
