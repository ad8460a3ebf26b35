"""Where a robot is and how it moves, as commanded or as measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.approach import start_inside
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

SECOND = 1_000_000_000
"""[ns]"""

RESTING = 0.02
"""What a sensor may show of a joint at rest [rad/s]."""

NEAR = 0.1
"""How far gravity may pull a standing robot off where it was told to be [rad]."""

LOST = 0.5
"""How far a moving robot may lag behind where it was told to be; beyond, it does something else
[rad]."""


class MovingState(NamedTuple):
    """A robot at one moment, in the joint order of a trajectory or of its limits.

    Attributes:
        positions: [rad].
        velocities: [rad/s].
        accelerations: [rad/s^2].
    """

    positions: Float[np.ndarray, ' joint']
    velocities: Float[np.ndarray, ' joint']
    accelerations: Float[np.ndarray, ' joint']


class Path(NamedTuple):
    """Timed points of all joints, cubics in between.

    Attributes:
        times: Increasing [s].
        positions: [rad].
        velocities: [rad/s].
    """

    times: Float[np.ndarray, ' point']
    positions: Float[np.ndarray, 'point joint']
    velocities: Float[np.ndarray, 'point joint']


def cubic_at(path: Path, seconds: float) -> MovingState:
    """Return the state at a time on a path [s]; beyond its ends their cubics are continued.

    By hand, because making a spline object takes ten times as long, and a stop waits for it.
    """
    last = len(path.times) - 2
    segment = min(max(int(np.searchsorted(path.times, seconds, side='right')) - 1, 0), last)
    begin, end = path.times[segment : segment + 2]
    (start, goal), (speed, later) = (part[segment : segment + 2] for part in path[1:])
    length, after = end - begin, seconds - begin
    slope = (goal - start) / length
    square = (3.0 * slope - 2.0 * speed - later) / length
    cube = (speed + later - 2.0 * slope) / length**2
    return MovingState(
        start + after * (speed + after * (square + after * cube)),
        speed + after * (2.0 * square + after * 3.0 * cube),
        2.0 * square + after * 6.0 * cube,
    )


def commanded_state(trajectory: RobotTrajectory, elapsed: float) -> MovingState:
    """Return what a trajectory asks for at a moment of its execution.

    Args:
        trajectory: What is being executed.
        elapsed: Time since its start [s]. After the last point the robot stands there.
            Before a first point at rest it stands, too; before a moving one the first cubic
            is continued backwards, because that is where the robot comes from.

    Raises:
        TrajectoryError: The moment is before the start, or not a number.
    """
    if not 0.0 <= elapsed < np.inf:
        raise TrajectoryError(
            f'{elapsed:g} s is no time since the start of a trajectory; it must be 0 or more'
        )
    times = trajectory.time_from_start
    still = np.zeros(len(trajectory.joint_names))
    if elapsed >= times[-1]:
        return MovingState(trajectory.positions[-1], still, still)
    if elapsed < times[0] and not trajectory.velocities[0].any():
        return MovingState(trajectory.positions[0], still, still)
    return cubic_at(Path(times, trajectory.positions, trajectory.velocities), elapsed)


@dataclass(frozen=True, eq=False)
class MeasuredState:
    """Joint states as a robot reports them, in any order, of more joints than needed, too.

    Attributes:
        joint_names: Names in the order of the arrays.
        positions: [rad].
        velocities: [rad/s].
        stamp: When they were measured, on the clock that `state` is asked with [s].
    """

    joint_names: tuple[str, ...]
    positions: Float[np.ndarray, ' joint']
    velocities: Float[np.ndarray, ' joint']
    stamp: float

    def __post_init__(self) -> None:
        """Refuse arrays that do not belong to the names."""
        if len(set(self.joint_names)) < len(self.joint_names):
            raise TrajectoryError('the joint states name a joint twice; name each joint once')
        for label in ('positions', 'velocities'):
            values = getattr(self, label)
            if values.shape != (len(self.joint_names),):
                raise TrajectoryError(
                    f'measured {label} have shape {values.shape}; the joint states name '
                    f'{len(self.joint_names)} joints'
                )
            if not np.isfinite(values).all():
                raise TrajectoryError(
                    f'measured {label} hold NaN or infinite values; check the sensors'
                )

    def state(
        self, joint_names: Sequence[str], limits: JointLimits, now: float, max_age: float
    ) -> MovingState:
        """Return the state to start from.

        Args:
            joint_names: The joints that are wanted, in the order of the limits.
            limits: Their bounds.
            now: Present time, on the clock of the stamp [s].
            max_age: How old a measurement may be, and how far ahead its clock [s].

        Returns:
            Positions inside the limits. Velocities are no greater than the limits let a joint
            have that still stops before the end of its range, because sensors are noisy there.

        Raises:
            TrajectoryError: The state is stale, lacks a joint, or is outside the limits by
                more than gears and sensors explain.
        """
        age = now - self.stamp
        if not abs(age) <= max_age:
            when = f'{age:.2f} s old' if age > 0.0 else f'{-age:.2f} s in the future'
            raise TrajectoryError(
                f'the joint states are {when}, at most {max_age:g} s is allowed; check that the '
                'robot publishes them and that the clocks agree'
            )
        column = {name: index for index, name in enumerate(self.joint_names)}
        missing = [name for name in joint_names if name not in column]
        if missing:
            raise TrajectoryError(
                f'the joint states lack {", ".join(missing)}; publish every joint that is to move'
            )
        order = np.array([column[name] for name in joint_names], np.intp)
        positions = start_inside(tuple(joint_names), self.positions[order], limits)
        up = np.sqrt(2.0 * limits.acceleration * (limits.upper - positions))
        down = np.sqrt(2.0 * limits.acceleration * (positions - limits.lower))
        velocities = np.clip(
            self.velocities[order],
            -np.minimum(down, limits.velocity),
            np.minimum(up, limits.velocity),
        )
        return MovingState(positions, velocities, np.zeros(len(order)))
