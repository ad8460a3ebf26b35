"""Commands for the safety envelope, good and bad, and a controller that sees what they do."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
from hypothesis import settings
from scipy.interpolate import PPoly
from test_trajectory import NAMES, limits, random_trajectory

from motionclip_model.errors import RobotError
from motionclip_ros.execution.bounds import BasePath
from motionclip_ros.execution.envelope import Examined, Rules, SafetyEnvelope, examine
from motionclip_ros.execution.followed import Seen
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.follower import JointTrajectoryFollower
from motionclip_ros.messages import joint_command
from motionclip_ros.performance import LateError, Terms
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

BEGAN = 1_700_000_000 * SECOND
NIGHTLY = 50
"""How many times as many cases the nightly profile tries."""


def cases(count: int) -> settings:
    """Settings for a property that is tried on so many cases, and many more at night."""
    nightly = settings.get_current_profile_name() == 'nightly'
    return settings(max_examples=count * (NIGHTLY if nightly else 1), deadline=None)


def short_motion(seed: int) -> RobotTrajectory:
    """A motion of a few seconds inside all limits, from time 0; what it begins with moves."""
    jagged = random_trajectory(seed, points=4)
    slowed = jagged.slowed(jagged.stretch_needed(limits()))
    begin = slowed.time_from_start[0]
    return replace(slowed, time_from_start=slowed.time_from_start - begin)


def message(trajectory: RobotTrajectory, start: int = 0) -> SimpleNamespace:
    """What is published of a trajectory, times in whole nanoseconds."""
    rows = zip(
        trajectory.time_from_start.tolist(),
        trajectory.positions.tolist(),
        trajectory.velocities.tolist(),
        strict=True,
    )
    return raw(trajectory.joint_names, list(rows), start)


def raw(names, rows, start: int = 0) -> SimpleNamespace:
    """A message of any points: time [s], positions, velocities."""
    points = []
    for time, positions, velocities in rows:
        sec, nanosec = divmod(round(time * SECOND), SECOND)
        points.append(
            SimpleNamespace(
                time_from_start=SimpleNamespace(sec=sec, nanosec=nanosec),
                positions=positions,
                velocities=velocities,
            )
        )
    sec, nanosec = divmod(start, SECOND)
    stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
    return SimpleNamespace(
        header=SimpleNamespace(stamp=stamp), joint_names=list(names), points=points
    )


class Controller:
    """Does what it is told, and complains where that would hurt a robot.

    It knows nothing of how the envelope reckons: it moves in small steps and looks at where it
    gets.
    """

    def __init__(self, positions: np.ndarray, bounds: JointLimits, began: int = BEGAN):
        unbounded = np.full(len(positions), np.inf)
        self.bounds, self._began = bounds, began
        self._follower = JointTrajectoryFollower(NAMES, -unbounded, unbounded, positions)
        self._until = 0.0

    def seconds(self, now: int) -> float:
        return (now - self._began) / SECOND

    def seen(self, now: int) -> Seen:
        state = self._follower.desired(self.seconds(now))
        return Seen(state.positions, state.velocities, now)

    def moves(self, now: int) -> bool:
        return bool(self._follower.desired(self.seconds(now)).velocities.any())

    def brake(self, now: int) -> None:
        """Come to rest in its own way, as at an empty trajectory."""
        self._follower.stop(self.seconds(now))

    def set_back(self, nanoseconds: int) -> None:
        """Go on as before while the clock is set back."""
        self._began -= nanoseconds

    def accept(self, published: SimpleNamespace, now: int) -> None:
        """Take a command over; it must not make the robot jump, nor break a limit after it."""
        command, moment = joint_command(published), self.seconds(now)
        before = self._follower.desired(moment)
        start = (command.stamp - self._began) / SECOND if command.stamp else None
        self._follower.accept(command, moment, start)
        after = self._follower.desired(moment)
        assert np.abs(after.positions - before.positions).max() <= 3e-5
        assert np.abs(after.velocities - before.velocities).max() <= 3e-3
        if not len(command.times):
            return  # it gives up, and brakes in its own way
        end = command.times[-1] + (0.0 if start is None else start - moment)
        first = command.times[0] + (0.0 if start is None else start - moment)
        eased = first if first >= 0.03 else 0.0
        self._watch(moment, moment + end + 0.01, eased)

    def _watch(self, begin: float, end: float, eased: float) -> None:
        """Look at positions, speeds and accelerations in steps.

        A controller that starts on arrival may push harder for the first `eased` seconds.
        """
        times = np.linspace(begin, end, int(min(max((end - begin) / 5e-4, 8), 3000)))
        path = self._follower._path  # asked for one moment at a time, it would take a minute
        cubics = PPoly(path.coefficients, path.knots)
        inside = np.minimum(times - begin, path.knots[-1])
        positions = cubics(inside)
        velocities = np.where((inside < path.knots[-1])[:, None], cubics(inside, 1), 0.0)
        bounds, step = self.bounds.only(self._follower._commanded), times[1] - times[0]
        swing = np.where(times - begin <= eased, 5e-3, 2e-6)[:, None]
        assert (positions >= bounds.lower - swing).all()
        assert (positions <= bounds.upper + swing).all()
        assert (np.abs(velocities) <= bounds.velocity * (1.0 + 2e-6) + 1e-5).all()
        gained = np.abs(np.diff(velocities, axis=0))
        # Its path begins a hair off the one before.
        slack = 2e-3 + np.where(np.arange(len(gained)) == 0, 6e-3, 0.0)[:, None]
        push = np.where(times[:-1] - begin <= eased, 2.0, 1.0)[:, None] * bounds.acceleration
        assert (gained <= push * step * 1.001 + slack).all()


class Generation:
    """What a decoder may come up with, by the text; the robot shall not suffer from it."""

    def __init__(self, text: str, seed: int):
        self.text = text
        self.trajectory = made = short_motion(seed)
        self.report = {'retargeting': {'verdict': 'accept', 'reason': ''}}
        rng = np.random.default_rng(seed)
        point, joint = rng.integers(len(made)), rng.integers(3)
        # In place: a trajectory refuses to be made of such numbers.
        if text == 'nan':
            made.positions[point, joint] = np.nan
        elif text == 'huge':
            made.positions[point, joint] = 1e12
            made.velocities[point, joint] = 1e12
        elif text == 'jerky':
            made.positions[point] = rng.uniform(-3.0, 3.0, 3)
        elif text == 'frozen':
            made.positions[:], made.velocities[:] = made.positions[0], 0.0
        elif text == 'hasty':
            made.time_from_start[:] *= 0.05
        elif text == 'backwards' and point:
            made.time_from_start[point] = 0.0
        made.base_position[:] = [0.0, 0.0, 0.8]
        made.base_quaternion_xyzw[:] = [0.0, 0.0, 0.0, 1.0]
        if text == 'flies':
            made.base_position[point, 2] = 50.0


TEXTS = ('good', 'good', 'nan', 'huge', 'jerky', 'frozen', 'hasty', 'backwards', 'flies')


class Pipeline:
    """Makes such motions at once."""

    def __init__(self, bounds: JointLimits):
        self.robot = SimpleNamespace(
            joint_names=NAMES, limits=bounds, neutral=bounds.clipped(np.zeros(3))
        )

    def generate(self, text, seconds, seed, *, joints, posture, on_stage) -> Generation:
        on_stage('encoding')
        return Generation(text, seed)


class GuardedOutlet:
    """A robot on a clock that the test moves, behind the envelope."""

    def __init__(self, positions: np.ndarray, bounds: JointLimits, stamped: bool):
        self.time, self.stale, self.lag = BEGAN, False, 0.0
        self._set_back = False
        self.stamped, self.bounds = stamped, bounds
        self.controller = Controller(positions, bounds)
        self.envelope, self.problems = SafetyEnvelope(), list[BaseException]()
        self.answered = threading.Event()
        self.outcomes: list[str] = []

    def now(self) -> int:
        return self.time

    def set_back(self, nanoseconds: int) -> None:
        self.time -= nanoseconds
        self.controller.set_back(nanoseconds)
        self._set_back = True

    def was_set_back(self) -> bool:
        told, self._set_back = self._set_back, False
        return told

    def sleep_until(self, moment: int) -> None:
        self.time = max(self.time, moment)

    def terms(self) -> Terms:
        return Terms(1.0, 1.0)

    def secure(self, patience: float) -> None:
        """Nobody else commands the robot."""

    def measured(self, bounds: JointLimits) -> MovingState:
        if self.stale:
            raise RobotError('the last joint state is of long ago')
        seen = self.controller.seen(self.time)
        self.time += round(self.lag * SECOND)  # that planning takes
        return MovingState(bounds.clipped(seen.positions), seen.velocities, np.zeros(3))

    def written(self, command) -> Examined:
        return examine(message(command.trajectory), Rules(NAMES, self.bounds))

    def send(self, performance, examined) -> None:
        command = performance.command
        path = command.trajectory
        if self.stamped:
            sec, nanosec = divmod(command.start, SECOND)
            examined.message.header.stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
        self.envelope.clear(
            examined,
            self.time,
            Rules(NAMES, self.bounds),
            command.seen,
            BasePath(path.base_position, path.base_quaternion_xyzw),
            is_stop=performance.generation is None,
        )
        if command.sent_by is not None:
            self.time += round(self.lag * SECOND)  # that looking at it takes
        if command.is_late(self.time):
            self.envelope.withdraw()
            raise LateError
        try:
            self.controller.accept(examined.message, self.time)
        except BaseException as error:  # the thread that sends would take it for its own
            self.problems.append(error)
        finally:
            self.answered.set()

    def halt(self) -> None:
        self.controller.brake(self.time)

    def forget(self) -> None:
        self.envelope.forget()

    def preview(self, performance) -> None:
        raise AssertionError('nobody asked for that')

    def ended(self, request, outcome) -> None:
        self.outcomes.append(outcome.name)
        if 'AttributeError' in outcome.trace:  # of this class: the rest would prove nothing
            self.problems.append(AssertionError(outcome.trace))
