"""How much of its joint limits a trajectory uses, between its points as well as at them."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Extreme(NamedTuple):
    """The largest value of each joint on a path, and when it is reached.

    Attributes:
        value: In the unit of the quantity.
        point: The trajectory's point at which, or after which, it occurs.
    """

    value: Float[np.ndarray, ' joint']
    point: Int[np.ndarray, ' joint']


class Extremes(NamedTuple):
    """True extremes of the cubic path that a joint trajectory controller lays.

    Attributes:
        position_excess: Distance beyond the nearer position limit, negative inside [rad].
        velocity: [rad/s].
        acceleration: [rad/s^2].
        jerk: Within the cubic pieces [rad/s^3].
    """

    position_excess: Extreme
    velocity: Extreme
    acceleration: Extreme
    jerk: Extreme

    def slowed(self, factor: float) -> 'Extremes':
        """Give the extremes of the same path, uniformly `factor` times as long."""
        return Extremes(
            self.position_excess,
            self.velocity._replace(value=self.velocity.value / factor),
            self.acceleration._replace(value=self.acceleration.value / factor**2),
            self.jerk._replace(value=self.jerk.value / factor**3),
        )

    def uses(self, limits: JointLimits) -> dict[str, Float[np.ndarray, ' joint']]:
        """Return each joint's velocity, acceleration and jerk as parts of their limits."""
        return {
            name: np.where(np.isinf(limit), 0.0, getattr(self, name).value / limit)
            for name, limit in (
                ('velocity', limits.velocity),
                ('acceleration', limits.acceleration),
                ('jerk', limits.jerk),
            )
        }


def extremes(trajectory: RobotTrajectory, limits: JointLimits) -> Extremes:
    """Find where a path comes nearest to its limits.

    Each piece is p + v t + a t^2/2 + j t^3/6: its jerk is constant, its acceleration largest
    at an end, its speed largest at an end or where the acceleration is 0, and its position
    where the velocity is 0.

    Args:
        trajectory: Any trajectory.
        limits: Bounds of its joints, in its order.

    Returns:
        Extremes of each joint. They may be infinite where points all but coincide in time.
    """
    positions, velocities = trajectory.positions, trajectory.velocities
    # Nearly coincident points overflow; that is reported, as infinite, not warned of.
    with np.errstate(over='ignore', invalid='ignore', divide='ignore'):
        step = np.diff(trajectory.time_from_start)[:, None]
        mean = np.diff(positions, axis=0) / step
        first, last = velocities[:-1], velocities[1:]
        start = (6 * mean - 4 * first - 2 * last) / step
        end = (2 * first + 4 * last - 6 * mean) / step
        jerk = (end - start) / step
        fastest = -start / jerk
        peak = np.where((fastest > 0) & (fastest < step), np.abs(first + start * fastest / 2), 0)
        speed = np.maximum(np.maximum(np.abs(first), np.abs(last)), peak)
        push = np.maximum(np.abs(start), np.abs(end))
        highest, lowest = _position_range(positions, first, start, jerk, step)
        excess = np.maximum(highest - limits.upper, limits.lower - lowest)
    return Extremes(*(_extreme(values) for values in (excess, speed, push, np.abs(jerk))))


def _position_range(
    positions: np.ndarray, first: np.ndarray, start: np.ndarray, jerk: np.ndarray, step: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest and lowest position in each piece [piece, joint]."""
    here, there = positions[:-1], positions[1:]
    highest, lowest = np.maximum(here, there), np.minimum(here, there)
    # Roots of first + start t + jerk t^2/2; the form that does not cancel.
    root = np.sqrt(start**2 - 2 * first * jerk)
    sum_ = -start - np.where(start < 0.0, -1.0, 1.0) * root
    for turn in (sum_ / jerk, 2 * first / sum_):
        place = here + turn * (first + turn * (start / 2 + turn * jerk / 6))
        place = np.where((turn > 0.0) & (turn < step), place, here)
        highest, lowest = np.maximum(highest, place), np.minimum(lowest, place)
    return highest, lowest


def _extreme(values: np.ndarray) -> Extreme:
    values = np.nan_to_num(values, nan=np.inf, posinf=np.inf, neginf=-np.inf)
    point = values.argmax(axis=0)
    return Extreme(np.take_along_axis(values, point[None], axis=0)[0], point)


def rate_stretch(found: Extremes, limits: JointLimits) -> float:
    """Find the least slowing (1 or more) that keeps velocity, acceleration and jerk limits.

    They shrink with the factor, its square and its cube.
    """
    uses = found.uses(limits)
    needed = max(
        float(uses['velocity'].max()),
        float(np.sqrt(uses['acceleration'].max())),
        float(np.cbrt(uses['jerk'].max())),
    )
    # A hair more than the quotient, so that rounding cannot put a point outside.
    return needed * (1.0 + 1e-9) if needed > 1.0 else 1.0


def margin_figures(robot: Robot, trajectory: RobotTrajectory, found: Extremes) -> dict[str, Any]:
    """Write the worst joint of each limit into figures, and when it is worst."""
    limits = robot.limits
    uses = found.uses(limits)
    figures: dict[str, Any] = {
        'position_margin_rad': -float(found.position_excess.value.max()),
        **_when('position_margin', robot, trajectory, found.position_excess),
    }
    for name, use in uses.items():
        if np.isinf(getattr(limits, name)).all():
            figures |= {f'{name}_use': None, f'{name}_joint': None, f'{name}_at_s': None}
            continue
        point = getattr(found, name).point
        figures |= {
            f'{name}_use': float(use.max()),
            **_when(name, robot, trajectory, Extreme(use, point)),
        }
    figures['jerk_rms_rad_s3'] = _jerk_rms(trajectory)
    figures['joints'] = {
        joint: {
            'position_margin_rad': -float(found.position_excess.value[i]),
            **{f'{name}_use': float(use[i]) for name, use in uses.items()},
        }
        for i, joint in enumerate(robot.joint_names)
    }
    return figures


def _jerk_rms(trajectory: RobotTrajectory) -> float:
    """Return the root mean square of the third differences [rad/s^3]."""
    times, values = trajectory.time_from_start, trajectory.positions
    if len(times) < 4:
        return 0.0
    with np.errstate(over='ignore', invalid='ignore'):
        for order in (1, 2, 3):  # Newton's divided differences, for points at any spacing
            values = order * np.diff(values, axis=0) / (times[order:] - times[:-order])[:, None]
        return float(np.sqrt((values**2).mean()))


def _when(
    name: str, robot: Robot, trajectory: RobotTrajectory, extreme: Extreme
) -> dict[str, Any]:
    worst = int(extreme.value.argmax())
    return {
        f'{name}_joint': robot.joint_names[worst],
        f'{name}_at_s': float(trajectory.time_from_start[extreme.point[worst]]),
    }
