"""`Clip`: one captioned motion as rows, and files that hold many of them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from motionclip_model import features
from motionclip_model.errors import MotionError
from motionclip_model.reading import parse_json, read_arrays
from motionclip_model.storage import write_atomically


@dataclass(frozen=True, eq=False)
class Clip:
    """One captioned motion.

    Attributes:
        name: Path below the corpus folder, with "@" and the time span where the file holds
            several clips; "still:" stands before that of a moment of standing cut out of it,
            "mirror:" before a mirror image's.
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


def save_rows(clips: list[Clip], path: Path, source: str = '') -> None:
    """Keep the rows of clips in one file, half precision, so that they are made once.

    Args:
        clips: At least one.
        path: File to write.
        source: What they were made of, as `load_rows` is asked later.
    """
    labels = [[c.name, c.captions, c.action, c.dataset, c.licence, c.style] for c in clips]
    with write_atomically(path) as file:
        np.savez(
            file,
            rows=np.concatenate([clip.rows for clip in clips]).astype(np.float16),
            lengths=np.array([len(clip.rows) for clip in clips]),
            meta=np.array(json.dumps(labels)),
            source=np.array(source),
        )


def load_rows(path: Path, source: str | None = None) -> list[Clip]:
    """Read what `save_rows` kept.

    Args:
        path: The file.
        source: What the clips must have been made of; None for anything.

    Raises:
        MotionError: The file is damaged, of another version or made of something else;
            removing it makes it anew.
    """
    arrays = read_arrays(path, ('rows', 'lengths', 'meta', 'source'), MotionError)
    if source is not None and str(arrays['source']) != source:
        raise MotionError(f'{path}: made of another corpus; remove it')
    try:
        rows = arrays['rows'].astype(np.float32)
        parts = np.split(rows, np.cumsum(arrays['lengths'])[:-1])
        labels = parse_json(str(arrays['meta']))
        return [
            Clip(name, part, tuple(captions), action, dataset, licence, style)
            for part, (name, captions, action, dataset, licence, style) in zip(
                parts, labels, strict=True
            )
        ]
    except (IndexError, TypeError, ValueError) as error:
        raise MotionError(f'{path}: damaged cache ({error}); remove it') from None
