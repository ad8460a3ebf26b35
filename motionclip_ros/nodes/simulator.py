"""Node `simulator`: a MuJoCo humanoid that follows joint trajectories in real time."""

import time

from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from motionclip_model.errors import MotionClipError
from motionclip_ros import conversions, messages, parameters, topics
from motionclip_ros.follower import JointTrajectoryFollower
from motionclip_ros.nodes.running import LATCHED, RELIABLE, one_line, serve
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.simulation import TIME_STEP, Simulation

_LONGEST_LAG = 0.2
"""Time by which the simulation may fall behind before it lets go of the difference [s]."""


class SimulatorNode(Node):  # type: ignore[misc]
    """Publishes `/joint_states` and the latched `/robot_description`; obeys trajectories."""

    def __init__(self) -> None:
        """Load the robot and start the clock.

        Raises:
            MotionClipError: A parameter is invalid or the robot cannot be loaded.
        """
        super().__init__('simulator')
        settings = parameters.declare(self, parameters.SimulatorParameters)
        urdf = load_robot(settings.robot).urdf_path
        self._simulation = simulation = Simulation(urdf)
        self._follower = JointTrajectoryFollower(
            simulation.joint_names,
            simulation.lower,
            simulation.upper,
            simulation.state.positions,
        )
        self._origin = time.monotonic()
        self._states = self.create_publisher(JointState, topics.JOINT_STATES, RELIABLE)
        self._description = self.create_publisher(String, topics.ROBOT_DESCRIPTION, LATCHED)
        self._description.publish(String(data=urdf.read_text()))
        self.create_subscription(
            JointTrajectory, topics.JOINT_TRAJECTORY, self._on_trajectory, RELIABLE
        )
        self.create_timer(1.0 / settings.rate, self._on_timer)
        self.get_logger().info(f'simulating {settings.robot}: {urdf}')

    def _on_trajectory(self, message: JointTrajectory) -> None:
        try:
            command = messages.joint_command(message)
            self._follower.accept(command, self._simulation.time)
        except MotionClipError as error:
            self.get_logger().warning(f'trajectory refused: {one_line(error)}')
        else:
            self.get_logger().info(
                f'following {len(command.times)} points, {len(command.joint_names)} joints'
            )

    def _on_timer(self) -> None:
        wall = time.monotonic() - self._origin
        lag = wall - self._simulation.time
        if lag > _LONGEST_LAG:
            self._origin += lag - _LONGEST_LAG
            wall -= lag - _LONGEST_LAG
        while self._simulation.time + TIME_STEP <= wall:
            self._simulation.step(self._follower.desired(self._simulation.time))
        state = self._simulation.state
        self._states.publish(
            conversions.joint_state(
                self._simulation.joint_names,
                state.positions,
                state.velocities,
                self._simulation.efforts,
                self.get_clock().now().to_msg(),
            )
        )


def main() -> None:
    """Run the node."""
    serve(SimulatorNode)


if __name__ == '__main__':
    main()
