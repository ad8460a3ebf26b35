"""Node `player`: what was recorded is published again, with its timing and QoS."""

import signal
import time
from typing import Any

import numpy as np
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from motionclip_model.errors import MotionClipError, RobotError, UnsafeError
from motionclip_ros import conversions, messages, topics
from motionclip_ros.execution.envelope import Cleared, Rules, SafetyEnvelope, examine
from motionclip_ros.execution.followed import Seen
from motionclip_ros.nodes.exclusivity import Exclusivity
from motionclip_ros.nodes.message_types import message_type
from motionclip_ros.nodes.running import LATEST, RELIABLE, serve
from motionclip_ros.parameters import declaration
from motionclip_ros.parameters.definitions import PlayerParameters
from motionclip_ros.replaying import Channel, Event, read_replay, recorded_robot
from motionclip_ros.retargeting.robots.robot import load_robot

_AT_START = 0.2
"""How far a robot's joints may be from where the first trajectory begins [rad]."""

_STEP = 0.005  # [s] between looks at the clock
_FAREWELL = Duration(seconds=5)


class PlayerNode(Node):  # type: ignore[misc]
    """Waits for who listens, makes sure that the robot is the one, and plays."""

    def __init__(self) -> None:
        """Read the recording and announce its topics.

        Raises:
            ConfigError: A parameter is invalid, or the recording cannot be read.
        """
        # Before anything can go wrong: a context that shuts down destroys unfinished nodes, too.
        self._exclusivity: Exclusivity | None = None
        super().__init__('player')
        self._settings = declaration.declare(self, PlayerParameters)
        replay = read_replay(
            self._settings.bag, self._settings.topics, self._settings.namespace or None
        )
        self._events = list(reversed(replay.events))
        self._origin = replay.events[0].received
        self._types = {channel.topic: _message_type(channel.kind) for channel in replay.channels}
        self._outputs = {channel.topic: self._output(channel) for channel in replay.channels}
        self._exclusivity = self._claim()
        self._measured: JointState | None = None
        self._measured_at = 0
        self._commanded = False
        self._envelope = SafetyEnvelope()
        self._rules: Rules | None = None
        if topics.TRAJECTORY in self._outputs:
            self._rules = _rules(self._settings)
        if topics.JOINT_STATES not in self._outputs:
            self.create_subscription(JointState, topics.JOINT_STATES, self._on_joint_state, LATEST)
        self._began: float | None = None
        self._first: int | None = None
        self._deadline = time.monotonic() + self._settings.patience
        self.create_timer(_STEP, self._play)
        self.get_logger().info(f'{len(self._events)} messages of {len(self._outputs)} topics')

    def destroy_node(self) -> None:
        """Let others command the robot."""
        if self._exclusivity is not None:
            self._exclusivity.leave()
        super().destroy_node()

    def _claim(self) -> Exclusivity | None:
        """Claim the robot, if it is to be told anything."""
        if topics.TRAJECTORY not in self._outputs:
            return None
        controller = str(self._outputs[topics.TRAJECTORY].topic_name).rpartition('/')[0]
        claim = Exclusivity(self, controller, _give_up, _stopped, brakes=False)
        claim.enter()
        return claim

    def _output(self, channel: Channel) -> Any:
        """Announce a topic; what the robot was told goes to where it listens."""
        kind = self._types[channel.topic]
        if channel.topic == topics.TRAJECTORY:
            # Never latched: who comes later must not be moved by it.
            return self.create_publisher(kind, topics.JOINT_TRAJECTORY, RELIABLE)
        durable, reliable = DurabilityPolicy, ReliabilityPolicy
        return self.create_publisher(
            kind,
            channel.topic,
            QoSProfile(
                depth=1 if channel.latched else 100,
                durability=durable.TRANSIENT_LOCAL if channel.latched else durable.VOLATILE,
                reliability=reliable.RELIABLE if channel.reliable else reliable.BEST_EFFORT,
            ),
        )

    def _on_joint_state(self, message: JointState) -> None:
        self._measured = message
        self._measured_at = self.get_clock().now().nanoseconds

    def _play(self) -> None:
        """Publish what is due; the first calls wait."""
        if self._began is None:
            if self._exclusivity is not None:
                if not self._exclusivity.is_known:
                    return
                self._exclusivity.secure()
            if not self._ready() and time.monotonic() < self._deadline:
                return
            self._began = time.monotonic()
            self.get_logger().info('playing')
        elapsed = (time.monotonic() - self._began) * self._settings.rate
        while self._events and self._events[-1].seconds <= elapsed:
            self._publish(self._events.pop())
        if not self._events:
            for output in self._outputs.values():
                output.wait_for_all_acked(_FAREWELL)
            self.get_logger().info('played')
            signal.raise_signal(signal.SIGINT)  # how every node is asked to end

    def _ready(self) -> bool:
        known = self._measured is not None or topics.TRAJECTORY not in self._outputs
        return known and all(output.get_subscription_count() for output in self._outputs.values())

    def _check_robot(self, data: bytes) -> None:
        """Refuse to command a robot with other joints, or one that would have to jump.

        Args:
            data: The command that is due, serialised.

        Raises:
            RobotError: It is not the robot of the recording, not where the recording begins,
                does not say where it is, or somebody else commands it.
        """
        if self._exclusivity is not None:
            self._exclusivity.secure()
        if topics.JOINT_STATES in self._outputs:
            listens = self._outputs[topics.TRAJECTORY].topic_name
            raise RobotError(
                f'somebody listens to {listens}, who must not get recorded joint states too; '
                'leave one of the two out of the parameter topics'
            )
        if self._measured is None:
            silent = self.resolve_topic_name(topics.JOINT_STATES)
            raise RobotError(
                f'nothing on {silent}; start the robot, or leave the trajectory out of the '
                'parameter topics'
            )
        measured = messages.joint_positions(self._measured)
        command = messages.joint_command(deserialize_message(data, JointTrajectory))
        missing = sorted(set(command.joint_names) - set(measured))
        if missing:
            raise RobotError(
                f'the robot has no joint {", ".join(missing)}; the recording is of another robot'
            )
        # Later commands may come in mid-motion, and begin where the robot then is.
        if self._commanded or not len(command.positions):
            return
        gap = np.abs([measured[name] for name in command.joint_names] - command.positions[0])
        if gap.max() > _AT_START:
            raise RobotError(
                f'joint {command.joint_names[gap.argmax()]} is {gap.max():.2f} rad from where the '
                f'recording begins, at most {_AT_START} is allowed; move the robot there first'
            )
        self._commanded = True

    def _publish(self, event: Event) -> None:
        kind, output = self._types[event.topic], self._outputs[event.topic]
        if event.topic == topics.TRAJECTORY:
            if not output.get_subscription_count():
                return  # nor may one get it that is found only after this check
            self._check_robot(event.data)
        if kind not in (JointState, JointTrajectory, MultiDOFJointTrajectory):
            output.publish(event.data)
            return
        message, now = deserialize_message(event.data, kind), self.get_clock().now()
        if kind is JointState:  # a state of long ago is of no use to anybody
            message.header.stamp = now.to_msg()
        else:
            _slow_down(message, self._settings.rate)
            if begins := messages.nanoseconds(message.header.stamp):
                message.header.stamp = conversions.moment(self._now_for(begins, event))
        if event.topic == topics.TRAJECTORY:
            message = self._cleared(message, now.nanoseconds).message
        output.publish(message)

    def _now_for(self, begins: int, event: Event) -> int:
        """Return when something begins on our clock that began so on the recorder's [ns].

        All that is played keeps its distance from the first, whenever a timer lets it go: a
        trajectory that takes over another has to fit it exactly.
        """
        rate = self._settings.rate
        if self._first is None:
            played = round((event.received - self._origin) / rate)
            self._first = self.get_clock().now().nanoseconds - played
        return self._first + round((begins - self._origin) / rate)

    def _cleared(self, message: JointTrajectory, now: int) -> Cleared:
        """Have the safety envelope look at what a robot is about to be told."""
        if self._rules is None or self._measured is None:
            raise UnsafeError('held back: nobody knows where the robot is')
        said = messages.joint_motion(self._measured)
        known = [said.get(name, (0.0, 0.0)) for name in self._rules.joint_names]
        positions, velocities = np.array(known, np.float64).T
        seen = Seen(positions, velocities, self._measured_at)
        return self._envelope.clear(examine(message, self._rules), now, self._rules, seen)


def _rules(settings: PlayerParameters) -> Rules:
    """Return what holds for the robot that is commanded.

    Raises:
        RobotError: It cannot be loaded.
        ConfigError: The recording does not say which it is.
    """
    name, joint_limits = settings.robot, ''
    if not name:
        name, joint_limits = recorded_robot(settings.bag, settings.namespace or None)
    robot = load_robot(name, joint_limits or None)
    return Rules(robot.joint_names, robot.limits)


def _give_up(problem: str) -> None:
    raise RobotError(f'{problem}; nothing more is played')


def _stopped() -> None:
    raise RobotError('somebody wants the robot to stop; nothing more is played')


def _slow_down(message: JointTrajectory | MultiDOFJointTrajectory, rate: float) -> None:
    """Change a trajectory in place so that it takes 1 / `rate` of its time."""
    if rate == 1.0:
        return
    for point in message.points:
        seconds = point.time_from_start.sec + 1e-9 * point.time_from_start.nanosec
        point.time_from_start = conversions.duration(seconds / rate)
        if isinstance(message, JointTrajectory):
            point.velocities = [rate * value for value in point.velocities]
            point.accelerations = [rate**2 * value for value in point.accelerations]


def _message_type(kind: str) -> Any:
    try:
        return message_type(kind)
    except MotionClipError as error:
        raise MotionClipError(f'{error}; leave its topics out of the parameter topics') from None


def main() -> None:
    """Run the node."""
    serve(PlayerNode, urgent=True)


if __name__ == '__main__':
    main()
