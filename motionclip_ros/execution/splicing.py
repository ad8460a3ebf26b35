"""Replace or stop a trajectory in mid-motion, without a jump in position or velocity.

What is returned starts its own clock at the moment of the splice, and its first point is due
after that: whoever executes it comes from the state that was commanded then.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation, Slerp

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.braking import Path, brake
from motionclip_ros.execution.checking import keeps, slowed_into
from motionclip_ros.execution.parts import only
from motionclip_ros.execution.state import MovingState, commanded_state
from motionclip_ros.retargeting.approach import CALM, CALM_SPEED, executable, softened
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_STEP = 1 / 50  # [s] between published points
_FIRST = 1e-3  # [s] of the first point
_SHORTEST, _LONGEST = 5, 200  # [steps] of a way from motion to motion
_BRAKING = (0.5, 0.8)  # part of the acceleration limits for braking on the way
_RESTING = 0.02  # [rad/s] that a sensor may show of a joint at rest


class BasePose(NamedTuple):
    """Where the base is.

    Attributes:
        position: [m].
        quaternion_xyzw: From base to world.
    """

    position: Float[np.ndarray, '3']
    quaternion_xyzw: Float[np.ndarray, '4']


def splice(
    current: RobotTrajectory, elapsed: float, new: RobotTrajectory, limits: JointLimits
) -> RobotTrajectory:
    """Leave one trajectory for another.

    The robot goes straight into the new motion, at the speed with which that begins, where the
    limits allow; else to rest at its first pose; else it stops first and then goes there.

    Args:
        current: What is being executed.
        elapsed: When the new one takes over, after the current one's start [s].
        new: The motion that is wanted, of the same joints.
        limits: The joints' bounds, in the order of the current joints. What the robot does
            already beyond them (they may be scaled) it does no more of.

    Returns:
        A trajectory from the state commanded at that moment, through the new motion, to rest.
        Its base path begins where the current one's is, facing the same way.

    Raises:
        TrajectoryError: The joints are not the same.
    """
    new = _in_order_of(new, current.joint_names, limits)
    base = _base(current, elapsed)
    return _joined(commanded_state(current, elapsed), base, _placed(new, base), limits)


def stop(current: RobotTrajectory, elapsed: float, limits: JointLimits) -> RobotTrajectory:
    """Bring every joint to rest as soon as its limits allow.

    Args:
        current: What is being executed.
        elapsed: When the stop takes over, after the current one's start [s].
        limits: The joints' bounds, in the order of the current joints.

    Returns:
        A trajectory from the state commanded at that moment to rest. The base stays.
    """
    _in_order_of(current, current.joint_names, limits)
    base = _base(current, elapsed)
    path = brake(commanded_state(current, elapsed), limits)
    return _trajectory(current.joint_names, path, base, base)


def depart(state: MovingState, new: RobotTrajectory, limits: JointLimits) -> RobotTrajectory:
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
    if np.abs(state.velocities).max() <= _RESTING:
        return executable(new, limits, state.positions)
    new = _in_order_of(new, new.joint_names, limits)
    return _joined(state, _base(new, 0.0), new, limits)


def _joined(
    state: MovingState, base: BasePose, new: RobotTrajectory, limits: JointLimits
) -> RobotTrajectory:
    """Try the ways into a motion, from the most direct to the one that always exists."""
    goal = _base(new, 0.0)
    for tail in _tails(new, limits):
        way = _way(state, commanded_state(tail, 0.0), limits)
        if way is not None:
            return _appended(_trajectory(new.joint_names, way, base, goal), tail, skip=1)
    stopped = _trajectory(new.joint_names, brake(state, limits), base, goal)
    last = limits.clipped(stopped.positions[-1])
    return _appended(stopped, executable(new, limits, last), skip=0)


def _tails(new: RobotTrajectory, limits: JointLimits) -> list[RobotTrajectory]:
    """Return the motion from time 0 to rest: at its own speed, and from rest."""
    moving = new
    if new.velocities[-1].any():
        moving = softened(new, limits, soft_start=False)
    moving = slowed_into(
        replace(moving, time_from_start=moving.time_from_start - moving.time_from_start[0]), limits
    )
    resting = slowed_into(softened(new, limits, soft_start=True), limits)
    return [
        tail
        for tail in (moving, resting)
        if keeps(tail.time_from_start, tail.positions, tail.velocities, limits)
    ]


def _way(state: MovingState, goal: MovingState, limits: JointLimits) -> Path | None:
    """Return the quickest way between two states that is calm, or else inside the limits.

    It is a quintic, or braking with a quintic from rest on top: where quintics swing beyond the
    limits to get rid of a speed, the sum does not, and the robot need not stop in between.
    """
    own = replace(
        limits,
        velocity=np.maximum(limits.velocity, np.abs(state.velocities)),
        acceleration=np.maximum(limits.acceleration, np.abs(state.accelerations)),
    )
    calm = replace(
        own,
        velocity=np.clip(
            1.05 * np.maximum(np.abs(state.velocities), np.abs(goal.velocities)),
            np.minimum(CALM * own.velocity, CALM_SPEED),
            own.velocity,
        ),
        acceleration=np.clip(
            1.05 * np.maximum(np.abs(state.accelerations), np.abs(goal.accelerations)),
            CALM * own.acceleration,
            own.acceleration,
        ),
    )
    for allowed in (calm, own):
        found = _quickest(state, None, goal, allowed)
        if found is not None:
            return found
    for part in _BRAKING:
        slower = replace(limits, acceleration=part * limits.acceleration, jerk=part * limits.jerk)
        found = _quickest(state, brake(state, slower), goal, own)
        if found is not None:
            return found
    return None


def _quickest(
    state: MovingState, braking: Path | None, goal: MovingState, limits: JointLimits
) -> Path | None:
    """Return the shortest way of its kind that keeps the limits.

    Points stand on the published grid, where the braking changes, and soon after the start, so
    that a splice of this way finds its beginning.
    """
    start, changes, still = state, np.zeros(0), np.zeros_like(state.positions)
    if braking is not None:
        begin = Path(np.zeros(1), state.positions[None], state.velocities[None])
        brakes = CubicHermiteSpline(*map(np.concatenate, zip(begin, braking, strict=True)))
        start = MovingState(braking.positions[-1], still, still)
        changes = braking.times
    for count in np.unique(np.geomspace(_SHORTEST, _LONGEST, 40).astype(int)):
        grid = np.concatenate([[0.0, _FIRST], _STEP * np.arange(1, count + 1)])
        if len(changes) and changes[-1] > grid[-1]:
            continue
        # Instants nearer than a tick of the braking are the same but for rounding.
        times = np.unique(np.concatenate([grid, changes]).round(9))
        positions, velocities = _quintic(start, goal, times)
        if braking is not None:
            inside = np.minimum(times, changes[-1])
            positions += brakes(inside) - start.positions
            velocities += brakes(inside, 1) * (times < changes[-1])[:, None]
        if keeps(times, positions, velocities, limits):
            return Path(times[1:], positions[1:], velocities[1:])
    return None


def _quintic(
    state: MovingState, goal: MovingState, times: Float[np.ndarray, ' point']
) -> tuple[Float[np.ndarray, 'point joint'], Float[np.ndarray, 'point joint']]:
    """Return positions and velocities of the quintics between two states."""
    total = times[-1]
    p, v, a = state[0], state[1] * total, state[2] * total**2
    q, w, b = goal[0], goal[1] * total, goal[2] * total**2
    gap, slope, bend = q - p - v - a / 2.0, w - v - a, b - a
    third = 10.0 * gap - 4.0 * slope + bend / 2.0
    fourth = -15.0 * gap + 7.0 * slope - bend
    fifth = 6.0 * gap - 3.0 * slope + bend / 2.0
    u = (times / total)[:, None]
    positions = p + u * (v + u * (a / 2.0 + u * (third + u * (fourth + u * fifth))))
    slopes = v + u * (a + u * (3.0 * third + u * (4.0 * fourth + u * 5.0 * fifth)))
    positions[-1], slopes[-1] = q, w  # exactly, not but for rounding
    return positions, slopes / total


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


def _base(trajectory: RobotTrajectory, time: float) -> BasePose:
    sample = trajectory.sample(time)
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
    part = path.times / path.times[-1]
    turn = Slerp([0.0, 1.0], Rotation.from_quat([begin.quaternion_xyzw, end.quaternion_xyzw]))
    return RobotTrajectory(
        joint_names,
        *path,
        begin.position + part[:, None] * (end.position - begin.position),
        turn(part).as_quat(),
    )


def _appended(first: RobotTrajectory, then: RobotTrajectory, skip: int) -> RobotTrajectory:
    """Return one trajectory after the other; points that both have are skipped."""

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
