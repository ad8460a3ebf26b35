"""What a recording has to offer for being played again, serialised as it was received."""

import os
from collections.abc import Sequence
from typing import NamedTuple

from rosbags.interfaces import ConnectionExtRosbag2, QosDurability, QosReliability

from motionclip_model.errors import ConfigError
from motionclip_model.reading import parse_json
from motionclip_ros.bag import only_namespace
from motionclip_ros.recorded import TYPES, recording
from motionclip_ros.topics import REPORT, relative


class Channel(NamedTuple):
    """A recorded topic.

    Attributes:
        topic: Its name, without the namespace of its robot.
        kind: Message type, `std_msgs/msg/String` say.
        latched: Whether late subscribers got its last message.
        reliable: Whether lost messages were sent again.
    """

    topic: str
    kind: str
    latched: bool
    reliable: bool


class Event(NamedTuple):
    """A recorded message.

    Attributes:
        seconds: When it was received after the first of all [s].
        received: The same on the recorder's clock [ns].
        topic: Its name, without the namespace of its robot.
        data: The message, serialised.
    """

    seconds: float
    received: int
    topic: str
    data: bytes


class Replay(NamedTuple):
    """A recording's topics and their messages in order."""

    channels: tuple[Channel, ...]
    events: tuple[Event, ...]


def recorded_robot(path: str | os.PathLike[str], namespace: str | None = None) -> tuple[str, str]:
    """Return the robot that a recording is of, and the file of its joint limits, if any.

    Args:
        path: Folder of the recording.
        namespace: Of the robot; it need not be said where there is only one.

    Raises:
        ConfigError: The recording does not say.
    """
    try:
        reports = read_replay(path, (REPORT,), namespace).events
        message = TYPES.deserialize_cdr(reports[-1].data, 'std_msgs/msg/String')
        report = parse_json(message.data)  # type: ignore[attr-defined]
        sources = report['provenance']['sources']
        return str(sources['robot']), str(sources['joint_limits'])
    except (ConfigError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f'{path}: the recording does not say of which robot it is, whose limits hold; name '
            'it by --robot (the parameter robot)'
        ) from None


def read_replay(
    path: str | os.PathLike[str], topics: Sequence[str], namespace: str | None = None
) -> Replay:
    """Read some topics of a recording; those that it lacks are left out.

    Args:
        path: Folder of the recording.
        topics: Their names, without the namespace of their robot.
        namespace: Of the robot; it need not be said where there is only one.

    Raises:
        ConfigError: There is no readable recording, or none of the topics in it.
    """
    channels, received = {}, []
    with recording(path) as reader:
        names = [found.topic for found in reader.connections]
        chosen = only_namespace(names, namespace, path)
        short = {name: relative(name, chosen) for name in names}
        asked = {relative(name, chosen) for name in topics}
        wanted = [found for found in reader.connections if short[found.topic] in asked]
        for found in wanted:
            ext = found.ext
            qos = ext.offered_qos_profiles if isinstance(ext, ConnectionExtRosbag2) else []
            channels[found.topic] = Channel(
                short[found.topic],
                found.msgtype,
                any(one.durability == QosDurability.TRANSIENT_LOCAL for one in qos),
                all(one.reliability != QosReliability.BEST_EFFORT for one in qos),
            )
        # Without a choice rosbags would give all there is.
        for found, nanoseconds, data in reader.messages(wanted) if wanted else ():
            received.append((nanoseconds, short[found.topic], bytes(data)))
    if not received:
        raise ConfigError(f'{path}: no message on {", ".join(topics)}')
    begin = received[0][0]
    events = (Event((time - begin) / 1e9, time, topic, data) for time, topic, data in received)
    return Replay(tuple(channels.values()), tuple(events))
