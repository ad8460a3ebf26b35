"""Trajectories are replaced and stopped in mid-motion without a jump and inside the limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation
from test_approach import measured, retargeted
from test_trajectory import NAMES, limits

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.braking import brake
from motionclip_ros.execution.checking import extremes, scaled_limits, slowed_into
from motionclip_ros.execution.splicing import depart, splice, stop
from motionclip_ros.execution.state import (
    MeasuredState,
    MovingState,
    Path,
    commanded_state,
    cubic_at,
)
from motionclip_ros.follower import JointCommand, JointTrajectoryFollower
from motionclip_ros.retargeting.approach import executable
from motionclip_ros.retargeting.limits import JointLimits, cubic_use
from motionclip_ros.retargeting.trajectory import RobotTrajectory

SEEDS = st.integers(0, 2**32)
MOMENTS = st.floats(0.0, 1.1)  # of the duration: after the end, too
JERKS = st.sampled_from([np.inf, 2000.0, 400.0])


def with_jerk(jerk: float) -> JointLimits:
    return limits(jerk=np.full(3, jerk))


def running(seed: int, bounds: JointLimits) -> RobotTrajectory:
    """A trajectory that is being executed."""
    return slowed_into(executable(retargeted(seed), bounds, measured(seed)).trajectory, bounds)


def points(state: MovingState, path: RobotTrajectory) -> tuple[np.ndarray, ...]:
    """What a controller makes of a trajectory that reaches it in a state."""
    return (
        np.concatenate([[0.0], path.time_from_start]),
        np.vstack([state.positions, path.positions]),
        np.vstack([state.velocities, path.velocities]),
    )


def assert_inside(state: MovingState, path: RobotTrajectory, bounds: JointLimits) -> None:
    use = cubic_use(*points(state, path))
    lowest, highest = extremes(*points(state, path))
    assert (use.velocity <= np.maximum(bounds.velocity, np.abs(state.velocities)) + 1e-6).all()
    allowed = np.maximum(bounds.acceleration, np.abs(state.accelerations))
    assert (use.acceleration <= allowed + 1e-6).all()
    assert (lowest >= bounds.lower - 1e-6).all()
    assert (highest <= bounds.upper + 1e-6).all()


def assert_ends_at_rest(path: RobotTrajectory) -> None:
    assert path.time_from_start[0] > 0.0
    assert not path.velocities[-1].any()


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(2, 6), st.floats(-0.5, 1.5))
def test_a_path_is_the_cubics_between_its_points_and_beyond(seed, count, part) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(1e-4, 1.0, count))
    path = Path(times, *rng.normal(size=(2, count, 3)))
    moment = float(times[0] + part * (times[-1] - times[0]))
    cubics = CubicHermiteSpline(*path)
    for order, found in enumerate(cubic_at(path, moment)):
        assert found == pytest.approx(cubics(moment, order), rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS, MOMENTS, st.floats(0.1, 1.0), st.floats(0.1, 1.0), JERKS)
def test_a_splice_keeps_all_limits_and_leads_through_the_new_motion(
    one, other, moment, fast, hard, jerk
) -> None:
    current = running(one, with_jerk(jerk))
    bounds = scaled_limits(with_jerk(jerk), fast, hard)
    elapsed = moment * current.seconds
    state = commanded_state(current, elapsed)
    whole = splice(current, elapsed, retargeted(other), bounds).trajectory
    # A state that is too fast for scaled limits may need more than those to stop in time.
    assert_inside(state, whole, replace(bounds, acceleration=limits().acceleration))
    assert_ends_at_rest(whole)
    np.testing.assert_allclose(whole.positions[-1], retargeted(other).positions[-1], atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans())
def test_a_controller_sees_no_jump_through_splices(one, other, first, second, ending) -> None:
    bounds = limits()
    current = running(one, bounds)
    follower = JointTrajectoryFollower(NAMES, bounds.lower, bounds.upper, current.positions[0])
    follower.accept(command(current), 0.0)
    now = 0.0
    for moment, seed in ((first, other), (second, one)):
        elapsed = moment * current.seconds
        now += elapsed
        before, state = follower.desired(now), commanded_state(current, elapsed)
        # The start of a path is not a point of it, so its first millisecond is known less well.
        known = elapsed >= current.time_from_start[0]
        np.testing.assert_allclose(before[0], state[0], atol=1e-6 if known else 1e-4)
        np.testing.assert_allclose(before[1], state[1], atol=1e-6 if known else 0.05)
        if ending:
            current = stop(current, elapsed, bounds)
        else:
            current = splice(current, elapsed, retargeted(seed), bounds).trajectory
        follower.accept(command(current), now)
        after = follower.desired(now + 1e-9)
        np.testing.assert_allclose(after.positions, before.positions, atol=1e-6)
        np.testing.assert_allclose(after.velocities, before.velocities, atol=1e-6)


def command(trajectory: RobotTrajectory) -> JointCommand:
    return JointCommand(
        trajectory.joint_names,
        trajectory.time_from_start,
        trajectory.positions,
        trajectory.velocities,
    )


def test_most_splices_stop_nowhere_before_the_first_pose() -> None:
    straight, joined = 0, 0
    for seed in range(40):
        current, new = running(seed, limits()), retargeted(seed + 99)
        elapsed = np.random.default_rng(seed).uniform(0.2, 0.9) * current.seconds
        whole = splice(current, elapsed, new, limits()).trajectory
        stands = np.abs(whole.velocities[:-1]).max(axis=1) < 1e-6
        away = np.abs(whole.positions[:-1] - new.positions[0]).max(axis=1) > 1e-6
        straight += not (stands & away).any()
        joined += not stands.any()
    assert straight >= 38
    assert joined >= 5  # most of these jagged motions start at full speed on a limit


@settings(max_examples=100, deadline=None)
@given(SEEDS, MOMENTS, JERKS)
def test_a_stop_is_inside_the_limits_and_as_short_as_they_allow(seed, moment, jerk) -> None:
    bounds = with_jerk(jerk)
    current = running(seed, bounds)
    elapsed = moment * current.seconds
    state = commanded_state(current, elapsed)
    stopped = stop(current, elapsed, bounds)
    assert_inside(state, stopped, bounds)
    assert_ends_at_rest(stopped)
    needed = np.abs(state.velocities) / bounds.acceleration
    if np.isfinite(jerk):  # to the full deceleration, and back from it
        needed += (bounds.acceleration + np.abs(state.accelerations)) / jerk
        needed += np.abs(state.accelerations) / bounds.acceleration
    assert stopped.seconds <= max(1.2 * needed.max(), 0.04) + 1e-3


@settings(max_examples=100, deadline=None)
@given(SEEDS, JERKS)
def test_a_stop_is_obeyed_from_any_state(seed, jerk) -> None:
    rng = np.random.default_rng(seed)
    bounds = with_jerk(jerk)
    positions = rng.uniform(bounds.lower, bounds.upper)
    velocities = 2.0 * bounds.velocity * rng.uniform(-1.0, 1.0, 3)
    state = MovingState(positions, velocities, bounds.acceleration * rng.uniform(-1.0, 1.0, 3))
    path = brake(state, bounds)
    times, *rest = (
        np.concatenate([[0.0], path.times]),
        np.vstack([positions, path.positions]),
        np.vstack([velocities, path.velocities]),
    )
    lowest, highest = extremes(times, *rest)
    assert (np.diff(times) > 0.0).all()
    assert not path.velocities[-1].any()
    assert np.isfinite(path.positions).all()
    room = 1e-6 + 1e-4 * np.abs(velocities)  # a state that nothing could stop: one tick
    assert (lowest >= bounds.lower - room).all()
    assert (highest <= bounds.upper + room).all()


def test_a_splice_walks_on_from_where_the_base_is() -> None:
    current, new = running(1, limits()), retargeted(2)
    here = current.sample(0.5 * current.seconds)
    whole = splice(current, 0.5 * current.seconds, new, limits()).trajectory
    first = whole.sample(0.0)
    np.testing.assert_allclose(first.base_position[:2], here.base_position[:2], atol=1e-9)
    found = np.linalg.norm((whole.base_position[-1] - here.base_position)[:2])
    wanted = np.linalg.norm((new.base_position[-1] - new.base_position[0])[:2])
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    turned = heading(whole.base_quaternion_xyzw[-1]) - heading(here.base_quaternion_xyzw)
    asked = heading(new.base_quaternion_xyzw[-1]) - heading(new.base_quaternion_xyzw[0])
    np.testing.assert_allclose(np.cos(turned - asked), 1.0)


def heading(quaternion_xyzw: np.ndarray) -> float:
    ahead = Rotation.from_quat(quaternion_xyzw).as_matrix()[:, 0]
    return float(np.arctan2(ahead[1], ahead[0]))


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS)
def test_a_robot_that_still_moves_departs_without_a_jump(one, other) -> None:
    rng = np.random.default_rng(one)
    bounds = limits()
    state = MeasuredState(
        NAMES[::-1],
        rng.uniform(bounds.lower, bounds.upper)[::-1],
        bounds.velocity * rng.uniform(-1.0, 1.0, 3)[::-1],
        stamp=10.0,
    ).state(NAMES, bounds, 10.1, 0.5)
    whole = depart(state, retargeted(other), bounds).trajectory
    assert_inside(state, whole, bounds)
    assert_ends_at_rest(whole)


def test_a_robot_at_rest_departs_calmly() -> None:
    here = measured(3)
    state = MeasuredState(NAMES, here, np.full(3, 0.005), 0.0).state(NAMES, limits(), 0.0, 1.0)
    calm = executable(retargeted(4), limits(), here).trajectory
    departed = depart(state, retargeted(4), limits()).trajectory
    np.testing.assert_array_equal(departed.positions, calm.positions)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'stamp': 8.0}, r'2\.00 s old, at most 0\.5 s'),
        ({'stamp': 11.0}, r'1\.00 s in the future'),
        ({'stamp': np.nan}, 'at most 0.5 s'),
        ({'joint_names': ('hip', 'knee', 'wrist')}, 'lack elbow'),
        ({'joint_names': ('hip', 'knee', 'hip')}, 'a joint twice'),
        ({'positions': np.array([0.0, 0.0, 3.0])}, 'joint elbow is measured at 3.000'),
        ({'positions': np.array([0.0, np.nan, -1.0])}, 'positions hold NaN'),
        ({'velocities': np.zeros(2)}, r'velocities have shape \(2,\)'),
    ],
)
def test_measurements_that_nothing_can_start_from_are_refused(changes, message) -> None:
    values = {
        'joint_names': NAMES,
        'positions': np.array([0.0, 0.0, -1.0]),
        'velocities': np.zeros(3),
        'stamp': 10.0,
    }
    with pytest.raises(TrajectoryError, match=message) as caught:
        MeasuredState(**(values | changes)).state(NAMES, limits(), 10.0, 0.5)
    assert '\n' not in str(caught.value)


def test_motions_of_other_joints_are_refused() -> None:
    other = replace(retargeted(1), joint_names=('hip', 'knee', 'wrist'))
    with pytest.raises(TrajectoryError, match="joint 'elbow' is in only one"):
        splice(running(1, limits()), 0.5, other, limits())


@pytest.mark.parametrize('elapsed', [-0.1, np.nan, np.inf])
def test_a_moment_that_is_none_is_refused(elapsed) -> None:
    with pytest.raises(TrajectoryError, match='no time since the start'):
        splice(running(1, limits()), elapsed, retargeted(2), limits())
    with pytest.raises(TrajectoryError, match='no time since the start'):
        stop(running(1, limits()), elapsed, limits())
