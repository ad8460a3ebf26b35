"""Each request has one outcome, and the robot gets nothing that was called off."""

import threading
import time

import numpy as np
import pytest
from test_approach import retargeted
from test_trajectory import NAMES, limits

from motionclip_model.errors import RobotError, TextError
from motionclip_model.interruption import still_wanted
from motionclip_ros.execution.commander import Commander
from motionclip_ros.execution.planning import Departure, Takeover
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.inbox import Request
from motionclip_ros.performance import LateError, Terms
from motionclip_ros.performing import Performer
from motionclip_ros.provenance import Provenance, Sources

SOURCES = Sources('base', 'abc', 'three joints', 'def', '', '0')
PATIENCE = 10.0


class Robot:
    joint_names = NAMES
    limits = limits()
    neutral = np.zeros(3)


class Generation:
    def __init__(self, text: str, seed: int):
        self.text, self.trajectory = text, retargeted(seed)
        verdict = 'refuse' if text == 'fly' else 'accept'
        self.report = {'retargeting': {'verdict': verdict, 'reason': 'no wings'}}


class Pipeline:
    """Makes a motion when it is let to."""

    robot = Robot()

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.asked: list = []

    def generate(self, text, seconds, seed, *, joints, posture, on_stage) -> Generation:
        self.asked.append((text, seconds, seed, joints, posture))
        if not text:
            raise TextError('the text is empty', text)
        if text == 'crash':
            raise RuntimeError('a fault')
        on_stage('encoding')
        if text == 'count':
            until = time.monotonic() + PATIENCE
            while time.monotonic() < until:
                still_wanted()
        self.go.wait(PATIENCE)
        on_stage('decoding')
        return Generation(text, seed or 0)


class Outlet:
    """A robot that does at once what it is told, on a clock that the test moves."""

    def __init__(self) -> None:
        self.time = 5 * SECOND
        self.sent: list = []
        self.halts, self.forgotten, self.previews, self.outcomes = 0, 0, [], []
        self.silent, self.speed, self.set_back = False, 0.0, False
        self.rival = ''
        self.writing, self.written_count, self.looking = 0, 0, 0
        """How long it takes to write a message [ns]."""

    def now(self) -> int:
        return self.time

    def was_set_back(self) -> bool:
        told, self.set_back = self.set_back, False
        return told

    def sleep_until(self, moment: int) -> None:
        self.time = max(self.time, moment)

    def terms(self) -> Terms:
        return Terms(0.5, 0.25)

    def secure(self, patience) -> None:
        if self.rival:
            raise RobotError(f'{self.rival} commands the robot')

    def measured(self, bounds) -> MovingState | None:
        if self.silent:
            raise RobotError('nothing on /joint_states yet')
        if not self.sent:
            return MovingState(bounds.clipped(np.ones(3)), np.full(3, self.speed), np.zeros(3))
        command = self.sent[-1].command
        return MovingState(
            command.trajectory.sample(command.elapsed(self.time)).positions,
            np.zeros(3),
            np.zeros(3),
        )

    def written(self, command):
        self.time += self.writing
        self.written_count += 1
        return command.trajectory

    def send(self, performance, message) -> None:
        assert message is performance.command.trajectory
        self.time += self.looking
        if performance.command.is_late(self.time):
            raise LateError
        self.sent.append(performance)

    def halt(self) -> None:
        self.halts += 1

    def forget(self) -> None:
        self.forgotten += 1

    def preview(self, performance) -> None:
        self.previews.append(performance)

    def ended(self, request, outcome) -> None:
        self.outcomes.append((request.text, outcome.name))


class Stage:
    def __init__(self, stamped: bool = True):
        self.pipeline, self.outlet = Pipeline(), Outlet()
        self.performer = Performer(self.pipeline, self.outlet, SOURCES, Commander(NAMES, stamped))

    def until(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, 'waited in vain'
            time.sleep(0.002)

    def say(self, text: str, **changes) -> Request:
        request = Request(text, **changes)
        self.performer.say(request)
        return request

    def perform(self, text: str, **changes) -> Request:
        count = len(self.outlet.sent)
        request = self.say(text, **changes)
        self.until(lambda: len(self.outlet.sent) > count)
        return request

    def finish(self) -> None:
        self.outlet.time = self.outlet.sent[-1].command.end + 1
        self.performer.look(answers=False)


@pytest.fixture(params=[True, False], ids=['stamped', 'on arrival'])
def stage(request):
    made = Stage(request.param)
    yield made
    made.pipeline.go.set()
    made.performer.close()


def test_a_text_is_executed_when_the_robot_has_come_to_rest(stage) -> None:
    progress = []
    stage.perform('walk', seed=3, on_progress=lambda *told: progress.append(told))
    performance = stage.outlet.sent[0]
    assert isinstance(performance.command.origin, Departure)
    half = round(0.5 * performance.command.trajectory.seconds * SECOND)
    stage.outlet.time = performance.command.start + half
    stage.performer.look(answers=False)
    assert not stage.outlet.outcomes
    stage.finish()
    assert stage.outlet.outcomes == [('walk', 'executed')]
    stage.performer.look(answers=False)
    assert len(stage.outlet.outcomes) == 1
    assert list(dict.fromkeys(name for name, _ in progress)) == [
        'waiting', 'encoding', 'decoding', 'planning', 'executing',
    ]  # fmt: skip
    parts = [part for _, part in progress]
    assert parts == sorted(parts)
    assert parts[-2:] == [pytest.approx(0.55), 1.0]


def test_a_newer_text_takes_over_and_the_older_is_replaced(stage) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 2
    stage.perform('wave')
    assert isinstance(stage.outlet.sent[1].command.origin, Takeover)
    stage.until(lambda: stage.outlet.outcomes == [('walk', 'replaced')])
    stage.finish()
    assert stage.outlet.outcomes[-1] == ('wave', 'executed')


def test_who_looks_when_the_robot_is_told_finds_something(stage, monkeypatch) -> None:
    """Else nobody would look again, and the request would never end."""
    send, found = stage.outlet.send, []

    def looked_at(performance, message) -> None:
        found.append(stage.performer.look(answers=False))
        send(performance, message)

    monkeypatch.setattr(stage.outlet, 'send', looked_at)
    stage.perform('walk')
    assert found == [True]


def test_a_robot_that_fell_silent_has_not_executed_anything(stage) -> None:
    stage.perform('walk')
    stage.until(lambda: stage.performer.look(answers=False))
    stage.outlet.silent = True
    stage.finish()
    assert stage.outlet.outcomes == [('walk', 'failed')]
    stage.outlet.silent = False
    stage.perform('wave')
    assert isinstance(stage.outlet.sent[1].command.origin, Departure)


def test_what_was_silent_in_mid_motion_is_taken_as_it_is(stage) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 2
    stage.outlet.silent = True
    stage.until(lambda: stage.performer.look(answers=False))
    stage.outlet.silent = False
    stage.perform('wave')
    assert isinstance(stage.outlet.sent[1].command.origin, Departure)
    stage.until(lambda: stage.outlet.outcomes == [('walk', 'replaced')])
    stage.finish()
    assert stage.outlet.outcomes[-1] == ('wave', 'executed')


def test_a_clock_that_is_set_back_ends_what_is_under_way(stage) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND
    stage.until(lambda: stage.performer.look(answers=False))
    stage.outlet.time -= 3 * SECOND
    stage.outlet.set_back = True
    stage.performer.look(answers=False)
    assert stage.outlet.outcomes == [('walk', 'failed')]
    assert stage.outlet.halts == 1
    stage.perform('wave')
    assert isinstance(stage.outlet.sent[1].command.origin, Departure)
    assert stage.outlet.sent[1].command.start == stage.outlet.time


def test_nothing_is_made_for_a_robot_that_another_commands(stage) -> None:
    stage.outlet.rival = '/other'
    stage.say('walk')
    stage.until(lambda: stage.outlet.outcomes == [('walk', 'refused')])
    assert not stage.pipeline.asked
    stage.outlet.rival = ''
    stage.pipeline.go.clear()
    stage.say('wave')
    stage.until(lambda: stage.pipeline.asked)
    stage.outlet.rival = '/other'  # since
    stage.pipeline.go.set()
    stage.until(lambda: stage.outlet.outcomes[1:] == [('wave', 'refused')])
    assert not stage.outlet.sent


def test_what_waits_is_replaced_and_never_made(stage) -> None:
    stage.pipeline.go.clear()
    stage.say('walk')
    stage.until(lambda: stage.pipeline.asked)
    stage.say('wave')
    stage.say('bow')
    assert stage.outlet.outcomes == [('wave', 'replaced')]
    stage.pipeline.go.set()
    stage.until(lambda: len(stage.outlet.sent) == 2)
    assert [asked[0] for asked in stage.pipeline.asked] == ['walk', 'bow']


def test_a_stop_brakes_and_ends_everything(stage) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 2
    stage.pipeline.go.clear()
    stage.say('wave')
    stage.until(lambda: len(stage.pipeline.asked) == 2)
    stage.say('bow')
    stage.performer.stop()
    stage.pipeline.go.set()
    stage.until(lambda: len(stage.outlet.outcomes) == 3)
    assert dict(stage.outlet.outcomes) == dict.fromkeys(('walk', 'wave', 'bow'), 'stopped')
    assert len(stage.outlet.sent) == 2
    stop = stage.outlet.sent[1]
    assert stop.provenance.is_stop
    assert stop.generation is None
    assert not stop.command.trajectory.velocities[-1].any()
    assert stop.command.begins < 1.0


def test_a_robot_that_moves_by_another_command_is_braked(stage) -> None:
    stage.outlet.speed = 0.5
    stage.performer.stop()
    (stop,) = stage.outlet.sent
    assert stop.provenance.is_stop
    command = stop.command
    assert command.origin == Departure(tuple(limits().clipped(np.ones(3)).tolist()), (0.5,) * 3)
    assert command.trajectory.joint_names == NAMES
    assert not command.trajectory.velocities[-1].any()
    assert not stage.outlet.halts


def test_a_robot_that_stands_is_told_nothing(stage) -> None:
    stage.performer.stop()
    assert not stage.outlet.sent
    assert not stage.outlet.halts


@pytest.mark.parametrize('seconds', [0.04, 0.2, 0.5])
@pytest.mark.parametrize('slow', ['writing', 'looking'])
def test_a_slow_machine_brakes_later(stage, slow, seconds) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 10
    setattr(stage.outlet, slow, round(seconds * SECOND))
    before = stage.outlet.written_count
    stage.performer.stop()
    assert stage.outlet.sent[1].provenance.is_stop
    assert not stage.outlet.halts
    # It learns from the first attempt how long it takes; there is no third.
    late_in_looking = slow == 'looking' and not stage.performer.commander.stamped
    assert stage.outlet.written_count - before == (1 if late_in_looking else 2)


def test_a_motion_in_the_making_is_given_up_when_a_stop_is_said(stage) -> None:
    ended = []
    stage.say('count', on_end=ended.append)
    stage.until(lambda: stage.pipeline.asked)
    began = time.monotonic()
    stage.performer.stop()
    stage.until(lambda: ended)
    assert ended[0].name == 'stopped'
    assert time.monotonic() - began < PATIENCE / 2  # it would have gone on counting


def test_what_cannot_be_braked_in_time_is_halted(stage, monkeypatch) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 10
    monkeypatch.setattr(stage.performer.commander, 'launched', lambda *_: None)
    stage.performer.stop()
    assert len(stage.outlet.sent) == 1
    assert stage.outlet.halts == 1


def test_a_robot_of_which_nothing_is_known_is_halted(stage) -> None:
    stage.outlet.silent = True
    stage.performer.stop()
    assert stage.outlet.halts == 1
    assert not stage.outlet.sent


@pytest.mark.parametrize('when', ['waiting', 'being made', 'executing'])
def test_a_request_can_be_canceled_at_any_stage(stage, when) -> None:
    ended = []
    first = stage.perform('walk')
    stage.outlet.time += SECOND // 2
    if when == 'executing':
        stage.performer.cancel(first)
        assert stage.outlet.sent[-1].provenance.is_stop
        assert stage.outlet.outcomes == [('walk', 'stopped')]
        return
    stage.pipeline.go.clear()
    wave = stage.say('wave', on_end=ended.append)
    stage.until(lambda: len(stage.pipeline.asked) == 2)
    if when == 'waiting':
        bow = stage.say('bow')
        stage.performer.cancel(bow)
        assert stage.outlet.outcomes == [('bow', 'stopped')]
        return
    stage.performer.cancel(wave)
    stage.pipeline.go.set()
    stage.until(lambda: ended)
    assert ended[0].name == 'stopped'
    assert len(stage.outlet.sent) == 1  # the walk goes on
    stage.finish()
    assert stage.outlet.outcomes[-1] == ('walk', 'executed')


@pytest.mark.parametrize(
    ('text', 'name', 'message'),
    [
        ('', 'refused', 'the text is empty'),
        ('fly', 'refused', 'cannot do this: no wings'),
        ('crash', 'failed', 'internal error: a fault'),
    ],
)
def test_what_cannot_be_served_says_why_and_the_next_text_is_served(
    stage, text, name, message
) -> None:
    ended = []
    stage.say(text, on_end=ended.append)
    stage.until(lambda: ended)
    assert ended[0].name == name
    assert message in ended[0].message
    assert ('Traceback' in ended[0].trace) == (name == 'failed')
    assert not stage.outlet.sent
    stage.perform('walk')


def test_a_silent_robot_gets_nothing(stage) -> None:
    stage.outlet.silent = True
    stage.say('walk')
    stage.until(lambda: stage.outlet.outcomes == [('walk', 'refused')])
    assert not stage.outlet.sent


def test_a_preview_moves_nothing(stage) -> None:
    stage.outlet.silent = True  # nobody needs to know where the robot is
    stage.say('walk', execute=False)
    stage.until(lambda: stage.outlet.outcomes == [('walk', 'previewed')])
    assert not stage.outlet.sent
    (shown,) = stage.outlet.previews
    assert shown.command.trajectory.time_from_start[0] > 0.0
    assert stage.performer.commander.current is None


def test_joints_that_are_not_to_move_stay_where_they_are(stage) -> None:
    stage.perform('wave', joints=('wrist',))
    here = limits().clipped(np.ones(3))
    assert stage.pipeline.asked[-1][3:] == (('wrist',), dict(zip(NAMES, here, strict=True)))
    told = stage.outlet.sent[-1].command.trajectory.positions[-1]
    stage.finish()
    stage.perform('wave', joints=('wrist',))
    assert stage.pipeline.asked[-1][4] == dict(zip(NAMES, told, strict=True))


def test_what_it_was_made_from_is_known_and_survives_json(stage) -> None:
    import json

    stage.perform('walk', seed=7, seconds=2.0)
    stage.outlet.time += SECOND // 2
    stage.perform('wave')
    for performance in stage.outlet.sent:
        facts = json.loads(json.dumps(performance.provenance.facts()))
        assert Provenance.read(facts, 'here') == performance.provenance
    first = stage.outlet.sent[0].provenance
    assert (first.seed, first.requested_seconds, first.velocity_scaling) == (7, 2.0, 0.5)
    assert first.start == stage.outlet.sent[0].command.start


def test_who_answers_decides_when_it_is_done(stage) -> None:
    stage.perform('walk')
    command = stage.outlet.sent[0].command
    stage.outlet.time = command.end + SECOND
    stage.performer.look(answers=True)
    assert not stage.outlet.outcomes
    stage.performer.finished(command)
    assert stage.outlet.outcomes == [('walk', 'executed')]

    stage.perform('wave')
    stage.performer.finished(command)  # of a command long gone
    assert len(stage.outlet.outcomes) == 1
    stage.performer.finished(stage.outlet.sent[1].command, 'it got stuck')
    assert stage.outlet.outcomes[-1] == ('wave', 'failed')
    stage.perform('bow')
    assert isinstance(stage.outlet.sent[2].command.origin, Departure)
    stage.outlet.time = stage.outlet.sent[2].command.end + 6 * SECOND
    stage.performer.look(answers=True)
    assert stage.outlet.outcomes[-1] == ('bow', 'failed')


def test_closing_brakes_and_ends_everything(stage) -> None:
    stage.perform('walk')
    stage.outlet.time += SECOND // 2
    stage.performer.close()
    assert stage.outlet.sent[-1].provenance.is_stop
    assert stage.outlet.outcomes == [('walk', 'stopped')]
