"""A process that sends one goal to the generator and waits for its result."""

import sys

import rclpy
from rclpy.action import ActionClient

from motionclip_ros import topics
from motionclip_ros.nodes.running import prepare_environment


def main() -> None:
    """Send the text on the command line; the exit status says whether the goal was reached."""
    from motionclip_interfaces.action import GenerateMotion

    prepare_environment()
    rclpy.init()
    node = rclpy.create_node('goal_client')
    client = ActionClient(node, GenerateMotion, topics.GENERATE_MOTION)
    client.wait_for_server()
    sent = client.send_goal_async(GenerateMotion.Goal(text=sys.argv[-1]))
    rclpy.spin_until_future_complete(node, sent)
    done = sent.result().get_result_async()
    rclpy.spin_until_future_complete(node, done)
    sys.exit(not done.result().result.success)


if __name__ == '__main__':
    main()
