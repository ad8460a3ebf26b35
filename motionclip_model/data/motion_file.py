"""Motion files of any kind, told apart by their names."""

import os
from pathlib import Path

from motionclip_model.data.bvh import load_bvh
from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion

MOTION_SUFFIXES = ('.npz', '.bvh')


def load_motion(path: str | os.PathLike[str]) -> Motion:
    """Read a motion, AMASS or BVH by the name of the file.

    Raises:
        MotionError: It is neither, or cannot be read.
    """
    suffix = Path(path).suffix.lower()
    if suffix == '.bvh':
        return load_bvh(path)
    if suffix == '.npz':
        return Motion.load(path)
    raise MotionError(f'{path}: a motion is read from .npz (AMASS) or .bvh')
