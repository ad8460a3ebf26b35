"""Spikes are flattened; what keeps its limits is left alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline
from test_trajectory import limits

from motionclip_ros.retargeting.limits import cubic_use
from motionclip_ros.retargeting.rates import within_rates

STEP = 1 / 30


def calm(frames: int = 90) -> np.ndarray:
    """Three slow sines in the middle of the ranges."""
    time = STEP * np.arange(frames)[:, None]
    bounds = limits()
    middle, half = (bounds.upper + bounds.lower) / 2, (bounds.upper - bounds.lower) / 2
    return middle + 0.5 * half * np.sin(2.0 * time + [0.0, 1.0, 2.0])


def use(path: np.ndarray):
    """What the spline through the path needs."""
    times = STEP * np.arange(len(path))
    return cubic_use(times, path, CubicSpline(times, path, bc_type='natural')(times, 1))


def test_a_calm_path_is_left_alone() -> None:
    np.testing.assert_array_equal(within_rates(calm(), STEP, limits()), calm())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_a_spike_is_flattened_where_it_is(seed) -> None:
    rng = np.random.default_rng(seed)
    path = calm()
    frame, joint = rng.integers(20, 70), rng.integers(3)
    path[frame, joint] += 0.4 * rng.choice([-1.0, 1.0])
    path = limits().clipped(path)
    flat = within_rates(path, STEP, limits())
    found = use(flat)
    assert (found.velocity <= 1.05 * limits().velocity).all()
    assert (found.acceleration <= 1.05 * limits().acceleration).all()
    others = np.arange(3) != joint
    np.testing.assert_array_equal(flat[:, others], path[:, others])
    assert np.abs(flat[: frame - 15] - path[: frame - 15]).max(initial=0.0) < 0.02
    assert (flat >= limits().lower).all()
    assert (flat <= limits().upper).all()


def test_two_frames_are_no_path_to_flatten() -> None:
    path = np.array([[0.0, 0.0, -1.0], [1.0, 1.0, -0.5]])
    np.testing.assert_array_equal(within_rates(path, STEP, limits()), path)
