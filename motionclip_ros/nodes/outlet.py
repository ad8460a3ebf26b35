"""Where a generator's motions go: to the robot, to RViz, to recordings."""

import time
from collections.abc import Callable
from typing import cast

from rclpy.clock import ROSClock
from rclpy.lifecycle import LifecycleNode
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from motionclip_model.errors import MotionClipError
from motionclip_ros import conversions
from motionclip_ros.execution.bounds import BasePath
from motionclip_ros.execution.commander import Command
from motionclip_ros.execution.envelope import Examined, Rules, SafetyEnvelope, examine
from motionclip_ros.execution.parts import moving, only
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.inbox import Request
from motionclip_ros.nodes.exclusivity import Exclusivity
from motionclip_ros.nodes.heartbeat import Heartbeat
from motionclip_ros.nodes.joint_states import JointStates
from motionclip_ros.nodes.robot_link import ActionLink, Finished, RobotLink, TopicLink
from motionclip_ros.nodes.running import FLOOD, LATCHED, one_line, overridable
from motionclip_ros.nodes.showing import Show
from motionclip_ros.nodes.watched_clock import WatchedClock
from motionclip_ros.parameters.definitions import GeneratorParameters
from motionclip_ros.performance import LateError, Outcome, Performance, Terms
from motionclip_ros.provenance import Sources
from motionclip_ros.reporting import performance_report
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import Robot

_LONGEST_SLEEP = 2.0  # [s] on a clock that may stand still
_FAREWELL = 0.5  # [s] for a last word to arrive


class RobotOutlet:
    """The `Outlet` of a `Performer` in a ROS graph.

    Attributes:
        settings: Parameters that count now.
        link: The way to the controller.
        exclusivity: The claim to the robot.
    """

    def __init__(
        self,
        node: LifecycleNode,
        robot: Robot,
        sources: Sources,
        settings: GeneratorParameters,
        began: Callable[[], None],
        finished: Finished,
        asked_to_stop: Callable[[], None],
    ):
        """Announce everything; nothing is said before the node is active.

        Args:
            node: Owner of all publishers.
            robot: Whose joints are moved.
            sources: What motions are made from.
            settings: The node's parameters.
            began: Told when the robot begins to do something for somebody.
            finished: Told what became of each command, by controllers that say so.
            asked_to_stop: Told that another node wants the robot to stop.

        Raises:
            DependencyError: A message type is not installed that is needed.
        """
        self.settings = settings
        self._node, self._robot, self._began = node, robot, began
        self._finished = finished
        self._command: Command | None = None
        self._clock = WatchedClock(cast(ROSClock, node.get_clock()))  # as that of any node
        self.link: RobotLink = (
            ActionLink(node, settings.controller, finished)
            if settings.execution == 'action'
            else TopicLink(node, settings.controller)
        )
        self.exclusivity = Exclusivity(
            node, self.link.controller, self._lost, asked_to_stop, brakes=True
        )
        self._joint_states = JointStates(node)
        self._envelope = SafetyEnvelope()
        publisher = node.create_lifecycle_publisher
        self._joints = publisher(JointTrajectory, '~/joint_trajectory', **overridable(LATCHED))
        self._human = publisher(MultiDOFJointTrajectory, '~/human_motion', LATCHED)
        self._base = publisher(MultiDOFJointTrajectory, '~/base_trajectory', LATCHED)
        self._report = publisher(String, '~/report', LATCHED)
        self._outcome = publisher(String, '~/outcome', FLOOD)
        self._show = Show(node, robot, self._offset)
        self._heartbeat = Heartbeat(node, sources, self._joint_states, self.link, self.exclusivity)

    def begin(self) -> None:
        """Say what there is to say."""
        self.forget()  # whoever plans from now on knows of nothing, either
        self.exclusivity.enter()
        self._heartbeat.begin()
        self._show.stand()

    def end(self) -> None:
        """Fall silent, once the last word has arrived."""
        self._show.silence()
        self._heartbeat.end()
        self.link.settle(_FAREWELL)
        self.exclusivity.leave()

    def destroy(self) -> None:
        """Take everything back."""
        parts = (self._show, self._heartbeat, self.exclusivity, self.link, self._joint_states)
        for part in (*parts, self._clock):
            part.destroy()
        for publisher in (self._joints, self._human, self._base, self._report, self._outcome):
            self._node.destroy_lifecycle_publisher(publisher)

    def now(self) -> int:
        """Return the time on the robot's clock [ns]."""
        return self._clock.now()

    def was_set_back(self) -> bool:
        """Whether that clock was set back since this was last asked."""
        return self._clock.was_set_back()

    def sleep_until(self, moment: int) -> None:
        """Wait for a time on that clock [ns]."""
        limit = time.monotonic() + _LONGEST_SLEEP
        while (left := (moment - self.now()) / SECOND) > 0.0 and time.monotonic() < limit:
            time.sleep(min(left, 0.002))

    def terms(self) -> Terms:
        """Return what of the limits may be used."""
        return Terms(self.settings.velocity_scaling, self.settings.acceleration_scaling)

    def secure(self, patience: float) -> None:
        """Make sure that nobody else commands the robot."""
        self.exclusivity.secure(patience)

    def measured(self, limits: JointLimits) -> MovingState | None:
        """Return where the robot is; None if that need not be known."""
        settings, names = self.settings, self._robot.joint_names
        try:
            if settings.require_joint_states:
                self.link.require()
            return self._joint_states.state(
                names, limits, settings.joint_state_timeout, settings.stamped, self._assumed()
            )
        except MotionClipError:
            if settings.require_joint_states:
                raise
        return None

    def written(self, command: Command) -> Examined:
        """Write a command, without joints that stay where the controller allows that."""
        trajectory = command.trajectory
        if self.settings.partial_goals:
            trajectory = only(trajectory, moving(trajectory))
        return examine(conversions.joint_trajectory(trajectory), self._rules())

    def send(self, performance: Performance, examined: Examined) -> None:
        """Tell the robot, and then everybody else; see `Outlet`."""
        began = time.perf_counter()
        command, path = performance.command, performance.command.trajectory
        start = command.start if self.settings.stamped else 0
        message = examined.message
        message.header.stamp = conversions.moment(start)
        cleared = self._envelope.clear(
            examined,
            self.now(),
            self._rules(),
            command.seen,
            BasePath(path.base_position, path.base_quaternion_xyzw),
            is_stop=performance.generation is None,
        )
        if command.is_late(self.now()):
            self._envelope.withdraw()
            raise LateError
        self._command = command
        self.link.send(cleared, command)
        published = 1e3 * (time.perf_counter() - began)
        # Somebody may have remapped the one to the other; a robot shall not be told twice.
        if self._joints.topic_name != self.link.topic:
            self._joints.publish(message)
        self._base.publish(conversions.base_trajectory(path, start))
        if performance.generation is None:
            self._show.end()
        else:
            self._began()
            self._human.publish(conversions.human_motion(performance.generation.motion))
            self.preview(performance)
        report = performance_report(performance, published)
        self._heartbeat.sent(report)
        self._report.publish(conversions.report(report))

    def halt(self) -> None:
        """Do what can be done to stop a robot of which nothing is known."""
        self.link.halt()

    def forget(self) -> None:
        """Count no longer on what the robot was told."""
        self._envelope.forget()

    def preview(self, performance: Performance) -> None:
        """Show what the robot is to do."""
        self._show.begin(performance)

    def ended(self, request: Request, outcome: Outcome) -> None:
        """Tell what became of a request."""
        message = one_line(outcome.message)
        if outcome.trace:
            self._node.get_logger().error(outcome.trace)
        if outcome.name in ('refused', 'failed'):  # rclpy lets no line log with two severities
            self._node.get_logger().warning(message)
        else:
            self._node.get_logger().info(f'{request.text!r} {outcome.name}: {message}')
        self._heartbeat.ended(outcome.name, message)
        self._outcome.publish(
            conversions.report({'text': request.text, 'outcome': outcome.name, 'message': message})
        )

    def _rules(self) -> Rules:
        settings = self.settings
        max_age = settings.joint_state_timeout if settings.require_joint_states else None
        robot = self._robot
        return Rules(robot.joint_names, robot.limits, settings.workspace, max_age)

    def _lost(self, problem: str) -> None:
        if self._command is not None:
            self._finished(self._command, problem)

    def _offset(self) -> tuple[float, float]:
        x, y = self.settings.preview_offset
        return x, y

    def _assumed(self) -> dict[str, float]:
        """Return where joints are that a robot need not tell of."""
        if not self.settings.partial_goals:
            return {}
        return dict(zip(self._robot.joint_names, self._robot.neutral.tolist(), strict=True))
