"""An action server that answers with what it was asked."""

import json

import rclpy
from rclpy.action import ActionServer
from rclpy.action.server import ServerGoalHandle
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from motionclip_interfaces.action import GenerateMotion


def answer(handle: ServerGoalHandle) -> GenerateMotion.Result:
    """Put each part of the goal into a part of the result."""
    goal = handle.request
    handle.publish_feedback(GenerateMotion.Feedback(stage='decoding', progress=0.5))
    handle.succeed()
    return GenerateMotion.Result(
        success=True,
        message=goal.text,
        report=json.dumps({'seed': goal.seed, 'execute': goal.execute}),
        trajectory=JointTrajectory(
            joint_names=goal.joints, points=[JointTrajectoryPoint(positions=[goal.seconds])]
        ),
    )


def main() -> None:
    """Serve until interrupted."""
    rclpy.init()
    node = Node('server')
    server = ActionServer(node, GenerateMotion, 'generate_motion', answer)
    try:
        rclpy.spin(node)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        server.destroy()
        node.destroy_node()
        rclpy.try_shutdown()


if __name__ == '__main__':
    main()
