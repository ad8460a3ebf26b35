"""Some hundred bad files and messages, the same at every run.

Most are small valid inputs with something broken at random; the rest are what an attacker or an
accident would come up with for each format. A case makes its input in a folder of its own.
"""

import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bad_inputs import crafted, places, samples, spoken
from bad_inputs.writing import Content, fill

SEED = 20


class Case(NamedTuple):
    """A bad input.

    Attributes:
        kind: A key of `readers.READERS`.
        name: What is bad, for people.
        make: Writes the input into a folder and returns what the reader is given.
    """

    kind: str
    name: str
    make: Callable[[Path], Path]


class Sample(NamedTuple):
    """A valid input: the name of its file, and what is in it."""

    name: str
    content: Callable[[], bytes]
    many: int = 12


SAMPLES = {
    'babel': Sample('train.json', crafted.babel_json),
    'body': Sample('model.npz', samples.smpl_npz),
    'bvh': Sample('walk.bvh', samples.bvh, 24),
    'checkpoint': Sample('m.safetensors', samples.checkpoint),
    'correspondence': Sample('small.yaml', samples.correspondence_yaml),
    'edits': Sample('edits.csv', samples.triples_csv),
    'evaluation': Sample('figures.json', samples.evaluation_json),
    'joint limits': Sample('joint_limits.yaml', samples.joint_limits_yaml),
    'mesh': Sample('part.stl', samples.stl),
    'motion': Sample('walk.npz', samples.motion_npz, 24),
    'posture': Sample('posture.yaml', lambda: b'left_knee: 0.5\nright_knee: 0.1\n'),
    'report': Sample('report.json', samples.report_json),
    'rows': Sample('rows.npz', samples.rows_npz),
    'splits': Sample('splits.json', lambda: b'{"train": ["a.npz"], "val": ["b.npz"]}'),
    'texts': Sample('texts.jsonl', samples.corpus_line),
    'thresholds': Sample('feasibility.yaml', samples.thresholds_yaml),
    'training': Sample('base.yaml', samples.train_yaml),
    'trajectory': Sample('walk.trajectory.npz', samples.trajectory_npz),
    'trajectory table': Sample('walk.csv', samples.trajectory_csv),
    'urdf': Sample('small.urdf', samples.urdf, 24),
}


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, sample in SAMPLES.items():
        whole = sample.content()
        for name, content in {**broken(kind, whole, sample.many), **crafted.FILES[kind]}.items():
            yield Case(kind, name, _file(sample.name, content))
        for name, make in places.PLACES.items():
            yield Case(kind, name, _place(sample.name, whole, make))
    for kind in ('bag', 'repair'):
        for name, files in {**_broken_bags(kind), **crafted.bags()}.items():
            yield Case(kind, name, _folder(files))
        for name, make in places.PLACES.items():
            yield Case(kind, f'its storage {name}', _bag_with(make))
    for name, content in crafted.texts().items():
        yield Case('text', name, _file('command.txt', content))
    for kind, found in (('command', spoken.commands()), ('message', spoken.messages())):
        for name, content in found.items():
            yield Case(kind, name, _file('case.json', content))


def broken(kind: str, whole: bytes, many: int) -> dict[str, Content]:
    """Break an input in ways that need no knowledge of its format."""
    chance = random.Random(f'{SEED} {kind}')
    found: dict[str, Content] = {
        'empty': b'', 'one byte': b'\n', 'zeros': bytes(512), 'noise': chance.randbytes(512),
        'twice': whole + whole, 'backwards': whole[::-1], 'compressed': zlib.compress(whole),
        'UTF-16': whole.decode('latin-1').encode('utf-16'),
    }  # fmt: skip
    for number in range(many):
        place = chance.randrange(len(whole))
        found[f'cut {number}'] = whole[:place]
        flipped = bytearray(whole)
        for _ in range(1 + number % 4):
            flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        found[f'bits turned {number}'] = bytes(flipped)
        if number % 3 == 0:
            noise = chance.randbytes(chance.randrange(1, 40))
            found[f'noise inside {number}'] = whole[:place] + noise + whole[place:]
            start, end = sorted(chance.randrange(len(whole)) for _ in range(2))
            found[f'a part left out {number}'] = whole[:start] + whole[end:]
    return found


def _broken_bags(kind: str) -> dict[str, dict[str, Content]]:
    whole = samples.bag_files()
    found: dict[str, dict[str, Content]] = {}
    for name in whole:
        for how, content in broken(f'{kind} {name}', whole[name], 6).items():
            found[f'{name}: {how}'] = {**whole, name: content}
    return found


def _file(name: str, content: Content) -> Callable[[Path], Path]:
    return lambda folder: fill(folder / name, content)


def _folder(files: dict[str, Content]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, content in files.items():
            fill(folder / 'bag' / name, content)
        return folder / 'bag'

    return make


def _place(name: str, whole: bytes, make: Callable[[Path, bytes], Path]) -> Callable[[Path], Path]:
    return lambda folder: make(folder / name, whole)


def _bag_with(make: Callable[[Path, bytes], Path]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        whole = samples.bag_files()
        fill(folder / 'bag' / 'metadata.yaml', whole['metadata.yaml'])
        make(folder / 'bag' / 'bag.mcap', whole['bag.mcap'])
        return folder / 'bag'

    return build
