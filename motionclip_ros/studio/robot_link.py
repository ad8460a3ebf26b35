"""The page's way to a running ROS graph, where ROS is installed."""

import asyncio
from typing import Any

from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_ros.studio.takes import Take


class RobotLink:
    """Sends takes to a robot; without ROS it only says so.

    Attributes:
        absence: Why nothing can be sent at all; None where ROS works.
    """

    def __init__(self, namespace: str = ''):
        """Join the ROS graph, if there can be one.

        Args:
            namespace: Of the robot.
        """
        self._messenger: Any = None
        self.absence: str | None = None
        try:
            # Here, because pages are served without ROS, too.
            from motionclip_ros.nodes.messenger import Messenger

            self._messenger = Messenger(namespace)
        except ImportError:
            self.absence = 'ROS 2 is not installed; `motionclip doctor` says how'
        except MotionClipError as error:
            self.absence = str(error)

    @property
    def is_connected(self) -> bool:
        """Whether a generator listens."""
        return self._messenger is not None and self._messenger.is_connected

    async def send(self, take: Take) -> str:
        """Have the robot do what a take shows.

        Returns:
            What became of it, in a line.

        Raises:
            MotionClipError: Nobody listens, or the robot did not do it.
        """
        if not self.is_connected:
            raise ConfigError(
                self.absence
                or 'no generator is running here; start one with ros2 launch, or look for it in '
                'the network: ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET motionclip studio'
            )
        seconds = take.requested_seconds
        if isinstance(seconds, tuple):
            raise ConfigError(
                'a robot is told one length for all commands; leave the lengths of the chain empty'
            )
        return await asyncio.wrap_future(
            self._messenger.send(take.scene.caption, seconds, take.seed, lambda _: None)
        )

    def stop(self) -> None:
        """Bring the robot to rest."""
        if self._messenger is not None:
            self._messenger.stop()

    def close(self) -> None:
        """Leave the ROS graph."""
        if self._messenger is not None:
            self._messenger.close()
