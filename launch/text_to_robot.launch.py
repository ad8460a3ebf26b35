"""Texts in, a moving humanoid out: generator, and as wanted simulator, recorder and RViz.

Start it with `ros2 launch motionclip_ros text_to_robot.launch.py rviz:=true record:=out/bag`,
then `ros2 topic pub --once /motionclip/text std_msgs/msg/String "{data: a person waves}"`.
"""

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration, NotEqualsSubstitution, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from motionclip_ros.retargeting.robots.robot import load_robot

PACKAGE = 'motionclip_ros'


def generate_launch_description() -> LaunchDescription:
    """Describe the processes and the arguments that choose among them."""
    share = FindPackageShare(PACKAGE)
    parameters = PathJoinSubstitution([share, 'config', 'motionclip.yaml'])
    robot = {'robot': _text('robot')}
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'robot', default_value='g1', description='Robot name, or path of a URDF file'
            ),
            DeclareLaunchArgument(
                'model', default_value='base', description='Model name, or path of a checkpoint'
            ),
            DeclareLaunchArgument(
                'sim',
                default_value='true',
                choices=['true', 'false'],
                description='Simulate the robot; false where a real one listens',
            ),
            DeclareLaunchArgument(
                'record', default_value='', description='New folder to record to; empty: none'
            ),
            DeclareLaunchArgument(
                'rviz',
                default_value='false',
                choices=['true', 'false'],
                description='Show the robot in RViz (meshes: the package that its URDF names)',
            ),
            DeclareLaunchArgument(
                'joint_trajectory',
                default_value='/joint_trajectory_controller/joint_trajectory',
                description='Topic on which the robot takes trajectories',
            ),
            Node(
                package=PACKAGE,
                executable='generator',
                name='motionclip',
                output='screen',
                parameters=[parameters, robot, {'model': _text('model')}],
                remappings=[('~/joint_trajectory', LaunchConfiguration('joint_trajectory'))],
            ),
            Node(
                package=PACKAGE,
                executable='simulator',
                name='simulator',
                output='screen',
                parameters=[parameters, robot],
                condition=IfCondition(LaunchConfiguration('sim')),
            ),
            Node(
                package=PACKAGE,
                executable='recorder',
                name='recorder',
                output='screen',
                parameters=[parameters, {'output': _text('record')}],
                condition=IfCondition(NotEqualsSubstitution(LaunchConfiguration('record'), '')),
            ),
            OpaqueFunction(
                function=_state_publisher, condition=IfCondition(LaunchConfiguration('rviz'))
            ),
            Node(
                package='rviz2',
                executable='rviz2',
                arguments=['-d', PathJoinSubstitution([share, 'rviz', 'motionclip.rviz'])],
                condition=IfCondition(LaunchConfiguration('rviz')),
            ),
        ]
    )


def _state_publisher(context: LaunchContext) -> list[Node]:
    """Publish link transforms; the node wants the URDF's text, which only now is known."""
    robot = load_robot(LaunchConfiguration('robot').perform(context))
    description = ParameterValue(robot.urdf_path.read_text(), value_type=str)
    # The gantry holds the robot's root; the person moves on the floor beside it.
    place = ['--y', '1.0', '--z', '0.8', '--frame-id', 'odom']
    return [
        Node(
            package='robot_state_publisher',
            executable='robot_state_publisher',
            parameters=[{'robot_description': description}],
        ),
        Node(
            package='tf2_ros',
            executable='static_transform_publisher',
            arguments=[*place, '--child-frame-id', robot.correspondence.base],
        ),
    ]


def _text(argument: str) -> ParameterValue:
    """Pass an argument on as a string, even one that reads like a number."""
    return ParameterValue(LaunchConfiguration(argument), value_type=str)
