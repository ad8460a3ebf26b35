"""HumanML3D: sentences for pieces of AMASS motions.

Guo et al., "Generating Diverse and Natural 3D Human Motions from Text" (CVPR 2022).
"""

import csv
import math
from pathlib import Path

from motionclip_model.data.amass import AmassFiles
from motionclip_model.data.sources import AMASS_LICENCE, SourceClip
from motionclip_model.data.texts import Entry, Skipped
from motionclip_model.errors import MotionError
from motionclip_model.reading import read_arrays, read_lines

_FPS = 20
"""Frames of the index are counted in every n-th frame of a file, n the whole part of fps / 20."""

_LEAD_IN = {
    'Eyes_Japan_Dataset': 60,
    'MPI_HDM05': 60,
    'TotalCapture': 20,
    'MPI_Limits': 20,
    'Transitions_mocap': 10,
}
"""Such frames that are cut off before counting, a calibration pose, in some collections."""

_RATES = ('mocap_framerate', 'mocap_frame_rate')


def is_humanml3d(folder: Path) -> bool:
    """Whether a folder holds the index and the sentences of HumanML3D."""
    return (folder / 'index.csv').is_file() and _texts(folder) is not None


def read_humanml3d(folder: Path, amass: AmassFiles) -> list[SourceClip | Skipped]:
    """Read index, sentences and splits.

    Mirror images (M000021) are left out, because training makes its own. Motions of HumanAct12
    are not part of AMASS and are skipped.

    Args:
        folder: The repository with its texts.zip unpacked.
        amass: Where the motions are.

    Raises:
        MotionError: The index is malformed, or a list of a split is missing.
    """
    texts = _texts(folder)
    if texts is None:
        raise MotionError(f'{folder}: no folder texts; unpack texts.zip')
    splits = {
        name.strip(): split
        for split in ('train', 'val', 'test')
        for name in _read(texts.with_name(f'{split}.txt')).splitlines()
    }
    found: list[SourceClip | Skipped] = []
    try:
        rows = list(csv.DictReader(_read(folder / 'index.csv').splitlines()))
        for row in rows:
            name = Path(row['new_name']).stem
            try:
                found += _clips(row, texts / f'{name}.txt', splits, amass)
            except MotionError as error:
                found.append(Skipped(name, str(error)))
    except (KeyError, TypeError, ValueError):
        raise MotionError(
            f'{folder}/index.csv: needs the columns source_path, start_frame, end_frame, new_name'
        ) from None
    return found


def _clips(
    row: dict[str, str], text: Path, splits: dict[str, str], amass: AmassFiles
) -> list[SourceClip]:
    source, name = row['source_path'], text.stem
    collection = Path(source).parts[1]
    if collection == 'humanact12':
        raise MotionError('of HumanAct12, which is not part of AMASS')
    if name not in splits:
        raise MotionError('in no split')
    file = amass.find(source)
    # Times on the file's own clock; the data set's counts whole steps and may drift from it.
    step = _step_seconds(file)
    lead = _LEAD_IN.get(collection, 0)
    start = (lead + int(row['start_frame'])) * step
    end = (lead + int(row['end_frame'])) * step
    spans: dict[tuple[float, float], list[str]] = {}
    for line in _read(text).splitlines():
        sentence, _, rest = line.partition('#')
        if sentence.strip():
            spans.setdefault(_span(rest), []).append(sentence.strip())
    if not spans:
        raise MotionError('no sentence')
    return [
        SourceClip(
            file,
            Entry(
                f'amass/HumanML3D/{name}.npz',
                tuple(sentences),
                ('HumanML3D',) * len(sentences),
                # Spans are in seconds of the 20 frames/s that were taken for the step.
                first * _FPS * step,
                last * _FPS * step,
                dataset=f'HumanML3D/{collection}',
                licence=AMASS_LICENCE,
            ),
            splits[name],
            start,
            end,
        )
        for (first, last), sentences in spans.items()
    ]


def _span(rest: str) -> tuple[float, float]:
    """Start and end in seconds from "tokens#from#to"; two zeros mean the whole clip."""
    try:
        first, last = (float(part) for part in rest.split('#')[1:3])
    except ValueError:
        return 0.0, math.inf
    return (first, last) if 0.0 <= first < last else (0.0, math.inf)


def _step_seconds(file: Path) -> float:
    rates = read_arrays(file, (), MotionError, optional=_RATES)
    fps = float(next(iter(rates.values())).reshape(())) if rates else 0.0
    if not fps >= _FPS:
        raise MotionError(f'{file.name} has no frame rate of at least {_FPS} frames/s')
    return int(fps / _FPS) / fps


def _texts(folder: Path) -> Path | None:
    found = (path for path in (folder / 'texts', folder / 'HumanML3D' / 'texts') if path.is_dir())
    return next(found, None)


def _read(path: Path) -> str:
    if not path.is_file():
        raise MotionError(f'{path.name} is missing')
    return ''.join(read_lines(path, MotionError))
