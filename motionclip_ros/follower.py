"""What a ROS joint trajectory controller does with a trajectory, without ROS.

The rules are those of ros2_controllers' `joint_trajectory_controller`: joints are given by
name in any order, a subset is allowed, a new command replaces the old one in mid-motion
without a jump, an empty one is a stop. A command may say when it starts: what of it is past is
skipped, and until its first point is due the way leads there from the present state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator

from motionclip_model.errors import TrajectoryError

LIMIT_TOLERANCE = 1e-6
"""How far a commanded position may lie outside a joint's limits by rounding [rad]."""


class JointState(NamedTuple):
    """Positions [rad] and velocities [rad/s] of all joints, in the follower's order."""

    positions: Float[np.ndarray, ' joint']
    velocities: Float[np.ndarray, ' joint']


@dataclass(frozen=True, eq=False)
class JointCommand:
    """A joint trajectory as it arrives, not yet compared with any robot.

    Attributes:
        joint_names: Joints, in any order.
        times: Seconds from the start of the execution; the first one is positive.
        positions: Joint positions [rad].
        velocities: Joint velocities [rad/s]; None leaves them to a monotone spline.
        stamp: When it starts, on the clock of who sent it [ns]; 0 on arrival.
    """

    joint_names: tuple[str, ...]
    times: Float[np.ndarray, ' point']
    positions: Float[np.ndarray, 'point joint']
    velocities: Float[np.ndarray, 'point joint'] | None = None
    stamp: int = 0

    def __post_init__(self) -> None:
        """Refuse what no controller would execute.

        Raises:
            TrajectoryError: Shapes do not agree, a value is not finite, times do not
                increase from above zero, a name is repeated, or the end is not at rest.
        """
        names, times = self.joint_names, self.times
        expected = (len(times), len(names))
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise TrajectoryError(f'joint {twice!r} is named twice; name each joint once')
        for label in ('positions', 'velocities'):
            array = getattr(self, label)
            if array is None:
                continue
            if array.shape != expected:
                raise TrajectoryError(f'{label} have shape {array.shape}, expected {expected}')
            if not np.isfinite(array).all():
                raise TrajectoryError(f'{label} hold NaN or infinite values')
        if not np.isfinite(times).all() or (len(times) and times[0] <= 0.0):
            raise TrajectoryError('the first point must come after time 0; give it time to arrive')
        if (np.diff(times) <= 0.0).any():
            point = int(np.argmax(np.diff(times) <= 0.0)) + 1
            raise TrajectoryError(f'time does not increase at point {point}; it must, strictly')
        if self.velocities is not None and np.abs(self.velocities[-1:]).max(initial=0.0) > 1e-3:
            raise TrajectoryError('the last point is still moving; end with velocities of zero')


class JointTrajectoryFollower:
    """Turns commands into the desired state at any time; never outside the limits."""

    def __init__(
        self,
        joint_names: Sequence[str],
        lower: Float[np.ndarray, ' joint'],
        upper: Float[np.ndarray, ' joint'],
        positions: Float[np.ndarray, ' joint'],
        deceleration: float = 15.0,
    ):
        """Hold `positions` until the first command.

        Args:
            joint_names: All joints of the robot.
            lower: Lower position limits [rad].
            upper: Upper position limits [rad].
            positions: Where the joints are now [rad].
            deceleration: How a joint without a command comes to rest [rad/s^2]; it brakes
                harder where a limit is near.
        """
        self.joint_names = tuple(joint_names)
        self.lower, self.upper = lower, upper
        self._deceleration = deceleration
        self._index = {name: index for index, name in enumerate(self.joint_names)}
        self._origin = JointState(np.clip(positions, lower, upper), np.zeros(len(lower)))
        self._start = 0.0
        self._commanded = np.zeros(0, np.intp)
        self._path: _Path | None = None

    def accept(self, command: JointCommand, now: float, start: float | None = None) -> None:
        """Follow a command from the present desired state on.

        Args:
            command: Points for some or all joints; the others come to rest. Without any
                point it is a stop.
            now: Time on the follower's clock [s].
            start: When the command's clock starts, on the follower's clock [s]; None for now.

        Raises:
            TrajectoryError: A joint is unknown, a position lies outside its limits, or all of
                it is past; the command before it goes on.
        """
        self.check(command, now, start)
        columns = self._columns(command)
        times = command.times + (0.0 if start is None else start - now)
        state = self.desired(now)
        self._origin, self._start = state, now
        if not len(times) or not len(columns):
            self._commanded, self._path = np.zeros(0, np.intp), None
            return
        self._commanded = columns
        self._path = _path(
            times,
            command.positions,
            command.velocities,
            JointState(state.positions[columns], state.velocities[columns]),
        )

    def check(self, command: JointCommand, now: float, start: float | None = None) -> None:
        """Make sure that a command could be followed; see `accept`.

        Raises:
            TrajectoryError: It could not.
        """
        unknown = [name for name in command.joint_names if name not in self._index]
        if unknown:
            raise TrajectoryError(
                f'unknown joint {unknown[0]!r}; this robot has {", ".join(self.joint_names)}'
            )
        self._check_limits(command, self._columns(command))
        if start is not None and len(command.times):
            ended = now - start - command.times[-1]
            if ended >= 0.0:
                raise TrajectoryError(
                    f'all of it is past: it ended {ended:.3f} s ago; check that the clocks agree'
                )

    def stop(self, now: float) -> None:
        """Bring all joints to rest, decelerating."""
        self.accept(JointCommand((), np.zeros(0), np.zeros((0, 0))), now)

    def desired(self, now: float) -> JointState:
        """Where the joints should be and how fast they should move at a time [s]."""
        elapsed = max(now - self._start, 0.0)
        positions, velocities = self._coasting(elapsed)
        if self._path is not None:
            positions[self._commanded], velocities[self._commanded] = self._path.at(elapsed)
        clipped = np.clip(positions, self.lower, self.upper)
        return JointState(clipped, np.where(clipped == positions, velocities, 0.0))

    def _coasting(self, elapsed: float) -> JointState:
        """Constant deceleration to rest from the state at the start of the command."""
        origin, speed = self._origin.positions, self._origin.velocities
        if not speed.any():  # as at most of the 500 times a second at which this is asked
            return JointState(origin.copy(), np.zeros(origin.shape))
        room = np.where(speed > 0.0, self.upper - origin, origin - self.lower)
        braking = np.maximum(self._deceleration, speed**2 / np.maximum(2.0 * room, 1e-9))
        time = np.minimum(elapsed, np.abs(speed) / braking)
        signed = np.sign(speed) * braking
        moving = elapsed < np.abs(speed) / braking
        return JointState(
            origin + speed * time - 0.5 * signed * time**2,
            np.where(moving, speed - signed * time, 0.0),
        )

    def _columns(self, command: JointCommand) -> np.ndarray:
        return np.array([self._index[name] for name in command.joint_names], np.intp)

    def _check_limits(self, command: JointCommand, columns: np.ndarray) -> None:
        below = self.lower[columns] - command.positions
        above = command.positions - self.upper[columns]
        outside = np.maximum(below, above)
        if outside.size and outside.max() > LIMIT_TOLERANCE:
            point, joint = np.unravel_index(np.argmax(outside), outside.shape)
            index = columns[joint]
            raise TrajectoryError(
                f'{self.joint_names[index]} = {command.positions[point, joint]:.4f} rad at point '
                f'{point} is outside its limits [{self.lower[index]:.4f}, {self.upper[index]:.4f}]'
            )


class _Path(NamedTuple):
    """Cubics between knots, evaluated in a fraction of the time that SciPy's own call takes.

    Attributes:
        knots: Times [s].
        coefficients: [4, segment, joint], the cubes' first.
    """

    knots: np.ndarray
    coefficients: np.ndarray

    def at(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Return positions and velocities at a time; from the last knot on all stands."""
        end = self.knots[-1]
        last = len(self.knots) - 2
        segment = min(max(int(self.knots.searchsorted(time, 'right')) - 1, 0), last)
        cube, square, slope, start = self.coefficients[:, segment]
        u = min(time, end) - self.knots[segment]
        place = start + u * (slope + u * (square + u * cube))
        if time >= end:
            return place, np.zeros(place.shape)
        return place, slope + u * (2.0 * square + u * 3.0 * cube)


def _path(
    times: np.ndarray,
    positions: np.ndarray,
    velocities: np.ndarray | None,
    state: JointState,
) -> _Path:
    """Lay a path through points, from the present state if none of them is past."""
    enters = times[0] > 0.0
    if enters:
        times = np.concatenate([[0.0], times])
        positions = np.vstack([state.positions, positions])
    if velocities is None:
        slopes = PchipInterpolator(times, positions).derivative()(times)
        slopes[-1] = 0.0
    elif enters:
        slopes = np.vstack([state.velocities, velocities])
    else:
        slopes = velocities
    if enters:
        slopes[0] = state.velocities
    spline = CubicHermiteSpline(times, positions, slopes)
    return _Path(np.array(spline.x), np.array(spline.c))
