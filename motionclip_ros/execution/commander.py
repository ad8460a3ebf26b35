"""What a robot has been told, and what it is to be told next."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from motionclip_ros.execution.followed import Seen
from motionclip_ros.execution.planning import Departure, Takeover, plan
from motionclip_ros.execution.state import LOST, NEAR, SECOND, MovingState, commanded_state
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

LEADS = (0.06, 0.15, 0.4, 1.0)
"""How long before a takeover it is planned [s]; the later ones where the first was too short."""

STOP_LEAD = 0.014
"""The same for a stop at the first attempt: it is planned in a fraction of the time [s]."""

_TRANSPORT = 3_000_000  # [ns] that a message may need to be there before a takeover,
_POINT = 10_000  # and for each of its points
_BEHIND = 0.03  # [s] by which a controller that steps from time to time may lag
_LATE = 5_000_000  # [ns] after which a start on arrival would be a jump


@dataclass(frozen=True, eq=False)
class Command:
    """A trajectory for the robot, and when it starts.

    Attributes:
        trajectory: All joints of the robot.
        start: When its clock starts [ns].
        begins: When the motion's first pose is reached, after the start [s].
        origin: Where it comes from.
        takes_over: When what it replaces is left [ns]; the start, if it replaces nothing.
        sent_by: When it is too late for it to be sent [ns]; None if it starts on arrival.
        follows: What it was planned to come after, until it is launched; None if the robot was
            told nothing.
        seen: Where the robot was when it was planned; None if nobody knew.
    """

    trajectory: RobotTrajectory
    start: int
    begins: float
    origin: Departure | Takeover
    takes_over: int
    sent_by: int | None = None
    follows: 'Command | None' = None
    seen: Seen | None = None

    def elapsed(self, now: int) -> float:
        """Time from the start to `now` [ns], and 0 before it [s]."""
        return max(now - self.start, 0) / SECOND

    def is_late(self, now: int) -> bool:
        """Whether it can no longer be sent at a time [ns]."""
        return self.sent_by is not None and now > self.sent_by

    @property
    def end(self) -> int:
        """When the robot is at rest again [ns]."""
        return self.start + round(self.trajectory.seconds * SECOND)


class Commander:
    """Plans each command from what the robot does at that time.

    Attributes:
        joint_names: The robot's joints, in the order of all states and limits.
        stamped: Whether who executes the commands knows the time, so that each can say when it
            starts; else they start on arrival.
        current: What was sent last; None if the robot was told nothing, or does something else.
    """

    def __init__(self, joint_names: tuple[str, ...], stamped: bool):
        """Begin with a robot that was told nothing."""
        self.joint_names = joint_names
        self.stamped = stamped
        self.current: Command | None = None
        self._before: Command | None = None

    def running(self, now: int) -> Command | None:
        """Return what the robot is doing at a time [ns]; None if it stands, or nobody knows."""
        return self.current if self.current is not None and now < self.current.end else None

    def plan(
        self,
        motion: RobotTrajectory | None,
        now: int,
        measured: MovingState | None,
        limits: JointLimits,
        lead: float,
    ) -> Command:
        """Plan what to do next; nothing is sent yet.

        Args:
            motion: What is wanted; None to come to rest.
            now: Present time [ns].
            measured: Where the robot is; None if that need not be known.
            limits: What of the joints' bounds may be used.
            lead: How long after `now` a running command is to be left [s].

        Raises:
            TrajectoryError: The motion and the robot do not belong together.
        """
        seen = None
        if measured is not None:
            seen = Seen(measured.positions, measured.velocities, now)
        running = self.running(now)
        if running is None or _is_lost(running, now, measured):
            departure = self._departure(measured, stops=motion is None)
            planned = plan(departure, motion, None, self.joint_names, limits)
            return Command(
                planned.trajectory,
                now,
                planned.begins,
                departure,
                takes_over=now,
                follows=self.current,
                seen=seen,
            )
        times, elapsed = running.trajectory.time_from_start, running.elapsed(now)
        passed = int(np.searchsorted(times, elapsed - _BEHIND, side='right'))
        kept = max(passed - 1, 0) if self.stamped else None
        takeover = Takeover(elapsed + lead, kept)
        planned = plan(takeover, motion, running.trajectory, self.joint_names, limits)
        takes_over = running.start + round(takeover.elapsed * SECOND)
        transport = _TRANSPORT + _POINT * len(planned.trajectory)
        return Command(
            planned.trajectory,
            running.start + round(planned.offset * SECOND),
            planned.begins,
            takeover,
            takes_over,
            takes_over - transport if self.stamped else None,
            running,
            seen,
        )

    def launched(self, command: Command, now: int) -> Command | None:
        """Make a command the current one, at the moment at which it is sent.

        Args:
            command: What `plan` gave.
            now: Present time [ns].

        Returns:
            The command with its start, or None if it is too late for the takeover, or something
            else was sent since; then it has to be planned anew.
        """
        if command.follows is not self.current or command.is_late(now):
            return None
        if isinstance(command.origin, Departure) or not self.stamped:
            if isinstance(command.origin, Takeover) and now > command.takes_over + _LATE:
                return None
            command = replace(command, start=now, takes_over=now)
        # Each knowing the one before would keep every trajectory of the node's life.
        self._before, self.current = self.current, replace(command, follows=None)
        return self.current

    def withdraw(self, command: Command) -> None:
        """Take back what was launched and must not be sent; what it follows goes on."""
        if self.current is command:
            self.current = self._before

    def forget(self) -> None:
        """Plan the next command from what is measured alone."""
        self.current = None

    def _departure(self, measured: MovingState | None, *, stops: bool) -> Departure:
        told = None if self.current is None else self.current.trajectory.positions[-1]
        if measured is None:
            return Departure(None if told is None else _numbers(told))
        # A start from where gravity has pulled a joint would be a step for its motor.
        if told is not None and not stops and np.abs(measured.positions - told).max() <= NEAR:
            return Departure(_numbers(told))
        return Departure(_numbers(measured.positions), _numbers(measured.velocities))


def _is_lost(running: Command, now: int, measured: MovingState | None) -> bool:
    if measured is None:
        return False
    told = commanded_state(running.trajectory, running.elapsed(now)).positions
    return bool(np.abs(measured.positions - told).max() > LOST)


def _numbers(values: Any) -> tuple[float, ...]:
    return tuple(np.asarray(values, np.float64).tolist())
