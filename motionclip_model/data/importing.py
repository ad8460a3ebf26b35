"""Foreign collections become a corpus: one folder that training and evaluation read."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from motionclip_model.data.amass import AmassFiles, amass_files, grounded, motion_files
from motionclip_model.data.babel import is_babel, read_babel
from motionclip_model.data.corpus import cut
from motionclip_model.data.humanml3d import is_humanml3d, read_humanml3d
from motionclip_model.data.motion_file import MOTION_SUFFIXES, load_motion
from motionclip_model.data.motion_folder import read_motion_folder
from motionclip_model.data.sources import SourceClip
from motionclip_model.data.texts import Skipped, read_splits
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.motion import Motion
from motionclip_model.storage import write_atomically, write_json

KINDS = ('babel', 'humanml3d', 'motions')

_FPS = 30.0
"""Faster recordings are brought down to this [1/s]."""


class Imported(NamedTuple):
    """What an import brought.

    Attributes:
        kind: What the source was taken for.
        clips: Captioned clips in the corpus.
        files: Motion files behind them.
        skipped: What was left out and why; also in `skipped`'s file.
        texts: The texts file that was written.
    """

    kind: str
    clips: int
    files: int
    skipped: list[Skipped]
    texts: Path


def recognise_source(folder: Path) -> str:
    """Tell what kind of collection a folder is.

    Raises:
        MotionError: None that is known, or a corpus already.
    """
    if not folder.is_dir():
        raise MotionError(f'{folder}: no such folder')
    if any(folder.glob('texts*.jsonl')):
        raise MotionError(f'{folder} is a corpus already; give it to --data as it is')
    if is_babel(folder):
        return 'babel'
    if is_humanml3d(folder):
        return 'humanml3d'
    if motion_files(folder, MOTION_SUFFIXES):
        return 'motions'
    raise MotionError(
        f'{folder}: neither BABEL (train.json), nor HumanML3D (index.csv and texts), nor a folder '
        'with .npz or .bvh files'
    )


def import_corpus(
    source: Path,
    out: Path,
    *,
    kind: str | None = None,
    amass: Path | None = None,
    licence: str | None = None,
    on_file: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Write a collection as a corpus, or add it to one.

    Motions that are there already are kept, so that an interrupted import goes on where it
    stopped. Texts and splits are written at the end.

    Args:
        source: Folder of the collection.
        out: Folder of the corpus.
        kind: One of `KINDS`; None looks at the folder.
        amass: The AMASS folder that BABEL and HumanML3D refer to.
        licence: Terms to write down instead of what is known of the collection.
        on_file: Told how many of how many files are done.

    Raises:
        MotionError: The source is not what it should be, or nothing of it can be used.
        MotionClipError: The kind does not exist, or the AMASS folder is missing.
    """
    if kind is not None and kind not in KINDS:
        raise MotionClipError(f'kind {kind!r} is not one of {", ".join(KINDS)}')
    kind = kind or recognise_source(source)
    found = _read(source, kind, amass)
    skipped = [entry for entry in found if isinstance(entry, Skipped)]
    clips = [entry for entry in found if isinstance(entry, SourceClip)]
    if licence is not None:
        clips = [replace(clip, entry=replace(clip.entry, licence=licence)) for clip in clips]
    targets = {clip.entry.path: clip for clip in clips}
    failed = {}
    for done, (path, clip) in enumerate(targets.items(), 1):
        try:
            if not (out / path).exists():
                _converted(clip).save(out / path)
        except MotionError as error:
            failed[path] = str(error).removeprefix(f'{clip.file}: ')
        on_file(done, len(targets))
    skipped += [Skipped(path, reason) for path, reason in failed.items()]
    kept = [clip for clip in clips if clip.entry.path not in failed]
    if not kept:
        first = f'; first {": ".join(skipped[0])}' if skipped else ''
        raise MotionError(f'{source}: nothing to import, {len(skipped)} skipped{first}')
    name = f'{kind}_{source.absolute().name}'
    texts = out / f'texts_{name}.jsonl'
    _write_lines(texts, [clip.entry.to_line() for clip in kept])
    _write_lines(out / f'skipped_{name}.jsonl', [json.dumps(each._asdict()) for each in skipped])
    _merge_splits(out, kept)
    return Imported(kind, len(kept), len(targets) - len(failed), skipped, texts)


def _read(source: Path, kind: str, amass: Path | None) -> list[SourceClip | Skipped]:
    if kind == 'motions':
        return read_motion_folder(source)
    if amass is None:
        raise MotionClipError(f'{kind} holds words alone; --amass says where its motions are')
    files: AmassFiles = amass_files(amass)
    return read_babel(source, files) if kind == 'babel' else read_humanml3d(source, files)


def _converted(clip: SourceClip) -> Motion:
    motion = load_motion(clip.file)
    if clip.file.suffix.lower() == '.npz':
        motion = grounded(motion)
    if clip.start_s > 0.0 or math.isfinite(clip.end_s):
        motion = cut(motion, replace(clip.entry, start_s=clip.start_s, end_s=clip.end_s))
    return motion.resampled(_FPS) if motion.fps > _FPS else motion


def _write_lines(path: Path, lines: list[str]) -> None:
    with write_atomically(path) as file:
        file.write(''.join(f'{line}\n' for line in lines).encode())


def _merge_splits(out: Path, clips: list[SourceClip]) -> None:
    """Add clips to the splits; a path keeps to one split, the newest said of it."""
    path = out / 'splits.json'
    splits = read_splits(out) if path.exists() else {'train': [], 'val': []}
    place = {clip.entry.path: clip.split for clip in clips}
    for split in {*place.values()} - {*splits}:
        splits[split] = []
    merged = {
        split: [old for old in paths if old not in place]
        + [new for new, mine in place.items() if mine == split]
        for split, paths in splits.items()
    }
    write_json(path, merged)
