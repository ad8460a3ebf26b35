"""What is fuzzed: one function of some bytes for each reader, and where each begins.

A target turns bytes into whatever its reader takes, and lets through only errors that are no
`MotionClipError`: these are findings. Formats that wrap what matters in checksums (zip) are
taken apart: their bytes name the parts, and the target wraps them.
"""

import contextlib
import io
import struct
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from bad_inputs import samples
from bad_inputs.readers import READERS

from motionclip_model.errors import MotionClipError
from motionclip_ros import messages

_FOLDER = Path(tempfile.mkdtemp(prefix='motionclip-fuzz-', dir='/dev/shm'))


class Target(NamedTuple):
    """A reader to be fuzzed.

    Attributes:
        run: Reads some bytes.
        seeds: Valid inputs to begin with.
        words: Byte strings that its format knows, for the fuzzer to try.
    """

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    words: tuple[str, ...] = ()


def _read(kinds: Iterable[str], path: Path) -> None:
    for kind in kinds:
        try:
            READERS[kind](path)
        except MotionClipError as error:
            if '\n' in str(error):
                raise RuntimeError(f'not one line: {error}') from None


def _file(name: str, *kinds: str) -> Callable[[bytes], None]:
    """A reader of one file."""
    path = _FOLDER / name

    def run(data: bytes) -> None:
        path.write_bytes(data)
        _read(kinds, path)

    return run


def _one_of(names: dict[str, str]) -> Callable[[bytes], None]:
    """The first byte chooses among readers of one format; `names` are kinds and files."""
    runs = [_file(name, kind) for kind, name in names.items()]

    def run(data: bytes) -> None:
        if data:
            runs[data[0] % len(runs)](data[1:])

    return run


def unpacked(data: bytes) -> list[tuple[str, bytes]]:
    """Read named parts: length of the name, name, length of the content, content."""
    bio, parts = io.BytesIO(data), []
    while len(head := bio.read(1)) == 1:
        name = bio.read(head[0]).decode('latin-1')
        size = bio.read(4)
        if len(size) == 4:
            parts.append((name, bio.read(struct.unpack('<I', size)[0])))
    return parts


def packed(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Write what `unpacked` reads."""
    return b''.join(
        bytes([len(name)]) + name.encode('latin-1') + struct.pack('<I', len(content)) + content
        for name, content in parts
    )


def _zipped(*kinds: str) -> Callable[[bytes], None]:
    """A reader of npz files: 0 in front for a whole file, else parts of one."""
    whole = _file('input.npz', *kinds)

    def run(data: bytes) -> None:
        if data[:1] == b'\0':
            whole(data[1:])
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w') as archive:
            for name, content in dict(unpacked(data[1:])).items():
                archive.writestr(zipfile.ZipInfo(name), content)
        whole(buffer.getvalue())

    return run


def _zip_seeds(*files: bytes) -> list[bytes]:
    seeds = [b'\0' + file for file in files]
    for file in files:
        with zipfile.ZipFile(io.BytesIO(file)) as archive:
            parts = [(name, archive.read(name)) for name in archive.namelist()]
        seeds.append(b'\1' + packed(parts))
    return seeds


def _bag(data: bytes) -> None:
    folder = _FOLDER / 'bag'
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in unpacked(data):
        if name in ('bag.mcap', 'metadata.yaml'):
            (folder / name).write_bytes(content)
    _read(('bag', 'repair'), folder)


def _text(data: bytes) -> None:
    path = _FOLDER / 'text'
    path.write_bytes(data)
    _read(('text',), path)


def _message(data: bytes) -> None:
    """The four messages that are read, with fields of any length and value."""
    choice = data[0] if data else 0
    numbers = (
        np.frombuffer(data[5 : 5 + (len(data) - 5) // 8 * 8], '<f8') if len(data) > 12 else []
    )
    counts = [int(count) % 40 for count in data[1:5].ljust(4, b'\0')]
    values = list(map(float, numbers)) or [0.0]

    def some(count: int, start: int = 0) -> list[float]:
        return [values[(start + i) % len(values)] for i in range(count)]

    names = [f'j{int(abs(v)) % 7}' if np.isfinite(v) else '' for v in some(counts[0])]
    seconds = np.array(some(counts[1]), '<f4').view('<i4').tolist()
    moments = [SimpleNamespace(sec=sec, nanosec=1000 * i) for i, sec in enumerate(seconds)]
    points = [
        SimpleNamespace(
            positions=some(counts[2], i),
            velocities=some(counts[3], i),
            time_from_start=moment,
            transforms=[
                SimpleNamespace(
                    translation=SimpleNamespace(**dict(zip('xyz', some(3, i + j), strict=True))),
                    rotation=SimpleNamespace(**dict(zip('xyzw', some(4, i + j), strict=True))),
                )
                for j in range(counts[2])
            ],
        )
        for i, moment in enumerate(moments)
    ]
    header = SimpleNamespace(stamp=SimpleNamespace(sec=0, nanosec=0))
    joints = SimpleNamespace(joint_names=names, points=points, header=header)
    base = SimpleNamespace(joint_names=['base'], points=points, header=header)
    human = SimpleNamespace(joint_names=samples.skeleton.JOINT_NAMES, points=points, header=header)
    state = SimpleNamespace(name=names, position=some(counts[2]), velocity=some(counts[3]))
    readers = (
        lambda: messages.joint_command(joints),
        lambda: messages.robot_trajectory(joints, base),
        lambda: messages.human_motion(human),
        lambda: messages.joint_motion(state),
    )
    with contextlib.suppress(MotionClipError):
        readers[choice % len(readers)]()


def _message_seeds() -> list[bytes]:
    return [
        bytes([kind, *counts]) + np.array([0.1, 0.2, 0.0, 1.0] * 4, '<f8').tobytes()
        for kind in range(4)
        for counts in ((2, 3, 2, 2), (1, 2, 24, 0), (3, 1, 1, 1))
    ]


_YAML = {
    'correspondence': 'a.yaml', 'thresholds': 'b.yaml', 'training': 'c.yaml',
    'posture': 'd.yaml',
}  # fmt: skip
_JSON = {
    'report': 'a.json', 'evaluation': 'b.json', 'texts': 'texts_a.jsonl', 'splits': 'splits.json',
    'babel': 'train.json',
}  # fmt: skip
_MESHES = {'stl': 'a.stl', 'obj': 'a.obj', 'dae': 'a.dae'}


def _mesh(data: bytes) -> None:
    if data:
        path = _FOLDER / [*_MESHES.values()][data[0] % len(_MESHES)]
        path.write_bytes(data[1:])
        _read(('mesh',), path)


def _numbered(*contents: bytes) -> list[bytes]:
    return [bytes([number]) + content for number, content in enumerate(contents)]


TARGETS = {
    'text': Target(
        _text,
        lambda: [
            text.encode()
            for text in (
                'walk, then wave and then bow', 'walk + tired - normal',
                '30 % between walk and run', 'half way between walk and run', 'Grüße; böse',
            )
        ],
        (' then ', 'between ', ' and ', ' + ', ' - ', '%', '\u200d', '\u202e', '\u0301'),
    ),
    'messages': Target(_message, _message_seeds),
    'yaml': Target(
        _one_of(_YAML),
        lambda: _numbered(
            samples.correspondence_yaml(), samples.thresholds_yaml(), samples.train_yaml(),
            b'left_knee: 0.1\n',
        ),
        ('&a ', '*a', '<<: ', '!!int ', '!!binary ', '!!timestamp ', '- ', '{', '['),
    ),
    'joint_limits': Target(
        _file('limits.yaml', 'joint limits'),
        lambda: [samples.joint_limits_yaml()],
        ('&a ', '*a', '<<: ', 'has_effort_limits', 'max_jerk', '.inf', '.nan', 'true'),
    ),
    'json': Target(
        _one_of(_JSON),
        lambda: _numbered(
            samples.report_json(), samples.evaluation_json(), samples.corpus_line(),
            b'{"train": ["a"], "val": ["b"]}',
            b'{"1": {"feat_p": "a/CMU/b", "frame_ann": {"labels": [{"raw_label": "walk", '
            b'"proc_label": "walk", "act_cat": ["walk"], "start_t": 0, "end_t": 1}]}}}',
        ),
        ('NaN', 'Infinity', '1e999', 'null', '\\ud800', '[[', '{"a":'),
    ),
    'csv': Target(
        _one_of({'trajectory table': 'a.csv', 'edits': 'b.csv'}),
        lambda: _numbered(samples.trajectory_csv(), samples.triples_csv()),
    ),
    'bvh': Target(
        _file('input.bvh', 'bvh'),
        lambda: [samples.bvh()],
        ('JOINT', 'End Site', 'CHANNELS', 'OFFSET', 'Frames:', '}', '{', 'nan', 'inf', '1e308'),
    ),
    'npz': Target(
        _zipped('motion', 'trajectory', 'body', 'rows'),
        lambda: _zip_seeds(samples.motion_npz(), samples.trajectory_npz()),
        ('poses.npy', 'trans.npy', "'descr': '<f8'", "'|O'", "'fortran_order': True"),
    ),
    'checkpoint': Target(
        _file('input.safetensors', 'checkpoint'),
        lambda: [samples.checkpoint()],
        ('"dtype":"F16"', '"shape":[', '"data_offsets":[', '__metadata__', 'motionclip'),
    ),
    'urdf': Target(
        _file('input.urdf', 'urdf'),
        lambda: [samples.urdf()],
        ('<link ', '<joint ', 'continuous', 'prismatic', '<mimic ', '<axis ', 'inf', 'nan'),
    ),
    'bag': Target(
        _bag,
        lambda: [packed(samples.bag_files().items())],
        ('\\x89MCAP0', 'zstd', 'lz4', 'metadata.yaml', 'bag.mcap', 'compression_mode'),
    ),
    'mesh': Target(
        _mesh,
        lambda: [
            b'\0' + samples.stl(), b'\0' + samples.ascii_stl(), b'\1' + samples.obj(),
            b'\2' + samples.dae(),
        ],
        ('solid', 'facet', 'vertex', '<float_array', '<p>', 'f 1', 'v 0'),
    ),
}  # fmt: skip
"""By name; those that are quick to try stand first."""
