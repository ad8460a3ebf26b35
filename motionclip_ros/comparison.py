"""Several motions in one picture, a row for each."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.progress import OnPart, followed, unheard
from motionclip_ros.rendering import contact_sheet, human_frames

_COLUMNS = 8
_SIZE = (320, 300)


def compare(
    path: Path, motions: Sequence[Motion], names: Sequence[str], on_row: OnPart = unheard
) -> None:
    """Draw motions below each other, each at even shares of its duration.

    Args:
        path: PNG file to write.
        motions: What the rows show.
        names: A caption for each row.
        on_row: Told how many are drawn.

    Raises:
        DependencyError: Nothing on this machine can draw.
    """
    frames, captions = [], []
    rows = zip(motions, names, strict=True)
    for motion, name in followed(rows, len(motions), on_row):
        wanted = np.round(np.linspace(0, len(motion) - 1, _COLUMNS)).astype(int)
        stills = Motion(motion.joint_rotations[wanted], motion.root_position[wanted], motion.fps)
        frames += list(human_frames(stills, fps=motion.fps, size=_SIZE, steady=False))
        captions += [name, *(f'{frame / motion.fps:.1f} s' for frame in wanted[1:])]
    contact_sheet(frames, path, columns=_COLUMNS, captions=captions)
