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
        self._path: CubicHermiteSpline | None = None

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
        unknown = [name for name in command.joint_names if name not in self._index]
        if unknown:
            raise TrajectoryError(
                f'unknown joint {unknown[0]!r}; this robot has {", ".join(self.joint_names)}'
            )
        columns = np.array([self._index[name] for name in command.joint_names], np.intp)
        self._check_limits(command, columns)
        times = command.times + (0.0 if start is None else start - now)
        if len(times) and times[-1] <= 0.0:
            raise TrajectoryError(
                f'all of it is past: it ended {-times[-1]:.3f} s ago; check that the clocks agree'
            )
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

    def stop(self, now: float) -> None:
        """Bring all joints to rest, decelerating."""
        self.accept(JointCommand((), np.zeros(0), np.zeros((0, 0))), now)

    def desired(self, now: float) -> JointState:
        """Where the joints should be and how fast they should move at a time [s]."""
        elapsed = max(now - self._start, 0.0)
        positions, velocities = self._coasting(elapsed)
        if self._path is not None:
            end = self._path.x[-1]
            positions[self._commanded] = self._path(min(elapsed, end))
            velocities[self._commanded] = self._path(elapsed, 1) if elapsed < end else 0.0
        clipped = np.clip(positions, self.lower, self.upper)
        return JointState(clipped, np.where(clipped == positions, velocities, 0.0))

    def _coasting(self, elapsed: float) -> JointState:
        """Constant deceleration to rest from the state at the start of the command."""
        origin, speed = self._origin.positions, self._origin.velocities
        room = np.where(speed > 0.0, self.upper - origin, origin - self.lower)
        braking = np.maximum(self._deceleration, speed**2 / np.maximum(2.0 * room, 1e-9))
        time = np.minimum(elapsed, np.abs(speed) / braking)
        signed = np.sign(speed) * braking
        moving = elapsed < np.abs(speed) / braking
        return JointState(
            origin + speed * time - 0.5 * signed * time**2,
            np.where(moving, speed - signed * time, 0.0),
        )

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


def _path(
    times: np.ndarray,
    positions: np.ndarray,
    velocities: np.ndarray | None,
    state: JointState,
) -> CubicHermiteSpline:
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
    return CubicHermiteSpline(times, positions, slopes)
