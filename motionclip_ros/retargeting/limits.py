"""`JointLimits`: what a robot's joints may do, and how much of it a path uses."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.errors import RobotError


@dataclass(frozen=True, eq=False)
class JointLimits:
    """Bounds of every joint, in the robot's joint order.

    Attributes:
        lower: Smallest position [rad].
        upper: Largest position [rad].
        velocity: Largest speed [rad/s].
        acceleration: Largest acceleration [rad/s^2].
        effort: Largest torque [Nm].
        jerk: Largest jerk [rad/s^3]; infinite where nothing bounds it.
    """

    lower: Float[np.ndarray, ' joint']
    upper: Float[np.ndarray, ' joint']
    velocity: Float[np.ndarray, ' joint']
    acceleration: Float[np.ndarray, ' joint']
    effort: Float[np.ndarray, ' joint']
    jerk: Float[np.ndarray, ' joint']

    def __post_init__(self) -> None:
        """Refuse limits that leave a joint no room."""
        for each in fields(self):
            values = getattr(self, each.name)
            if values.shape != self.lower.shape or np.isnan(values).any():
                raise RobotError(
                    f'{each.name} limits must be one number for each joint, got {values}'
                )
        if (self.lower > self.upper).any():
            joint = int(np.argmax(self.lower > self.upper))
            raise RobotError(
                f'joint {joint} has its lower limit {self.lower[joint]:g} above its upper limit '
                f'{self.upper[joint]:g}; mend the URDF'
            )
        for name in ('velocity', 'acceleration', 'effort', 'jerk'):
            if (getattr(self, name) <= 0.0).any():
                joint = int(np.argmin(getattr(self, name)))
                raise RobotError(f'joint {joint} has no positive {name} limit; give it one')

    def only(self, joints: Int[np.ndarray, ' chosen']) -> 'JointLimits':
        """Return the limits of some joints, by their places in the order."""
        return JointLimits(
            **{each.name: getattr(self, each.name)[joints] for each in fields(self)}
        )

    def clipped(
        self, positions: Float[np.ndarray, '*batch joint']
    ) -> Float[np.ndarray, '*batch joint']:
        """Return the nearest positions inside the limits."""
        return np.clip(positions, self.lower, self.upper)


class Use(NamedTuple):
    """Largest velocity and acceleration of each joint on a path.

    Attributes:
        velocity: [rad/s].
        acceleration: [rad/s^2].
    """

    velocity: Float[np.ndarray, ' joint']
    acceleration: Float[np.ndarray, ' joint']


def cubic_use(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
) -> Use:
    """Return the true extremes of the cubic Hermite path through the points.

    A joint trajectory controller interpolates positions and velocities with just these
    cubics, so the extremes between the points count as much as those at the points.

    Args:
        times: Times of the points [s].
        positions: Joint positions [rad].
        velocities: Joint velocities [rad/s].

    Returns:
        Largest absolute velocity and acceleration of each joint.
    """
    step = np.diff(times)[:, None]
    mean = np.diff(positions, axis=0) / step
    first, last = velocities[:-1], velocities[1:]
    start = (6 * mean - 4 * first - 2 * last) / step
    end = (2 * first + 4 * last - 6 * mean) / step
    with np.errstate(divide='ignore', invalid='ignore'):
        turning = start / (start - end)
        peak = first + start * turning * step / 2
    inside = (turning > 0.0) & (turning < 1.0)
    peak = np.where(inside, np.abs(peak), 0.0).max(axis=0)
    return Use(
        np.maximum(np.abs(velocities).max(axis=0), peak),
        np.maximum(np.abs(start).max(axis=0), np.abs(end).max(axis=0)),
    )


def velocities_within(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
    limits: JointLimits,
) -> Float[np.ndarray, 'point joint']:
    """Slow down at the points where the cubic between them would leave the position limits.

    A cubic lies inside the hull of its four Bezier control points: the two ends, and one
    point a third of the step ahead of (or behind) each end along its velocity. Keeping those
    inside the limits keeps the whole path inside.

    Args:
        times: Times of the points [s].
        positions: Joint positions inside the limits [rad].
        velocities: Wanted joint velocities [rad/s].
        limits: The joints' bounds.

    Returns:
        Velocities, equal to the wanted ones wherever there is room.
    """
    room_above = np.maximum(limits.upper - positions, 0.0)
    room_below = np.maximum(positions - limits.lower, 0.0)
    rate = 3.0 / np.diff(times)[:, None]
    unbounded = np.full((1, 1), np.inf)  # the last point has nothing ahead, the first behind
    ahead = np.concatenate([rate, unbounded])
    behind = np.concatenate([unbounded, rate])
    with np.errstate(invalid='ignore'):  # no room times no bound: fmin takes the other one
        highest = np.fmin(room_above * ahead, room_below * behind)
        lowest = -np.fmin(room_below * ahead, room_above * behind)
    return np.clip(velocities, lowest, highest)
