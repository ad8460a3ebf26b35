"""Make recordings readable whose recorder was killed: keep what is whole, write the index."""

import contextlib
import fcntl
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rosbags.interfaces import Connection, ConnectionExtRosbag2
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.rosbag2.storage_mcap import McapReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_model.reading import opened
from motionclip_ros.bag import Bag
from motionclip_ros.recorded import MAGIC, refuse_bombs

_DATA = frozenset((0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x09, 0x0C))
"""Records before the summary: header, schema, channel, message, chunk, index, ..."""
_DATA_END = 0x0F
_FOOTER = struct.pack('<BQQQI', 0x02, 20, 0, 0, 0) + MAGIC
"""An end that promises no summary, so that readers scan the file."""


def repair(path: str | os.PathLike[str]) -> dict[str, int] | None:
    """Complete a recording that was cut off, in its place.

    Everything up to the last whole chunk is kept; the recorder writes one every second. The
    old file goes only when the new one is complete.

    Args:
        path: Folder of the recording.

    Returns:
        Messages by topic, or None if nothing was wrong.

    Raises:
        ConfigError: Nothing can be saved, or somebody is still recording there.
    """
    folder = Path(path).resolve()
    storage = _storage(folder)
    try:
        with opened(storage, ConfigError) as file:
            _refuse_a_living_one(file, folder)
            if _is_whole(folder):
                return None
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix='.repair.') as draft:
                readable = Path(draft) / 'whole.mcap'
                with readable.open('wb') as target:
                    _copy_whole_records(file, target)
                with opened(readable, ConfigError) as copy:
                    refuse_bombs(copy)
                rebuilt = Path(draft) / folder.name
                counts = _rewrite(readable, rebuilt)
                _put_in_place(rebuilt, folder, storage)
    except MotionClipError:
        raise
    except Exception as error:  # what rosbags raises on damaged files has no common parent
        reason = ' '.join(str(error).split()) or type(error).__name__
        raise ConfigError(f'{path}: cannot be repaired ({reason:.200})') from None
    return counts


def _storage(folder: Path) -> Path:
    """Find the recording's one file."""
    files = sorted(folder.glob('*.mcap'))
    if len(files) != 1:
        raise ConfigError(
            f'{folder}: {len(files)} .mcap files; only a folder with one can be repaired'
        )
    return files[0]


def _refuse_a_living_one(file: IO[bytes], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(f'{folder}: still being recorded; stop the recorder first') from None


def _is_whole(folder: Path) -> bool:
    try:
        Bag(folder)
    except ConfigError:
        return False
    return True


def _copy_whole_records(source: IO[bytes], target: IO[bytes]) -> None:
    """Copy a file's data up to the first record that is cut off, and end it properly.

    A record counts as whole once another follows it: after a power cut the end of a file may
    have its length already, but zeros in the place of what was written.
    """
    size = os.fstat(source.fileno()).st_size
    record = source.read(len(MAGIC))
    while len(head := source.read(9)) == 9:
        kind, length = struct.unpack('<BQ', head)
        if kind not in _DATA and kind != _DATA_END:
            break
        target.write(record)
        if kind == _DATA_END or source.tell() + length > size:
            break
        record = head + source.read(length)
    target.write(_FOOTER)


def _rewrite(source: Path, target: Path) -> dict[str, int]:
    """Write the messages of a file without summary as a recording with everything."""
    counts: dict[str, int] = {}
    types = get_typestore(Stores.ROS2_KILTED)
    writer = Writer(target, version=9, storage_plugin=StoragePlugin.MCAP)
    with _opened(source) as reader, writer:
        connections: dict[int, Connection] = {}
        for old in reader.connections:
            if old.msgtype not in types.types:
                types.register(get_types_from_msg(old.msgdef.data, old.msgtype))
            ext = old.ext
            connections[old.id] = writer.add_connection(
                old.topic,
                old.msgtype,
                typestore=types,
                offered_qos_profiles=(
                    ext.offered_qos_profiles if isinstance(ext, ConnectionExtRosbag2) else ()
                ),
            )
            counts[old.topic] = 0
        # The scan alone takes messages that a clock set back has put out of order.
        for old, received, data in reader.messages_scan(reader.connections):
            writer.write(connections[old.id], received, data)
            counts[old.topic] += 1
    if not sum(counts.values()):
        raise ValueError('it holds no whole message')
    return counts


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[McapReader]:
    reader = McapReader(path)
    reader.open()
    try:
        yield reader
    finally:
        reader.close()


def _put_in_place(rebuilt: Path, folder: Path, storage: Path) -> None:
    """Move the new files over the old; killed in between, the next repair finishes it."""
    name = f'{folder.name}.mcap'
    shutil.copymode(storage, rebuilt / name)
    os.replace(rebuilt / name, folder / name)
    os.replace(rebuilt / 'metadata.yaml', folder / 'metadata.yaml')
    if storage.name != name:
        storage.unlink()
