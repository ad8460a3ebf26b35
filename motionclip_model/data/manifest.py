"""The manifest of a corpus: every clip with its source and terms, and what is left out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from motionclip_model.data.corpus import choose, read_motions
from motionclip_model.data.licences import Terms, terms_of
from motionclip_model.data.texts import Entry, Skipped, read_splits
from motionclip_model.errors import MotionError


@dataclass(frozen=True)
class ManifestLine:
    """One clip.

    Attributes:
        path: Motion file, below the corpus folder.
        start_s: Where the clip starts in it [s].
        seconds: Its duration [s].
        captions: Number of captions.
        action: What is done, where the corpus says it.
        style: How it is done, where the corpus says it.
        dataset: The collection.
        licence: Terms in the collection's own words.
        terms: What they allow: "commercial", "non-commercial" or "unknown".
        commercial: Whether clip and at least one caption may be used commercially.
        split: The list of splits.json that names it; "none" where none does.
    """

    path: str
    start_s: float
    seconds: float
    captions: int
    action: str
    style: str
    dataset: str
    licence: str
    terms: Terms
    commercial: bool
    split: str


class Manifest(NamedTuple):
    """A corpus at a glance.

    Attributes:
        lines: Its usable clips.
        skipped: What is left out and why.
    """

    lines: list[ManifestLine]
    skipped: list[Skipped]

    def totals(self) -> dict[str, Any]:
        """Clips, hours and captions of each licence, and reasons for what is left out."""
        licences: dict[str, dict[str, Any]] = {}
        for line in self.lines:
            entry = licences.setdefault(
                line.licence,
                {
                    'terms': str(line.terms),
                    'clips': 0,
                    'hours': 0.0,
                    'captions': 0,
                    'commercial': 0,
                },
            )
            entry['clips'] += 1
            entry['hours'] += line.seconds / 3600.0
            entry['captions'] += line.captions
            entry['commercial'] += line.commercial
        for entry in licences.values():
            entry['hours'] = round(entry['hours'], 3)
        return {
            'clips': len(self.lines),
            'hours': round(sum(line.seconds for line in self.lines) / 3600.0, 3),
            'splits': dict(Counter(line.split for line in self.lines)),
            'datasets': dict(Counter(line.dataset for line in self.lines)),
            'licences': dict(sorted(licences.items(), key=lambda item: -item[1]['clips'])),
            'skipped': dict(Counter(each.reason for each in self.skipped).most_common()),
        }

    def as_json(self) -> dict[str, Any]:
        """Totals, clips and what is left out, for a program to read."""
        return {
            'totals': self.totals(),
            'clips': [asdict(line) for line in self.lines],
            'skipped': [each._asdict() for each in self.skipped],
        }


def make_manifest(
    folder: Path,
    licence: str = 'any',
    on_clip: Callable[[int, int], None] = lambda done, total: None,
) -> Manifest:
    """Read every clip of a corpus once and list it.

    Args:
        folder: The corpus folder.
        licence: "commercial" counts clips that may not be used commercially as left out.
        on_clip: Told how many of how many clips are read.

    Raises:
        MotionError: There are no texts.
        MotionClipError: The choice of licences does not exist, or splits.json is malformed.
    """
    skipped: list[Skipped] = []
    entries = choose(folder, 'all', licence, skipped)
    # A corpus to measure on needs no splits.
    splits = read_splits(folder) if (folder / 'splits.json').exists() else {}
    split_of = {path: split for split, paths in splits.items() for path in paths}
    lines = []
    for done, (entry, motion) in enumerate(read_motions(folder, entries, skipped), 1):
        lines.append(_line(entry, motion.seconds, split_of.get(entry.path, 'none')))
        on_clip(done, len(entries))
    return Manifest(lines, skipped)


def _line(entry: Entry, seconds: float, split: str) -> ManifestLine:
    try:
        entry.for_commerce()
        commercial = True
    except MotionError:
        commercial = False
    return ManifestLine(
        entry.path,
        entry.start_s,
        round(seconds, 3),
        len(entry.captions),
        entry.content,
        entry.style,
        entry.dataset,
        entry.licence,
        terms_of(entry.licence),
        commercial,
        split,
    )
