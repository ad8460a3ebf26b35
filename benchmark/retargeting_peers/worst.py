"""The clips that retargeters fail on, by name, and whether walking keeps its pace."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.limits import JointLimits, cubic_use
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.trajectory import RobotTrajectory
from retargeting_peers.figures import Quality, load, path_state, quality

ALLOWANCE = 1e-6
"""Part of a limit by which rounding may exceed it."""

_NAMED = (
    ('CMU/85/85_02', 'hand springs'),
    ('CMU/49/49_06', 'cartwheel'),
    ('CMU/88/88_08', 'flip backward on the hands'),
    ('CMU/named/named_backflip', 'backflip'),
    ('CMU/49/49_19', 'balance, arms stretched out'),
    (
        'BandaiNamco/Bandai-Namco-Research-Motiondataset-2/'
        'dataset-2_raise-up-both-hands_active_001',
        'arms overhead',
    ),
    ('CMU/43/43_02', 'hanging on a bar'),
    ('CMU/140/140_01', 'getting up from the belly'),
    ('KayKitAdventurers/kaykit_lie_down', 'lying down'),
    ('Mesh2Motion/m2m_sleep', 'lying on the back'),
    ('CMU/13/13_18', 'punches'),
    ('CMU/05/05_02', 'dance'),
)
_LONGEST = 1200  # frames of one clip


class Case(NamedTuple):
    """One clip.

    Attributes:
        quality: As played.
        stretch: By how much it is slowed.
        verdict: accept, slowed or refuse.
        excess: The largest part of any limit that is used, less 1; positive means exceeded.
    """

    quality: Quality
    stretch: float
    verdict: str
    excess: float


def named_clips(folders: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    """Find the hard clips in folders of AMASS files."""
    for name, label in _NAMED:
        paths = [folder / f'{name}_poses.npz' for folder in folders]
        if found := [path for path in paths if path.is_file()]:
            yield f'{Path(name).name}: {label}', found[0]


def walking_clips(data: Path) -> list[Path]:
    """Return the CMU clips that are indexed as a walk and nothing else."""
    entries = map(json.loads, (data / 'texts_cmu.jsonl').read_text().splitlines())
    return [data / entry['path'] for entry in entries if 'walk' in entry['captions']]


def tried(retargeter: Retargeter, motion: Motion) -> Case:
    """Retarget a clip and look at its limits."""
    path, report, _ = retargeter.retarget(motion)
    figures = quality(retargeter.robot, motion, path_state(path), report['time_stretch'])
    return Case(
        figures, report['time_stretch'], report['verdict'], excess(path, retargeter.robot.limits)
    )


def load_clip(path: Path) -> Motion:
    """Read a clip, cut to a length that can be waited for."""
    return load(path)[:_LONGEST]


def excess(path: RobotTrajectory, limits: JointLimits) -> float:
    """Return by which part any limit is exceeded; not positive where all are kept."""
    room = limits.upper - limits.lower
    outside = np.maximum(limits.lower - path.positions, path.positions - limits.upper) / room
    use = cubic_use(path.time_from_start, path.positions, path.velocities)
    return float(
        max(
            outside.max(),
            (use.velocity / limits.velocity).max() - 1.0,
            (use.acceleration / limits.acceleration).max() - 1.0,
        )
    )
