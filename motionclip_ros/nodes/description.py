"""Which robot a generator is for, where ROS 2 says so."""

import time

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from motionclip_model.errors import RobotError
from motionclip_ros import topics
from motionclip_ros.nodes.polling import Polled
from motionclip_ros.nodes.running import LATCHED
from motionclip_ros.parameters.definitions import GeneratorParameters

FROM_DESCRIPTION = 'description'
"""Value of the parameter `robot` that leaves the choice to a description."""

_PATIENCE = 10.0  # [s] for somebody to describe the robot


def robot_name(node: Node, settings: GeneratorParameters) -> str:
    """Return what `load_robot` takes.

    Raises:
        RobotError: Nobody describes the robot, or the description cannot be used.
    """
    if settings.robot != FROM_DESCRIPTION:
        return settings.robot
    # Guessing takes libraries that no other robot needs.
    from motionclip_ros.retargeting.robots.described import described

    found = described(settings.robot_description or _heard(node))
    node.get_logger().info(f'the robot is {found}')
    return found


def _heard(node: Node) -> str:
    """Wait for the latched description."""
    topic = Polled(node, String, topics.ROBOT_DESCRIPTION, LATCHED)
    try:
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            for taken in topic.take():
                return str(deserialize_message(taken.data, String).data)
            time.sleep(0.02)
        raise RobotError(
            f'nothing on {topic.topic} for {_PATIENCE:g} s; start robot_state_publisher, or name '
            'the robot by the parameter robot'
        )
    finally:
        topic.destroy()
