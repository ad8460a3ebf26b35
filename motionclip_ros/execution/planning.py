"""What a controller is to execute next, as a function of where it comes from.

Nothing here looks at a clock or at a robot: the same origin, motion and limits give the same
trajectory bit for bit, so that a recording can be verified.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.splicing import appended, depart, settle, splice, stop
from motionclip_ros.execution.state import RESTING, MovingState
from motionclip_ros.retargeting.approach import Entered
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory, Sample

_FIRST = 1e-3  # [s] of the first point that is kept
_ARRIVED = 0.04  # [s] in which a controller finds its way from where a robot is that moves
_HELD = 1.0  # [s]
_SAME = 1e-6  # [s]


@dataclass(frozen=True)
class Departure:
    """The robot starts from a state of its own.

    Attributes:
        positions: Where its joints are [rad]; None for the neutral posture.
        velocities: How they move [rad/s]; None at rest.
    """

    positions: tuple[float, ...] | None
    velocities: tuple[float, ...] | None = None
    kind: Literal['departure'] = 'departure'


@dataclass(frozen=True)
class Takeover:
    """A trajectory that is being executed is left for another.

    Attributes:
        elapsed: When, after its start [s].
        kept: The first of its points that is repeated at the head of the new trajectory, so
            that nothing changes before that moment, whenever the message arrives; None where
            the new trajectory starts on arrival.
    """

    elapsed: float
    kept: int | None
    kind: Literal['takeover'] = 'takeover'


class Plan(NamedTuple):
    """A trajectory to be sent.

    Attributes:
        trajectory: All joints; its first point is due after time 0.
        begins: When the motion's first pose is reached, after the start [s].
        offset: When it starts, after the start of the one that it replaces [s]; 0 if none.
    """

    trajectory: RobotTrajectory
    begins: float
    offset: float


def plan(
    origin: Departure | Takeover,
    motion: RobotTrajectory | None,
    current: RobotTrajectory | None,
    joint_names: tuple[str, ...],
    limits: JointLimits,
) -> Plan:
    """Plan a motion, or a stop.

    Args:
        origin: Where the robot comes from.
        motion: What it is to do; None to come to rest.
        current: What it is doing, if it is to be taken over.
        joint_names: The robot's joints.
        limits: The joints' bounds, in the order of the trajectories.

    Raises:
        TrajectoryError: The parts do not belong together.
    """
    planned = _planned(origin, motion, current, joint_names, limits)
    return (
        planned if motion is not None else planned._replace(trajectory=_held(planned.trajectory))
    )


def _planned(
    origin: Departure | Takeover,
    motion: RobotTrajectory | None,
    current: RobotTrajectory | None,
    joint_names: tuple[str, ...],
    limits: JointLimits,
) -> Plan:
    if isinstance(origin, Departure):
        state = _state(origin, limits)
        if motion is None:
            settled = settle(state, joint_names, limits)
            entered = Entered(settled, settled.seconds)
        else:
            entered = depart(state, motion, limits)
        if np.abs(state.velocities).max() > RESTING:
            # Meanwhile it has moved on, nobody knows how.
            entered = Entered(_after(entered.trajectory, _ARRIVED), entered.begins)
        return Plan(*entered, 0.0)
    if current is None:
        raise TrajectoryError('there is no trajectory to be taken over')
    at = current.sample(origin.elapsed)
    if motion is None:
        stopped = stop(current, origin.elapsed, limits, at)
        entered = Entered(stopped, stopped.seconds)
    else:
        entered = splice(current, origin.elapsed, motion, limits, at)
    if origin.kept is None:
        late = _after(entered.trajectory, _ARRIVED)
        return Plan(late, entered.begins, origin.elapsed)
    if origin.elapsed <= current.time_from_start[origin.kept] + _SAME:
        return Plan(*entered, origin.elapsed)
    head = _head(current, origin.elapsed, origin.kept, at)
    whole = appended(head, entered.trajectory)
    return Plan(whole, head.seconds + entered.begins, origin.elapsed - head.seconds)


def _held(stop: RobotTrajectory) -> RobotTrajectory:
    """Say for a while where the robot stops.

    A controller that gets a stop when all of it is past does not stop; one that gets it in this
    while goes there.
    """
    rows = (
        np.concatenate([rows, rows[-1:]])
        for rows in (getattr(stop, name) for name in Sample._fields)
    )
    return RobotTrajectory(
        stop.joint_names, np.append(stop.time_from_start, stop.seconds + _HELD), *rows
    )


def _state(origin: Departure, limits: JointLimits) -> MovingState:
    still = np.zeros(limits.lower.size)
    positions = limits.clipped(still) if origin.positions is None else np.array(origin.positions)
    moving = still if origin.velocities is None else np.array(origin.velocities)
    return MovingState(positions, moving, still)


def _after(trajectory: RobotTrajectory, seconds: float) -> RobotTrajectory:
    """Drop what is due too soon; where that is nearly all, the end is left, no sooner than it."""
    times = trajectory.time_from_start
    first = int(np.searchsorted(times, seconds))
    rows = (getattr(trajectory, name)[first:] for name in Sample._fields)
    if first <= len(times) - 2:
        return RobotTrajectory(trajectory.joint_names, times[first:], *rows)
    ends = (np.repeat(getattr(trajectory, name)[-1:], 2, axis=0) for name in Sample._fields)
    end = max(trajectory.seconds, seconds)
    return RobotTrajectory(trajectory.joint_names, np.array([end, end + seconds / 2.0]), *ends)


def _head(current: RobotTrajectory, elapsed: float, kept: int, at: Sample) -> RobotTrajectory:
    """Repeat what is executed until the moment of the takeover, that moment included."""
    times = current.time_from_start
    last = int(np.searchsorted(times, elapsed - _SAME))
    rows = (
        np.vstack([getattr(current, name)[kept:last], getattr(at, name)]) for name in at._fields
    )
    return RobotTrajectory(
        current.joint_names, np.append(times[kept:last], elapsed) - times[kept] + _FIRST, *rows
    )
