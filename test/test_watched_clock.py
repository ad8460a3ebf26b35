"""A clock that is set back is noticed, simulated or not; one that only runs is not."""

import time

import pytest
from rclpy.clock import ROSClock
from rclpy.time import Time

from motionclip_ros.nodes.watched_clock import WatchedClock

SECOND = 1_000_000_000


@pytest.fixture
def clock():
    watched = WatchedClock(ROSClock())
    yield watched
    watched.destroy()


@pytest.fixture
def steady(monkeypatch):
    """A steady clock that the test puts forward: as seen from it, the system's is set back."""
    moved = [0]
    real = time.monotonic_ns
    monkeypatch.setattr(time, 'monotonic_ns', lambda: real() + moved[0])
    return moved


@pytest.mark.parametrize('step', [0.06, 1.0, 3600.0])
def test_a_system_clock_that_is_set_back_is_noticed_once(clock, steady, step) -> None:
    assert not clock.was_set_back()
    time.sleep(0.1)  # more than the smallest step: the clock is then ahead of the last look
    steady[0] += round(step * SECOND)
    assert clock.was_set_back()
    assert not clock.was_set_back()


def test_a_system_clock_that_runs_or_is_put_forward_is_not_set_back(clock, steady) -> None:
    for step in (0.0, -0.2, -3600.0, 0.02):
        steady[0] += round(step * SECOND)
        assert not clock.was_set_back()


def test_a_clock_that_is_set_right_slowly_is_not_set_back(clock, steady, monkeypatch) -> None:
    assert not clock.was_set_back()
    now = clock.now()
    steady[0] += 1000 * SECOND  # while half a second less passed by the system's clock
    monkeypatch.setattr(clock, 'now', lambda: now + round(999.5 * SECOND))
    assert not clock.was_set_back()


def simulated(clock: WatchedClock, seconds: float) -> None:
    clock._clock.set_ros_time_override(Time(seconds=seconds, clock_type=clock._clock.clock_type))


@pytest.mark.parametrize('step', [0.06, 5.0])
def test_a_simulated_clock_that_is_set_back_is_noticed_whenever_one_looks(clock, step) -> None:
    clock._clock._set_ros_time_is_active(True)
    simulated(clock, 10.0)
    clock.was_set_back()  # it is another clock now
    simulated(clock, 10.5)
    assert not clock.was_set_back()
    simulated(clock, 10.5 - step)
    simulated(clock, 11.0)  # later than before
    assert clock.was_set_back()
    assert not clock.was_set_back()


def test_another_clock_counts_as_set_back(clock) -> None:
    assert not clock.was_set_back()
    clock._clock._set_ros_time_is_active(True)
    assert clock.was_set_back()
