"""How much of its limits a cubic path uses, and how much slower it must be to keep them."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.limits import JointLimits, cubic_use
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_ROUNDING = 1e-9  # relative


def keeps(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
    limits: JointLimits,
) -> bool:
    """Whether the cubics through timed points stay inside all limits, between the points too.

    Jerk is that of each cubic; the accelerations at both sides of a point may differ.
    """
    use = cubic_use(times, positions, velocities)
    lowest, highest = extremes(times, positions, velocities)
    return bool(
        (use.velocity <= limits.velocity * (1.0 + _ROUNDING)).all()
        and (use.acceleration <= limits.acceleration * (1.0 + _ROUNDING)).all()
        and (jerk_use(times, positions, velocities) <= limits.jerk * (1.0 + _ROUNDING)).all()
        and (lowest >= limits.lower - _ROUNDING).all()
        and (highest <= limits.upper + _ROUNDING).all()
    )


def extremes(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
) -> tuple[Float[np.ndarray, ' joint'], Float[np.ndarray, ' joint']]:
    """Return the lowest and the highest position of each joint on the cubics [rad]."""
    step = np.diff(times)[:, None]
    first, last = velocities[:-1] * step, velocities[1:] * step
    way = np.diff(positions, axis=0)
    # The slope over a segment is cube u^2 + square u + first.
    cube = 3.0 * (first + last - 2.0 * way)
    square = 2.0 * (3.0 * way - 2.0 * first - last)
    with np.errstate(divide='ignore', invalid='ignore'):
        # Both roots without cancellation; an imaginary or missing one becomes NaN.
        half = -(square + np.copysign(np.sqrt(square**2 - 4.0 * cube * first), square)) / 2.0
        roots = np.stack([half / cube, first / half])
    roots = np.where((roots > 0.0) & (roots < 1.0), roots, 0.0)
    turning = positions[:-1] + roots * (first + roots * (square / 2.0 + roots * cube / 3.0))
    lowest = np.minimum(positions.min(axis=0), turning.min(axis=(0, 1)))
    return lowest, np.maximum(positions.max(axis=0), turning.max(axis=(0, 1)))


def jerk_use(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
) -> Float[np.ndarray, ' joint']:
    """Return the largest jerk of each joint on the cubics [rad/s^3]."""
    step = np.diff(times)[:, None]
    mean = np.diff(positions, axis=0) / step
    return np.abs(6.0 * (velocities[:-1] + velocities[1:] - 2.0 * mean) / step**2).max(axis=0)


def slowed_into(trajectory: RobotTrajectory, limits: JointLimits) -> RobotTrajectory:
    """Return the same path, as much slower as its rates need, and no faster than it is."""
    points = (trajectory.time_from_start, trajectory.positions, trajectory.velocities)
    jerk = float(np.cbrt(jerk_use(*points) / limits.jerk).max())
    return trajectory.slowed(max(trajectory.stretch_needed(limits), jerk * (1.0 + _ROUNDING)))


def scaled_limits(limits: JointLimits, velocity: float, acceleration: float) -> JointLimits:
    """Return limits of which a user allows only a part.

    Paths that are too fast for them are stretched in time, never cut.

    Args:
        limits: What the joints can do.
        velocity: Part of the velocity limits, above 0 and at most 1.
        acceleration: Part of the acceleration limits, and of the jerk limits with them.

    Raises:
        TrajectoryError: A scaling is not in (0, 1].
    """
    for name, value in (('velocity', velocity), ('acceleration', acceleration)):
        if not 0.0 < value <= 1.0:
            raise TrajectoryError(f'{name} scaling is {value:g}; it must be above 0 and at most 1')
    return replace(
        limits,
        velocity=velocity * limits.velocity,
        acceleration=acceleration * limits.acceleration,
        jerk=acceleration * limits.jerk,
    )
