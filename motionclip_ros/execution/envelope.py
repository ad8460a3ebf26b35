"""The safety envelope: the last word on every trajectory that a robot is told.

It follows what is about to be published as a joint trajectory controller would, from where the
robot is by what was published before, and holds back whatever would move it wrongly. It plans
nothing, mends nothing and looks at no clock: the planner may be at fault, the envelope is simple.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from motionclip_model.errors import TrajectoryError, UnsafeError
from motionclip_ros import messages
from motionclip_ros.execution.bounds import WORKSPACE, BasePath, check_base, check_joints
from motionclip_ros.execution.followed import Followed, Seen, columns_of, joined
from motionclip_ros.execution.state import LOST, NEAR, RESTING, SECOND, Path
from motionclip_ros.follower import JointCommand
from motionclip_ros.retargeting.limits import JointLimits

_BACK = 1_000_000  # [ns] more than which the clock is never set back unseen
_AHEAD = 2.0  # [s] in which a command has to begin
_ON_ARRIVAL = 0.03  # [s] that a controller needs for finding its way from nobody knows where
_PUSH = 2.0  # times its limit that a joint may be pushed meanwhile
_SWING = 5e-3  # [rad] that it may swing beyond its range, which controllers cut off
_STEP = 0.1  # [m] from the path of the base, where another takes over


@dataclass(frozen=True, eq=False)
class Rules:
    """What holds for a robot.

    Attributes:
        joint_names: Its joints, in the order of all states and limits.
        limits: What they can do.
        workspace: How far a motion may take the base from where it begins [m].
        max_age: Age at which a joint state no longer counts [s]; None where none is needed.
    """

    joint_names: tuple[str, ...]
    limits: JointLimits
    workspace: float = WORKSPACE
    max_age: float | None = 1.0


class Examined(NamedTuple):
    """A command that keeps the limits on its own path; `examine` alone makes it.

    Attributes:
        message: A `trajectory_msgs/JointTrajectory`, whose stamp may still change.
        command: The rest of what it says.
    """

    message: Any
    command: JointCommand


class Cleared(NamedTuple):
    """What may be published; the envelope alone makes it."""

    message: Any


def examine(message: Any, rules: Rules) -> Examined:
    """Look at a command before the moment at which milliseconds count.

    Args:
        message: A `trajectory_msgs/JointTrajectory`, read by its fields.
        rules: What holds.

    Raises:
        UnsafeError: It would be unsafe at any moment.
    """
    try:
        with np.errstate(over='ignore', invalid='ignore'):  # such numbers are refused
            command = messages.joint_command(message)
            if len(command.times):
                if command.velocities is None:
                    raise UnsafeError('it has no velocities; give each point those of its joints')
                limits = rules.limits.only(columns_of(command, rules.joint_names))
                path = Path(command.times, command.positions, command.velocities)
                check_joints(path, command.joint_names, limits)
    except TrajectoryError as error:
        raise UnsafeError(f'held back: {error}') from None
    return Examined(message, command)


class SafetyEnvelope:
    """Clears commands one after the other, and remembers what it has cleared."""

    def __init__(self) -> None:
        """Begin with a robot that was told nothing."""
        self._followed: Followed | None = None
        self._before: Followed | None = None
        self._latest = 0

    def clear(
        self,
        examined: Examined,
        now: int,
        rules: Rules,
        seen: Seen | None = None,
        base: BasePath | None = None,
        *,
        is_stop: bool = False,
    ) -> Cleared:
        """Let a command pass that is safe at this moment.

        Args:
            examined: The command. An empty one, at which a controller gives up what it does,
                always passes.
            now: Time on the robot's clock [ns].
            rules: What holds.
            seen: Where the robot said that it is; None if it did not.
            base: The path of its base, a row for each point; None where nothing is said of it.
            is_stop: Whether it does no more than bring the robot to rest, which needs no joint
                states.

        Raises:
            UnsafeError: It must not be published; what was published before goes on.
        """
        if now < self._latest - _BACK:
            # The clock was set back: what was published has a time that nobody knows.
            self._followed = None
        message, command = examined
        followed = None
        try:
            with np.errstate(over='ignore', invalid='ignore'):
                if len(command.times):
                    stamp = messages.nanoseconds(message.header.stamp)
                    times = _times(command, stamp, now)
                    if is_stop:
                        _check_stop(float(times[-1]), rules.limits)
                    else:
                        _check_age(seen, now, rules.max_age)
                    path = self._entered(command, times, now, rules, seen, stamp, is_stop)
                    followed = self._with_base(path, times, now, rules, base)
        except TrajectoryError as error:
            raise UnsafeError(f'held back: {error}') from None
        self._before, self._followed, self._latest = self._followed, followed, now
        return Cleared(message)

    def withdraw(self) -> None:
        """Take back what was cleared last: it was not published, and what was before goes on."""
        self._followed = self._before

    def forget(self) -> None:
        """Count on nothing that was published: it was given up, or changed by somebody else."""
        self._followed = None

    def _entered(
        self,
        command: JointCommand,
        times: np.ndarray,
        now: int,
        rules: Rules,
        seen: Seen | None,
        stamp: int,
        is_stop: bool,
    ) -> Path:
        """Return what a controller makes of a command, once the way into it is found safe."""
        origins = self._origins(now, seen, is_stop)
        if not origins and rules.max_age is not None:
            raise UnsafeError(
                'nobody knows where the robot is; it has to say where its joints are'
            )
        if not origins:  # nor need anybody know: such a robot begins in its neutral posture
            still = np.zeros(len(rules.joint_names))
            origins = [Seen(rules.limits.clipped(still), still, now)]
        # Where nobody knows to the millisecond when the command arrives, or where the robot is
        # then, the way to the first point is no more than an estimate.
        vague = (not stamp or len(origins) > 1) and times[0] >= _ON_ARRIVAL
        limits = _eased(rules.limits) if vague else rules.limits
        paths = [joined(command, times, rules.joint_names, one) for one in origins]
        if times[0] > 0.0:
            for path in paths:
                way = Path(*(part[:2] for part in path))
                check_joints(way, rules.joint_names, limits)
        return paths[0]

    def _origins(self, now: int, seen: Seen | None, is_stop: bool) -> list[Seen]:
        """Return where the robot may be: where it was told to be, else where it says it is.

        One that moves by nobody knows whose command has moved on since it said so, and may have
        come to rest: a command has to be safe from wherever it has got to.
        """
        followed = self._followed
        moves = followed is not None and not followed.is_over(now)
        # Somebody else may be moving a robot that we told to stand; a stop is for it, too.
        if followed is not None and (moves or not is_stop or seen is None):
            # What it did when it was seen counts: it may have come to its end since.
            moved = seen is not None and not followed.is_over(seen.at)
            allowed = LOST if moved else NEAR
            if seen is None or _distance(followed.state(seen.at), seen) <= allowed:
                return [followed.state(now)]
        if seen is None:
            return []
        if np.abs(seen.velocities).max(initial=0.0) <= RESTING:
            return [seen._replace(velocities=np.zeros_like(seen.velocities))]
        moved_on = seen.positions + (now - seen.at) / SECOND * seen.velocities
        places, speeds = (seen.positions, moved_on), (seen.velocities, np.zeros_like(moved_on))
        return [Seen(place, speed, now) for place in places for speed in speeds]

    def _with_base(
        self, path: Path, times: np.ndarray, now: int, rules: Rules, base: BasePath | None
    ) -> Followed:
        """Return a path with that of the base, which goes on where it is."""
        if base is None:
            return Followed(now, path, np.zeros(0), np.zeros((0, 3)))
        check_base(base, times, rules.workspace)
        followed, before = Followed(now, path, times, base.positions), self._followed
        if before is not None and not before.is_over(now) and times[0] <= 0.0:
            here, there = before.base(now), followed.base(now)
            if here is not None and there is not None:
                jump = float(np.linalg.norm(there - here))
                if jump > _STEP:
                    raise UnsafeError(f'the base would jump by {jump:.2f} m')
        return followed


def _eased(limits: JointLimits) -> JointLimits:
    return replace(
        limits,
        lower=limits.lower - _SWING,
        upper=limits.upper + _SWING,
        acceleration=_PUSH * limits.acceleration,
        jerk=np.full(limits.jerk.shape, np.inf),
    )


def _times(command: JointCommand, stamp: int, now: int) -> np.ndarray:
    """Return the times of a command from now on [s]."""
    ahead = (stamp - now) / SECOND if stamp else 0.0
    if ahead > _AHEAD:
        raise UnsafeError(
            f'it begins {ahead:.1f} s from now, at most {_AHEAD:g} s is allowed; check the clocks'
        )
    times = command.times + ahead
    if (np.diff(times) <= 0.0).any():
        raise UnsafeError('two points are due at the same time')
    if times[-1] <= 0.0:
        raise UnsafeError(f'all of it is past, by {-times[-1]:.3f} s; check that the clocks agree')
    return times


def _check_stop(seconds: float, limits: JointLimits) -> None:
    """Refuse to call something a stop that takes longer than one."""
    push, jerk = limits.acceleration, limits.jerk
    needed = float((limits.velocity / push + 2.0 * push / jerk).max())
    if seconds > _AHEAD + needed:
        raise UnsafeError(f'a stop of {seconds:.1f} s; {_AHEAD + needed:.1f} s is enough for any')


def _check_age(seen: Seen | None, now: int, max_age: float | None) -> None:
    if max_age is None:
        return
    if seen is None:
        raise UnsafeError('nobody knows where the robot is; it has to publish its joint states')
    age = (now - seen.at) / SECOND
    if not -_BACK / SECOND <= age <= max_age:
        raise UnsafeError(
            f'the joint states are {age:.2f} s old, at most {max_age:g} s is allowed'
        )


def _distance(one: Seen, other: Seen) -> float:
    return float(np.abs(one.positions - other.positions).max(initial=0.0))
