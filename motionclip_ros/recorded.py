"""Recordings opened for reading, whoever wrote them.

A recording is three layers of other people's formats, and each can claim more than it holds. All
that is read of one comes through here: the files are looked at first, then rosbags reads them.
Types are those of ROS 2's common interfaces. What a recording says of its types is left alone,
because rosbags would make code of it.
"""

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any

from backports import zstd
from lz4.frame import LZ4FrameDecompressor
from rosbags.rosbag2 import Reader
from rosbags.typesys import Stores, get_typestore

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_model.reading import opened, read_yaml

# The MCAP specification, https://mcap.dev/spec
MAGIC = b'\x89MCAP0\r\n'
_CHUNK, _CHUNK_INDEX, _FOOTER = 0x06, 0x08, 0x02
_CHUNK_HEAD = struct.Struct('<QQQII')
"""First and last time, unpacked size, checksum, length of the compression's name."""

_MOST_UNPACKED = 1_000_000_000
"""Most that the compressed chunks of a recording may hold together [bytes]."""

TYPES = get_typestore(Stores.ROS2_KILTED)
"""The message types that are read and written."""


@contextmanager
def recording(path: str | os.PathLike[str]) -> Iterator[Reader]:
    """Open a recording.

    Args:
        path: Its folder.

    Raises:
        ConfigError: There is no readable recording; also for what fails while it is open.
    """
    try:
        _look_at(Path(path))
        with Reader(Path(path)) as reader:
            yield reader
    except MotionClipError:
        raise
    except Exception as error:  # what rosbags raises on damaged files has no common parent
        raise unreadable(path, error) from None


def unreadable(path: str | os.PathLike[str], error: Exception) -> ConfigError:
    """Say in one line what is wrong with a recording.

    Args:
        path: Its folder.
        error: What a library raised that read it.
    """
    reason = ' '.join(str(error).split()) or type(error).__name__
    return ConfigError(
        f'{path}: not a readable recording ({reason:.200}); `motionclip repair` saves what is '
        'whole in one that was cut off'
    )


def _look_at(folder: Path) -> None:
    """Refuse files that are none, and chunks that unpack to far more than they are."""
    if not folder.is_dir():
        raise ValueError('there is no such folder' if not folder.exists() else 'it is no folder')
    if not (folder / 'metadata.yaml').exists():
        raise ValueError('it has no metadata.yaml')
    facts = read_yaml(folder / 'metadata.yaml')['rosbag2_bagfile_information']
    if facts['storage_identifier'] != 'mcap':
        raise ValueError(f'its storage is {facts["storage_identifier"]!r:.40}, only mcap is read')
    if facts.get('compression_mode', 'none').lower() not in ('', 'none'):
        raise ValueError('it is compressed as a whole; `ros2 bag convert` unpacks it')
    for name in facts['relative_file_paths']:
        with opened(folder / PurePath(name).name, ConfigError) as file:
            refuse_bombs(file)


def refuse_bombs(file: IO[bytes]) -> None:
    """Walk through a storage file and unpack its compressed chunks, a piece at a time.

    Raises:
        ValueError: A chunk is not as long as it says, is indexed twice, or all are too long.
    """
    size = os.fstat(file.fileno()).st_size
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError('its storage is no MCAP file')
    total = chunks = indexed = 0
    while len(head := file.read(9)) == 9 and head[0] != _FOOTER:
        kind, length = struct.unpack('<BQ', head)
        end = file.tell() + length
        if end > size:
            raise ValueError('its storage is cut off')
        chunks, indexed = chunks + (kind == _CHUNK), indexed + (kind == _CHUNK_INDEX)
        if kind == _CHUNK:
            total += _unpacked(file, end)
        if total > _MOST_UNPACKED:
            raise ValueError(f'its chunks hold more than {_MOST_UNPACKED // 1_000_000} MB')
        file.seek(end)
    if indexed > chunks:
        raise ValueError(f'its index has {indexed} entries for {chunks} chunks')


def _unpacked(file: IO[bytes], end: int) -> int:
    """Return the length of a chunk that is compressed; 0 where it is not."""
    _, _, said, _, name = _CHUNK_HEAD.unpack(file.read(_CHUNK_HEAD.size))
    compression = file.read(min(name, 8)).decode()
    file.read(8)
    if not compression:
        return 0
    unpackers: dict[str, Any] = {'zstd': zstd.ZstdDecompressor, 'lz4': LZ4FrameDecompressor}
    if compression not in unpackers:
        raise ValueError(f'a chunk is compressed as {compression!r}, only zstd and lz4 are read')
    if said > _MOST_UNPACKED:
        return said
    length = len(unpackers[compression]().decompress(file.read(end - file.tell()), said + 1))
    if length != said:
        raise ValueError('a chunk is not as long as it says')
    return length
