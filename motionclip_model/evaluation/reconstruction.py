"""How much of a motion the auto-encoder keeps, beside what costs nothing."""

from collections import defaultdict
from typing import Any

import numpy as np
import torch

from motionclip_model import features
from motionclip_model.data.corpus import Clip
from motionclip_model.evaluation.clips import collection, motion_of
from motionclip_model.metrics import (
    joint_position_error,
    path_error,
    rotation_error,
    speed_ratio,
)
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion


def reconstruction_figures(model: MotionClip, clips: list[Clip]) -> dict[str, Any]:
    """Measure the auto-encoder, for each collection and for all clips.

    Returns:
        For each collection and "all": `clips`, then means over clips of `joint_error_cm`
        (root-relative), `rotation_error_deg`, `speed_ratio` (decoded over real joint speed) and
        `path_error` (share of the way), and `baselines`: the same of the mean pose, of the
        first frame held, and of a body that moves on the spot.
    """
    rows: dict[str, list[list[float]]] = defaultdict(list)
    for clip in clips:
        source = motion_of(clip)
        figures = [
            number
            for motion in (model.reconstruct([source])[0], *_baselines(model, clip))
            for number in _errors(motion, source)
        ]
        for name in (collection(clip), 'all'):
            rows[name].append(figures)
    return {name: _table(found) for name, found in rows.items()}


def _errors(motion: Motion, source: Motion) -> list[float]:
    return [
        100.0 * joint_position_error(motion, source),
        rotation_error(motion, source),
        speed_ratio(motion, source),
        path_error(motion, source),
    ]


def _baselines(model: MotionClip, clip: Clip) -> list[Motion]:
    """The mean pose, the first frame held, the motion on the spot."""
    count = len(clip.rows)
    mean = model.network.row_mean.cpu().expand(count, -1).clone()
    held = torch.from_numpy(clip.rows[:1]).expand(count, -1).clone()
    spot = torch.from_numpy(clip.rows.copy())
    for rows in (mean, held, spot):
        rows[:, features.VELOCITY] = 0.0
    for rows in (mean, held):
        rows[:, features.YAW_RATE] = 0.0
    return [features.decode(rows) for rows in (mean, held, spot)]


_FIGURES = ('joint_error_cm', 'rotation_error_deg', 'speed_ratio', 'path_error')
_BASELINES = ('mean_pose', 'first_frame', 'on_the_spot')


def _table(found: list[list[float]]) -> dict[str, Any]:
    parts = np.mean(found, axis=0).round(3).reshape(-1, len(_FIGURES)).tolist()
    model, *baselines = (dict(zip(_FIGURES, part, strict=True)) for part in parts)
    return {
        'clips': len(found),
        **model,
        'baselines': dict(zip(_BASELINES, baselines, strict=True)),
    }
