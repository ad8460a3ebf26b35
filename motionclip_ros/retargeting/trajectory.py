"""`RobotTrajectory`: a robot's joint and base path with times; read from and written to npz."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation, Slerp

from motionclip_model.errors import TrajectoryError
from motionclip_model.notebook import as_html
from motionclip_model.reading import array_names, read_arrays
from motionclip_model.storage import write_atomically
from motionclip_ros.retargeting.curves import joint_curves
from motionclip_ros.retargeting.limits import JointLimits, cubic_use, velocities_within

_NUMBERS = ('time_from_start', 'positions', 'velocities', 'base_position', 'base_quaternion_xyzw')


class Sample(NamedTuple):
    """A trajectory at one or more times.

    Attributes:
        positions: [rad].
        velocities: [rad/s].
        base_position: [m].
        base_quaternion_xyzw: Unit quaternions from base to world.
    """

    positions: Float[np.ndarray, '*time joint']
    velocities: Float[np.ndarray, '*time joint']
    base_position: Float[np.ndarray, '*time 3']
    base_quaternion_xyzw: Float[np.ndarray, '*time 4']


@dataclass(frozen=True, eq=False)
class RobotTrajectory:
    """Joint path through timed points, cubic in between, and the base's path beside it.

    Attributes:
        joint_names: Names in the order of the columns.
        time_from_start: Strictly increasing times, none negative [s].
        positions: Joint positions [rad].
        velocities: Joint velocities [rad/s].
        base_position: Origin of the base link in the world [m].
        base_quaternion_xyzw: Rotation from the base link to the world, scalar last.
    """

    joint_names: tuple[str, ...]
    time_from_start: Float[np.ndarray, ' point']
    positions: Float[np.ndarray, 'point joint']
    velocities: Float[np.ndarray, 'point joint']
    base_position: Float[np.ndarray, 'point 3']
    base_quaternion_xyzw: Float[np.ndarray, 'point 4']

    def __post_init__(self) -> None:
        """Refuse what no controller could follow."""
        _check(self.joint_names, {name: getattr(self, name) for name in _NUMBERS})

    def __repr__(self) -> str:
        """Say how long it is instead of listing its numbers."""
        joints, points = len(self.joint_names), len(self)
        return f'<RobotTrajectory: {self.seconds:.1f} s, {points} points, {joints} joints>'

    def _repr_html_(self) -> str:
        """Show the paths of the joints that move most, in a notebook."""
        path = (self.time_from_start, self.positions, self.velocities)
        return as_html(joint_curves(self.joint_names, *path))

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.time_from_start)

    @property
    def seconds(self) -> float:
        """Time of the last point [s]."""
        return float(self.time_from_start[-1])

    @classmethod
    def through(
        cls,
        joint_names: tuple[str, ...],
        times: Float[np.ndarray, ' point'],
        positions: Float[np.ndarray, 'point joint'],
        base_position: Float[np.ndarray, 'point 3'],
        base_quaternion_xyzw: Float[np.ndarray, 'point 4'],
        limits: JointLimits,
        at_rest: bool = False,
    ) -> Self:
        """Lay a smooth path through the points that keeps the position limits between them.

        Args:
            joint_names: Names in the order of the columns.
            times: Times of the points [s].
            positions: Joint positions; clipped to the limits [rad].
            base_position: Base positions [m].
            base_quaternion_xyzw: Base rotations.
            limits: The joints' bounds; only the position limits are enforced here.
            at_rest: True for a path with no velocity at its ends, false for one without
                acceleration there.

        Returns:
            The trajectory through the points.
        """
        positions = limits.clipped(positions)
        spline = CubicSpline(times, positions, bc_type='clamped' if at_rest else 'natural')
        velocities = velocities_within(times, positions, spline(times, 1), limits)
        if at_rest:  # exactly, not but for rounding
            velocities[[0, -1]] = 0.0
        return cls(joint_names, times, positions, velocities, base_position, base_quaternion_xyzw)

    def slowed(self, factor: float) -> Self:
        """Return the same path, uniformly `factor` times as long."""
        return type(self)(
            self.joint_names,
            self.time_from_start * factor,
            self.positions,
            self.velocities / factor,
            self.base_position,
            self.base_quaternion_xyzw,
        )

    def stretch_needed(self, limits: JointLimits) -> float:
        """Return the least factor (1 or more) that brings the whole path inside the limits.

        Velocities shrink with the factor, accelerations with its square.
        """
        use = cubic_use(self.time_from_start, self.positions, self.velocities)
        speed = float((use.velocity / limits.velocity).max())
        push = float((use.acceleration / limits.acceleration).max())
        needed = max(speed, np.sqrt(push))
        # A hair more than the quotient, so that rounding cannot put a point outside.
        return float(needed * (1.0 + 1e-9)) if needed > 1.0 else 1.0

    def sample(self, time: float | Float[np.ndarray, ' time']) -> Sample:
        """Evaluate the path; before the first and after the last point it stands still.

        Args:
            time: One or more times [s].

        Returns:
            Joints from the Hermite cubic between the points, the base interpolated.

        Raises:
            TrajectoryError: A time is not a number.
        """
        wanted = np.asarray(time, dtype=np.float64)
        if np.isnan(wanted).any():
            raise TrajectoryError('NaN is no time of a trajectory; times are seconds')
        times = self.time_from_start
        inside = np.clip(wanted, times[0], times[-1])
        index = np.clip(np.searchsorted(times, inside, side='right') - 1, 0, len(times) - 2)
        step = (times[index + 1] - times[index])[..., None]
        u = (inside - times[index])[..., None] / step
        p, q = self.positions[index], self.positions[index + 1]
        v, w = self.velocities[index] * step, self.velocities[index + 1] * step
        square = 3 * (q - p) - 2 * v - w
        cube = v + w - 2 * (q - p)
        moving = ((wanted >= times[0]) & (wanted <= times[-1]))[..., None]
        base = self.base_position[index]
        # Of a whole trajectory the rotations take longer than all else; one moment needs two.
        around = slice(int(index.min()), int(index.max()) + 2)
        turns = Rotation.from_quat(self.base_quaternion_xyzw[around])
        turn = Slerp(times[around], turns)(inside)
        return Sample(
            p + u * (v + u * (square + u * cube)),
            moving * (v + u * (2 * square + u * 3 * cube)) / step,
            base + u * (self.base_position[index + 1] - base),
            turn.as_quat(),
        )

    @staticmethod
    def is_in(path: str | os.PathLike[str]) -> bool:
        """Whether an npz file holds joint names, as trajectories do and motions do not."""
        return 'joint_names' in array_names(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a trajectory file.

        Raises:
            TrajectoryError: The file is missing, damaged, or lacks an array.
        """
        arrays = read_arrays(path, ('joint_names', *_NUMBERS), TrajectoryError)
        for name in _NUMBERS:
            if arrays[name].dtype.kind not in 'fiu':
                raise TrajectoryError(f'{path}: {name} has type {arrays[name].dtype}, not numbers')
        names = tuple(str(name) for name in np.atleast_1d(arrays['joint_names']))
        numbers = {name: arrays[name].astype(np.float64) for name in _NUMBERS}
        try:
            _check(names, numbers)
        except TrajectoryError as error:
            raise TrajectoryError(f'{path}: {error}') from None
        return cls(names, **numbers)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trajectory as an npz file with one array for each attribute."""
        with write_atomically(Path(path)) as file:
            np.savez_compressed(
                file,
                joint_names=np.array(self.joint_names),
                **{name: getattr(self, name) for name in _NUMBERS},
            )


def _check(joint_names: tuple[str, ...], arrays: dict[str, np.ndarray]) -> None:
    """Refuse what no controller could follow."""
    times, quaternions = arrays['time_from_start'], arrays['base_quaternion_xyzw']
    points, joints = times.size, len(joint_names)
    shapes = ((points,), (points, joints), (points, joints), (points, 3), (points, 4))
    for name, shape in zip(_NUMBERS, shapes, strict=True):
        values = arrays[name]
        if values.shape != shape:
            raise TrajectoryError(
                f'{name} has shape {values.shape}; with {joints} joint names and {points} '
                f'times it must be {shape}'
            )
        if not np.isfinite(values).all():
            raise TrajectoryError(f'{name} holds NaN or infinite values')
    if points < 2 or joints == 0:
        raise TrajectoryError(
            f'a trajectory needs 2 points and a joint, this has {points} and {joints}'
        )
    if len(set(joint_names)) < joints:
        raise TrajectoryError('joint_names holds a name twice')
    if times[0] < 0.0 or (np.diff(times) <= 0.0).any():
        raise TrajectoryError('time_from_start must start at 0 or later and increase')
    if np.abs(np.linalg.norm(quaternions, axis=1) - 1.0).max() > 1e-3:
        raise TrajectoryError('base_quaternion_xyzw holds a quaternion that is not a unit')
