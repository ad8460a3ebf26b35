"""Parameters have a type, a range and a description, and bad values are one line."""

import dataclasses
import os
import sys
from pathlib import Path

import pytest
import rclpy
import yaml
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from motionclip_model.errors import ConfigError
from motionclip_ros.parameters import declaration, definitions

KINDS = {
    'motionclip': definitions.GeneratorParameters,
    'simulator': definitions.SimulatorParameters,
    'player': definitions.PlayerParameters,
    'recorder': definitions.RecorderParameters,
    'recogniser': definitions.RecogniserParameters,
}
CONFIG = Path(__file__).resolve().parent.parent / 'config' / 'motionclip.yaml'


@pytest.fixture(scope='module')
def context():
    os.environ.setdefault('AMENT_PREFIX_PATH', sys.prefix)
    made = Context()
    rclpy.init(context=made, signal_handler_options=SignalHandlerOptions.NO)
    yield made
    made.try_shutdown()


@pytest.fixture
def make_node(context):
    nodes = []

    def make(**overrides) -> Node:
        values = [Parameter(name, value=value) for name, value in overrides.items()]
        nodes.append(Node('subject', context=context, parameter_overrides=values))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()


@pytest.mark.parametrize('kind', KINDS.values())
def test_defaults_are_declared_and_described(make_node, kind):
    node = make_node()
    assert declaration.declare(node, kind) == kind()
    for field in dataclasses.fields(kind):
        descriptor = node.describe_parameter(field.name)
        assert len(descriptor.description) > 10
        assert not descriptor.dynamic_typing


@pytest.mark.parametrize('name', KINDS)
def test_configuration_file_states_the_defaults(name):
    written = yaml.safe_load(CONFIG.read_text())[f'/**/{name}']['ros__parameters']
    default = dataclasses.asdict(KINDS[name]())
    assert written == {
        key: list(value) if isinstance(value, tuple) else value for key, value in default.items()
    }


@pytest.mark.parametrize(
    ('kind', 'overrides'),
    [
        (definitions.GeneratorParameters, {'seconds': -1.0}),
        (definitions.GeneratorParameters, {'seconds': 'long'}),
        (definitions.GeneratorParameters, {'seed': -2}),
        (definitions.GeneratorParameters, {'model': 3}),
        (definitions.SimulatorParameters, {'rate': 1e6}),
        (definitions.RecorderParameters, {'topics': 'all'}),
        (definitions.RecogniserParameters, {'window': 0.1}),
    ],
)
def test_bad_values_at_start_are_one_line(make_node, kind, overrides):
    (name,) = overrides
    with pytest.raises(ConfigError, match=f'parameter {name}: ') as caught:
        declaration.declare(make_node(**overrides), kind)
    assert '\n' not in str(caught.value)


def test_values_change_while_running_unless_fixed(make_node):
    node = make_node()
    declaration.declare(node, definitions.GeneratorParameters)
    results = node.set_parameters(
        [
            Parameter('seed', value=7),
            Parameter('seconds', value=1e9),
            Parameter('seconds', value=0.3),
            Parameter('autostart', value=False),
            Parameter('execution', value='telepathy'),
            Parameter('model', value='other'),  # for the next time that it is configured
        ]
    )
    assert [result.successful for result in results] == [True, False, False, False, False, True]
    assert results[4].reason.endswith("'telepathy' is none of topic, action")
    settings = declaration.read(node, definitions.GeneratorParameters)
    assert (settings.seed, settings.seconds, settings.model) == (7, 0.0, 'other')
