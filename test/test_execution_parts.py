"""Scaling stretches time and nothing else; parts of a robot keep their own path."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_approach import retargeted
from test_trajectory import NAMES, limits, random_trajectory

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.checking import extremes, jerk_use, keeps, scaled_limits, slowed_into
from motionclip_ros.execution.parts import completed, only


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.01, 1.0), st.floats(0.01, 1.0), st.booleans())
def test_scaling_stretches_time_and_keeps_the_path(seed, velocity, acceleration, jerky) -> None:
    motion = retargeted(seed)
    bounds = limits(jerk=np.full(3, 500.0 if jerky else np.inf))
    scaled = scaled_limits(bounds, velocity, acceleration)
    slow = slowed_into(motion, scaled)
    assert keeps(slow.time_from_start, slow.positions, slow.velocities, scaled)
    factor = slow.seconds / motion.seconds
    assert factor >= 1.0
    u = np.linspace(0.0, motion.seconds, 200)
    np.testing.assert_allclose(
        slow.sample(factor * u).positions, motion.sample(u).positions, atol=1e-9
    )
    less = motion.slowed(max(1.0, 0.99 * factor))
    assert factor == 1.0 or not keeps(
        less.time_from_start, less.positions, less.velocities, scaled
    )


@pytest.mark.parametrize('value', [0.0, -0.5, 1.01, np.nan, np.inf])
def test_scalings_outside_their_range_are_refused(value) -> None:
    with pytest.raises(TrajectoryError, match=r'velocity scaling .* above 0 and at most 1'):
        scaled_limits(limits(), value, 1.0)
    with pytest.raises(TrajectoryError, match=r'acceleration scaling .* above 0 and at most 1'):
        scaled_limits(limits(), 1.0, value)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32))
def test_the_extremes_are_those_of_the_cubics(seed) -> None:
    path = random_trajectory(seed)
    points = (path.time_from_start, path.positions, 2.0 * path.velocities)
    dense = np.linspace(path.time_from_start[0], path.seconds, 20001)
    found = type(path)(NAMES, *points, path.base_position, path.base_quaternion_xyzw).sample(dense)
    lowest, highest = extremes(*points)
    np.testing.assert_allclose(lowest, found.positions.min(axis=0), atol=1e-5)
    np.testing.assert_allclose(highest, found.positions.max(axis=0), atol=1e-5)


def test_the_jerk_is_the_third_derivative() -> None:
    times = np.array([0.0, 0.3, 0.5])[:, None]
    found = jerk_use(times[:, 0], 2.0 * times**3 - times, 6.0 * times**2 - 1.0)
    np.testing.assert_allclose(found, [12.0])


@given(st.permutations(NAMES), st.integers(1, 3))
def test_a_part_completed_with_a_posture_is_the_robot_again(names, count) -> None:
    motion = retargeted(1)
    part = only(motion, names[:count])
    assert part.joint_names == tuple(names[:count])
    posture = dict(zip(NAMES, [0.1, 0.2, -0.7], strict=True))
    whole = completed(part, NAMES, posture)
    assert whole.joint_names == NAMES
    for column, name in enumerate(NAMES):
        if name in names[:count]:
            np.testing.assert_array_equal(whole.positions[:, column], motion.positions[:, column])
            np.testing.assert_array_equal(
                whole.velocities[:, column], motion.velocities[:, column]
            )
        else:
            assert (whole.positions[:, column] == posture[name]).all()
            assert not whole.velocities[:, column].any()


def test_joints_without_a_path_or_a_place_are_refused() -> None:
    motion = retargeted(1)
    with pytest.raises(TrajectoryError, match="unknown joint 'wrist'; this trajectory has hip"):
        only(motion, ['wrist'])
    with pytest.raises(TrajectoryError, match='needs 2 points and a joint'):
        only(motion, [])
    with pytest.raises(TrajectoryError, match="joint 'elbow' has neither a path nor a place"):
        completed(only(motion, ['hip', 'knee']), NAMES, {})
    with pytest.raises(TrajectoryError, match="unknown joint 'hip'; this robot has knee"):
        completed(motion, ['knee', 'elbow'], {})
