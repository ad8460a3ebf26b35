"""A captioned corpus on disk: motion files, `texts*.jsonl` beside them, and `splits.json`.

One line of a texts file describes one clip: `path` (below the corpus folder), `captions`,
optionally `caption_sources`, `start_s`, `end_s`, `content` (the action), `style`, `dataset` and
`licence`. What cannot be used is left out and listed, never in the way of the rest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from motionclip_model import features
from motionclip_model.data.captions import (
    action_of,
    command,
    mirrored_caption,
    same_action,
    sentences,
)
from motionclip_model.data.clip import Clip, load_rows, save_rows
from motionclip_model.data.licences import check_choice
from motionclip_model.data.motion_file import load_motion
from motionclip_model.data.paraphrases import with_paraphrases
from motionclip_model.data.stillness import STILL_ACTION, STILL_CAPTIONS, still_part
from motionclip_model.data.texts import Entry, Skipped, read_splits, read_texts
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.motion import Motion

__all__ = ['Clip', 'Skipped', 'cached_corpus', 'load_corpus', 'load_rows', 'save_rows']

_SHORTEST = 0.25
"""Shorter clips show no action [s]."""

_CACHE_VERSION = 3
"""Raised where clips are made in another way, so that older caches are made anew."""


def load_corpus(
    folder: Path,
    split: str,
    *,
    mirror: bool = False,
    licence: str = 'any',
    skipped: list[Skipped] | None = None,
) -> list[Clip]:
    """Read a corpus.

    Args:
        folder: The corpus folder.
        split: "train", "val", another list of splits.json, or "all".
        mirror: Add, for training, clips of people standing still that are cut out of others
            (see `motionclip_model.data.stillness`), and the mirror image of every clip, left
            and right swapped in its words; and sentences in other words (see
            `motionclip_model.data.paraphrases`) to every clip.
        licence: "commercial" leaves out clips and captions that are not known to allow
            commercial use.
        skipped: Takes what was left out and why.

    Returns:
        Clips in the order of the texts files, then those of standing, then mirror images.

    Raises:
        MotionError: There are no texts, or no clip is left.
        MotionClipError: The split or the choice of licences does not exist.
    """
    skipped = [] if skipped is None else skipped
    plain: list[Clip] = []
    still: list[Clip] = []
    images: list[Clip] = []
    entries = choose(folder, split, licence, skipped)
    count = Counter(entry.path for entry in entries)
    for entry, motion in read_motions(folder, entries, skipped):
        clip = _clip(entry, motion, alone=count[entry.path] == 1)
        plain.append(clip)
        if not mirror:
            continue
        images.append(_mirrored(clip, motion))
        calm = still_part(motion)
        if calm is not None:
            still.append(_still(clip, calm))
            images.append(_mirrored(still[-1], calm))
    if not plain:
        raise MotionError(
            f'{folder}: no clip of the split {split!r} is left'
            + (f'; {len(skipped)} skipped, first {": ".join(skipped[0])}' if skipped else '')
        )
    return [with_paraphrases(clip) for clip in plain + still + images] if mirror else plain


def cached_corpus(
    folder: Path,
    split: str,
    cache: Path,
    *,
    mirror: bool = False,
    licence: str = 'any',
    skipped: list[Skipped] | None = None,
) -> list[Clip]:
    """Read a corpus once and keep it in a file; rows come back in half precision.

    Args:
        folder: As for `load_corpus`, like the other arguments.
        split: The split.
        cache: The file; it is made anew where texts, splits or arguments have changed.
        mirror: Whether to add what training uses.
        licence: "any" or "commercial".
        skipped: Takes what was left out, but only where the cache is made.
    """
    texts = sorted(folder.glob('texts*.jsonl')) + sorted(folder.glob('splits.json'))
    # Our own tables of words make captions and actions, too.
    texts += sorted(Path(__file__).parent.glob('*.yaml'))
    found = hashlib.sha256(json.dumps([_CACHE_VERSION, split, mirror, licence]).encode())
    for file in texts:
        found.update(file.read_bytes())
    source = found.hexdigest()
    try:
        return load_rows(cache, source)
    except MotionError:
        clips = load_corpus(folder, split, mirror=mirror, licence=licence, skipped=skipped)
        save_rows(clips, cache, source)
    return load_rows(cache, source)


def choose(folder: Path, split: str, licence: str, skipped: list[Skipped]) -> list[Entry]:
    """Find the entries of a split that the licences asked for allow; no motion is read yet."""
    check_choice(licence)
    every = read_texts(folder, skipped)  # a folder that is no corpus has not even texts
    splits = {} if split == 'all' else read_splits(folder)
    if split not in ('all', *splits):
        known = ', '.join([*splits, 'all'])
        raise MotionClipError(f'split {split!r} is not one of {known}')
    wanted = set(splits.get(split, ()))
    entries = []
    for entry in every:
        if split != 'all' and entry.path not in wanted:
            continue
        try:
            entries.append(entry.for_commerce() if licence == 'commercial' else entry)
        except MotionError as error:
            skipped.append(Skipped(entry.path, str(error)))
    return entries


def read_motions(
    folder: Path, entries: list[Entry], skipped: list[Skipped]
) -> Iterator[tuple[Entry, Motion]]:
    """Read the motions of entries, cut to their clips; what cannot be read is skipped."""
    path, whole = '', None
    for entry in entries:
        file = folder / entry.path
        try:
            # Lines of one file stand together; it is read once.
            if whole is None or path != entry.path:
                path, whole = entry.path, load_motion(file)
            motion = cut(whole, entry)
        except MotionError as error:
            skipped.append(Skipped(entry.path, str(error).removeprefix(f'{file}: ')))
            continue
        yield entry, motion


def cut(motion: Motion, entry: Entry) -> Motion:
    """Cut an entry's clip out of its file's motion.

    Raises:
        MotionError: It is too short, or lies beyond the end.
    """
    first = round(entry.start_s * motion.fps)
    last = round(min(entry.end_s, motion.seconds) * motion.fps)
    if (last - first) / motion.fps < _SHORTEST:
        raise MotionError(
            f'{max(0.0, (last - first) / motion.fps):.2f} s of motion, at least {_SHORTEST} s '
            'are needed'
        )
    return motion[first : last + 1]


def _clip(entry: Entry, motion: Motion, *, alone: bool) -> Clip:
    captions = [text for caption in entry.captions for text in sentences(caption)]
    span = f'@{entry.start_s:g}-{entry.end_s:g}'
    return Clip(
        entry.path if alone else entry.path + span,
        features.encode(motion),
        tuple(dict.fromkeys([*captions, *command(entry.content, entry.style)])),
        same_action(entry.content) if entry.content else action_of(entry.captions),
        entry.dataset,
        entry.licence,
        entry.style,
    )


def _still(clip: Clip, calm: Motion) -> Clip:
    return replace(
        clip,
        name=f'still:{clip.name}',
        rows=features.encode(calm),
        captions=STILL_CAPTIONS,
        action=STILL_ACTION,
        style='',
    )


def _mirrored(clip: Clip, motion: Motion) -> Clip:
    return replace(
        clip,
        name=f'mirror:{clip.name}',
        rows=features.encode(motion.mirrored()),
        captions=tuple(mirrored_caption(caption) for caption in clip.captions),
        action=mirrored_caption(clip.action),
    )
