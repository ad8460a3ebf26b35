"""Recordings: rosbag2 folders read without ROS being installed; `recording` writes them."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.errors import ConfigError, TrajectoryError
from motionclip_model.motion import Motion
from motionclip_model.reading import parse_json
from motionclip_ros import messages, topics
from motionclip_ros.provenance import Provenance
from motionclip_ros.recorded import TYPES, recording, unreadable
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

    def in_order(self, joint_names: Sequence[str]) -> 'RecordedJoints':
        """Return the columns of some joints, as a trajectory has them say.

        Raises:
            TrajectoryError: One of them was not recorded.
        """
        absent = [name for name in joint_names if name not in self.joint_names]
        if absent:
            raise TrajectoryError(f'the joint states lack {", ".join(absent)}')
        columns = [self.joint_names.index(name) for name in joint_names]
        return RecordedJoints(
            tuple(joint_names),
            self.received,
            self.positions[:, columns],
            self.velocities[:, columns],
        )


class Performed(NamedTuple):
    """What a robot was told once, and how it came to that.

    Attributes:
        report: All that the generator said of it.
        trajectory: What the robot was told.
        motion: What a person would do; None for a stop.
    """

    report: dict[str, Any]
    trajectory: RobotTrajectory
    motion: Motion | None

    def provenance(self, place: object) -> Provenance:
        """Return what it was made from.

        Args:
            place: The recording, for the message.

        Raises:
            ConfigError: The report does not say so, or not all of it.
        """
        return Provenance.read(self.report.get('provenance'), str(place))


def only_namespace(names: Iterable[str], namespace: str | None, place: object) -> str:
    """Return the namespace of the one robot in a recording.

    Args:
        names: Full names of the topics.
        namespace: The one that is wanted, if somebody said so.
        place: The recording, for the message.

    Raises:
        ConfigError: There are several, or not the one that is wanted.
    """
    found = topics.namespaces(names)
    if namespace is None and len(found) < 2:
        return found.pop() if found else ''
    listed = ', '.join(sorted(name or '/' for name in found)) or 'no robot'
    if namespace is None:
        raise ConfigError(f'{place}: several robots ({listed}); choose one by its namespace')
    namespace = f'/{namespace.strip("/")}' if namespace.strip('/') else ''
    if namespace not in found:
        raise ConfigError(f'{place}: nothing in the namespace {namespace or "/"}, only {listed}')
    return namespace


class Bag:
    """A recording of one robot, read whole.

    Topics are named without their namespace, as in `topics`; with it they are found, too.

    Attributes:
        path: Its folder.
        counts: Messages by topic.
    """

    def __init__(self, path: str | os.PathLike[str], namespace: str | None = None):
        """Read all messages; each topic is decoded when somebody asks for it.

        Joint states are most of a recording: half an hour of them, decoded, fills over a gigabyte,
        and few want them.

        Args:
            path: Folder of the recording.
            namespace: Of the robot; it need not be said where there is only one.

        Raises:
            ConfigError: There is no readable recording.
        """
        self.path = Path(path)
        self._raw: dict[str, list[tuple[int, str, bytes]]] = {}
        self._decoded: dict[str, list[tuple[int, Any]]] = {}
        with recording(path) as reader:
            names = [connection.topic for connection in reader.connections]
            self._namespace = only_namespace(names, namespace, path)
            short = {name: topics.relative(name, self._namespace) for name in names}
            self._raw = {name: [] for name in short.values()}
            for connection, received, data in reader.messages():
                raw = received, connection.msgtype, bytes(data)
                self._raw[short[connection.topic]].append(raw)
        self.counts = {topic: len(found) for topic, found in self._raw.items()}

    def all(self, topic: str) -> list[tuple[int, Any]]:
        """Return the messages of a topic, in order, and when each was received [ns].

        Raises:
            ConfigError: One cannot be decoded.
        """
        name = topics.relative(topic, self._namespace)
        if name not in self._decoded:
            # rosbags and NumPy raise assorted errors on damaged messages.
            try:
                self._decoded[name] = [
                    (received, TYPES.deserialize_cdr(data, kind))
                    for received, kind, data in self._raw.get(name, ())
                    if kind in TYPES.types  # others are counted, and left alone
                ]
            except Exception as error:
                raise unreadable(self.path, error) from None
        return list(self._decoded[name])

    def last(self, topic: str) -> tuple[int, Any]:
        """Return the last message of a topic and when it was received [ns].

        Raises:
            ConfigError: The recording has none.
        """
        found = self.all(topic)
        if not found:
            raise ConfigError(f'{self.path}: no message on {topic}')
        return found[-1]

    def joints(self) -> RecordedJoints:
        """Return the joint states as arrays."""
        names = tuple(self.last(topics.JOINT_STATES)[1].name)
        states = [
            (received, message)
            for received, message in self.all(topics.JOINT_STATES)
            if tuple(message.name) == names
        ]
        return RecordedJoints(
            names,
            np.array([received for received, _ in states], np.int64),
            np.array([message.position for _, message in states]),
            np.array([message.velocity for _, message in states]),
        )

    def trajectory(self) -> RobotTrajectory:
        """Return the last trajectory that the robot was told."""
        return messages.robot_trajectory(
            self.last(topics.TRAJECTORY)[1], self.last(topics.BASE_TRAJECTORY)[1]
        )

    def performed(self) -> list[Performed]:
        """Return everything that the robot was told, as far as it was recorded whole.

        Raises:
            ConfigError: It was told nothing.
        """
        reports = [_object(message.data, self.path) for _, message in self.all(topics.REPORT)]
        commands, bases = self.all(topics.TRAJECTORY), self.all(topics.BASE_TRAJECTORY)
        motions = [message for _, message in self.all(topics.HUMAN_MOTION)]
        found = []
        # A recording may begin after a part of the first one was said; all have an end.
        for report, (_, command), (_, base) in zip(
            reports[::-1], commands[::-1], bases[::-1], strict=False
        ):
            told = report.get('provenance')
            is_stop = isinstance(told, dict) and told.get('is_stop', False)
            if not is_stop and not motions:
                break
            motion = None if is_stop else messages.human_motion(motions.pop())
            found.append(Performed(report, messages.robot_trajectory(command, base), motion))
        if not found:
            self.last(topics.REPORT)
            raise ConfigError(f'{self.path}: no motion was recorded whole')
        return found[::-1]

    def human_motion(self) -> Motion:
        """Return the last human motion."""
        return messages.human_motion(self.last(topics.HUMAN_MOTION)[1])

    def report(self) -> dict[str, Any]:
        """Return the generator's last report.

        Raises:
            ConfigError: There is none, or it is no JSON object.
        """
        return _object(self.last(topics.REPORT)[1].data, self.path)

    def text(self) -> str:
        """Return the last text."""
        return str(self.last(topics.TEXT)[1].data)


def _object(text: str, path: Path) -> dict[str, Any]:
    try:
        report = parse_json(text)
    except ValueError as error:
        raise ConfigError(f'{path}: the report is not JSON ({error})') from None
    if not isinstance(report, dict):
        raise ConfigError(f'{path}: the report is not JSON of an object')
    return report
