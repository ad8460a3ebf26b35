"""A ROS 2 node that hears what the robot is told.

    ros2 launch motionclip_ros text_to_robot.launch.py sim:=true
    python examples/ros_hear_trajectory.py

prints a line for each trajectory: how long it is, and how far which joint moves. The messages
are standard ones; `messages` turns them into arrays.
"""

import contextlib

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory

from motionclip_ros import messages, topics
from motionclip_ros.nodes.running import RELIABLE, prepare_environment


def on_trajectory(message: JointTrajectory) -> None:
    """Print how long a trajectory is and which of its joints moves most."""
    command = messages.joint_command(message)
    moved = np.ptp(command.positions, axis=0)
    most = int(moved.argmax())
    print(
        f'{command.times[-1]:.2f} s, {len(command.times)} points; most moves '
        f'{command.joint_names[most]}, {moved[most]:.2f} rad',
        flush=True,
    )


def main() -> None:
    """Listen until interrupted."""
    prepare_environment()  # needed where ROS came as wheels
    rclpy.init()
    node = Node('motionclip_listener')
    node.create_subscription(JointTrajectory, topics.TRAJECTORY, on_trajectory, RELIABLE)
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == '__main__':
    main()
