"""Texts in, a moving humanoid out: generator, and as wanted simulator, recorder, RViz.

Start it with `ros2 launch motionclip_ros text_to_robot.launch.py rviz:=true record:=true`, then
`ros2 topic pub --once -w 1 /motionclip/text std_msgs/msg/String "{data: a person waves}"`.
"""

from typing import NamedTuple

from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

from launch import LaunchContext, LaunchDescription
from motionclip_ros.nodes.description import FROM_DESCRIPTION
from motionclip_ros.retargeting.robots.robot import load_robot

PACKAGE = 'motionclip_ros'
SHARE = FindPackageShare(PACKAGE)
PARAMETERS = PathJoinSubstitution([SHARE, 'config', 'motionclip.yaml'])

RANGE = 'ROS_AUTOMATIC_DISCOVERY_RANGE'

# Robots in namespaces do not share their transforms, as in Nav2.
GLOBAL = [('/tf', 'tf'), ('/tf_static', 'tf_static')]
SHOWN = ['motionclip/markers', 'motionclip/preview/robot_description', 'robot_description']


class Argument(NamedTuple):
    """An argument of this file."""

    default: str
    description: str
    choices: tuple[str, ...] = ()


YES_OR_NO = ('true', 'false')
ARGUMENTS = {
    'robot': Argument('g1', 'Robot name, or path of a URDF file'),
    'model': Argument('base', 'Model name, or path of a checkpoint'),
    'namespace': Argument('', 'Namespace of all nodes, for several robots in one graph'),
    'sim': Argument('true', 'Simulate the robot; false where a real one listens', YES_OR_NO),
    'base': Argument('gantry', 'What holds the simulated robot', ('gantry', 'free')),
    'execution': Argument('topic', 'How the controller gets trajectories', ('topic', 'action')),
    'controller': Argument('joint_trajectory_controller', 'Name of the controller'),
    'use_sim_time': Argument('false', 'Let the simulator be the clock', YES_OR_NO),
    'real_time_factor': Argument('1.0', 'Simulated seconds per second; needs use_sim_time'),
    'record': Argument('false', 'true: to bags/DATE_TIME; or the path of a new folder'),
    'recognise': Argument('false', 'Say what the robot looks like it is doing', YES_OR_NO),
    'rviz': Argument('false', 'Show robot, preview and person in RViz', YES_OR_NO),
    'params': Argument('', 'A file of parameters that count more than these arguments'),
}


def generate_launch_description() -> LaunchDescription:
    """Describe the processes and the arguments that choose among them."""
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(
                    name,
                    default_value=argument.default,
                    description=argument.description,
                    choices=list(argument.choices) or None,
                )
                for name, argument in ARGUMENTS.items()
            ),
            # A simulated robot is nobody else's business; a real one is on another machine.
            SetEnvironmentVariable(
                RANGE,
                EnvironmentVariable(RANGE, default_value='LOCALHOST'),
                condition=IfCondition(LaunchConfiguration('sim')),
            ),
            OpaqueFunction(function=_nodes),
            OpaqueFunction(function=_views, condition=IfCondition(LaunchConfiguration('rviz'))),
        ]
    )


def _enclave(*names: str) -> list[str]:
    """Name the enclave of a node, its full name; without SROS 2 it means nothing."""
    return ['--enclave', '/'.join(('', *(name.strip('/') for name in names if name)))]


def _nodes(context: LaunchContext) -> list[Node]:
    """Start the package's own nodes."""
    asked = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}

    def node(executable: str, name: str = '', **values: object) -> Node:
        typed = {
            key: ParameterValue(value, value_type=type(value)) for key, value in values.items()
        }
        common = {'use_sim_time': asked['use_sim_time'] == 'true'}
        return Node(
            package=PACKAGE,
            executable=executable,
            name=name or executable,
            namespace=asked['namespace'],
            output='screen',
            parameters=[PARAMETERS, typed, common, *filter(None, [asked['params']])],
            remappings=GLOBAL if asked['namespace'] else [],
            ros_arguments=_enclave(asked['namespace'], name or executable),
        )

    nodes = [
        node(
            'generator',
            'motionclip',
            **{name: asked[name] for name in ('robot', 'model', 'execution', 'controller')},
        )
    ]
    if asked['sim'] == 'true':
        factor = float(asked['real_time_factor'])
        nodes.append(
            node(
                'simulator',
                robot=asked['robot'],
                base=asked['base'],
                controller=asked['controller'],
                real_time_factor=factor,
            )
        )
    if asked['record'] not in ('', 'false'):
        folder = 'bags/{time}' if asked['record'] == 'true' else asked['record']
        nodes.append(node('recorder', output=folder))
    if asked['recognise'] == 'true':
        nodes.append(node('recogniser', robot=asked['robot'], model=asked['model']))
    return nodes


def _views(context: LaunchContext) -> list[Node]:
    """Start RViz, and who tells it where the links of robot and preview are."""
    robot = LaunchConfiguration('robot').perform(context)
    namespace = LaunchConfiguration('namespace').perform(context)
    sim_time = {'use_sim_time': LaunchConfiguration('use_sim_time').perform(context) == 'true'}
    remappings = GLOBAL if namespace else []
    viewer = Node(
        package='rviz2',
        executable='rviz2',
        namespace=namespace,
        arguments=['-d', PathJoinSubstitution([SHARE, 'rviz', 'motionclip.rviz'])],
        parameters=[sim_time],
        remappings=[*remappings, *((f'/{name}', name) for name in SHOWN)],
        ros_arguments=_enclave(namespace, 'rviz2'),
    )
    if robot == FROM_DESCRIPTION:
        return [viewer]  # who publishes the description says where its links are, too
    urdf = load_robot(robot).urdf_path.read_text()
    description = {'robot_description': ParameterValue(urdf, value_type=str)}
    publisher = {'package': 'robot_state_publisher', 'executable': 'robot_state_publisher'}
    return [
        Node(
            **publisher,
            namespace=namespace,
            parameters=[description, sim_time],
            remappings=remappings,
            ros_arguments=_enclave(namespace, 'robot_state_publisher'),
        ),
        Node(
            **publisher,
            namespace=f'{namespace}/motionclip/preview',
            parameters=[description, sim_time, {'frame_prefix': 'preview/'}],
            remappings=[(there, f'{namespace}{there}') for there, _ in remappings],
            ros_arguments=_enclave(namespace, 'motionclip/preview', 'robot_state_publisher'),
        ),
        viewer,
    ]
