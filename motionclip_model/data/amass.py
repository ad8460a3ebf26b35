"""AMASS: files found by the names that its releases gave them, motions put on the floor."""

import os
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion
from motionclip_model.skeleton import JOINT_INDEX, forward_kinematics

_RENAMED = {
    'mpi_hdm05': 'hdm05',
    'mpihdm05': 'hdm05',
    'mpi_limits': 'poseprior',
    'mpilimits': 'poseprior',
    'mpi_mosh': 'mosh',
    'mpimosh': 'mosh',
    'ssm_synced': 'ssm',
    'transitions_mocap': 'transitions',
    'biomotionlab_ntroje': 'bmlrub',
    'dfaust_67': 'dfaust',
    'dfaust67': 'dfaust',
    'tcd_handmocap': 'tcdhands',
    'tcdhandmocap': 'tcdhands',
}
"""Older names of collections; the release of 2021 renamed them."""

_COLLECTIONS = {
    *_RENAMED.values(), 'accad', 'bmlhandball', 'bmlmovi', 'cmu', 'cnrs', 'dancedb', 'ekut',
    'eyes_japan_dataset', 'grab', 'human4d', 'humaneva', 'kit', 'sfu', 'soma', 'totalcapture',
    'weizmann',
}  # fmt: skip

_NO_MOTION = ('shape.npz', '_stagei.npz')
"""Ends of the names of files that hold a body's shape and no motion."""

_FEET = [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]
_PLANTED_HEIGHT, _PLANTED_SPEED = 0.05, 0.2
_ENOUGH_WAY = 1.0
_SCALES = (0.8, 1.25)


class AmassFiles(NamedTuple):
    """The motion files below an AMASS folder, by names that all releases share."""

    files: dict[tuple[str, ...], Path]

    def find(self, path: str) -> Path:
        """Find the file that a data set built on AMASS means.

        Args:
            path: Such as "CMU/CMU/49/49_06_poses.npz" or "./pose_data/MPI_HDM05/dg/x.npy".

        Raises:
            MotionError: It is not there.
        """
        found = self.files.get(_key(path))
        if found is None:
            raise MotionError('not in the AMASS folder')
        return found


def amass_files(folder: Path) -> AmassFiles:
    """List the motions below a folder, whatever level of AMASS' folders it is.

    Raises:
        MotionError: There is none.
    """
    found = {}
    for path in motion_files(folder, ('.npz',)):
        # The folder itself may be that of one collection.
        found[_key(str(path.absolute()))] = path
    if not found:
        raise MotionError(f'{folder}: no AMASS .npz files below this folder')
    return AmassFiles(found)


def motion_files(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """Every motion file below a folder, in the order of names."""
    return sorted(
        Path(place) / name
        for place, _, names in os.walk(folder)
        for name in names
        if name.lower().endswith(suffixes) and not name.endswith(_NO_MOTION)
    )


def grounded(motion: Motion) -> Motion:
    """Fit the root path of an AMASS motion to our skeleton, and put its feet on the floor.

    `trans` differs from the pelvis by a constant, so that the floor settles the height. The
    recorded person's legs were longer or shorter than ours: the path is scaled so that planted
    feet slip least.
    """
    feet = motion.pose.positions[:, _FEET]
    root = motion.root_position * _path_scale(motion, feet)
    feet_height = forward_kinematics(motion.joint_rotations, root).positions[:, _FEET, 2]
    # A glitch of a frame or two must not lift the person.
    root[:, 2] -= np.percentile(feet_height.min(axis=1), 1.0)
    return Motion(motion.joint_rotations, root, motion.fps)


def _path_scale(motion: Motion, feet: np.ndarray) -> float:
    """Least-squares factor that makes the way of the root undo that of a planted foot."""
    root_step = np.diff(motion.root_position, axis=0)[:, None, :2]
    foot_step = np.diff(feet, axis=0)
    height = feet[:-1, :, 2]
    low = height < np.percentile(height.min(axis=1), 5.0) + _PLANTED_HEIGHT
    steady = np.abs(foot_step[..., 2]) * motion.fps < _PLANTED_SPEED
    way = np.linalg.norm(root_step, axis=-1)
    standing = np.linalg.norm(foot_step[..., :2], axis=-1) < 0.4 * way
    planted = low & steady & standing
    total = float((way**2 * planted).sum())
    if (way * planted).sum() < _ENOUGH_WAY:
        return 1.0
    relative = foot_step[..., :2] - root_step
    scale = -float(((root_step * relative).sum(axis=-1) * planted).sum()) / total
    return float(np.clip(scale, *_SCALES))


def _key(path: str) -> tuple[str, ...]:
    """The parts of a path from the collection on, in a spelling that all releases share."""
    *folders, name = re.split(r'[\\/]+', path.lower())
    stem = re.sub(r'(?:_poses|_stageii)?\.np[yz]$', '', name)
    parts = [re.sub(r'[^a-z0-9]+', '_', part).strip('_') for part in (*folders, stem)]
    parts = [_RENAMED.get(part, part) for part in parts]
    known = [i for i, part in enumerate(parts[:-1]) if part in _COLLECTIONS]
    return tuple(parts[known[-1] :]) if known else tuple(parts[-3:])
