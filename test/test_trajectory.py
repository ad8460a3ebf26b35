"""Robot trajectories: their files, their interpolation, and limits kept between the points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model.errors import RobotError, TrajectoryError
from motionclip_ros.retargeting.limits import JointLimits, cubic_use
from motionclip_ros.retargeting.trajectory import RobotTrajectory

NAMES = ('hip', 'knee', 'elbow')


def limits(**changes) -> JointLimits:
    """Limits of three joints."""
    values = {
        'lower': np.array([-1.0, 0.0, -2.0]),
        'upper': np.array([1.0, 2.0, -0.5]),
        'velocity': np.array([2.0, 3.0, 4.0]),
        'acceleration': np.array([20.0, 30.0, 40.0]),
        'effort': np.ones(3),
        'jerk': np.full(3, np.inf),
    }
    return JointLimits(**(values | changes))


def random_trajectory(seed: int, points: int = 12, at_rest: bool = False) -> RobotTrajectory:
    """A jagged path over the whole range, often on a limit."""
    rng = np.random.default_rng(seed)
    bounds = limits()
    positions = rng.uniform(bounds.lower - 0.5, bounds.upper + 0.5, (points, 3))
    quaternions = rng.normal(size=(points, 4))
    return RobotTrajectory.through(
        NAMES,
        np.cumsum(rng.uniform(0.05, 0.2, points)),
        positions,
        rng.normal(size=(points, 3)),
        quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        bounds,
        at_rest,
    )


def fine(trajectory: RobotTrajectory) -> np.ndarray:
    """Times far denser than the points."""
    return np.linspace(trajectory.time_from_start[0], trajectory.time_from_start[-1], 4001)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_path_between_the_points_keeps_the_position_limits(seed, at_rest) -> None:
    trajectory = random_trajectory(seed, at_rest=at_rest)
    positions = trajectory.sample(fine(trajectory)).positions
    assert (positions >= limits().lower - 1e-12).all()
    assert (positions <= limits().upper + 1e-12).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_the_stretched_path_keeps_velocity_and_acceleration_limits(seed) -> None:
    trajectory = random_trajectory(seed)
    slowed = trajectory.slowed(trajectory.stretch_needed(limits()))
    use = cubic_use(slowed.time_from_start, slowed.positions, slowed.velocities)
    assert (use.velocity <= limits().velocity).all()
    assert (use.acceleration <= limits().acceleration).all()
    assert slowed.stretch_needed(limits()) == 1.0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32))
def test_the_extremes_are_those_of_the_path(seed) -> None:
    trajectory = random_trajectory(seed)
    use = cubic_use(trajectory.time_from_start, trajectory.positions, trajectory.velocities)
    times = fine(trajectory)
    velocities = trajectory.sample(times).velocities
    accelerations = np.gradient(velocities, times, axis=0)
    np.testing.assert_allclose(use.velocity, np.abs(velocities).max(axis=0), rtol=1e-3)
    assert (np.abs(accelerations) <= use.acceleration * (1 + 1e-6)).all()
    assert (np.abs(accelerations).max(axis=0) > 0.9 * use.acceleration).all()


def test_the_stretch_is_no_longer_than_needed() -> None:
    trajectory = random_trajectory(5)
    needed = trajectory.stretch_needed(limits())
    assert needed > 1.0
    assert trajectory.slowed(0.999 * needed).stretch_needed(limits()) > 1.0


def test_velocities_are_the_slopes_of_the_positions() -> None:
    trajectory = random_trajectory(1)
    times = fine(trajectory)[1:-1]
    slope = (
        trajectory.sample(times + 1e-6).positions - trajectory.sample(times - 1e-6).positions
    ) / 2e-6
    np.testing.assert_allclose(trajectory.sample(times).velocities, slope, atol=1e-4)


def test_the_path_runs_through_its_points() -> None:
    trajectory = random_trajectory(2)
    found = trajectory.sample(trajectory.time_from_start)
    np.testing.assert_allclose(found.positions, trajectory.positions, atol=1e-12)
    np.testing.assert_allclose(found.velocities, trajectory.velocities, atol=1e-9)
    np.testing.assert_allclose(found.base_position, trajectory.base_position, atol=1e-12)
    same = (found.base_quaternion_xyzw * trajectory.base_quaternion_xyzw).sum(-1)
    np.testing.assert_allclose(np.abs(same), 1.0, atol=1e-12)


def test_outside_its_time_the_path_stands_still() -> None:
    trajectory = random_trajectory(3)
    early, late = trajectory.sample(-1.0), trajectory.sample(trajectory.seconds + 1.0)
    np.testing.assert_array_equal(early.positions, trajectory.positions[0])
    np.testing.assert_allclose(late.positions, trajectory.positions[-1])
    assert not early.velocities.any()
    assert not late.velocities.any()


def test_one_time_gives_one_row() -> None:
    sample = random_trajectory(3).sample(0.4)
    assert [len(part) for part in sample] == [3, 3, 3, 4]


def test_a_file_holds_the_trajectory(tmp_path) -> None:
    trajectory = random_trajectory(4)
    trajectory.save(tmp_path / 'trajectory.npz')
    with np.load(tmp_path / 'trajectory.npz') as archive:
        assert sorted(archive.files) == [
            'base_position',
            'base_quaternion_xyzw',
            'joint_names',
            'positions',
            'time_from_start',
            'velocities',
        ]
    again = RobotTrajectory.load(tmp_path / 'trajectory.npz')
    assert again.joint_names == NAMES
    np.testing.assert_array_equal(again.positions, trajectory.positions)
    np.testing.assert_array_equal(again.time_from_start, trajectory.time_from_start)


def arrays(**changes) -> dict[str, np.ndarray]:
    """The arrays of a small valid file, with changes; None leaves one out."""
    values = {
        'joint_names': np.array(NAMES),
        'time_from_start': np.array([0.0, 0.1]),
        'positions': np.zeros((2, 3)),
        'velocities': np.zeros((2, 3)),
        'base_position': np.zeros((2, 3)),
        'base_quaternion_xyzw': np.tile([0.0, 0.0, 0.0, 1.0], (2, 1)),
    }
    values |= changes
    return {key: value for key, value in values.items() if value is not None}


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'positions': None, 'velocities': None}, 'no array positions, velocities'),
        ({'positions': np.full((2, 3), np.nan)}, 'positions holds NaN'),
        ({'velocities': np.zeros((2, 2))}, r'velocities has shape \(2, 2\)'),
        ({'time_from_start': np.array([0.1, 0.1])}, 'must start at 0 or later and increase'),
        ({'time_from_start': np.array([-0.1, 0.1])}, 'must start at 0 or later and increase'),
        ({'joint_names': np.array(['a', 'a', 'b'])}, 'a name twice'),
        ({'base_quaternion_xyzw': np.zeros((2, 4))}, 'not a unit'),
        ({'positions': np.array([['a'] * 3] * 2)}, 'positions has type'),
        ({'positions': np.array([[{}] * 3] * 2)}, 'not a readable npz'),
    ],
)
def test_malformed_files_are_refused(tmp_path, changes, message) -> None:
    path = tmp_path / 'trajectory.npz'
    np.savez(path, **arrays(**changes))
    with pytest.raises(TrajectoryError, match=message) as caught:
        RobotTrajectory.load(path)
    assert str(caught.value).startswith(str(path))
    assert '\n' not in str(caught.value)


def test_missing_and_truncated_files_are_refused(tmp_path) -> None:
    path = tmp_path / 'trajectory.npz'
    with pytest.raises(TrajectoryError, match='no such file'):
        RobotTrajectory.load(path)
    np.savez(path, **arrays())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TrajectoryError, match='not a readable npz'):
        RobotTrajectory.load(path)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'lower': np.array([2.0, 0.0, -2.0])}, 'joint 0 has its lower limit 2 above'),
        ({'velocity': np.array([2.0, 0.0, 4.0])}, 'joint 1 has no positive velocity'),
        ({'effort': np.array([np.nan, 1.0, 1.0])}, 'effort limits must be'),
    ],
)
def test_impossible_limits_are_refused(changes, message) -> None:
    with pytest.raises(RobotError, match=message):
        limits(**changes)
