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
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from motionclip_interfaces.action import GenerateMotion
from motionclip_ros import topics
from motionclip_ros.nodes.running import prepare_environment


def main(text: str = 'a person waves with the right hand') -> None:
    """Send one goal and wait for its result."""
    prepare_environment()  # needed where ROS came as wheels
    # With rclpy's own handlers Ctrl-C would leave nothing to cancel the goal with.
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    node = Node('motionclip_example')
    client: Any = ActionClient(node, GenerateMotion, topics.GENERATE_MOTION)
    client.wait_for_server()
    goal = GenerateMotion.Goal(text=text, seed=0)
    handle = wait(node, client.send_goal_async(goal, on_feedback))
    if handle.accepted:
        try:
            result = wait(node, handle.get_result_async()).result
        except KeyboardInterrupt:
            wait(node, handle.cancel_goal_async())
            result = wait(node, handle.get_result_async()).result
        print(f'{"done" if result.success else "not done"}: {result.message}')
        print(f'{len(result.trajectory.points)} points, {len(result.report)} bytes of report')
    else:
        print('not accepted: the generator is not active')
    node.destroy_node()
    rclpy.shutdown()


def on_feedback(message: Any) -> None:
    """Print how far it is."""
    print(f'{message.feedback.progress:4.0%} {message.feedback.stage}', flush=True)


def wait(node: Node, future: Any) -> Any:
    """Serve the node until something is there; Ctrl-C is heard within a tenth of a second."""
    while not future.done():
        rclpy.spin_once(node, timeout_sec=0.1)
    return future.result()


if __name__ == '__main__':
    main(*remove_ros_args(sys.argv)[1:])
