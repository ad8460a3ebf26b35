"""BABEL: labels of AMASS motions, for whole sequences and for spans of time in them.

Punnakkal et al., "BABEL: Bodies, Action and Behavior with English Labels" (CVPR 2021).
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from motionclip_model.data.amass import AmassFiles
from motionclip_model.data.sources import AMASS_LICENCE, SourceClip
from motionclip_model.data.texts import Entry, Skipped
from motionclip_model.errors import MotionError
from motionclip_model.reading import read_json

_SPLITS = {'train': 'train', 'val': 'val', 'extra_train': 'train', 'extra_val': 'val'}
"""Files with labels and the split that they belong to; those of test.json are not public."""


def is_babel(folder: Path) -> bool:
    """Whether a folder holds BABEL's JSON files."""
    return any((folder / f'{name}.json').is_file() for name in _SPLITS)


def read_babel(folder: Path, amass: AmassFiles) -> list[SourceClip | Skipped]:
    """Read the labels of a BABEL release.

    A span with labels is a clip; its content is the first action category. Where a sequence has
    no spans, its own labels stand for the whole of it. Transitions say nothing and are left out.

    Args:
        folder: With train.json and val.json, perhaps also extra_train.json and extra_val.json.
        amass: Where the motions are.

    Raises:
        MotionError: A file is no BABEL file.
    """
    found: list[SourceClip | Skipped] = []
    for name, split in _SPLITS.items():
        file = folder / f'{name}.json'
        if not file.is_file():
            continue
        try:
            sequences = dict(read_json(file, MotionError))
        except (MotionError, ValueError, TypeError):
            raise MotionError(f'{file}: not a JSON file of BABEL; download it anew') from None
        for sid, sequence in sequences.items():
            try:
                found.extend(_clips(sequence, split, amass))
            except MotionError as error:
                found.append(Skipped(f'{file.name}:{sid}', str(error)))
            except (KeyError, TypeError, ValueError, AttributeError):
                found.append(Skipped(f'{file.name}:{sid}', 'not laid out as in BABEL'))
    return found


def _clips(sequence: dict[str, Any], split: str, amass: AmassFiles) -> list[SourceClip]:
    path = str(sequence['feat_p'])
    spans: dict[tuple[float, float], list[dict[str, Any]]] = {}
    for label in _labels(sequence, 'frame_ann'):
        span = float(label['start_t']), float(label['end_t'])
        spans.setdefault(span, []).append(label)
    if not spans:
        spans = {(0.0, math.inf): list(_labels(sequence, 'seq_ann'))}
    # The first folder names the download, the second the collection: often they are the same.
    target = f'amass/{path.partition("/")[2] or path}'
    clips = []
    for (start, end), labels in spans.items():
        captions = _captions(labels)
        if captions and start < end:
            entry = Entry(
                target,
                captions,
                ('BABEL',) * len(captions),
                start,
                end,
                _category(labels),
                dataset=f'BABEL/{path.partition("/")[0]}',
                licence=AMASS_LICENCE,
            )
            clips.append(SourceClip(amass.find(path), entry, split))
    if not clips:
        raise MotionError('no labels')
    return clips


def _labels(sequence: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Labels of one annotation, or of several in the extra files."""
    annotations = [sequence.get(kind), *(sequence.get(f'{kind}s') or ())]
    for annotation in annotations:
        if annotation:
            yield from annotation.get('labels') or ()


def _captions(labels: list[dict[str, Any]]) -> tuple[str, ...]:
    found = []
    for label in labels:
        if 'transition' in (label.get('act_cat') or ()) or label.get('proc_label') == 'transition':
            continue
        found += [str(label.get(name) or '').strip() for name in ('raw_label', 'proc_label')]
    return tuple(dict.fromkeys(text for text in found if text))


def _category(labels: list[dict[str, Any]]) -> str:
    named = [category for label in labels for category in label.get('act_cat') or ()]
    return next((str(category) for category in named if category != 'transition'), '')
