"""Recordings: rosbag2 folders (MCAP) written and read without ROS being installed."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from rosbags.highlevel import AnyReader, AnyReaderError
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
from rosbags.typesys import Stores, get_typestore

from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_ros import messages, topics
from motionclip_ros.retargeting.trajectory import RobotTrajectory

# How rmw writes "no deadline" and "lives forever".
_FOREVER = QosTime(9223372036, 854775807)


class BagWriter:
    """A new recording; close it, or nothing can open it."""

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
        self._types = get_typestore(Stores.ROS2_KILTED)
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
        if kind not in self._types.types:
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
            topic, kind, typestore=self._types, offered_qos_profiles=[qos]
        )

    def write(self, topic: str, received_ns: int, data: bytes) -> None:
        """Append a serialised message."""
        self._writer.write(self._connections[topic], received_ns, data)

    def close(self) -> None:
        """Write the index and the metadata."""
        self._writer.close()


class RecordedJoints(NamedTuple):
    """All joint states of a recording.

    Attributes:
        joint_names: Order of the columns.
        received: Times of reception [ns since 1970].
        positions: [rad].
        velocities: [rad/s].
    """

    joint_names: tuple[str, ...]
    received: Int[np.ndarray, ' sample']
    positions: Float[np.ndarray, 'sample joint']
    velocities: Float[np.ndarray, 'sample joint']


class Bag:
    """A recording, read whole.

    Attributes:
        path: Its folder.
        counts: Messages by topic.
    """

    def __init__(self, path: str | os.PathLike[str]):
        """Read and decode all messages.

        Raises:
            ConfigError: There is no readable recording.
        """
        self.path = Path(path)
        self._messages: dict[str, list[tuple[int, Any]]] = {}
        # rosbags raises assorted errors on damaged files; each means the same to a user.
        try:
            with AnyReader(
                [self.path], default_typestore=get_typestore(Stores.ROS2_KILTED)
            ) as reader:
                for connection in reader.connections:
                    self._messages[connection.topic] = []
                for connection, received, data in reader.messages():
                    message = reader.deserialize(data, connection.msgtype)
                    self._messages[connection.topic].append((received, message))
        except (AnyReaderError, OSError, ValueError, KeyError) as error:
            raise ConfigError(f'{path}: not a readable recording ({error})') from None
        self.counts = {topic: len(found) for topic, found in self._messages.items()}

    def last(self, topic: str) -> tuple[int, Any]:
        """Return the last message of a topic and when it was received [ns].

        Raises:
            ConfigError: The recording has none.
        """
        found = self._messages.get(topic)
        if not found:
            raise ConfigError(f'{self.path}: no message on {topic}')
        return found[-1]

    def joints(self) -> RecordedJoints:
        """Return the joint states as arrays."""
        names = tuple(self.last(topics.JOINT_STATES)[1].name)
        states = [
            (received, message)
            for received, message in self._messages[topics.JOINT_STATES]
            if tuple(message.name) == names
        ]
        return RecordedJoints(
            names,
            np.array([received for received, _ in states], np.int64),
            np.array([message.position for _, message in states]),
            np.array([message.velocity for _, message in states]),
        )

    def trajectory(self) -> RobotTrajectory:
        """Return the last robot trajectory that was commanded."""
        return messages.robot_trajectory(
            self.last(topics.JOINT_TRAJECTORY)[1], self.last(topics.BASE_TRAJECTORY)[1]
        )

    def human_motion(self) -> Motion:
        """Return the last human motion."""
        return messages.human_motion(self.last(topics.HUMAN_MOTION)[1])

    def report(self) -> dict[str, Any]:
        """Return the generator's last report."""
        return dict(json.loads(self.last(topics.REPORT)[1].data))

    def text(self) -> str:
        """Return the last text."""
        return str(self.last(topics.TEXT)[1].data)
