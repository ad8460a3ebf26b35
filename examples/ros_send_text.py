"""A ROS 2 node that tells the robot what to do and waits until it is done, by the action.

    ros2 launch motionclip_ros text_to_robot.launch.py sim:=true
    python examples/ros_send_text.py "a person bows"

prints the stages as they come, and the outcome. Ctrl-C cancels: the robot brakes.
"""

import sys
from typing import Any

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.utilities import remove_ros_args

from motionclip_interfaces.action import GenerateMotion
from motionclip_ros import topics
from motionclip_ros.nodes.running import prepare_environment


def main(text: str = 'a person waves with the right hand') -> None:
    """Send one goal and wait for its result."""
    prepare_environment()  # needed where ROS came as wheels
    rclpy.init()
    node = Node('motionclip_example')
    try:
        result = perform(node, text)
        print(f'{"done" if result.success else "not done"}: {result.message}')
        print(f'{len(result.trajectory.points)} points, {len(result.report)} bytes of report')
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def perform(node: Node, text: str) -> Any:
    """Return the result of a goal; it is canceled where somebody interrupts."""
    client: Any = ActionClient(node, GenerateMotion, topics.GENERATE_MOTION)
    client.wait_for_server()
    goal = GenerateMotion.Goal(text=text, seed=0)
    sent = client.send_goal_async(
        goal, lambda message: print(f'{message.feedback.progress:4.0%} {message.feedback.stage}')
    )
    rclpy.spin_until_future_complete(node, sent)
    handle: Any = sent.result()
    done: Any = handle.get_result_async()
    try:
        rclpy.spin_until_future_complete(node, done)
    except KeyboardInterrupt:
        rclpy.spin_until_future_complete(node, handle.cancel_goal_async())
        rclpy.spin_until_future_complete(node, done)
    return done.result().result


if __name__ == '__main__':
    main(*remove_ros_args(sys.argv)[1:])
