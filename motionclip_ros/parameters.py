"""Parameters of the nodes: a dataclass each, declared with type, range and description."""

import dataclasses
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node

from motionclip_model.errors import ConfigError
from motionclip_ros.topics import (
    BASE_TRAJECTORY,
    HUMAN_MOTION,
    JOINT_TRAJECTORY,
    RECORDED,
    REPORT,
)

Parameters = TypeVar('Parameters')


def _parameter(
    default: Any,
    description: str,
    between: tuple[float, float] | None = None,
    fixed: bool = False,
) -> Any:
    """Describe a field that is a ROS parameter.

    Args:
        default: Value unless a user sets another; its type is the parameter's.
        description: One line for `ros2 param describe`.
        between: Smallest and largest value allowed.
        fixed: Read at start only.
    """
    return dataclasses.field(
        default=default,
        metadata={'description': description, 'between': between, 'fixed': fixed},
    )


@dataclasses.dataclass(frozen=True)
class GeneratorParameters:
    """What the generator can be told."""

    model: str = _parameter('base', 'Model: a name or the path of a .safetensors file', fixed=True)
    robot: str = _parameter('g1', 'Robot: a name or the path of a URDF file', fixed=True)
    seconds: float = _parameter(
        0.0, 'Length of a motion, 1 to 10 [s]; 0 leaves it to the text', between=(0.0, 10.0)
    )
    seed: int = _parameter(0, 'Seed of the random numbers', between=(0, 2**31 - 1))
    require_joint_states: bool = _parameter(
        True, 'Refuse a text while the robot does not say where its joints are'
    )
    joint_state_timeout: float = _parameter(
        1.0, 'Age at which a joint state no longer counts [s]', between=(0.05, 60.0)
    )


@dataclasses.dataclass(frozen=True)
class SimulatorParameters:
    """What the simulator can be told."""

    robot: str = _parameter('g1', 'Robot: a name or the path of a URDF file', fixed=True)
    rate: float = _parameter(
        100.0, 'Joint states published per second [1/s]', between=(1.0, 500.0), fixed=True
    )


@dataclasses.dataclass(frozen=True)
class RecorderParameters:
    """What the recorder can be told."""

    output: str = _parameter(
        'bag', 'Folder of a new recording, must not exist; {time} becomes date and time'
    )
    at_once: bool = _parameter(True, 'Record from the start; false waits for ~/start', fixed=True)
    topics: tuple[str, ...] = _parameter(
        (*RECORDED, '/tf', '/tf_static'), 'Full names of the topics, * for any part', fixed=True
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
        (HUMAN_MOTION, BASE_TRAJECTORY, JOINT_TRAJECTORY, REPORT),
        'Full names of the topics in the recording',
        fixed=True,
    )


def declare(node: Node, kind: type[Parameters]) -> Parameters:
    """Declare all fields of a dataclass as parameters of a node.

    Args:
        node: The node; values given to it at start override the defaults.
        kind: One of the dataclasses above.

    Returns:
        The values at start.

    Raises:
        ConfigError: A value given at start has the wrong type or lies outside its range.
    """
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        try:
            node.declare_parameter(field.name, default, _descriptor(field))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            reason = ' '.join(str(error).split())
            raise ConfigError(f'parameter {field.name}: {reason}') from None
    return read(node, kind)


def read(node: Node, kind: type[Parameters]) -> Parameters:
    """Read the present values of declared parameters."""
    values = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        try:
            value = node.get_parameter(field.name).value
        except ParameterUninitializedException:
            raise ConfigError(f'parameter {field.name} has no value; give it one') from None
        values[field.name] = tuple(value) if isinstance(field.default, tuple) else value
    return kind(**values)


def _descriptor(field: 'dataclasses.Field[Any]') -> ParameterDescriptor:
    descriptor = ParameterDescriptor(
        description=field.metadata['description'], read_only=field.metadata['fixed']
    )
    between = field.metadata['between']
    if between and isinstance(field.default, float):
        limits = FloatingPointRange(from_value=float(between[0]), to_value=float(between[1]))
        descriptor.floating_point_range = [limits]
    elif between:
        limits = IntegerRange(from_value=int(between[0]), to_value=int(between[1]), step=1)
        descriptor.integer_range = [limits]
    return descriptor
