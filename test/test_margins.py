"""Margins are those of the cubic path, between the points as well as at them."""

import numpy as np
import pytest
from feasibility_cases import held, random_trajectory, small_clip
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_ros.retargeting.feasibility.margins import (
    extremes,
    margin_figures,
    rate_stretch,
)
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import Robot, load_robot

ROBOT = load_robot('g1')
SEEDS = st.integers(0, 10**6)


def with_jerk_limit(limits: JointLimits, jerk: float) -> JointLimits:
    return JointLimits(
        limits.lower,
        limits.upper,
        limits.velocity,
        limits.acceleration,
        limits.effort,
        np.full(limits.lower.shape, jerk),
    )


@settings(max_examples=30, deadline=None)
@given(SEEDS)
def test_no_sample_of_the_path_goes_beyond_the_extremes_and_some_reach_them(seed) -> None:
    path = random_trajectory(ROBOT, 4, seed, 1.0)
    limits = ROBOT.limits
    found = extremes(path, limits)
    times = np.linspace(path.time_from_start[0], path.seconds, 3001)
    sample = path.sample(times)
    excess = np.maximum(sample.positions - limits.upper, limits.lower - sample.positions)
    np.testing.assert_allclose(excess.max(axis=0), found.position_excess.value, atol=1e-3)
    assert (excess.max(axis=0) <= found.position_excess.value + 1e-9).all()
    speed = np.abs(sample.velocities).max(axis=0)
    np.testing.assert_allclose(speed, found.velocity.value, rtol=1e-2)
    assert (speed <= found.velocity.value + 1e-9).all()
    push = np.abs(np.diff(sample.velocities, axis=0)).max(axis=0) / np.diff(times)[0]
    assert (push <= found.acceleration.value * (1 + 1e-6) + 1e-9).all()
    np.testing.assert_allclose(push, found.acceleration.value, rtol=2e-2)


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.sampled_from([np.inf, 300.0]))
def test_slowing_by_the_stretch_keeps_all_limits_also_when_resampled(seed, jerk) -> None:
    path, limits = small_clip(ROBOT, seed), with_jerk_limit(ROBOT.limits, jerk)
    slow = path.slowed(rate_stretch(extremes(path, limits), limits))
    for use in extremes(slow, limits).uses(limits).values():
        assert use.max() <= 1.0 + 1e-6
    sample = slow.sample(np.linspace(0.0, slow.seconds, 700))
    assert (np.abs(sample.velocities) <= limits.velocity * (1 + 1e-6)).all()
    assert (sample.positions <= limits.upper + 1e-6).all()
    assert (sample.positions >= limits.lower - 1e-6).all()


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(1.0, 5.0))
def test_extremes_of_a_slowed_path_are_known_without_it(seed, factor) -> None:
    path = small_clip(ROBOT, seed)
    for ours, theirs in zip(
        extremes(path, ROBOT.limits).slowed(factor),
        extremes(path.slowed(factor), ROBOT.limits),
        strict=True,
    ):
        np.testing.assert_allclose(ours.value, theirs.value, rtol=1e-9, atol=1e-12)


def test_the_stretch_is_no_longer_than_needed() -> None:
    limits = with_jerk_limit(ROBOT.limits, 300.0)
    path = small_clip(ROBOT, 7)
    stretch = rate_stretch(extremes(path, limits), limits)
    assert stretch > 1.0
    worst = extremes(path.slowed(0.999 * stretch), limits).uses(limits)
    assert max(use.max() for use in worst.values()) > 1.0


@pytest.fixture
def robot() -> Robot:
    return ROBOT


def test_figures_name_the_joint_and_the_time(robot) -> None:
    posture = np.tile(robot.neutral, (20, 1))
    knee = robot.joint_index('right_knee_joint')
    posture[12, knee] = robot.limits.upper[knee] - 0.02
    path = held(robot, posture)
    figures = margin_figures(robot, path, extremes(path, robot.limits))
    assert figures['position_margin_rad'] == pytest.approx(0.02, abs=2e-3)
    assert figures['velocity_joint'] == 'right_knee_joint'
    assert abs(figures['velocity_at_s'] - path.time_from_start[12]) < 0.07
    assert figures['joints']['right_knee_joint']['velocity_use'] == figures['velocity_use']
    assert figures['jerk_use'] is None  # nothing bounds the G1's
