"""Subscriptions that are looked at now and then, and never call.

A callback for each message of a stream costs rclpy about a hundred times what it costs to take
the message; a robot sends hundreds a second.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile


class Taken(NamedTuple):
    """A message.

    Attributes:
        data: Serialised.
        received: When it came, on the system's clock [ns].
    """

    data: bytes
    received: int


class _NeverCalled(CallbackGroup):
    """Keeps a subscription out of the executor."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        pass


class Polled:
    """A topic, whose messages wait in the middleware until they are taken.

    Attributes:
        topic: Its full name.
    """

    def __init__(self, node: Node, kind: Any, topic: str, qos_profile: QoSProfile, **options: Any):
        """Subscribe.

        Args:
            node: Owner of the subscription.
            kind: Message type.
            topic: Name of the topic.
            qos_profile: Its depth is how many messages wait at the most.
            options: As `create_subscription` has them.
        """
        self._node, self._kind = node, kind
        self._subscription = node.create_subscription(
            kind,
            topic,
            callback=_nothing,
            qos_profile=qos_profile,
            callback_group=_NeverCalled(),
            raw=True,
            **options,
        )
        self.topic = str(self._subscription.topic_name)

    def take(self) -> Iterator[Taken]:
        """Yield what has come since the last time, the oldest first."""
        subscription = self._subscription
        with subscription.handle:
            while taken := subscription.handle.take_message(self._kind, True):
                data, information = taken
                yield Taken(data, information['received_timestamp'])

    def destroy(self) -> None:
        """Listen no more."""
        self._node.destroy_subscription(self._subscription)


def _nothing(_: Any) -> None:
    """Never called."""
