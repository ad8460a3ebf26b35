"""Make a trajectory that a controller may execute: a calm way in, the motion, a soft stop.

The motion's own path is kept. Only its clock is bent near the ends, from standing still to
full speed and back, so that easing in and out can never leave the position limits.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.limits import JointLimits, velocities_within
from motionclip_ros.retargeting.trajectory import RobotTrajectory

CALM = 0.25
"""Part of the velocity and acceleration limits that the way to the first pose may use."""

CALM_SPEED = 2.0
"""What no joint exceeds on that way, whatever its motor could do [rad/s]."""

TOLERANCE = 0.1
"""How far a measured position may be outside its limit, as gears and sensors have it [rad]."""

_SHORTEST = 0.5  # [s] even when the robot is there already
_LONGEST_EASE = 2.0  # [s] of the motion's own time at each end
_STEP = 1 / 50  # [s] between published points


class Entered(NamedTuple):
    """A trajectory that leads into a motion and through it.

    Attributes:
        trajectory: The way in, the motion, the stop.
        begins: When the motion's first pose is reached, after the trajectory's start [s].
    """

    trajectory: RobotTrajectory
    begins: float


def executable(
    trajectory: RobotTrajectory,
    limits: JointLimits,
    measured_positions: Float[np.ndarray, ' joint'] | None,
) -> Entered:
    """Add a way from where the robot is to the motion, and a stop at its end.

    Args:
        trajectory: A retargeted motion.
        limits: The joints' bounds.
        measured_positions: Where the joints are now, at rest [rad]; `None` for the neutral
            posture (every joint at 0, or at the limit nearest to it).

    Returns:
        A trajectory that starts at the measured posture, one step after time 0, with no
        velocity at its ends, and is wholly inside the position, velocity and acceleration
        limits.

    Raises:
        TrajectoryError: The measured positions are malformed, or outside the limits.
    """
    if measured_positions is None:
        measured_positions = limits.clipped(np.zeros(limits.lower.size))
    start = start_inside(trajectory.joint_names, measured_positions, limits)
    first = trajectory.sample(trajectory.time_from_start[0])
    way = _way_in(start, limits.clipped(first.positions), limits)
    motion = trajectory.sample(
        trajectory.time_from_start[0] + _bent_clock(trajectory, limits, True)
    )

    def held_before(values: np.ndarray) -> np.ndarray:
        return np.concatenate([np.repeat(values[:1], len(way) - 1, axis=0), values])

    joined = RobotTrajectory.through(
        trajectory.joint_names,
        _STEP * np.arange(1, len(way) + len(motion.positions)),
        np.concatenate([way[:-1], motion.positions]),
        held_before(motion.base_position),
        held_before(motion.base_quaternion_xyzw),
        limits,
        at_rest=True,
    )
    stretch = joined.stretch_needed(limits)
    return Entered(joined.slowed(stretch), stretch * _STEP * len(way))


def softened(
    trajectory: RobotTrajectory, limits: JointLimits, soft_start: bool
) -> RobotTrajectory:
    """Bring a motion to rest at its end, and from rest at its beginning where wanted.

    Args:
        trajectory: A retargeted motion.
        limits: The joints' bounds.
        soft_start: False to begin at the motion's own speed.

    Returns:
        The same path from time 0, inside the position, velocity and acceleration limits.
    """
    clock = _bent_clock(trajectory, limits, soft_start)
    times = _STEP * np.arange(len(clock))
    rate = CubicSpline(times, clock, bc_type=((1, float(not soft_start)), (1, 0.0)))(times, 1)
    motion = trajectory.sample(trajectory.time_from_start[0] + clock)
    positions = limits.clipped(motion.positions)
    velocities = motion.velocities * rate[:, None]
    velocities[-1] = 0.0
    whole = RobotTrajectory(
        trajectory.joint_names,
        times,
        positions,
        velocities_within(times, positions, velocities, limits),
        motion.base_position,
        motion.base_quaternion_xyzw,
    )
    return whole.slowed(whole.stretch_needed(limits))


def start_inside(
    joint_names: tuple[str, ...],
    measured: Float[np.ndarray, ' joint'],
    limits: JointLimits,
) -> Float[np.ndarray, ' joint']:
    """Return measured positions, on their limits where they are just outside.

    Raises:
        TrajectoryError: They are malformed, or outside by more than `TOLERANCE`.
    """
    joints = len(joint_names)
    if limits.lower.shape != (joints,):
        raise TrajectoryError(
            f'the limits are of {limits.lower.size} joints, the trajectory has {joints}'
        )
    if measured.shape != (joints,):
        raise TrajectoryError(
            f'measured positions have shape {measured.shape}; the robot has {joints} joints'
        )
    if not np.isfinite(measured).all():
        raise TrajectoryError('measured positions hold NaN or infinite values; check the sensors')
    inside = limits.clipped(measured)
    outside = np.abs(measured - inside)
    if outside.max() > TOLERANCE:
        joint = int(outside.argmax())
        raise TrajectoryError(
            f'joint {joint_names[joint]} is measured at {measured[joint]:.3f} rad, '
            f'outside its limits [{limits.lower[joint]:.3f}, {limits.upper[joint]:.3f}]; check '
            'the order and the unit of the joint states'
        )
    return inside


def _way_in(start: np.ndarray, goal: np.ndarray, limits: JointLimits) -> np.ndarray:
    """Return a calm minimum-jerk move from rest to rest (Flash and Hogan 1985) [point, joint]."""
    distance = np.abs(goal - start)
    speed = np.minimum(CALM * limits.velocity, CALM_SPEED)
    # The quintic's peak speed is 15/8 of the mean, its peak acceleration 10/sqrt(3) of d/T^2.
    by_speed = (15 / 8 * distance / speed).max()
    by_push = np.sqrt((10 / np.sqrt(3) * distance / (CALM * limits.acceleration)).max())
    u = _grid(max(_SHORTEST, by_speed, by_push))[:, None]
    u = u / u[-1]
    return np.asarray(start + (goal - start) * u**3 * (10 + u * (6 * u - 15)))


def _bent_clock(
    trajectory: RobotTrajectory, limits: JointLimits, soft_start: bool
) -> Float[np.ndarray, ' point']:
    """Return the motion's own time at each published point, easing from and to standstill.

    Over the first and last `ease` seconds of output the clock's rate follows a smooth step,
    3u^2 - 2u^3, so half of that time is added at each end.
    """
    begin, end = trajectory.time_from_start[0], trajectory.time_from_start[-1]
    length = float(end - begin)
    fastest = np.abs(trajectory.velocities).max(axis=0)
    # The clock's own acceleration, 1.5 / ease, times the motion's velocity costs at most half
    # of the limit.
    ease = float((1.5 * fastest / (0.5 * limits.acceleration)).max())
    ease = min(max(ease, 0.3), _LONGEST_EASE, length)
    lost = ease / 2 if soft_start else 0.0
    total = length + lost + ease / 2
    times = _grid(total)
    u = np.clip(times / ease, 0.0, 1.0)
    late = np.clip((times - (total - ease)) / ease, 0.0, 1.0)
    clock = times - lost
    if soft_start:
        clock = np.where(times < ease, ease * (u**3 - u**4 / 2), clock)
    clock = np.where(
        times > total - ease, length - ease * ((1 - late) ** 3 - (1 - late) ** 4 / 2), clock
    )
    return np.clip(clock, 0.0, length)


def _grid(seconds: float) -> np.ndarray:
    """Return times from 0 at the published step, the last one at or just after `seconds` [s]."""
    return _STEP * np.arange(int(np.ceil(seconds / _STEP - 1e-9)) + 1)
