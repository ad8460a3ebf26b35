"""The sections of the benchmark by the names that the command line takes."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from retargeting_peers import length, worst
from retargeting_peers.figures import Table
from retargeting_peers.gmr import feet_and_parts, gmr
from retargeting_peers.setting import QUALITY, Setting, left_out
from retargeting_peers.speed import speed


def lengths(setting: Setting) -> Iterator[Table]:
    """Time the whole retarget for clips of several lengths."""
    rows = [[*length.measured(frames, setting.clips).values()] for frames in length.LENGTHS]
    columns = ('frames', 'ms', 'ms/frame', 'peak memory, MB', 'of it before, MB')
    yield Table('Length of the clip', columns, rows, len(rows))


def worst_cases(setting: Setting) -> Iterator[Table]:
    """Retarget what is hard, and what should be easy."""
    folders = [setting.samples]
    if setting.shared is not None:
        folders.insert(0, setting.shared / 'data' / 'amass')
    columns = ('clip', *QUALITY, 'time stretch', 'verdict', 'over a limit, part')
    rows: list[Sequence[str | float]] = []
    for label, path in worst.named_clips(folders):
        case = worst.tried(setting.retargeter, worst.load_clip(path))
        rows.append([label, *case.quality, case.stretch, case.verdict, max(0.0, case.excess)])
    yield Table('Hard clips', columns, rows, len(rows))
    if setting.shared is None:
        yield left_out('Walking')
        return
    cases = [
        worst.tried(setting.retargeter, worst.load_clip(path))
        for path in worst.walking_clips(setting.shared / 'data')
    ]
    stretches = np.array([case.stretch for case in cases])
    row = [
        float(len(cases)),
        float((stretches <= 1.0).mean()),
        float(stretches.max()),
        float(np.median([case.quality.limb_error for case in cases])),
        max(0.0, *(case.excess for case in cases)),
    ]
    heads = ('clips', 'part at own pace', 'most stretched', QUALITY[0], 'over a limit, part')
    yield Table('Walking clips', heads, [row], 1)


SECTIONS: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    'speed': speed,
    'gmr': gmr,
    'feet': feet_and_parts,
    'length': lengths,
    'worst': worst_cases,
}
