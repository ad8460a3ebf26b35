"""What is published starts at the robot, is slow at both ends and breaks no limit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trajectory import NAMES, limits, random_trajectory

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.approach import CALM, executable
from motionclip_ros.retargeting.limits import cubic_use
from motionclip_ros.retargeting.trajectory import RobotTrajectory


def retargeted(seed: int) -> RobotTrajectory:
    """A motion inside all limits, from time 0."""
    jagged = random_trajectory(seed)
    slowed = jagged.slowed(jagged.stretch_needed(limits()))
    return RobotTrajectory(
        NAMES,
        slowed.time_from_start - slowed.time_from_start[0],
        slowed.positions,
        slowed.velocities,
        slowed.base_position,
        slowed.base_quaternion_xyzw,
    )


def measured(seed: int) -> np.ndarray:
    """Joint positions inside the limits."""
    return np.random.default_rng(seed + 1).uniform(limits().lower, limits().upper)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_no_limit_is_broken_anywhere(seed) -> None:
    whole = executable(retargeted(seed), limits(), measured(seed)).trajectory
    use = cubic_use(whole.time_from_start, whole.positions, whole.velocities)
    assert (use.velocity <= limits().velocity).all()
    assert (use.acceleration <= limits().acceleration).all()
    between = whole.sample(np.linspace(whole.time_from_start[0], whole.seconds, 5000)).positions
    assert (between >= limits().lower - 1e-12).all()
    assert (between <= limits().upper + 1e-12).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_it_starts_where_the_robot_is_and_stops_where_the_motion_ends(seed) -> None:
    motion, here = retargeted(seed), measured(seed)
    whole = executable(motion, limits(), here).trajectory
    assert whole.time_from_start[0] > 0.0
    np.testing.assert_allclose(whole.positions[0], here, atol=1e-12)
    np.testing.assert_allclose(whole.positions[-1], motion.positions[-1], atol=1e-9)
    assert not whole.velocities[[0, -1]].any()
    np.testing.assert_allclose(whole.base_position[-1], motion.base_position[-1], atol=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32))
def test_the_way_to_the_first_pose_is_calm(seed) -> None:
    motion, here = retargeted(seed), measured(seed)
    whole = executable(motion, limits(), here).trajectory
    away = np.abs(whole.positions - motion.positions[0]).max(axis=1)
    arrived = int(np.argmax(away < 1e-9))
    assert arrived > 0
    assert np.abs(whole.velocities[: arrived + 1]).max() <= CALM * limits().velocity.max() * 1.02
    path = np.diff(whole.positions[: arrived + 1], axis=0) * np.sign(motion.positions[0] - here)
    assert (path >= -1e-9).all()  # straight there, no joint swings back


def test_the_motion_itself_is_all_there() -> None:
    motion = retargeted(3)
    whole = executable(motion, limits(), measured(3)).trajectory
    for pose in motion.sample(np.linspace(0.0, motion.seconds, 20)).positions:
        gap = np.abs(whole.sample(np.linspace(0, whole.seconds, 20000)).positions - pose)
        assert gap.max(axis=1).min() < 0.02


def test_without_a_measurement_it_starts_at_the_neutral_posture() -> None:
    whole = executable(retargeted(1), limits(), None).trajectory
    np.testing.assert_allclose(whole.positions[0], [0.0, 0.0, -0.5], atol=1e-12)


def test_a_robot_that_is_there_already_still_gets_a_soft_start() -> None:
    motion = retargeted(1)
    whole = executable(motion, limits(), motion.positions[0]).trajectory
    assert not whole.velocities[0].any()
    assert whole.seconds > motion.seconds


def test_a_reading_just_outside_a_limit_is_taken_as_on_it() -> None:
    here = limits().upper + 0.05
    np.testing.assert_allclose(
        executable(retargeted(1), limits(), here).trajectory.positions[0],
        limits().upper,
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ('here', 'message'),
    [
        (np.zeros(2), r'shape \(2,\); the robot has 3 joints'),
        (np.array([0.0, np.nan, -1.0]), 'NaN'),
        (np.array([57.3, 0.0, -1.0]), 'joint hip is measured at 57.300 rad, outside'),
    ],
)
def test_impossible_measurements_are_refused(here, message) -> None:
    with pytest.raises(TrajectoryError, match=message):
        executable(retargeted(1), limits(), here)


def test_limits_of_another_robot_are_refused() -> None:
    other = limits()
    two = type(other)(*(getattr(other, name)[:2] for name in other.__dataclass_fields__))
    with pytest.raises(TrajectoryError, match='limits are of 2 joints, the trajectory has 3'):
        executable(retargeted(1), two, None)
