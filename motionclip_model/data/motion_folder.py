"""A folder of motion files, AMASS or BVH, with their captions beside them or in their names."""

import re
from pathlib import Path

from motionclip_model.data.amass import motion_files
from motionclip_model.data.motion_file import MOTION_SUFFIXES
from motionclip_model.data.sources import AMASS_LICENCE, SourceClip, drawn_splits
from motionclip_model.data.texts import Entry, Skipped

_NO_WORDS = {'poses', 'stageii', 'c', 'd', 'mosh', 'sync', 'subject', 'trial', 'take', 'motion'}
"""Parts of file names that describe nothing."""


def read_motion_folder(folder: Path) -> list[SourceClip | Skipped]:
    """Read which motions a folder has and what is said of them.

    The sentences for `walk.bvh` stand in `walk.txt`, one a line; without such a file the words
    of the name are taken, so that "A5_-_pick_up_box_poses.npz" is "pick up box". A tenth of the
    files is for validation.

    Args:
        folder: Any depth of folders.
    """
    files = motion_files(folder, MOTION_SUFFIXES)
    splits = drawn_splits([str(file.relative_to(folder)) for file in files])
    found: list[SourceClip | Skipped] = []
    for file in files:
        name = str(file.relative_to(folder))
        captions, source = _captions(file)
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


def _captions(file: Path) -> tuple[tuple[str, ...], str]:
    beside = file.with_suffix('.txt')
    if beside.is_file():
        lines = beside.read_text(errors='replace').splitlines()
        return tuple(line.strip() for line in lines if line.strip()), 'own sentences'
    words = re.findall(r'[a-z]+', re.sub(r'\w*\d\w*', ' ', _spaced(file.stem)).lower())
    words = [word for word in words if word not in _NO_WORDS]
    return ((' '.join(words),) if any(len(word) > 2 for word in words) else ()), 'file name'


def _spaced(stem: str) -> str:
    """Part "walkFast_02" into "walk Fast 02"."""
    return re.sub(r'(?<=[a-z])(?=[A-Z0-9])|[_\-.]', ' ', stem)
