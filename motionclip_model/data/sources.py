"""What readers of foreign collections give: captioned pieces of motion files."""

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from motionclip_model.data.texts import Entry

AMASS_LICENCE = 'AMASS: non-commercial research only'


@dataclass(frozen=True)
class SourceClip:
    """One clip of a foreign collection and where it is to go.

    Attributes:
        file: Motion file of the collection.
        entry: Its line in our corpus; several clips of one file may share `entry.path`.
        split: "train", "val" or "test".
        start_s: The part of the file that is copied starts here [s]; the entry's times count
            from there.
        end_s: ... and ends here [s].
    """

    file: Path
    entry: Entry
    split: str
    start_s: float = 0.0
    end_s: float = math.inf


def drawn_splits(paths: Sequence[str]) -> dict[str, str]:
    """Part files for which nobody did it: a tenth is for validation, the same each time."""
    mixed = sorted(set(paths), key=lambda path: zlib.crc32(path.encode()))
    count = max(1, round(0.1 * len(mixed))) if len(mixed) > 1 else 0
    return {path: 'val' if place < count else 'train' for place, path in enumerate(mixed)}
