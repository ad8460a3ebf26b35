"""What a run makes of every motion, and the hash that tells its results from others."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from motionclip_model import __version__
from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_model.reading import read_yaml
from motionclip_ros.retargeting.feasibility.thresholds import shipped_thresholds
from motionclip_ros.retargeting.retargeter import Retargeted, Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.streaming import retarget_live

FORMATS = {'npz': '.trajectory.npz', 'csv': '.csv', 'mujoco': '.mujoco.npz'}
"""What can be written, and the ending of each."""


@dataclass(frozen=True)
class Settings:
    """What is to be made of every file.

    Attributes:
        robot: Name or URDF path, as `load_robot` takes it.
        formats: Some of `FORMATS`.
        joint_limits: File of limits in place of the robot's own.
        joints: Groups, names or patterns of the joints that may move; all if None.
        posture: Joints and where they stay, or return to [rad].
        live: Frame by frame, as from a live capture.
    """

    robot: str
    formats: tuple[str, ...] = ('npz',)
    joint_limits: str | None = None
    joints: tuple[str, ...] | None = None
    posture: tuple[tuple[str, float], ...] = ()
    live: bool = False

    def __post_init__(self) -> None:
        """Refuse unknown formats."""
        unknown = [name for name in self.formats if name not in FORMATS]
        if unknown or not self.formats:
            named = ', '.join(map(repr, unknown)) or 'given'
            raise ConfigError(f'no format {named}; there are {", ".join(FORMATS)}')

    def retargeter(self) -> Retargeter:
        """Load the robot.

        Raises:
            RobotError: There is no such robot, or it is unusable.
            ConfigError: So is its configuration.
        """
        robot = load_robot(self.robot, self.joint_limits)
        return Retargeter(robot, joints=self.joints, posture=dict(self.posture))

    def retargeted(self, retargeter: Retargeter, motion: Motion) -> Retargeted:
        """Put one motion on the robot."""
        if self.live:
            return retarget_live(retargeter, motion)
        return retargeter.retarget(motion)


def read_posture(path: Path) -> tuple[tuple[str, float], ...]:
    """Read a YAML file of "joint: angle" entries [rad].

    Raises:
        ConfigError: It cannot be read, or holds something else.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not all(
        isinstance(angle, int | float) and not isinstance(angle, bool)
        for angle in content.values()
    ):
        raise ConfigError(f'{path}: must hold "joint: angle" entries, angles in radians')
    return tuple((str(joint), float(angle)) for joint, angle in content.items())


def identity(retargeter: Retargeter, live: bool) -> str:
    """Hash everything but the motion that decides a trajectory and its report.

    The version stands for the code. Formats are left out: they change no number.
    """
    robot = retargeter.robot
    moved = [retargeter.owned.tolist(), retargeter.posture.tolist(), asdict(retargeter.weights)]
    asked = asdict(shipped_thresholds())
    parts = [
        __version__,
        robot.fingerprint,
        moved,
        asked,
        live,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
