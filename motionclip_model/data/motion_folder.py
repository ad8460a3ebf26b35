"""A folder of motion files, AMASS or BVH, with their captions beside them or in their names."""

import re
from pathlib import Path

from motionclip_model.data.amass import motion_files
from motionclip_model.data.motion_file import MOTION_SUFFIXES
from motionclip_model.data.sources import AMASS_LICENCE, SourceClip, drawn_splits
from motionclip_model.data.texts import Entry, Skipped
from motionclip_model.errors import MotionError
from motionclip_model.reading import read_lines

_NO_WORDS = {
    'poses', 'stageii', 'c', 'd', 'mosh', 'sync', 'subject', 'trial', 'take', 'motion', 'daz',
    'motionbuilder',
}  # fmt: skip
"""Parts of file names that describe nothing."""

_INDEX_LINE = re.compile(r'\s*(\d+_\d+)\s+(\S.*)')
"""A line of the index that comes with the CMU releases: trial, description."""


def read_motion_folder(folder: Path) -> list[SourceClip | Skipped]:
    """Read which motions a folder has and what is said of them.

    The sentences for `walk.bvh` stand in `walk.txt`, one a line. Without such a file a trial of
    CMU is looked up in the index of its release (`cmu-mocap-index-text.txt` or any other
    `*index*.txt` below the folder), and else the words of the name are taken, so that
    "A5_-_pick_up_box_poses.npz" is "pick up box". A tenth of the files is for validation.

    Args:
        folder: Any depth of folders.
    """
    files = motion_files(folder, MOTION_SUFFIXES)
    splits = drawn_splits([str(file.relative_to(folder)) for file in files])
    index = _index(folder)
    found: list[SourceClip | Skipped] = []
    for file in files:
        name = str(file.relative_to(folder))
        captions, source = _captions(file, index)
        if not captions:
            found.append(Skipped(name, f'no words in its name; describe it in {file.stem}.txt'))
            continue
        entry = Entry(
            f'motions/{folder.absolute().name}/{Path(name).with_suffix("")}.npz',
            captions,
            (source,) * len(captions),
            dataset=folder.absolute().name,
            licence=AMASS_LICENCE if file.suffix.lower() == '.npz' else 'unknown',
        )
        found.append(SourceClip(file, entry, splits[name]))
    return found


def _index(folder: Path) -> dict[str, str]:
    """Descriptions of CMU trials by their numbers."""
    lines = [
        line
        for file in sorted(folder.rglob('*index*.txt'))
        if file.is_file()
        for line in map(str.rstrip, read_lines(file, MotionError))
    ]
    found = {m.group(1): m.group(2).strip() for m in map(_INDEX_LINE.fullmatch, lines) if m}
    return {trial: text for trial, text in found.items() if text.lower() != 'unknown'}


def _captions(file: Path, index: dict[str, str]) -> tuple[tuple[str, ...], str]:
    beside = file.with_suffix('.txt')
    if beside.is_file():
        lines = read_lines(beside, MotionError)
        return tuple(line.strip() for line in lines if line.strip()), 'own sentences'
    trial = re.match(r'\d+_\d+', file.stem)
    if trial and trial.group() in index:
        return (index[trial.group()],), 'CMU index'
    words = re.findall(r'[a-z]+', re.sub(r'\w*\d\w*', ' ', _spaced(file.stem)).lower())
    words = [word for word in words if word not in _NO_WORDS]
    return ((' '.join(words),) if any(len(word) > 2 for word in words) else ()), 'file name'


def _spaced(stem: str) -> str:
    """Part "walkFast_02" into "walk Fast 02"."""
    return re.sub(r'(?<=[a-z])(?=[A-Z0-9])|[_\-.]', ' ', stem)
