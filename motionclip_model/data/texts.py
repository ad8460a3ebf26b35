"""The words of a corpus: lines of `texts*.jsonl`, `splits.json`, and what is left out of them."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Self

from motionclip_model.data.licences import Terms, is_free_caption, terms_of
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.reading import parse_json, read_json, read_lines


class Skipped(NamedTuple):
    """Something of a corpus that is not used.

    Attributes:
        path: The clip's path in the corpus, or file and line of a text.
        reason: Why, in a few words.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One captioned clip: a line of a texts file.

    Attributes:
        path: Motion file, below the corpus folder.
        captions: Sentences or terse descriptions of it.
        caption_sources: Where each caption comes from; empty strings where nothing is said.
        start_s: Where the clip starts in the file [s].
        end_s: Where it ends [s]; infinity for the file's end.
        content: What is done, in one or two words; may be empty.
        style: How it is done; may be empty.
        dataset: The collection.
        licence: Terms in the collection's own words.
    """

    path: str
    captions: tuple[str, ...]
    caption_sources: tuple[str, ...]
    start_s: float = 0.0
    end_s: float = math.inf
    content: str = ''
    style: str = ''
    dataset: str = 'unknown'
    licence: str = 'unknown'

    def __post_init__(self) -> None:
        """Refuse what is no clip."""
        if not self.path or Path(self.path).is_absolute() or '..' in Path(self.path).parts:
            raise MotionError(f'path {self.path!r} is not inside the corpus')
        if not self.captions:
            raise MotionError('no captions')
        if not 0.0 <= self.start_s < self.end_s:
            raise MotionError(f'start_s {self.start_s} and end_s {self.end_s} are no time span')

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Read a line.

        Raises:
            MotionError: It is no JSON object with path and captions, or one of no sense.
        """
        try:
            value = parse_json(line)
            captions = [str(text).strip() for text in _listed(value['captions'])]
            sources = _listed(value.get('caption_sources', value.get('caption_source', '')))
            if len(sources) == 1:
                sources = sources * len(captions)
            if len(sources) != len(captions):
                raise MotionError('captions and caption_sources are not equally many')
            pairs = list(zip(captions, map(str, sources), strict=True))
            return cls(
                str(value['path']),
                tuple(text for text, _ in pairs if text),
                tuple(source for text, source in pairs if text),
                float(value.get('start_s', 0.0)),
                float(value.get('end_s', math.inf)),
                *(str(value.get(name) or '') for name in ('content', 'style')),
                *(str(value.get(name) or 'unknown') for name in ('dataset', 'licence')),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise MotionError('not a JSON object with path and captions') from None

    def to_line(self) -> str:
        """Write a line; what is empty is left out."""
        value: dict[str, Any] = {'path': self.path, 'start_s': self.start_s}
        if math.isfinite(self.end_s):
            value['end_s'] = self.end_s
        value |= {'captions': self.captions, 'caption_sources': self.caption_sources}
        for name in ('content', 'style', 'dataset', 'licence'):
            if getattr(self, name):
                value[name] = getattr(self, name)
        return json.dumps(value, ensure_ascii=False)

    def for_commerce(self) -> Self:
        """Keep the captions that may be used commercially.

        Raises:
            MotionError: The motion may not, or no caption may.
        """
        terms = terms_of(self.licence)
        if terms is Terms.UNKNOWN:
            raise MotionError(f'licence {self.licence!r} is not known to allow commercial use')
        if terms is Terms.NON_COMMERCIAL:
            raise MotionError(f'licence {self.licence!r} forbids commercial use')
        free = [is_free_caption(source) for source in self.caption_sources]
        if not any(free):
            named = ', '.join(sorted(set(self.caption_sources)))
            raise MotionError(f'captions only of {named}, not known to allow commercial use')
        kept = [i for i, is_free in enumerate(free) if is_free]
        return replace(
            self,
            captions=tuple(self.captions[i] for i in kept),
            caption_sources=tuple(self.caption_sources[i] for i in kept),
        )


def texts_files(folder: Path) -> list[Path]:
    """Find the texts files of a corpus.

    Raises:
        MotionError: The folder has none.
    """
    files = [file for file in sorted(folder.glob('texts*.jsonl')) if file.is_file()]
    if not files:
        raise MotionError(
            f'{folder}: no texts*.jsonl here; a corpus is a folder with AMASS files and '
            'lines of {"path": ..., "captions": [...]}; "motionclip data import" makes one'
        )
    return files


def read_texts(folder: Path, skipped: list[Skipped]) -> list[Entry]:
    """Read every line of a corpus' texts files.

    Args:
        folder: The corpus folder.
        skipped: Takes what is no entry, with file and line.

    Raises:
        MotionError: The folder has no texts files.
    """
    entries: list[Entry] = []
    for file in texts_files(folder):
        try:
            for number, line in enumerate(read_lines(file, MotionError), 1):
                if line.strip():
                    _add(line, f'{file.name}:{number}', entries, skipped)
        except MotionError as error:
            skipped.append(Skipped(file.name, str(error)))
    return entries


def _add(line: str, place: str, entries: list[Entry], skipped: list[Skipped]) -> None:
    try:
        entries.append(Entry.from_line(line))
    except MotionError as error:
        skipped.append(Skipped(place, str(error)))


def read_splits(folder: Path) -> dict[str, list[str]]:
    """Read which motion files belong to which split.

    Raises:
        MotionClipError: The file is missing or lacks "train" or "val".
    """
    try:
        splits = read_json(folder / 'splits.json', MotionError)
        found = {str(name): [str(path) for path in paths] for name, paths in splits.items()}
        return {'train': found['train'], 'val': found['val']} | found
    except (MotionError, ValueError, KeyError, TypeError, AttributeError):
        raise MotionClipError(
            f'{folder}: splits.json with the lists "train" and "val" is missing or malformed'
        ) from None


def _listed(value: Any) -> list[Any]:
    return [value] if isinstance(value, str) else list(value)
