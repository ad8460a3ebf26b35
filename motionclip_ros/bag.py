"""Recordings: rosbag2 folders read without ROS being installed; `recording` writes them."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.typesys import Stores, get_typestore

from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_ros import messages, topics
from motionclip_ros.retargeting.trajectory import RobotTrajectory


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
            raise ConfigError(
                f'{path}: not a readable recording ({error}); `motionclip repair` saves what is '
                'whole in one that was cut off'
            ) from None
        self.counts = {topic: len(found) for topic, found in self._messages.items()}

    def all(self, topic: str) -> list[tuple[int, Any]]:
        """Return the messages of a topic, in order, and when each was received [ns]."""
        return list(self._messages.get(topic, ()))

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
        """Return the last robot trajectory that was commanded; an empty one is only a stop."""
        base = self.last(topics.BASE_TRAJECTORY)[1]
        commands = [command for _, command in self.all(topics.JOINT_TRAJECTORY) if command.points]
        if not commands:
            raise ConfigError(f'{self.path}: no message on {topics.JOINT_TRAJECTORY}')
        return messages.robot_trajectory(commands[-1], base)

    def human_motion(self) -> Motion:
        """Return the last human motion."""
        return messages.human_motion(self.last(topics.HUMAN_MOTION)[1])

    def report(self) -> dict[str, Any]:
        """Return the generator's last report.

        Raises:
            ConfigError: There is none, or it is no JSON object.
        """
        try:
            report = json.loads(self.last(topics.REPORT)[1].data)
        except ValueError as error:
            raise ConfigError(f'{self.path}: the report is not JSON ({error})') from None
        if not isinstance(report, dict):
            raise ConfigError(f'{self.path}: the report is not JSON of an object')
        return report

    def text(self) -> str:
        """Return the last text."""
        return str(self.last(topics.TEXT)[1].data)
