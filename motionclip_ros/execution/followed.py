"""What a controller follows by what was published: a model of it for the safety envelope."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.errors import UnsafeError
from motionclip_ros.execution.state import RESTING, SECOND, Path, cubic_at
from motionclip_ros.follower import JointCommand

_OFF = 2e-5  # [rad] from where the robot is, where a path begins in the past
_FASTER = 2e-3  # [rad/s] than the robot is, likewise


class Seen(NamedTuple):
    """Where a robot is at a moment.

    Attributes:
        positions: [rad].
        velocities: [rad/s].
        at: The moment [ns].
    """

    positions: Float[np.ndarray, ' joint']
    velocities: Float[np.ndarray, ' joint']
    at: int


class Followed(NamedTuple):
    """A path from the moment at which it was published.

    Attributes:
        begin: That moment [ns]; times count from there.
        path: Of the joints; at its end the robot stands.
        base_times: When the base is where [s]; empty where nobody said so.
        base_positions: [m].
    """

    begin: int
    path: Path
    base_times: Float[np.ndarray, ' point']
    base_positions: Float[np.ndarray, 'point 3']

    def is_over(self, now: int) -> bool:
        """Whether the robot stands at its end by a time [ns]."""
        return now - self.begin >= self.path.times[-1] * SECOND

    def state(self, now: int) -> Seen:
        """Return where the robot should be at a time [ns]."""
        if self.is_over(now):
            return Seen(self.path.positions[-1], np.zeros(self.path.positions.shape[1]), now)
        return Seen(*_at(self.path, (now - self.begin) / SECOND), now)

    def base(self, now: int) -> Float[np.ndarray, '3'] | None:
        """Return where the base should be at a time [ns]; None if nobody said so."""
        if not len(self.base_times):
            return None
        seconds = (now - self.begin) / SECOND
        axes = self.base_positions.T
        return np.array([np.interp(seconds, self.base_times, axis) for axis in axes])


def joined(
    command: JointCommand, times: np.ndarray, joint_names: tuple[str, ...], origin: Seen
) -> Path:
    """Return what a controller makes of a command that reaches it now.

    What is past is skipped, and until the first point is due it goes there from where it is.

    Args:
        command: What it gets, with velocities.
        times: Its times from now on; the last one is not past [s].
        joint_names: The robot's joints, the order of the path's columns.
        origin: Where the robot is now.

    Raises:
        UnsafeError: The command is not about this robot, or it is not on the command's path.
    """
    columns = columns_of(command, joint_names)
    others = np.delete(np.abs(origin.velocities), columns)
    if others.max(initial=0.0) > RESTING:
        raise UnsafeError('a joint moves of which it says nothing; name every moving joint')
    positions = np.tile(origin.positions, (len(times), 1))
    velocities = np.zeros_like(positions)
    positions[:, columns], velocities[:, columns] = command.positions, command.velocities
    past = int(np.searchsorted(times, 0.0, side='right'))
    if past:
        path = Path(*(part[past - 1 :] for part in (times, positions, velocities)))
        _check_on(path, origin, joint_names)
        return path
    return Path(
        np.concatenate([[0.0], times]),
        np.vstack([origin.positions, positions]),
        np.vstack([origin.velocities, velocities]),
    )


def columns_of(command: JointCommand, joint_names: tuple[str, ...]) -> Int[np.ndarray, ' named']:
    """Return which of a robot's joints a command is about.

    Raises:
        UnsafeError: One of them is not the robot's.
    """
    index = {name: column for column, name in enumerate(joint_names)}
    unknown = [name for name in command.joint_names if name not in index]
    if unknown:
        raise UnsafeError(f'unknown joint {unknown[0]!r}; this robot has {", ".join(joint_names)}')
    return np.array([index[name] for name in command.joint_names], np.intp)


def _at(path: Path, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Return positions and velocities at a time on the path, or else at its nearest end."""
    state = cubic_at(path, min(max(seconds, float(path.times[0])), float(path.times[-1])))
    return state.positions, state.velocities


def _check_on(path: Path, origin: Seen, joint_names: tuple[str, ...]) -> None:
    """Refuse a path that is not where the robot is."""
    positions, velocities = _at(path, 0.0)
    off = np.abs(positions - origin.positions)
    faster = np.abs(velocities - origin.velocities)
    if off.max() > _OFF or faster.max() > _FASTER:
        joint = int(np.argmax(np.maximum(off / _OFF, faster / _FASTER)))
        raise UnsafeError(
            f'{joint_names[joint]} would jump by {off[joint]:.3f} rad and {faster[joint]:.2f} '
            'rad/s from what it does now'
        )
