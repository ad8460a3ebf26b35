"""Writes recordings, rosbag2 folders (MCAP), without ROS being installed."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from rosbags.interfaces import (
    Connection,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import StoragePlugin, Writer, WriterError
from rosbags.rosbag2.storage_mcap import McapWriter

from motionclip_model.errors import ConfigError
from motionclip_ros.recorded import TYPES

# How rmw writes "no deadline" and "lives forever".
_FOREVER = QosTime(9223372036, 854775807)


class BagWriter:
    """A new recording; one that is not closed has to be repaired before it opens."""

    def __init__(self, path: str | os.PathLike[str]):
        """Create the folder.

        Raises:
            ConfigError: The folder exists, or cannot be made.
        """
        if Path(path).exists():
            raise ConfigError(f'{path} exists; a recording needs a new folder, name another')
        try:
            self._writer = Writer(Path(path), version=9, storage_plugin=StoragePlugin.MCAP)
            self._writer.open()
        except (OSError, WriterError) as error:
            raise ConfigError(f'{path}: cannot record there ({error})') from None
        self._path = Path(path)
        self._storage = cast(McapWriter, self._writer.storage)
        # Says to `motionclip repair` that somebody writes; the system lifts it with the process.
        fcntl.flock(self._storage.bio, fcntl.LOCK_EX)
        self._connections: dict[str, Connection] = {}

    def add_topic(self, topic: str, kind: str, *, latched: bool, reliable: bool) -> None:
        """Announce a topic before its first message.

        Args:
            topic: Full name.
            kind: Message type, `std_msgs/msg/String` say.
            latched: Whether late subscribers get its last message; replay needs to know.
            reliable: Whether lost messages are sent again.

        Raises:
            ConfigError: The message type is not among ROS 2's common interfaces.
        """
        if kind not in TYPES.types:
            raise ConfigError(f'{topic}: cannot record messages of type {kind}')
        qos = Qos(
            history=QosHistory.KEEP_LAST,
            depth=1 if latched else 10,
            reliability=QosReliability.RELIABLE if reliable else QosReliability.BEST_EFFORT,
            durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
            deadline=_FOREVER,
            lifespan=_FOREVER,
            liveliness=QosLiveliness.AUTOMATIC,
            liveliness_lease_duration=_FOREVER,
            avoid_ros_namespace_conventions=False,
        )
        self._connections[topic] = self._writer.add_connection(
            topic, kind, typestore=TYPES, offered_qos_profiles=[qos]
        )

    def write(self, topic: str, received_ns: int, data: bytes) -> None:
        """Append a serialised message.

        Raises:
            ConfigError: The disk takes no more.
        """
        with self._refusals():
            self._writer.write(self._connections[topic], received_ns, data)

    def flush(self) -> None:
        """Hand what was written to the system: from here on no dying process can lose it.

        Raises:
            ConfigError: The disk takes no more.
        """
        if self._storage.chunk.msgs:
            with self._refusals():
                self._storage.close_chunk()
                self._storage.bio.flush()

    def close(self) -> None:
        """Write the index and the metadata.

        Raises:
            ConfigError: The disk takes no more.
        """
        with self._refusals():
            self._writer.close()

    def abort(self) -> None:
        """Leave the recording as it is, unfinished."""
        with contextlib.suppress(OSError):
            self._writer.abort()

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigError(
                f'{self._path}: cannot record on ({error.strerror}); make room, then '
                f'`motionclip repair {self._path}` opens what was written'
            ) from None
