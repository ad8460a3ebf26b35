"""The soak test counts what it says it counts; a short run of it."""

import sys

import numpy as np
import pytest
from conftest import ROOT
from ros_graph import GENERATOR, graph

sys.path.append(str(ROOT / 'benchmark'))

from lasting.usage import Usage, trend
from soak import soak

__all__ = ['graph']

MINUTES = 0.2


def samples(slope: float, minutes: float = 30.0, threads: int = 0, handles: int = 0) -> list:
    """A run with noise, and growth from the first to the last."""
    random = np.random.default_rng(0)
    times = np.linspace(0.0, minutes, 200)
    return [
        Usage(t, 300 + slope * t + random.normal(0, 3.0), 9 + round(threads * t / minutes),
              40 + int(random.integers(3)) + round(handles * t / minutes))
        for t in times
    ]  # fmt: skip


def test_what_grows_is_told_and_noise_is_not() -> None:
    assert trend(samples(0.0)).complaints == []
    assert trend(samples(0.9)).complaints == []
    assert trend(samples(1.2)).complaints == ['memory grows by 1.18 MB/min']
    assert trend(samples(50.0, minutes=0.5)).complaints == []  # still warming up
    assert trend(samples(0.0, threads=2)).complaints == ['1 more threads']
    assert trend(samples(0.0, handles=9)).complaints[0].endswith('more open files')


def test_a_jump_while_it_warms_up_is_no_growth() -> None:
    warming = [Usage(t, 100 + 50 * min(t, 5.0), 5, 5) for t in np.linspace(0, 30, 100)]
    assert trend(warming).complaints == []


def test_a_sound_generator_lasts(graph) -> None:
    done = soak(graph, GENERATOR, MINUTES, seed=1, pace=4.0)
    assert done.complaints == []
    assert done.asker.said.total() == done.asker.told.total() > 5


@pytest.mark.nightly
def test_a_leaking_generator_and_a_lost_outcome_are_found(graph) -> None:
    done = soak(graph, 'leaking_generator', MINUTES, seed=1, pace=4.0)
    assert [each for each in done.complaints if 'more open files' in each]
    done.asker.told['dance'] += 1
    assert [each for each in done.asker.complaints if each.startswith("'dance': asked")]
