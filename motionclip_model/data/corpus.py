"""A captioned corpus on disk: AMASS files, `texts_*.jsonl` beside them, and `splits.json`.

One line of a texts file describes one clip: `path` (below the corpus folder), `captions`,
optionally `start_s`, `end_s`, `content` (the action), `style`, `dataset` and `licence`.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from motionclip_model import features
from motionclip_model.data.captions import (
    action_of,
    command,
    mirrored_caption,
    same_action,
    sentences,
)
from motionclip_model.data.stillness import STILL_ACTION, STILL_CAPTIONS, still_part
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.motion import Motion
from motionclip_model.storage import read_arrays, write_atomically

SPLITS = ('train', 'val', 'all')


@dataclass(frozen=True, eq=False)
class Clip:
    """One captioned motion.

    Attributes:
        name: Path below the corpus folder; "still:" stands before that of a moment of standing
            cut out of it, "mirror:" before a mirror image's.
        rows: [frame, width] rows of `motionclip_model.features`.
        captions: Sentences that describe it.
        action: What is done, for even sampling.
        dataset: Name of the collection it comes from.
        licence: Terms in the corpus' own words.
        style: How it is done ("tired"); empty where the corpus does not say.
    """

    name: str
    rows: Float[np.ndarray, 'frame width']
    captions: tuple[str, ...]
    action: str
    dataset: str
    licence: str
    style: str = ''

    @property
    def derived(self) -> bool:
        """Whether it was made from another clip and adds no recording to the corpus."""
        return self.name.startswith(('mirror:', 'still:'))

    @property
    def seconds(self) -> float:
        """Duration [s]."""
        return len(self.rows) / features.FPS


def load_corpus(folder: Path, split: str, *, mirror: bool = False) -> list[Clip]:
    """Read a corpus.

    Args:
        folder: The corpus folder.
        split: "train", "val" or "all".
        mirror: Add, for training, clips of people standing still that are cut out of others
            (see `motionclip_model.data.stillness`), and the mirror image of every clip, left
            and right swapped in its words.

    Returns:
        Clips in the order of the texts files, then those of standing, then mirror images.

    Raises:
        MotionError: No texts, a malformed line, or a motion that cannot be read.
        MotionClipError: The split is not one of the three or is not described.
    """
    if split not in SPLITS:
        raise MotionClipError(f'split {split!r} is not one of {", ".join(SPLITS)}')
    entries = _entries(folder)
    if split != 'all':
        wanted = set(_splits(folder)[split])
        entries = [entry for entry in entries if entry['path'] in wanted]
    plain: list[Clip] = []
    still: list[Clip] = []
    images: list[Clip] = []
    for entry in entries:
        motion = _motion(folder, entry)
        clip = _clip(entry, motion)
        plain.append(clip)
        if not mirror:
            continue
        images.append(_mirrored(clip, motion))
        calm = still_part(motion)
        if calm is not None:
            still.append(_still(clip, calm))
            images.append(_mirrored(still[-1], calm))
    if not plain:
        raise MotionError(f'{folder}: no clip of the split {split!r}')
    return plain + still + images


def save_rows(clips: list[Clip], path: Path) -> None:
    """Keep the rows of clips in one file, half precision, so that they are made once."""
    with write_atomically(path) as file:
        np.savez(
            file,
            rows=np.concatenate([clip.rows for clip in clips]).astype(np.float16),
            lengths=np.array([len(clip.rows) for clip in clips]),
            meta=np.array(
                json.dumps(
                    [[c.name, c.captions, c.action, c.dataset, c.licence, c.style] for c in clips]
                )
            ),
        )


def load_rows(path: Path) -> list[Clip]:
    """Read what `save_rows` kept.

    Raises:
        MotionError: The file is damaged; removing it makes it anew.
    """
    arrays = read_arrays(path, ('rows', 'lengths', 'meta'), MotionError)
    try:
        rows = arrays['rows'].astype(np.float32)
        bounds = np.cumsum(arrays['lengths'])[:-1]
        meta = json.loads(str(arrays['meta']))
    except ValueError as error:
        raise MotionError(f'{path}: damaged cache ({error}); remove it') from None
    return [
        Clip(name, part, tuple(captions), *labels)
        for part, (name, captions, *labels) in zip(np.split(rows, bounds), meta, strict=True)
    ]


def _entries(folder: Path) -> list[dict[str, Any]]:
    files = sorted(folder.glob('texts*.jsonl'))
    if not files:
        raise MotionError(
            f'{folder}: no texts*.jsonl here; a corpus is a folder with AMASS files and '
            'lines of {"path": ..., "captions": [...]}'
        )
    entries = []
    for file in files:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            try:
                entry = json.loads(line)
                path, captions = entry['path'], entry['captions']
            except (ValueError, KeyError, TypeError):
                raise MotionError(
                    f'{file}:{number}: not a JSON object with path and captions'
                ) from None
            if not captions or Path(path).is_absolute() or '..' in Path(path).parts:
                raise MotionError(f'{file}:{number}: no captions, or a path outside the corpus')
            entries.append(entry)
    return entries


def _splits(folder: Path) -> dict[str, list[str]]:
    try:
        splits = json.loads((folder / 'splits.json').read_text())
        return {name: list(splits[name]) for name in ('train', 'val')}
    except (OSError, ValueError, KeyError, TypeError):
        raise MotionClipError(
            f'{folder}: splits.json with the lists "train" and "val" is missing or malformed'
        ) from None


def _motion(folder: Path, entry: dict[str, Any]) -> Motion:
    motion = Motion.load(folder / entry['path'])
    first = round(float(entry.get('start_s', 0.0)) * motion.fps)
    last = round(float(entry.get('end_s', motion.seconds)) * motion.fps)
    return motion[first : last + 1]


def _clip(entry: dict[str, Any], motion: Motion) -> Clip:
    content, style = str(entry.get('content', '')), str(entry.get('style', ''))
    captions = [text for caption in entry['captions'] for text in sentences(caption)]
    return Clip(
        str(entry['path']),
        features.encode(motion),
        tuple(dict.fromkeys([*captions, *command(content, style)])),
        same_action(content) if content else action_of(entry['captions']),
        str(entry.get('dataset', 'unknown')),
        str(entry.get('licence', 'unknown')),
        style,
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
