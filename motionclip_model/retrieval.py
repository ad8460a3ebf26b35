"""Motion files of a folder, ranked by how well they fit a sentence."""

import hashlib
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from motionclip_model.data.motion_file import MOTION_SUFFIXES, load_motion
from motionclip_model.data.texts import Skipped
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.model import MAX_SECONDS, MotionClip
from motionclip_model.motion import Motion
from motionclip_model.reading import read_arrays
from motionclip_model.storage import write_atomically

WINDOW_SECONDS, HOP_SECONDS = MAX_SECONDS, MAX_SECONDS / 2.0
"""Longer motions are looked at in windows of this length, this far apart [s]."""

_ARRAYS = ('files', 'stamps', 'counts', 'spans', 'embeddings')


class Hit(NamedTuple):
    """A motion file with the part of it that fits best.

    Attributes:
        path: The file.
        start_s: Where the part begins [s].
        end_s: Where it ends [s].
        cosine: How well it fits, from -1 to 1.
    """

    path: Path
    start_s: float
    end_s: float
    cosine: float


class LookedAt(NamedTuple):
    """What is remembered of a file: its state, its windows and what they mean."""

    stamp: str
    spans: Float[np.ndarray, 'window 2']
    embeddings: Float[np.ndarray, 'window embedding']


@dataclass(frozen=True)
class Library:
    """The motion files below a folder.

    Attributes:
        folder: Where the files are.
        files: What is known of each, by its path below the folder.
        skipped: Files that could not be read, and why.
    """

    folder: Path
    files: dict[str, LookedAt]
    skipped: tuple[Skipped, ...]

    def rank(self, model: MotionClip, text: str) -> list[Hit]:
        """Order the files by how well their best window fits a text, best first.

        Args:
            model: The model that looked at the files.
            text: What is searched, in plain words.

        Raises:
            TextError: The text cannot be encoded.
        """
        wanted = model.encode_text([text]).meaning[0].cpu().numpy()
        hits = []
        for name, file in self.files.items():
            cosine = file.embeddings.astype(np.float32) @ wanted
            best = int(cosine.argmax())
            start, end = file.spans[best]
            hits.append(Hit(self.folder / name, float(start), float(end), float(cosine[best])))
        return sorted(hits, key=lambda hit: -hit.cosine)


def open_library(
    model: MotionClip,
    folder: Path,
    cache: Path,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> Library:
    """Look at all motion files below a folder; those of an earlier time are remembered.

    Args:
        model: A trained model.
        folder: Searched with all folders below.
        cache: Folder for what is remembered, by model, folder, and state of the files.
        progress: Told how many files are done, of how many.

    Raises:
        MotionError: There is no motion file, or none that can be read.
    """
    names = [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob('*'))
        if path.suffix.lower() in MOTION_SUFFIXES
    ]
    if not names:
        raise MotionError(f'{folder}: no .npz or .bvh file here or below')
    kept = cache / f'{_digest(model, folder)}.npz'
    known = _remembered(kept)
    files: dict[str, LookedAt] = {}
    skipped = []
    try:
        for done, name in enumerate(names):
            progress(done, len(names))
            try:
                old = known.get(name)
                current = old is not None and old.stamp == _stamp(folder / name)
                files[name] = old if old and current else _look(model, folder / name)
            except (MotionClipError, OSError) as error:
                skipped.append(Skipped(name, str(error).removeprefix(f'{folder / name}: ')))
    finally:
        # Without a place to remember it, the next search takes as long as this one.
        if any(known.get(name) is not file for name, file in files.items()):
            with suppress(OSError):
                _remember(kept, files)
    if not files:
        raise MotionError(
            f'{folder}: none of {len(names)} files holds a motion; {skipped[0].path}: '
            f'{skipped[0].reason}'
        )
    return Library(folder, files, tuple(skipped))


def windows(motion: Motion) -> list[tuple[int, int]]:
    """First and last frame (excluded) of the parts in which a motion is looked at."""
    length = round(WINDOW_SECONDS * motion.fps) + 1
    if len(motion) <= length:
        return [(0, len(motion))]
    hop = round(HOP_SECONDS * motion.fps)
    starts = [*range(0, len(motion) - length, hop), len(motion) - length]
    return [(start, start + length) for start in starts]


def cache_folder() -> Path:
    """Where programs of this user keep what can be made again (XDG base directories)."""
    base = os.environ.get('XDG_CACHE_HOME', '')
    return (Path(base) if base else Path.home() / '.cache') / 'motionclip'


def _look(model: MotionClip, path: Path) -> LookedAt:
    motion = load_motion(path)
    bounds = windows(motion)
    found = [model.encode_motions([motion[first:last]])[0].cpu().numpy() for first, last in bounds]
    spans = np.array([(first, last - 1) for first, last in bounds]) / motion.fps
    return LookedAt(_stamp(path), spans, np.stack(found).astype(np.float16))


def _stamp(path: Path) -> str:
    status = path.stat()
    return f'{status.st_size} {status.st_mtime_ns}'


def _digest(model: MotionClip, folder: Path) -> str:
    """Name for the embeddings of a folder by a motion encoder."""
    found = hashlib.sha256(os.fsencode(folder.resolve()))
    network = model.network
    parts: Iterable[torch.Tensor] = (
        *network.motion_encoder.state_dict().values(),
        network.row_mean,
        network.row_scale,
    )
    for part in parts:
        found.update(part.float().cpu().numpy().tobytes())
    return f'retrieval-{found.hexdigest()[:24]}'


def _remembered(path: Path) -> dict[str, LookedAt]:
    """Read what was remembered; a damaged file is as good as none."""
    try:
        arrays = read_arrays(path, _ARRAYS, MotionError)
        files, stamps, counts, spans, embeddings = (arrays[name] for name in _ARRAYS)
        bounds = np.cumsum(counts)[:-1]
        return {
            str(name): LookedAt(str(stamp), own, points)
            for name, stamp, own, points in zip(
                files, stamps, np.split(spans, bounds), np.split(embeddings, bounds), strict=True
            )
        }
    except (MotionError, ValueError):
        return {}


def _remember(path: Path, files: dict[str, LookedAt]) -> None:
    with write_atomically(path) as file:
        np.savez(
            file,
            files=np.array(list(files)),
            stamps=np.array([each.stamp for each in files.values()]),
            counts=np.array([len(each.spans) for each in files.values()]),
            spans=np.concatenate([each.spans for each in files.values()]),
            embeddings=np.concatenate([each.embeddings for each in files.values()]),
        )
