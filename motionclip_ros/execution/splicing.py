"""Replace or stop a trajectory in mid-motion, without a jump in position or velocity.

What is returned starts its own clock at the moment of the splice, and its first point is due
after that: whoever executes it comes from the state that was commanded then.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation, Slerp

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.braking import brake
from motionclip_ros.execution.checking import keeps, slowed_into
from motionclip_ros.execution.parts import only
from motionclip_ros.execution.state import RESTING, MovingState, Path, commanded_state
from motionclip_ros.execution.ways import way_between
from motionclip_ros.retargeting.approach import Entered, executable, softened
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory, Sample


class BasePose(NamedTuple):
    """Where the base is.

    Attributes:
        position: [m].
        quaternion_xyzw: From base to world.
    """

    position: Float[np.ndarray, '3']
    quaternion_xyzw: Float[np.ndarray, '4']


def splice(
    current: RobotTrajectory,
    elapsed: float,
    new: RobotTrajectory,
    limits: JointLimits,
    at: Sample | None = None,
) -> Entered:
    """Leave one trajectory for another.

    The robot goes straight into the new motion, at the speed with which that begins, where the
    limits allow; else to rest at its first pose; else it stops first and then goes there.

    Args:
        current: What is being executed.
        elapsed: When the new one takes over, after the current one's start [s].
        new: The motion that is wanted, of the same joints.
        limits: The joints' bounds, in the order of the current joints. What the robot does
            already beyond them (they may be scaled) it does no more of.
        at: The current one at that moment, from whoever has sampled it already.

    Returns:
        A trajectory from the state commanded at that moment, through the new motion, to rest.
        Its base path begins where the current one's is, facing the same way.

    Raises:
        TrajectoryError: The joints are not the same, or the moment is before the start.
    """
    new = _in_order_of(new, current.joint_names, limits)
    state, base = commanded_state(current, elapsed), _base(current, elapsed, at)
    return _joined(state, base, _placed(new, base), limits)


def stop(
    current: RobotTrajectory, elapsed: float, limits: JointLimits, at: Sample | None = None
) -> RobotTrajectory:
    """Bring every joint to rest as soon as its limits allow.

    Args:
        current: What is being executed.
        elapsed: When the stop takes over, after the current one's start [s].
        limits: The joints' bounds, in the order of the current joints.
        at: The current one at that moment, from whoever has sampled it already.

    Returns:
        A trajectory from the state commanded at that moment to rest. The base stays.
    """
    _in_order_of(current, current.joint_names, limits)
    path = brake(commanded_state(current, elapsed), limits)
    base = _base(current, elapsed, at)
    return _trajectory(current.joint_names, path, base, base)


def settle(
    state: MovingState, joint_names: tuple[str, ...], limits: JointLimits
) -> RobotTrajectory:
    """Bring a robot to rest that moves by nobody knows whose command.

    Args:
        state: Where it is and how it moves.
        joint_names: Its joints.
        limits: Their bounds.

    Returns:
        A trajectory from that state to rest. Where the base is, it does not say.
    """
    unknown = BasePose(np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]))
    return _trajectory(joint_names, brake(state, limits), unknown, unknown)


def depart(state: MovingState, new: RobotTrajectory, limits: JointLimits) -> Entered:
    """Go from a measured state, at rest or moving, into a motion.

    Args:
        state: Where the robot is, in the order of the motion's joints, as `MeasuredState.state`
            gives it.
        new: The motion that is wanted.
        limits: The joints' bounds.

    Returns:
        From rest what `executable` gives: a calm way to the first pose. In motion the same as
        `splice`.
    """
    if np.abs(state.velocities).max() <= RESTING:
        return _slowed(executable(new, limits, state.positions), limits)
    new = _in_order_of(new, new.joint_names, limits)
    return _joined(state, _base(new, 0.0), new, limits)


def _joined(
    state: MovingState, base: BasePose, new: RobotTrajectory, limits: JointLimits
) -> Entered:
    """Try the ways into a motion, from the most direct to the one that always exists."""
    goal = _base(new, 0.0)
    for tail in _tails(new, limits):
        way = way_between(state, commanded_state(tail, 0.0), limits)
        if way is not None:
            leading = _trajectory(new.joint_names, way, base, goal)
            return Entered(appended(leading, tail, skip=1), leading.seconds)
    stopped = _trajectory(new.joint_names, brake(state, limits), base, goal)
    last = limits.clipped(stopped.positions[-1])
    calm = _slowed(executable(new, limits, last), limits)
    whole = appended(stopped, calm.trajectory)
    return Entered(whole, stopped.seconds + calm.begins)


def _slowed(entered: Entered, limits: JointLimits) -> Entered:
    slow = slowed_into(entered.trajectory, limits)
    return Entered(slow, entered.begins * slow.seconds / entered.trajectory.seconds)


def _tails(new: RobotTrajectory, limits: JointLimits) -> Iterator[RobotTrajectory]:
    """Yield the motion from time 0 to rest: at its own speed, then from rest."""
    whole = new
    if new.velocities[-1].any():
        whole = softened(new, limits, soft_start=False)
    begin = whole.time_from_start[0]
    tail = slowed_into(replace(whole, time_from_start=whole.time_from_start - begin), limits)
    if keeps(tail.time_from_start, tail.positions, tail.velocities, limits):
        yield tail
    yield slowed_into(softened(new, limits, soft_start=True), limits)


def _in_order_of(
    new: RobotTrajectory, joint_names: tuple[str, ...], limits: JointLimits
) -> RobotTrajectory:
    """Return a trajectory with its joints in a given order; refuse other joints."""
    if limits.lower.size != len(joint_names):
        raise TrajectoryError(
            f'the limits are of {limits.lower.size} joints, the trajectory has {len(joint_names)}'
        )
    other = sorted(set(new.joint_names) ^ set(joint_names))
    if other:
        raise TrajectoryError(
            f'joint {other[0]!r} is in only one of both trajectories; splice motions of the '
            'same joints, completed with a posture'
        )
    return only(new, joint_names)


def _base(trajectory: RobotTrajectory, time: float, at: Sample | None = None) -> BasePose:
    sample = trajectory.sample(time) if at is None else at
    return BasePose(sample.base_position, sample.base_quaternion_xyzw)


def _placed(new: RobotTrajectory, base: BasePose) -> RobotTrajectory:
    """Turn and move a motion over the floor, so that its base begins at a given one."""

    def facing(quaternion_xyzw: np.ndarray) -> float:
        ahead = Rotation.from_quat(quaternion_xyzw).apply([1.0, 0.0, 0.0])
        return float(np.arctan2(ahead[1], ahead[0]))

    turn = Rotation.from_euler(
        'z', facing(base.quaternion_xyzw) - facing(new.base_quaternion_xyzw[0])
    )
    offset = base.position - turn.apply(new.base_position[0])
    offset[2] = 0.0  # the floor is where it was
    return replace(
        new,
        base_position=turn.apply(new.base_position) + offset,
        base_quaternion_xyzw=(turn * Rotation.from_quat(new.base_quaternion_xyzw)).as_quat(),
    )


def _trajectory(
    joint_names: tuple[str, ...], path: Path, begin: BasePose, end: BasePose
) -> RobotTrajectory:
    """Return a path with a base that goes evenly from one pose to another."""
    if begin is end:  # as in a stop, which shall not wait for rotations
        still = (np.tile(place, (len(path.times), 1)) for place in begin)
        return RobotTrajectory(joint_names, *path, *still)
    part = path.times / path.times[-1]
    turn = Slerp([0.0, 1.0], Rotation.from_quat([begin.quaternion_xyzw, end.quaternion_xyzw]))
    return RobotTrajectory(
        joint_names,
        *path,
        begin.position + part[:, None] * (end.position - begin.position),
        turn(part).as_quat(),
    )


def appended(first: RobotTrajectory, then: RobotTrajectory, skip: int = 0) -> RobotTrajectory:
    """Return one trajectory after the other.

    Args:
        first: What comes first.
        then: What follows; its clock starts at the end of the first.
        skip: How many of its points the first one has already.
    """

    def both(name: str) -> np.ndarray:
        return np.concatenate([getattr(first, name), getattr(then, name)[skip:]])

    return RobotTrajectory(
        first.joint_names,
        np.concatenate([first.time_from_start, first.seconds + then.time_from_start[skip:]]),
        both('positions'),
        both('velocities'),
        both('base_position'),
        both('base_quaternion_xyzw'),
    )
