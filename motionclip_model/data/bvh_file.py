"""The BVH file format: a joint tree and its channels, read into arrays and placed in space."""

import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, NoReturn

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model.errors import MotionError
from motionclip_model.motion import MAX_SECONDS
from motionclip_model.reading import LINE_CHARACTERS, opened

_CHANNELS = {f'{axis}{kind}' for axis in 'XYZ' for kind in ('position', 'rotation')}
_MAX_BYTES = 256_000_000
"""Largest file that is read; ten minutes of hands and feet at 120 frames/s are 150 MB."""

_MOST_JOINTS = 1000
"""Most joints and end sites of a tree; a body with fingers and a face has 200."""

_MOST_PLACES = 10_000_000
"""Most joints in all frames together; ten minutes of 100 joints at 120 frames/s."""

_COMMON_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 100.0, 120.0, 240.0)


class BvhJoint(NamedTuple):
    """One joint of the tree, or the end site of a leaf (which has no channels).

    Attributes:
        name: Name in the file; an end site has its joint's name with ` end` behind it.
        parent: Index of the parent, -1 for the root; parents stand before their children.
        offset: Position in the parent's frame at rest [file units].
        channels: Channel names in the file's order, `Xposition` or `Zrotation` say.
    """

    name: str
    parent: int
    offset: tuple[float, float, float]
    channels: tuple[str, ...]


class Placement(NamedTuple):
    """Where every joint of the file's tree is.

    Attributes:
        positions: [frame, joint, 3] in the file's frame and units.
        rotations: [frame, joint, 3, 3] from the joint's frame to the file's.
    """

    positions: np.ndarray
    rotations: np.ndarray


@dataclass(frozen=True, eq=False)
class BvhFile:
    """The content of a BVH file.

    Attributes:
        joints: All joints and end sites, parents first.
        values: [frame, channel] channel values, rotations in degrees.
        fps: Frames per second.
    """

    joints: tuple[BvhJoint, ...]
    values: Float[np.ndarray, 'frame channel']
    fps: float

    def placed(self) -> Placement:
        """Place the tree in every frame."""
        return self._place(self.values)

    def at_rest(self) -> Placement:
        """Place the tree once, as its offsets alone say and with the root at the origin."""
        return self._place(None)

    def _place(self, values: np.ndarray | None) -> Placement:
        frames = 1 if values is None else len(values)
        positions = np.zeros((frames, len(self.joints), 3))
        rotations = np.tile(np.eye(3), (frames, len(self.joints), 1, 1))
        column = 0
        for index, joint in enumerate(self.joints):
            local = np.tile(joint.offset, (frames, 1)).astype(np.float64)
            if values is not None and joint.channels:
                own = values[:, column : column + len(joint.channels)]
                rotations[:, index] = _rotation(joint.channels, own)
                for name, value in zip(joint.channels, own.T, strict=True):
                    if name.endswith('position'):
                        local[:, 'XYZ'.index(name[0])] = value
            column += len(joint.channels)
            if joint.parent < 0:
                positions[:, index] = 0.0 if values is None else local
                continue
            turned = rotations[:, joint.parent]
            positions[:, index] = positions[:, joint.parent] + (turned @ local[..., None])[..., 0]
            rotations[:, index] = turned @ rotations[:, index]
        return Placement(positions, rotations)


def read_bvh(path: str | os.PathLike[str]) -> BvhFile:
    """Read a BVH file.

    Args:
        path: The file.

    Returns:
        Its tree and channel values, unchanged.

    Raises:
        MotionError: The file is missing or malformed; the message names the line.
    """
    with opened(path, MotionError) as file:
        if os.fstat(file.fileno()).st_size > _MAX_BYTES:
            raise MotionError(f'{path}: larger than {_MAX_BYTES // 1_000_000} MB; cut the file')
        # Line by line, because a list of all takes many times the room of the file.
        with io.TextIOWrapper(file, encoding='latin-1') as text:
            lines = iter(lambda: text.readline(LINE_CHARACTERS), '')
            return _Reader(str(path), lines).read()


def _rotation(channels: tuple[str, ...], values: np.ndarray) -> np.ndarray:
    """Compose the rotation channels [frame, channel] in the order of the file."""
    turns = [index for index, name in enumerate(channels) if name.endswith('rotation')]
    result = Rotation.identity(len(values))
    for index in turns:
        # Shape [frame, 1]: newer SciPy reads [frame] as one rotation about many axes.
        result = result * Rotation.from_euler(channels[index][0], values[:, [index]], True)
    return np.asarray(result.as_matrix())


class _Reader:
    """Walks through the lines of one file and knows where it is."""

    def __init__(self, path: str, lines: Iterator[str]):
        self.path = path
        self.lines = lines
        self.line, self.text = 0, ''
        self.joints: list[BvhJoint] = []
        self.words = self._words()

    def read(self) -> BvhFile:
        self._expect('HIERARCHY')
        self._expect('ROOT')
        self._joint(-1)
        self._expect('MOTION')
        self._expect('Frames:')
        frames = int(self._number('a number of frames'))
        self._expect('Frame')
        self._expect('Time:')
        seconds = self._number('the seconds of a frame')
        if not 1e-3 <= seconds <= 1.0:
            self._fail(f'frame time {seconds} s is not between 0.001 and 1')
        fps = 1.0 / seconds
        # Files round 1/120 s to .0083333; the rate that was meant is the round one.
        fps = next((rate for rate in _COMMON_RATES if abs(fps / rate - 1.0) < 2e-3), fps)
        if frames > MAX_SECONDS * fps:
            self._fail(f'{frames} frames are longer than {MAX_SECONDS:.0f} s; cut the file')
        if frames * len(self.joints) > _MOST_PLACES:
            self._fail(
                f'{frames} frames of {len(self.joints)} joints are more than '
                f'{_MOST_PLACES // 1_000_000} million places; cut the file'
            )
        return BvhFile(tuple(self.joints), self._values(frames), fps)

    def _joint(self, parent: int) -> None:
        """Read one joint after its keyword, and everything below it.

        The open joints are kept on a list, because a tree may be deeper than the stack.
        """
        open_joints = [parent]
        name, is_end = self._name(), False
        while True:
            self._expect('{')
            open_joints.append(self._body(name, open_joints[-1], is_end))
            word = self._next('JOINT, End Site or }')
            while word == '}':
                open_joints.pop()
                if len(open_joints) == 1:
                    return
                word = self._next('JOINT, End Site or }')
            if word == 'JOINT':
                name, is_end = self._name(), False
            elif word == 'End':
                self._expect('Site')
                name, is_end = f'{self.joints[open_joints[-1]].name} end', True
            else:
                self._fail(f'{word!r} stands where JOINT, End Site or }} must')

    def _body(self, name: str, parent: int, is_end: bool) -> int:
        self._expect('OFFSET')
        x, y, z = (self._number('an offset') for _ in range(3))
        channels: list[str] = []
        if not is_end:
            self._expect('CHANNELS')
            count = self._number('a number of channels')
            if not 0 <= count <= len(_CHANNELS):
                self._fail(f'{count:g} channels of one joint; it may have up to {len(_CHANNELS)}')
            for _ in range(int(count)):
                channels.append(self._next('a channel'))
                if channels[-1] not in _CHANNELS:
                    self._fail(f'unknown channel {channels[-1]!r}; known: {sorted(_CHANNELS)}')
        self.joints.append(BvhJoint(name, parent, (x, y, z), tuple(channels)))
        if len(self.joints) > _MOST_JOINTS:
            self._fail(f'more than {_MOST_JOINTS} joints; this is no person')
        return len(self.joints) - 1

    def _values(self, frames: int) -> np.ndarray:
        width = sum(len(joint.channels) for joint in self.joints)
        rows: list[np.ndarray] = []
        for number, line in enumerate(self.lines, start=self.line + 1):
            words = line.split()
            if not words:
                continue
            self.line = number
            if len(words) != width:
                self._fail(f'a frame has {len(words)} values, its tree needs {width}')
            if len(rows) == frames:
                self._fail(f'more frames found than the {frames} that are promised')
            try:
                rows.append(np.array(words, np.float64))
            except ValueError as error:
                self._fail(f'a frame must be numbers ({error})')
        if len(rows) != frames or not rows:
            self._fail(f'{len(rows)} frames found where {frames} are promised')
        values = np.array(rows)
        if not np.isfinite(values).all():
            self._fail('the frames hold NaN or infinite values; repair or cut them')
        return values

    def _words(self) -> Iterator[str]:
        for number, text in enumerate(self.lines, start=1):
            self.line, self.text = number, text
            yield from text.split()

    def _next(self, wanted: str) -> str:
        word = next(self.words, None)
        if word is None:
            self._fail(f'the file ends where {wanted} must stand')
        return word

    def _name(self) -> str:
        """Read the rest of the line: names may hold spaces."""
        first = self._next('a joint name')
        rest = self.text.split(first, 1)[1].split('{')[0].split()
        for _ in rest:
            self._next('a joint name')
        return ' '.join([first, *rest])

    def _expect(self, wanted: str) -> None:
        word = self._next(wanted)
        if word != wanted:
            self._fail(f'{word[:40]!r} stands where {wanted} must')

    def _number(self, wanted: str) -> float:
        word = self._next(wanted)
        try:
            value = float(word)
        except ValueError:
            value = np.nan
        if not np.isfinite(value):
            self._fail(f'{word[:40]!r} stands where {wanted} must')
        return value

    def _fail(self, message: str) -> NoReturn:
        raise MotionError(f'{self.path}, line {self.line}: {message}')
