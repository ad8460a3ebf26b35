"""What is measured on: the clips of a folder, and what is known of the training clips."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motionclip_model import features
from motionclip_model.data.captions import mirrored_caption, same_action
from motionclip_model.data.corpus import Clip, Skipped, choose, load_corpus, read_motions
from motionclip_model.data.texts import Entry
from motionclip_model.evaluation.actions import plain_label
from motionclip_model.motion import Motion

UNKNOWN_ACTION = 'other'
"""Action of a clip of which the corpus does not say what is done."""

LONGEST = 10.0
"""Longer motions are cut where a single token has to say what they show [s]."""


@dataclass(frozen=True, eq=False)
class Measured:
    """Clips to measure on.

    Attributes:
        folder: The corpus folder.
        split: Which part of it; "all" where the folder has no splits.
        clips: The clips.
        skipped: What could not be read.
        notes: What had to be decided, in sentences.
    """

    folder: Path
    split: str
    clips: list[Clip]
    skipped: list[Skipped]
    notes: list[str]

    @cached_property
    def motions(self) -> list[Motion]:
        """The clips' motions, cut to `LONGEST`."""
        return [motion_of(clip, LONGEST) for clip in self.clips]


def read_clips(folder: Path, split: str) -> Measured:
    """Read a folder; clips that cannot be read are left out and listed.

    Args:
        folder: See `motionclip_model.data.corpus`; `splits.json` may be missing.
        split: Usually "val".

    Raises:
        MotionError: No texts, or no clip that can be read.
        MotionClipError: The split is not one of the folder's.
    """
    skipped: list[Skipped] = []
    notes = []
    if split != 'all' and not (folder / 'splits.json').exists():
        notes.append(f'no splits.json: every clip is measured, not the split {split!r}')
        split = 'all'
    entries = choose(folder, split, 'any', [])
    unnamed = sum(not entry.content for entry in entries)
    if unnamed:
        notes.append(
            f'{unnamed} of {len(entries)} texts have no content: their captions name the action'
        )
    clips = load_corpus(folder, split, skipped=skipped)
    return Measured(folder, split, clips, skipped, notes)


def motion_of(clip: Clip, longest: float | None = None) -> Motion:
    """A clip's motion, cut to a duration [s]."""
    frames = None if longest is None else round(longest * features.FPS)
    return features.decode(torch.from_numpy(clip.rows[:frames]))


def collection(clip: Clip) -> str:
    """Name of the collection that a clip is from; releases of one collection are one."""
    return 'BandaiNamco' if clip.dataset.startswith('Bandai') else clip.dataset


def trained_combinations(info: dict[str, Any], folder: Path) -> set[tuple[str, str]] | None:
    """Pairs of action and style that a model was trained on.

    What the checkpoint says counts; else what the folder calls its training clips.

    Returns:
        The pairs, or None where neither says anything.
    """
    if info.get('combinations'):
        return {(str(action), str(style)) for action, style in info['combinations']}
    if not (folder / 'splits.json').exists():
        return None
    left_out = {(str(action), str(style)) for action, style in info.get('held_out', ())}
    pairs = {(same_action(e.content), e.style) for e in choose(folder, 'train', 'any', [])}
    # Training shows mirror images, too: who turned left in a style has turned right in it.
    pairs |= {(mirrored_caption(action), style) for action, style in pairs}
    return pairs - left_out


def training_motions(measured: Measured, labels: set[str], most: int) -> list[tuple[Motion, str]]:
    """Some training clips of the folder for each label, to compare with.

    Args:
        measured: What is measured; nothing of it is returned.
        labels: Plain names of the actions wanted.
        most: At most so many clips of each.
    """
    if not (measured.folder / 'splits.json').exists() or measured.split in ('train', 'all'):
        return []
    wanted: dict[str, list[Entry]] = defaultdict(list)
    for entry in choose(measured.folder, 'train', 'any', []):
        label = plain_label(same_action(entry.content))
        if label in labels:
            wanted[label].append(entry)
    random = np.random.default_rng(0)
    picked = [
        entries[i]
        for _, entries in sorted(wanted.items())
        for i in random.permutation(len(entries))[:most]
    ]
    return [
        (motion[: round(LONGEST * motion.fps)], plain_label(same_action(entry.content)))
        for entry, motion in read_motions(measured.folder, picked, [])
    ]
