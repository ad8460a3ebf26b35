"""Tells ROS 2 of the parameters, reads them, and refuses wrong values with the reason."""

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import (
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterUninitializedException,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from motionclip_model.errors import ConfigError

Parameters = TypeVar('Parameters')


def declare(node: Node, kind: type[Parameters]) -> Parameters:
    """Declare all fields of a dataclass as parameters of a node.

    Args:
        node: The node; values given to it at start override the defaults.
        kind: A dataclass of `definitions`.

    Returns:
        The values at start.

    Raises:
        ConfigError: A value given at start has the wrong type or lies outside its range.
    """
    for field in _fields(kind):
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        try:
            node.declare_parameter(field.name, default, _descriptor(field))
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            reason = ' '.join(str(error).split())
            raise ConfigError(f'parameter {field.name}: {reason}') from None
    settings = read(node, kind)
    for field in _fields(kind):
        if wrong := problem(field, getattr(settings, field.name)):
            raise ConfigError(f'parameter {field.name}: {wrong}')
    fields = {field.name: field for field in _fields(kind)}
    node.add_on_set_parameters_callback(lambda wanted: _allowed(node, fields, wanted))
    return settings


def read(node: Node, kind: type[Parameters]) -> Parameters:
    """Read the present values of declared parameters."""
    values = {}
    for field in _fields(kind):
        try:
            value = node.get_parameter(field.name).value
        except ParameterUninitializedException:
            raise ConfigError(f'parameter {field.name} has no value; give it one') from None
        values[field.name] = tuple(value) if isinstance(field.default, tuple) else value
    return kind(**values)


def watch(node: Node, kind: type[Parameters], told: Callable[[Parameters], None]) -> None:
    """Let a function know all values whenever one has changed."""
    node.add_post_set_parameters_callback(lambda _: told(read(node, kind)))


def problem(field: 'dataclasses.Field[Any]', value: Any) -> str | None:
    """Say in one line what is wrong with a value, if anything is.

    ROS 2 itself knows types and plain ranges; this adds words, ranges with a gap, and NaN, which
    is in any range.
    """
    told = field.metadata
    if told['choices'] and value not in told['choices']:
        return f'{value!r} is none of {", ".join(told["choices"])}'
    if isinstance(field.default, float):
        if not math.isfinite(value):
            return f'{value} is no finite number'
        low, high = told['between'] or (-math.inf, math.inf)
        if not (low <= value <= high or (told['or_zero'] and value == 0.0)):
            zero = '0, or ' if told['or_zero'] else ''
            return f'{value:g} is not {zero}between {low:g} and {high:g}'
    default: Any = field.default
    is_point = isinstance(default, tuple) and isinstance(default[0], float)
    if is_point and not (len(value) == len(default) and all(map(math.isfinite, value))):
        return f'{list(value)} are not {len(default)} finite numbers'
    return None


def _allowed(
    node: Node, fields: dict[str, 'dataclasses.Field[Any]'], wanted: Sequence[Parameter]
) -> SetParametersResult:
    for parameter in wanted:
        field = fields.get(parameter.name)
        if field is None or parameter.value is None:
            continue
        reason = problem(field, parameter.value)
        if reason is None and field.metadata['at_configure'] and _is_configured(node):
            reason = 'it can be changed only while the node is unconfigured; clean it up first'
        if reason is not None:
            return SetParametersResult(
                successful=False, reason=f'parameter {parameter.name}: {reason}'
            )
    return SetParametersResult(successful=True)


def _is_configured(node: Node) -> bool:
    return bool(getattr(node, 'is_configured', False))


def _descriptor(field: 'dataclasses.Field[Any]') -> ParameterDescriptor:
    told = field.metadata
    descriptor = ParameterDescriptor(
        description=told['description'],
        additional_constraints=', '.join(told['choices']),
        read_only=told['fixed'],
    )
    if told['between']:
        low, high = (0.0 if told['or_zero'] else told['between'][0]), told['between'][1]
        if isinstance(field.default, float):
            limits = FloatingPointRange(from_value=float(low), to_value=float(high))
            descriptor.floating_point_range = [limits]
        else:
            limits = IntegerRange(from_value=int(low), to_value=int(high), step=1)
            descriptor.integer_range = [limits]
    return descriptor


def _fields(kind: type[Any]) -> tuple['dataclasses.Field[Any]', ...]:
    return dataclasses.fields(kind)
