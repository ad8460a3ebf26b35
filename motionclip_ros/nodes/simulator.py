"""Node `simulator`: a MuJoCo humanoid behind a joint trajectory controller, in real time."""

import random
import threading
import time
from typing import Any, cast

from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_ros import conversions, messages, topics
from motionclip_ros.controller import JointTrajectoryController, Tolerances
from motionclip_ros.follower import JointCommand, JointTrajectoryFollower
from motionclip_ros.nodes.following import FollowingServer
from motionclip_ros.nodes.running import LATCHED, LATEST, RELIABLE, one_line, overridable, serve
from motionclip_ros.nodes.transforms import TransformPublisher
from motionclip_ros.parameters import declaration
from motionclip_ros.parameters.definitions import SimulatorParameters
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.simulation import TIME_STEP, Base, Simulation

_LONGEST_LAG = 0.2
"""Time by which the simulation may fall behind before it lets go of the difference [s]."""

_FEEDBACK = 10
"""Joint states for each feedback of the action."""


class SimulatorNode(Node):  # type: ignore[misc]
    """Publishes what a robot does, obeys trajectories; with `use_sim_time` it is the clock.

    Attributes:
        acting: Held by whoever looks at or changes what the robot does.
    """

    def __init__(self) -> None:
        """Load the robot and start the clock.

        Raises:
            MotionClipError: A parameter is invalid or the robot cannot be loaded.
        """
        # Before anything can go wrong: a context that shuts down destroys unfinished nodes, too.
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        super().__init__('simulator')
        self._settings = settings = declaration.declare(self, SimulatorParameters)
        self._is_clock = bool(self.get_parameter('use_sim_time').value)
        if settings.real_time_factor != 1.0 and not self._is_clock:
            raise ConfigError(
                f'parameter real_time_factor: {settings.real_time_factor:g} needs use_sim_time, '
                'here and in all other nodes'
            )
        robot = load_robot(settings.robot)
        self._simulation = simulation = Simulation(robot, cast('Base', settings.base))
        follower = JointTrajectoryFollower(
            simulation.joint_names, simulation.lower, simulation.upper, simulation.state.positions
        )
        self._controller = JointTrajectoryController(follower, self._tolerances(settings))
        self._began = time.monotonic()
        # Of the simulated time 0 on the clock of the stamps [ns].
        self._origin = 0 if self._is_clock else self.get_clock().now().nanoseconds
        self.acting = threading.RLock()
        self._lost = random.Random(0)
        self._count = 0
        self._listen(robot)
        declaration.watch(self, SimulatorParameters, self._apply)
        self._apply(settings)
        # A thread of its own: a timer's callback a hundred times a second would cost rclpy more
        # than the simulation itself, and would wait for all others.
        self._thread.start()
        self.get_logger().info(f'simulating {settings.robot}: {robot.urdf_path}')

    def destroy_node(self) -> None:
        """Let time stand still first."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        super().destroy_node()

    def _apply(self, settings: SimulatorParameters) -> None:
        with self.acting:
            self._settings = settings
            self._controller.tolerances = self._tolerances(settings)
            self._simulation.weaken(settings.motor_limit)

    def _listen(self, robot: Robot) -> None:
        self._states = self.create_publisher(
            JointState, topics.JOINT_STATES, **overridable(RELIABLE)
        )
        self._description = self.create_publisher(String, topics.ROBOT_DESCRIPTION, LATCHED)
        self._description.publish(String(data=robot.urdf_path.read_text()))
        self._ticks = self.create_publisher(ClockMessage, '/clock', LATEST)
        self._tf = TransformPublisher(self)
        self._links_shown = None if self._settings.link_frames else 1
        self._tf_every = max(round(self._settings.rate / self._settings.tf_rate), 1)
        self.create_subscription(
            JointTrajectory,
            topics.of_controller(topics.JOINT_TRAJECTORY, self._settings.controller),
            callback=self._on_trajectory,
            **overridable(RELIABLE),
        )
        self._server: FollowingServer | None = None
        try:
            self._server = FollowingServer(
                self,
                topics.of_controller(topics.FOLLOW_JOINT_TRAJECTORY, self._settings.controller),
                self._controller,
                self,
            )
        except ImportError:
            self.get_logger().warning(
                'control_msgs is not installed: no action FollowJointTrajectory, only the topic; '
                '`make interfaces` builds it'
            )

    @property
    def now(self) -> float:
        """Simulated time [s]."""
        return self._simulation.time

    def start(self, command: JointCommand) -> float | None:
        """Return when a command starts, in simulated time [s]; None on arrival."""
        return (command.stamp - self._origin) / 1e9 if command.stamp else None

    def is_lost(self) -> bool:
        """Draw whether a command shall not arrive."""
        return self._lost.random() < self._settings.drop_commands

    def _on_trajectory(self, message: JointTrajectory) -> None:
        if self.is_lost():
            return
        try:
            command = messages.joint_command(message)
            with self.acting:
                accepted = self._controller.accept(command, self.now, self.start(command))
        except MotionClipError as error:
            self.get_logger().warning(f'trajectory refused: {one_line(error)}')
            return
        if accepted is None:
            self.get_logger().warning(
                'an empty trajectory: braking; the controller of ros2_controllers ignores those'
            )
        else:
            self.get_logger().info(
                f'following {len(command.times)} points, {len(command.joint_names)} joints'
            )

    def _run(self) -> None:
        """Let time pass."""
        due = time.monotonic()
        while not self._ending.wait(max(due - time.monotonic(), 0.0)):
            with self.acting:
                self._tick()
            due = max(due + 1.0 / self._settings.rate, time.monotonic())

    def _tick(self) -> None:
        """Simulate until now, and say what there is to see."""
        self._advance(self._settings.real_time_factor)
        if self._server is not None:
            self._server.look()
        stamp = conversions.moment(self._origin + round(1e9 * self.now))
        if self._is_clock:
            self._ticks.publish(ClockMessage(clock=stamp))
        self._count += 1
        if not self._settings.stale_states:
            self._publish(stamp)

    def _advance(self, factor: float) -> None:
        """Simulate until now; a machine that is too slow loses time rather than the robot."""
        wall = time.monotonic()
        lag = (wall - self._began) * factor - self.now
        if lag > _LONGEST_LAG * factor:
            lost = lag / factor - _LONGEST_LAG
            self._began += lost
            if not self._is_clock:
                self._origin += round(1e9 * lost)
        until = (wall - self._began) * factor
        while self.now + TIME_STEP <= until:
            desired = self._controller.update(self.now, self._simulation.state)
            self._simulation.step(desired)

    def _publish(self, stamp: Any) -> None:
        simulation, state = self._simulation, self._simulation.state
        self._states.publish(
            conversions.joint_state(
                simulation.joint_names,
                state.positions,
                state.velocities,
                simulation.efforts,
                stamp,
            )
        )
        if self._count % self._tf_every == 0:
            poses = simulation.link_poses(self._links_shown)
            self._tf.publish(topics.WORLD_FRAME, poses, stamp)
        if self._server is not None and self._count % _FEEDBACK == 0:
            self._server.tell(self._controller.desired(self.now), state, stamp)

    def _tolerances(self, settings: SimulatorParameters) -> Tolerances:
        return Tolerances.uniform(
            len(self._simulation.joint_names),
            settings.path_tolerance,
            settings.goal_tolerance,
            settings.goal_time,
        )


def main() -> None:
    """Run the node."""
    serve(SimulatorNode, urgent=True)


if __name__ == '__main__':
    main()
