"""Parameters of the nodes: a dataclass each, a field for each with range and description."""

import dataclasses
from typing import Any

from motionclip_ros import topics


def _parameter(
    default: Any,
    description: str,
    *,
    between: tuple[float, float] | None = None,
    choices: tuple[str, ...] = (),
    or_zero: bool = False,
    fixed: bool = False,
    at_configure: bool = False,
) -> Any:
    """Describe a field that is a ROS parameter.

    Args:
        default: Value unless a user sets another; its type is the parameter's.
        description: One line for `ros2 param describe`.
        between: Smallest and largest value allowed.
        choices: All values allowed, where they are words.
        or_zero: Whether 0 is allowed below the range, too.
        fixed: Read at start only.
        at_configure: Read when a lifecycle node is configured, and changed only before.
    """
    return dataclasses.field(
        default=default,
        metadata={
            'description': description,
            'between': between,
            'choices': choices,
            'or_zero': or_zero,
            'fixed': fixed,
            'at_configure': at_configure,
        },
    )


@dataclasses.dataclass(frozen=True)
class GeneratorParameters:
    """What the generator can be told."""

    autostart: bool = _parameter(
        True,
        'Configure and activate at the start; false leaves that to a manager',
        fixed=True,
    )
    model: str = _parameter(
        'base', 'Model: a name or the path of a .safetensors file', at_configure=True
    )
    robot: str = _parameter(
        'g1',
        'Robot: a name, the path of a URDF file, or "description": as the next parameter says',
        at_configure=True,
    )
    robot_description: str = _parameter(
        '',
        'Text of a URDF; empty for what comes on the topic robot_description',
        at_configure=True,
    )
    joint_limits: str = _parameter(
        '', "Path of a file of joint limits as MoveIt's; empty for the robot's", at_configure=True
    )
    execution: str = _parameter(
        'topic',
        'How a controller gets trajectories: by its topic, or by its action FollowJointTrajectory',
        choices=('topic', 'action'),
        at_configure=True,
    )
    controller: str = _parameter(
        topics.CONTROLLER, 'Name of the controller that gets them', at_configure=True
    )
    stamped: bool = _parameter(
        True,
        'Trajectories say when they start; false where the clock of the controller is another',
        at_configure=True,
    )
    partial_goals: bool = _parameter(
        False, 'Send only the joints that move; the controller must allow partial goals'
    )
    seconds: float = _parameter(
        0.0,
        'Length of a motion, 1 to 10 [s]; 0 leaves it to the text',
        between=(1.0, 10.0),
        or_zero=True,
    )
    seed: int = _parameter(
        0, 'Seed of the random numbers; -1 for the most typical motion', between=(-1, 2**31 - 1)
    )
    velocity_scaling: float = _parameter(
        1.0, 'Part of the velocity limits that may be used', between=(0.01, 1.0)
    )
    acceleration_scaling: float = _parameter(
        1.0, 'Part of the acceleration and jerk limits that may be used', between=(0.01, 1.0)
    )
    require_joint_states: bool = _parameter(
        True, 'Refuse a text while the robot does not say where its joints are'
    )
    joint_state_timeout: float = _parameter(
        1.0, 'Age at which a joint state no longer counts [s]', between=(0.05, 60.0)
    )
    workspace: float = _parameter(
        20.0, 'How far a motion may take the base from where it begins [m]', between=(0.1, 1000.0)
    )
    preview_offset: tuple[float, ...] = _parameter(
        (0.0, 1.0), 'Where person and preview stand in the frame odom: x and y [m]'
    )


@dataclasses.dataclass(frozen=True)
class SimulatorParameters:
    """What the simulator can be told."""

    robot: str = _parameter('g1', 'Robot: a name or the path of a URDF file', fixed=True)
    base: str = _parameter(
        'gantry',
        'Whether the pelvis hangs in a gantry or is free, so that the robot stands and may fall',
        choices=('gantry', 'free'),
        fixed=True,
    )
    controller: str = _parameter(
        topics.CONTROLLER, 'Name of its joint trajectory controller', fixed=True
    )
    rate: float = _parameter(
        100.0, 'Joint states published per second [1/s]', between=(1.0, 500.0), fixed=True
    )
    tf_rate: float = _parameter(
        50.0, 'Transforms published per second [1/s]', between=(1.0, 500.0), fixed=True
    )
    link_frames: bool = _parameter(
        False, 'Publish the frames of all links, where no robot_state_publisher does', fixed=True
    )
    real_time_factor: float = _parameter(
        1.0,
        'Simulated seconds per second; other than 1 needs use_sim_time, here and elsewhere',
        between=(0.05, 20.0),
        fixed=True,
    )
    path_tolerance: float = _parameter(
        0.0, 'How far a joint may be off on its way [rad]; 0 does not matter', between=(0.0, 10.0)
    )
    goal_tolerance: float = _parameter(
        0.0, 'How far a joint may be off at the end [rad]; 0 does not matter', between=(0.0, 10.0)
    )
    goal_time: float = _parameter(
        0.0, 'How late the end may be reached [s]; 0 waits for ever', between=(0.0, 60.0)
    )
    drop_commands: float = _parameter(
        0.0, 'Fault: part of the commands that are lost', between=(0.0, 1.0)
    )
    stale_states: bool = _parameter(False, 'Fault: nothing more is said of the joints')
    motor_limit: float = _parameter(
        1.0, 'Fault: part of their torque that the motors still have', between=(0.0, 1.0)
    )


@dataclasses.dataclass(frozen=True)
class RecorderParameters:
    """What the recorder can be told."""

    output: str = _parameter(
        'bag', 'Folder of a new recording, must not exist; {time} becomes date and time'
    )
    at_once: bool = _parameter(True, 'Record from the start; false waits for ~/start', fixed=True)
    topics: tuple[str, ...] = _parameter(
        (*topics.RECORDED, topics.TF, topics.TF_STATIC),
        "Names of the topics, in the node's namespace without a leading /, * for any part",
        fixed=True,
    )


@dataclasses.dataclass(frozen=True)
class RecogniserParameters:
    """What the recogniser can be told."""

    model: str = _parameter('base', 'Model: a name or the path of a .safetensors file', fixed=True)
    robot: str = _parameter('g1', 'Robot: a name or the path of a URDF file', fixed=True)
    labels: str = _parameter(
        '', 'Labels to choose between, separated by commas; empty for the usual 18', fixed=True
    )
    window: float = _parameter(
        3.0, 'How much of the past is looked at [s]', between=(1.0, 10.0), fixed=True
    )
    rate: float = _parameter(
        2.0, 'Labels published per second [1/s]', between=(0.1, 10.0), fixed=True
    )


@dataclasses.dataclass(frozen=True)
class PlayerParameters:
    """What the player can be told."""

    bag: str = _parameter('bag', 'Folder of the recording', fixed=True)
    namespace: str = _parameter(
        '', "The recorded robot's; empty where there is only one", fixed=True
    )
    robot: str = _parameter(
        '', "Whose limits hold: a name or a path; empty for the recording's", fixed=True
    )
    rate: float = _parameter(
        1.0,
        'Part of the recorded speed; not more, which could break limits',
        between=(0.1, 1.0),
        fixed=True,
    )
    patience: float = _parameter(
        3.0, 'How long to wait for who listens [s]', between=(0.0, 60.0), fixed=True
    )
    topics: tuple[str, ...] = _parameter(
        topics.REPLAYED, "Topics of the recording, without its namespace's name", fixed=True
    )
