"""Something breaks in a running graph: the robot stays safe, and the next command works.

A short version of `benchmark/faults.py`, with an analytic wave in place of the model.
"""

import sys

import numpy as np
import pytest
from conftest import ROOT
from ros_graph import GENERATOR, Graph

sys.path.append(str(ROOT / 'benchmark'))

from lasting import breaking
from lasting.lab import Lab, Seen, unsafe

from motionclip_ros.retargeting.robots.robot import load_robot

pytestmark = pytest.mark.real_time


@pytest.fixture(scope='module')
def lab(tmp_path_factory):
    """A robot, a recorder and a generator; each fault leaves them whole."""
    graph = Graph(tmp_path_factory.mktemp('faults'))
    made = Lab(graph, GENERATOR)
    try:
        made.start('simulator', 'recorder', 'generator')
        yield made
    finally:
        graph.close()


KILLED = [
    pytest.param(name, marks=() if name == 'generator' else pytest.mark.nightly)
    for name in breaking.KILLED
]


@pytest.mark.parametrize('name', KILLED)
def test_what_is_killed_in_mid_motion_leaves_a_robot_that_obeys(lab, name) -> None:
    assert breaking.kill(lab, name, after=1.0) == []


@pytest.mark.parametrize(
    'name',
    [
        'fill_disk',
        *(
            pytest.param(name, marks=pytest.mark.nightly)
            for name in ('freeze_simulator', 'deactivate')
        ),
    ],
)
def test_what_fails_in_mid_motion_leaves_a_robot_that_obeys(lab, name) -> None:
    assert getattr(breaking, name)(lab) == []


def swing(speed: float) -> list[Seen]:
    """All joints at one speed [rad/s], a hundred states a second."""
    times = np.arange(100) / 100
    return [Seen(t, t, np.full(29, speed * t), np.full(29, speed)) for t in times]


def test_jumps_and_speeds_are_found() -> None:
    limits = load_robot('g1').limits
    assert unsafe(swing(3.0), limits) == []
    assert 'of a velocity limit' in unsafe(swing(30.0), limits)[0]
    jump = [
        seen._replace(positions=seen.positions + 0.5 * (seen.stamp > 0.5)) for seen in swing(3)
    ]
    assert unsafe(jump, limits)[0].startswith('a jump: 0.')
    restarted = [seen for seen in jump if not 0.3 < seen.stamp < 0.7]
    assert unsafe(restarted, limits) == []
