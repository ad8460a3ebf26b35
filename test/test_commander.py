"""What a controller makes of the commands: no jump, inside the limits, whenever they arrive."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_approach import measured, retargeted
from test_execution import MOMENTS, SEEDS, command
from test_trajectory import NAMES, limits

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.commander import LEADS, STOP_LEAD, Command, Commander
from motionclip_ros.execution.planning import Departure, Takeover, plan
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.follower import JointTrajectoryFollower

STILL = np.zeros(3)
BEGAN = 1_700_000_000 * SECOND


def at_rest(positions: np.ndarray) -> MovingState:
    return MovingState(positions, STILL, STILL)


def started(seed: int, stamped: bool = True) -> Commander:
    commander = Commander(NAMES, stamped)
    planned = commander.plan(retargeted(seed), BEGAN, at_rest(measured(seed)), limits(), LEADS[0])
    assert commander.launched(planned, BEGAN) is commander.current
    return commander


def seconds(nanoseconds: int) -> float:
    return (nanoseconds - BEGAN) / SECOND


@settings(max_examples=60, deadline=None)
@given(SEEDS, SEEDS, st.lists(MOMENTS, min_size=1, max_size=3), st.integers(1, 49), st.booleans())
@example(one=0, two=0, moments=[1e-9], late=1, stop=True)  # where the first point is due
def test_stamped_takeovers_are_exact_whenever_they_arrive(one, two, moments, late, stop) -> None:
    """The message may come at any time between its planning and the takeover."""
    commander = started(one)
    bounds = limits()
    follower = JointTrajectoryFollower(NAMES, bounds.lower, bounds.upper, measured(one))
    follower.accept(command(commander.current.trajectory), 0.0)
    now = BEGAN
    for moment in moments:
        now = max(now, commander.current.takes_over) + int(
            moment * 0.9 * commander.current.trajectory.seconds * SECOND
        )
        lead = STOP_LEAD if stop else LEADS[0]
        motion = None if stop else retargeted(two)
        where = at_rest(follower.desired(seconds(now)).positions)
        if commander.running(now) is None:
            break
        planned = commander.plan(motion, now, where, bounds, lead)
        expected = follower.desired(seconds(planned.takes_over))
        arrives = now + late * (planned.takes_over - now) // 50
        assert commander.launched(planned, now).trajectory is planned.trajectory
        before = follower.desired(seconds(arrives))
        follower.accept(command(planned.trajectory), seconds(arrives), seconds(planned.start))
        after = follower.desired(seconds(arrives))
        np.testing.assert_allclose(after.positions, before.positions, atol=1e-6)
        np.testing.assert_allclose(after.velocities, before.velocities, atol=1e-4)
        reached = follower.desired(seconds(planned.takes_over))
        np.testing.assert_allclose(reached.positions, expected.positions, atol=1e-6)
        np.testing.assert_allclose(reached.velocities, expected.velocities, atol=1e-4)
        assert planned.trajectory.time_from_start[0] > 0.0


@settings(max_examples=40, deadline=None)
@given(SEEDS, SEEDS, st.floats(0.05, 0.9))
def test_a_takeover_on_arrival_begins_after_the_controller_found_its_way(one, two, moment) -> None:
    commander = started(one, stamped=False)
    now = BEGAN + int(moment * commander.current.trajectory.seconds * SECOND)
    planned = commander.plan(retargeted(two), now, None, limits(), LEADS[0])
    assert isinstance(planned.origin, Takeover)
    assert planned.trajectory.time_from_start[0] >= 0.04
    launched = commander.launched(planned, planned.takes_over + 1_000_000)
    assert launched.start == planned.takes_over + 1_000_000
    assert commander.current is launched


@pytest.mark.parametrize(('stamped', 'delay'), [(True, -1_000_000), (False, 6_000_000)])
def test_what_is_late_is_not_sent(stamped, delay) -> None:
    commander = started(1, stamped)
    before = commander.current
    planned = commander.plan(retargeted(2), BEGAN + SECOND // 2, None, limits(), LEADS[0])
    assert commander.launched(planned, planned.takes_over + delay) is None
    assert commander.current is before


def test_a_standing_robot_starts_from_where_it_was_told_to_be() -> None:
    commander = started(1)
    told = commander.current.trajectory.positions[-1]
    after = commander.current.end + 1
    assert commander.running(after) is None
    sagging = at_rest(told - 0.03)
    near = commander.plan(retargeted(2), after, sagging, limits(), LEADS[0])
    assert near.origin == Departure(tuple(told.tolist()))
    assert near.start == after
    pushed = at_rest(np.clip(told + 0.3, limits().lower, limits().upper))
    far = commander.plan(retargeted(2), after, pushed, limits(), LEADS[0])
    assert far.origin.positions == tuple(pushed.positions.tolist())
    unseen = commander.plan(retargeted(2), after, None, limits(), LEADS[0])
    assert unseen.origin == near.origin


def test_a_robot_that_does_something_else_is_taken_as_it_is() -> None:
    commander = started(1)
    now = BEGAN + SECOND // 2
    elsewhere = at_rest(limits().clipped(commander.current.trajectory.positions[-1] + 0.9))
    planned = commander.plan(retargeted(2), now, elsewhere, limits(), LEADS[0])
    assert isinstance(planned.origin, Departure)
    commander.forget()
    unknown = commander.plan(retargeted(2), now, None, limits(), LEADS[0])
    assert unknown.origin == Departure(None)


@settings(max_examples=30, deadline=None)
@given(SEEDS, SEEDS, st.floats(0.0, 1.0), st.booleans(), st.booleans())
def test_the_same_origin_gives_the_same_bits(one, two, moment, stop, stamped) -> None:
    commander = started(one, stamped)
    current = commander.current
    now = BEGAN + int(moment * 0.95 * current.trajectory.seconds * SECOND)
    motion = None if stop else retargeted(two)
    planned = commander.plan(motion, now, None, limits(), LEADS[0])
    again = plan(planned.origin, motion, current.trajectory, NAMES, limits())
    for name in ('time_from_start', 'positions', 'velocities', 'base_position'):
        np.testing.assert_array_equal(
            getattr(planned.trajectory, name), getattr(again.trajectory, name)
        )


def test_the_person_begins_when_the_robot_has_reached_the_first_pose() -> None:
    motion = retargeted(3)
    commander = Commander(NAMES, stamped=True)
    planned = commander.plan(motion, BEGAN, at_rest(measured(8)), limits(), LEADS[0])
    at = planned.trajectory.sample(planned.begins).positions
    np.testing.assert_allclose(at, motion.positions[0], atol=1e-6)


def test_what_the_robot_was_told_long_ago_is_forgotten() -> None:
    commander = started(1)
    first = weakref.ref(commander.current.trajectory)
    for number in range(1, 3):
        now = BEGAN + number * SECOND // 4
        planned = commander.plan(retargeted(number), now, None, limits(), LEADS[0])
        assert commander.launched(planned, now) is commander.current
    del planned
    gc.collect()
    assert first() is None


def test_nothing_is_taken_over_that_is_not_there() -> None:
    with pytest.raises(TrajectoryError, match='no trajectory to be taken over'):
        plan(Takeover(0.1, None), retargeted(1), None, NAMES, limits())


def test_a_command_before_its_start_has_not_begun() -> None:
    running = started(1).current
    later = replace(running, start=BEGAN + SECOND)
    assert isinstance(later, Command)
    assert later.elapsed(BEGAN) == 0.0
    assert later.elapsed(BEGAN + 2 * SECOND) == 1.0
