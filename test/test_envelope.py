"""Nothing unsafe gets past the safety envelope, and everything that is planned well does."""

import time
from functools import cache

import numpy as np
import pytest
from envelope_cases import (
    BEGAN,
    TEXTS,
    Controller,
    GuardedOutlet,
    Pipeline,
    cases,
    message,
    raw,
    short_motion,
)
from hypothesis import example, given
from hypothesis import strategies as st
from test_approach import measured
from test_performing import SOURCES
from test_trajectory import NAMES, limits

from motionclip_model.errors import UnsafeError
from motionclip_ros.execution.bounds import BasePath
from motionclip_ros.execution.commander import LEADS, STOP_LEAD, Commander
from motionclip_ros.execution.envelope import Rules, SafetyEnvelope, examine
from motionclip_ros.execution.followed import Seen
from motionclip_ros.execution.parts import only
from motionclip_ros.execution.splicing import stop
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.inbox import Request
from motionclip_ros.performing import Performer
from motionclip_ros.retargeting.trajectory import RobotTrajectory

SEEDS = st.integers(0, 2**32)
JERKS = st.sampled_from([np.inf, 2000.0, 400.0])
STILL = np.zeros(3)


def rules(jerk: float = np.inf, **changes) -> Rules:
    return Rules(NAMES, limits(jerk=np.full(3, jerk)), **changes)


def standing(positions: np.ndarray, at: int = BEGAN) -> Seen:
    return Seen(positions, STILL, at)


NUMBERS = st.one_of(
    st.floats(-4.0, 4.0),
    st.sampled_from([0.0, -0.0, np.nan, np.inf, -np.inf, 1e300, -1e300, 1e-300, 5e-324]),
)
TIMES = st.one_of(st.floats(1e-4, 3.0), st.sampled_from([0.0, -1.0, 1e-9, 1e-6, 86400.0]))
POINTS = st.lists(
    st.tuples(
        TIMES, st.lists(NUMBERS, min_size=3, max_size=3), st.lists(NUMBERS, min_size=3, max_size=3)
    ),
    max_size=5,
)
NAMED = st.sampled_from([NAMES, NAMES[::-1], ('hip', 'knee', 'tail'), ('hip', 'hip', 'knee')])


@cases(1200)
@example(
    names=('elbow', 'knee', 'hip'), points=[(1.0, [-2.0, 0.0, 0.0], [0.0, 0.0, 0.0])],
    ordered=False, offset=0, stamped=False, age=0.0, is_stop=False,
)  # fmt: skip
@given(
    NAMED,
    POINTS,
    st.booleans(),
    st.integers(-3 * SECOND, 3 * SECOND),
    st.booleans(),
    st.floats(0.0, 2.0),
    st.booleans(),
)
def test_no_wild_message_moves_the_robot_wrongly(
    names, points, ordered, offset, stamped, age, is_stop
) -> None:
    here = np.array([0.0, 1.0, -1.0])
    controller, envelope = Controller(here, limits()), SafetyEnvelope()
    if ordered:
        points = sorted(points, key=lambda point: point[0])
    published = raw(names, points, BEGAN + offset if stamped else 0)
    seen = standing(here, BEGAN - round(age * SECOND))
    try:
        envelope.clear(examine(published, rules()), BEGAN, rules(), seen, is_stop=is_stop)
    except UnsafeError:
        return
    if points:
        controller.accept(published, BEGAN)


@cache
def departure(seed: int, jerk: float) -> RobotTrajectory:
    """What a robot is told that stands."""
    state = MovingState(measured(seed), STILL, STILL)
    commander, motion = Commander(NAMES, True), short_motion(seed)
    return commander.plan(motion, BEGAN, state, rules(jerk).limits, 0.1).trajectory


@cases(640)
@given(
    SEEDS, st.sampled_from(['slow', 'fast', 'shift', 'jag', 'cut', 'hurry', 'nan', 'frozen']),
    st.floats(0.0, 1.0), st.booleans(), JERKS,
)  # fmt: skip
def test_no_faulty_plan_moves_the_robot_wrongly(seed, fault, amount, stamped, jerk) -> None:
    here = measured(seed)
    bounds = rules(jerk).limits
    trajectory = departure(seed, jerk)
    rng = np.random.default_rng(seed)
    point, joint = rng.integers(len(trajectory)), rng.integers(3)
    times = trajectory.time_from_start.copy()
    positions, velocities = trajectory.positions.copy(), trajectory.velocities.copy()
    if fault in ('slow', 'fast'):
        factor = 1.0 + amount if fault == 'slow' else 1.0 / (1.0 + 3.0 * amount)
        times, velocities = times * factor, velocities / factor
    elif fault == 'shift':
        positions += 2.0 * amount - 1.0
    elif fault == 'jag':
        positions[point, joint] += 0.2 * (2.0 * amount - 1.0)
    elif fault == 'cut':
        first = int(amount * (len(times) - 2))
        times = times[first:] - times[first] + 0.02
        positions, velocities = positions[first:], velocities[first:]
    elif fault == 'hurry':
        velocities[point, joint] += 4.0 * (2.0 * amount - 1.0)
    elif fault == 'nan':
        positions[point, joint] = rng.choice([np.nan, np.inf, 1e300])
    else:
        positions[:] = positions[point]
    rows = zip(times.tolist(), positions.tolist(), velocities.tolist(), strict=True)
    published = raw(NAMES, list(rows), BEGAN if stamped else 0)
    controller, envelope = Controller(here, bounds), SafetyEnvelope()
    try:
        envelope.clear(examine(published, rules(jerk)), BEGAN, rules(jerk), standing(here))
    except UnsafeError:
        assert fault != 'slow'  # which is no fault
        return
    controller.accept(published, BEGAN)


def base_of(trajectory: RobotTrajectory, height: float = 0.8) -> BasePath:
    """A base that stays where it is."""
    count = len(trajectory)
    return BasePath(np.tile([0.0, 0.0, height], (count, 1)), np.tile([0.0, 0, 0, 1], (count, 1)))


STEPS = st.lists(
    st.tuples(st.sampled_from(['move', 'stop', 'late', 'lost']), SEEDS, st.floats(0.0, 1.2)),
    min_size=1,
    max_size=5,
)


@cases(40)
@example(seed=24, steps=[('move', 0, 0.0), ('stop', 0, 0.28125)], stamped=False, jerk=400.0)
@given(SEEDS, STEPS, st.booleans(), JERKS)
def test_all_that_is_planned_well_passes_and_is_safe(seed, steps, stamped, jerk) -> None:
    here, bounds = measured(seed), rules(jerk).limits
    controller, envelope = Controller(here, bounds), SafetyEnvelope()
    commander, now = Commander(NAMES, stamped), BEGAN
    for kind, chosen, wait in steps:
        if commander.current is not None:
            now += round(wait * commander.current.trajectory.seconds * SECOND)
        if kind == 'stop' and commander.running(now) is None:
            continue
        motion = None if kind == 'stop' else short_motion(chosen)
        lead = STOP_LEAD if motion is None else LEADS[0]
        seen = controller.seen(now)
        state = MovingState(seen.positions, seen.velocities, STILL)
        planned = commander.plan(motion, now, state, bounds, lead)
        took = round((0.8 if kind == 'late' else 0.3) * lead * SECOND)
        sent = now + took if stamped else max(planned.takes_over, now) + took // 100
        launched = commander.launched(planned, sent)
        assert launched is not None
        published = message(launched.trajectory, launched.start if stamped else 0)
        envelope.clear(
            examine(published, rules(jerk)), sent, rules(jerk), seen, base_of(launched.trajectory),
            is_stop=motion is None,
        )  # fmt: skip
        controller.accept(published, sent)
        now = sent


DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(TEXTS), st.integers(0, 50), st.floats(0.0, 0.08)),
        st.tuples(st.just('stop'), st.just(0), st.floats(0.0, 0.02)),
        st.tuples(st.just('cancel'), st.just(0), st.just(0.0)),
        st.tuples(st.just('wait'), st.integers(1, 3000), st.just(0.0)),
        st.tuples(st.just('set back'), st.integers(60, 3000), st.just(0.0)),
        st.tuples(st.just('stale'), st.integers(0, 1), st.just(0.0)),
        st.tuples(st.just('gave up'), st.just(0), st.just(0.0)),
    ),
    min_size=2,
    max_size=8,
)


@cases(120)
@example(  # the controller gives up in the middle of a stop
    seed=0,
    deeds=[
        ('good', 0, 0.0), ('good', 3, 0.0), ('wait', 270, 0.0), ('stop', 0, 0.0),
        ('gave up', 0, 0.0),
    ],
    stamped=False, jerk=np.inf,
)  # fmt: skip
@given(st.integers(0, 50), DEEDS, st.booleans(), JERKS)
def test_no_sequence_of_requests_and_faults_moves_the_robot_wrongly(
    seed, deeds, stamped, jerk
) -> None:
    outlet = GuardedOutlet(measured(seed), rules(jerk).limits, stamped)
    performer = Performer(Pipeline(outlet.bounds), outlet, SOURCES, Commander(NAMES, stamped))
    requests: list[Request] = []
    try:
        for deed, number, lag in deeds:
            outlet.lag = lag
            if deed in TEXTS:
                outlet.answered.clear()
                ends = outlet.answered.set
                requests.append(Request(deed, seed=number, on_end=lambda _, ends=ends: ends()))
                performer.say(requests[-1])
                assert outlet.answered.wait(20.0)
            elif deed == 'stop':
                performer.stop()
            elif deed == 'cancel' and requests:
                performer.cancel(requests[-1])
            elif deed == 'wait':
                outlet.time += number * 1_000_000
            elif deed == 'set back':
                outlet.set_back(number * 1_000_000)
            elif deed == 'stale':
                outlet.stale = bool(number)
            elif deed == 'gave up' and performer.commander.current is not None:
                outlet.controller.brake(outlet.time)
                performer.finished(performer.commander.current, 'a tolerance was exceeded')
    finally:
        performer.close()
    assert not outlet.problems
    assert len(outlet.outcomes) == len(requests)


def cleared(envelope: SafetyEnvelope, trajectory: RobotTrajectory, now: int, **options):
    """Publish a trajectory that starts on a clock."""
    given = {'rules': rules(), 'seen': standing(measured(3), now), 'start': now} | options
    examined = examine(message(trajectory, given.pop('start')), given['rules'])
    envelope.clear(examined, now, **given)


def test_what_a_sound_planner_says_of_a_robot_that_is_watched_passes() -> None:
    cleared(SafetyEnvelope(), departure(3, np.inf), BEGAN, base=base_of(departure(3, np.inf)))


@pytest.mark.parametrize(
    ('options', 'reason'),
    [
        ({'seen': None}, 'nobody knows where the robot is'),
        ({'seen': standing(measured(3), BEGAN - 2 * SECOND)}, r'are 2\.00 s old, at most 1 s'),
        ({'seen': standing(measured(3), BEGAN + SECOND)}, 'joint states are -1.00 s old'),
        ({'seen': standing(measured(3) + 0.3)}, 'would .*, .* is its limit'),
        ({'start': BEGAN + 3 * SECOND}, 'begins 3.0 s from now'),
        ({'start': BEGAN - 30 * SECOND}, 'all of it is past'),
        ({'start': BEGAN - 2 * SECOND}, 'would jump by'),
        ({'is_stop': True}, 'a stop of'),
        ({'base': base_of(departure(3, np.inf), height=50.0)}, 'a height of 50.00 m'),
    ],
)
def test_each_rule_has_its_own_words(options, reason) -> None:
    with pytest.raises(UnsafeError, match=reason):
        cleared(SafetyEnvelope(), departure(3, np.inf), BEGAN, **options)


def test_what_went_past_counts_and_what_did_not_does_not() -> None:
    envelope, first = SafetyEnvelope(), departure(3, np.inf)
    later = BEGAN + round(0.6 * first.seconds * SECOND)
    cleared(envelope, first, BEGAN)
    with pytest.raises(UnsafeError):
        cleared(envelope, departure(4, np.inf), later, seen=None, rules=rules(max_age=None))
    # The first one goes on: it may be said again, at any time.
    cleared(envelope, first, later, start=BEGAN, seen=None, rules=rules(max_age=None))
    envelope.forget()
    with pytest.raises(UnsafeError):  # it was not planned for a robot that stands
        cleared(envelope, first, later, start=BEGAN)


def test_what_was_withdrawn_was_never_said() -> None:
    envelope, first = SafetyEnvelope(), departure(3, np.inf)
    cleared(envelope, first, BEGAN)
    early, late = (round(part * first.seconds * SECOND) for part in (0.3, 0.6))
    stopped = stop(first, early / SECOND, rules().limits)
    options = {'seen': None, 'rules': rules(max_age=None)}
    cleared(envelope, stopped, BEGAN + early, start=BEGAN + early, is_stop=True, **options)
    envelope.withdraw()
    cleared(envelope, first, BEGAN + late, start=BEGAN, **options)


def test_a_robot_that_was_seen_on_its_way_to_an_end_is_at_it_by_now() -> None:
    envelope, first = SafetyEnvelope(), departure(3, np.inf)
    cleared(envelope, first, BEGAN)
    fast = int(np.abs(first.velocities[:, 0]).argmax())
    at = BEGAN + round(float(first.time_from_start[fast]) * SECOND)
    lagging = Seen(first.positions[fast] - [0.2, 0.0, 0.0], first.velocities[fast], at)
    now = BEGAN + round(first.seconds * SECOND) + 1
    stays = [(time, first.positions[-1], np.zeros(3)) for time in (0.1, 1.0)]
    examined = examine(raw(NAMES, stays, now), rules())
    with pytest.raises(UnsafeError):  # as far away, and still moving
        envelope.clear(examined, now, rules(), lagging._replace(at=now))
    envelope.clear(examined, now, rules(max_age=9.0), lagging)


def test_a_base_may_not_go_farther_than_the_workspace_nor_jump() -> None:
    path = departure(3, np.inf)
    far = base_of(path)
    far.positions[:, 0] = np.linspace(0.0, 3.0, len(path))
    cleared(SafetyEnvelope(), path, BEGAN, base=far)
    with pytest.raises(UnsafeError, match=r'would go 3\.0 m, 2 m are allowed'):
        cleared(SafetyEnvelope(), path, BEGAN, base=far, rules=rules(workspace=2.0))
    envelope, later = SafetyEnvelope(), BEGAN + SECOND
    cleared(envelope, path, BEGAN, base=base_of(path))
    far.positions[:, 0] = 1.0
    with pytest.raises(UnsafeError, match=r'the base would jump by 1\.00 m'):
        cleared(envelope, path, later, start=BEGAN, base=far, seen=None, rules=rules(max_age=None))


def test_joints_that_a_command_does_not_name_have_to_stand() -> None:
    envelope, whole = SafetyEnvelope(), departure(3, np.inf)
    arm = only(whole, ('elbow',))
    cleared(envelope, arm, BEGAN)
    cleared(envelope, whole, BEGAN, seen=standing(measured(3)))
    fast = int(np.argmax(np.abs(whole.velocities[:, 0])))
    now = BEGAN + round(float(whole.time_from_start[fast]) * SECOND)
    with pytest.raises(UnsafeError, match='name every moving joint'):
        cleared(envelope, arm, now, start=BEGAN, seen=None, rules=rules(max_age=None))


def test_a_motion_that_is_held_back_is_refused_and_the_one_before_goes_on() -> None:
    outlet = GuardedOutlet(measured(3), limits(), stamped=True)
    performer = Performer(Pipeline(outlet.bounds), outlet, SOURCES, Commander(NAMES, True))
    ends: list = []
    for text in ('good', 'flies'):
        outlet.answered.clear()
        performer.say(Request(text, seed=3, on_end=ends.append))
        if text == 'good':
            assert outlet.answered.wait(20.0)
            running = performer.commander.current
            outlet.time += SECOND
    deadline = time.monotonic() + 20.0
    while not ends:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    assert (ends[0].name, performer.commander.current) == ('refused', running)
    assert 'held back: the base would be at a height of 50.00 m' in ends[0].message
    performer.close()
    assert not outlet.problems
