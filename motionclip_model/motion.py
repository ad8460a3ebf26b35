"""`Motion`: a human motion with a real root path; read from and written to AMASS files."""

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import MotionError
from motionclip_model.moving_figure import moving_figure
from motionclip_model.notebook import as_html
from motionclip_model.reading import read_arrays
from motionclip_model.storage import write_atomically

MAX_SECONDS = 600.0
"""Longest motion that is read: ten minutes, far beyond any clip of the public sets."""

_MAX_FRAMES = 150_000
"""Most frames that are read: those ten minutes at 250 frames/s, more than any public set has."""

_POSES = ('poses', 'root_orient', 'pose_body')
_RATES = ('mocap_framerate', 'mocap_frame_rate')
_BODY = 3 * skeleton.BODY_JOINT_COUNT
_MIRROR = np.diag([-1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Motion:
    """Joint rotations and root path of one person at a constant frame rate.

    Attributes:
        joint_rotations: [frame, 24, 3, 3] rotation of each SMPL joint to its parent; the
            pelvis' is its rotation to the z-up world.
        root_position: [frame, 3] position of the pelvis joint in the world [m].
        fps: Frames per second.
    """

    joint_rotations: Float[np.ndarray, 'frame 24 3 3']
    root_position: Float[np.ndarray, 'frame 3']
    fps: float

    def __post_init__(self) -> None:
        """Refuse what no skeleton could perform."""
        frames = len(self.root_position)
        if self.joint_rotations.shape != (frames, skeleton.JOINT_COUNT, 3, 3) or (
            self.root_position.shape != (frames, 3)
        ):
            raise MotionError(
                f'motion arrays have shapes {self.joint_rotations.shape} and '
                f'{self.root_position.shape}; they must be [T,24,3,3] and [T,3]'
            )
        if frames < 2:
            raise MotionError(f'a motion needs at least 2 frames, this one has {frames}')
        _check_rate(self.fps)
        for name in ('joint_rotations', 'root_position'):
            finite = np.isfinite(getattr(self, name)).reshape(frames, -1).all(axis=1)
            if not finite.all():
                raise MotionError(
                    f'{name} is not finite (NaN or infinite) in {int((~finite).sum())} of '
                    f'{frames} frames, first in frame {int(np.argmin(finite))}; '
                    'repair or cut the motion'
                )
        gram = np.swapaxes(self.joint_rotations, -1, -2) @ self.joint_rotations
        mirrored = np.linalg.det(self.joint_rotations) < 0.0
        if np.abs(gram - np.eye(3)).max() > 1e-3 or mirrored.any():
            raise MotionError('joint_rotations holds a matrix that is not a rotation')

    def __repr__(self) -> str:
        """Say how long it is instead of listing its numbers."""
        return f'<Motion: {self.seconds:.1f} s, {len(self)} frames at {self.fps:g} frames/s>'

    def _repr_html_(self) -> str:
        """Show the person moving, in a notebook."""
        return as_html(moving_figure(self.joint_rotations, self.root_position, self.fps))

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.root_position)

    @property
    def seconds(self) -> float:
        """Time from the first frame to the last [s]."""
        return (len(self) - 1) / self.fps

    @cached_property
    def pose(self) -> skeleton.Pose:
        """World positions [frame, 24, 3] and rotations [frame, 24, 3, 3] of all joints."""
        return skeleton.forward_kinematics(self.joint_rotations, self.root_position)

    @property
    def mean_joint_speed(self) -> float:
        """Mean speed of the 24 joints relative to the root [m/s]; a frozen motion has 0."""
        relative = self.pose.positions - self.root_position[:, None]
        return float(np.linalg.norm(np.diff(relative, axis=0), axis=-1).mean() * self.fps)

    def __getitem__(self, frames: slice) -> Self:
        """Cut out a run of frames."""
        return type(self)(self.joint_rotations[frames], self.root_position[frames], self.fps)

    def resampled(self, fps: float) -> Self:
        """Interpolate to another frame rate with cubic splines.

        Splines (rather than piecewise slerp) keep the acceleration finite, which the
        retargeter's smoothness rows and the robot's motors are grateful for.

        Args:
            fps: New frame rate [1/s].

        Returns:
            The motion over the same time span, cut to whole frames.
        """
        if abs(fps - self.fps) < 1e-9:
            return self
        old = np.arange(len(self)) / self.fps
        count = int(np.floor(self.seconds * fps + 1e-6)) + 1
        new = np.minimum(np.arange(max(count, 2)) / fps, self.seconds)
        columns = self.joint_rotations[..., :2].reshape(len(self), -1)
        interpolated = CubicSpline(old, columns)(new).reshape(-1, skeleton.JOINT_COUNT, 3, 2)
        return type(self)(
            _orthonormalised(interpolated), CubicSpline(old, self.root_position)(new), fps
        )

    def mirrored(self) -> Self:
        """Swap left and right by reflection in the plane x = 0 (of body and world)."""
        rotations = _MIRROR @ self.joint_rotations[:, list(skeleton.MIRROR_INDEX)] @ _MIRROR
        return type(self)(rotations, self.root_position * [-1.0, 1.0, 1.0], self.fps)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an AMASS npz file (SMPL, SMPL+H or SMPL-X; only the body is used).

        `trans` is taken as the world position of the pelvis joint, z up.

        Args:
            path: File with `poses` [T, >= 66] axis-angle [rad], or `root_orient` [T, 3] and
                `pose_body` [T, >= 63] in its place, `trans` [T, 3], in m, and `mocap_framerate`
                (or `mocap_frame_rate`) [1/s].

        Raises:
            MotionError: The file is missing, damaged, or lacks one of these.
        """
        arrays = read_arrays(path, ('trans',), MotionError, optional=(*_POSES, *_RATES))
        for key, array in arrays.items():
            if array.dtype.kind not in 'fiu':
                raise MotionError(f'{path}: {key} has type {array.dtype}, it must be numbers')
        try:
            poses, trans = _body_poses(arrays), arrays['trans']
            if poses.ndim != 2 or poses.shape[1] < _BODY or trans.shape != (len(poses), 3):
                raise MotionError(
                    f'poses {poses.shape} and trans {trans.shape} must be [T,>=66] and [T,3]'
                )
            rate = next((arrays[name] for name in _RATES if name in arrays), None)
            if rate is None or rate.size != 1:
                raise MotionError('no mocap_framerate; add the frames per second')
            fps = float(rate.reshape(()))
            _check_rate(fps)
            if len(poses) / fps > MAX_SECONDS or len(poses) > _MAX_FRAMES:
                raise MotionError(
                    f'longer than {MAX_SECONDS:.0f} s or {_MAX_FRAMES} frames; cut it into clips'
                )
            if not np.isfinite(poses[:, :_BODY]).all():
                raise MotionError('poses holds NaN or infinite values; repair or cut them')
            rotations = np.tile(np.eye(3), (len(poses), skeleton.JOINT_COUNT, 1, 1))
            vectors = poses[:, :_BODY].astype(np.float64).reshape(-1, 3)
            rotations[:, : skeleton.BODY_JOINT_COUNT] = (
                Rotation.from_rotvec(vectors)
                .as_matrix()
                .reshape(len(poses), skeleton.BODY_JOINT_COUNT, 3, 3)
            )
            return cls(rotations, trans.astype(np.float64), fps)
        except MotionError as error:
            raise MotionError(f'{path}: {error}') from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an AMASS npz file (SMPL+H layout, hands at rest, neutral shape)."""
        frames = len(self)
        poses = np.zeros((frames, 156), np.float32)
        vectors = Rotation.from_matrix(self.joint_rotations.reshape(-1, 3, 3)).as_rotvec()
        poses[:, :_BODY] = vectors.reshape(frames, -1)[:, :_BODY]
        with write_atomically(path) as file:
            np.savez_compressed(
                file,
                poses=poses,
                trans=self.root_position.astype(np.float32),
                betas=np.zeros(16, np.float32),
                gender=np.array('neutral'),
                mocap_framerate=np.array(float(self.fps)),
            )


def _check_rate(fps: float) -> None:
    if not 1.0 <= fps <= 1000.0:
        raise MotionError(f'frame rate {fps} is not between 1 and 1000 frames/s')


def _body_poses(arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Axis-angle vectors of pelvis and body, however the file divides them."""
    if 'poses' in arrays:
        return arrays['poses']
    if 'root_orient' not in arrays or 'pose_body' not in arrays:
        raise MotionError('no array poses, nor root_orient and pose_body in its place')
    root, body = arrays['root_orient'], arrays['pose_body']
    if root.ndim != 2 or root.shape[1] != 3 or body.ndim != 2 or len(root) != len(body):
        raise MotionError(
            f'root_orient {root.shape} and pose_body {body.shape} must be [T,3] and [T,>=63]'
        )
    return np.concatenate([root, body], axis=1)


def _orthonormalised(columns: np.ndarray) -> np.ndarray:
    """Gram-Schmidt on the two first columns [..., 3, 2] (Zhou et al. 2019)."""
    first = columns[..., 0] / np.linalg.norm(columns[..., 0], axis=-1, keepdims=True)
    second = columns[..., 1] - (first * columns[..., 1]).sum(-1, keepdims=True) * first
    second = second / np.linalg.norm(second, axis=-1, keepdims=True)
    return np.stack([first, second, np.cross(first, second)], axis=-1)
