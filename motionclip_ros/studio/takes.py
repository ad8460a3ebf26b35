"""What was performed and can be looked at again: takes, and their frames for the stage."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
from jaxtyping import Float, Float32
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory
from motionclip_ros.scenes import Scene

STAGE_FPS = 30.0
"""Frames per second on the stage; between two of them the browser interpolates [1/s]."""

MOST_TAKES = 200
"""Takes that a server keeps; older ones are forgotten."""


class Measured(NamedTuple):
    """What a robot's joints really did.

    Attributes:
        joint_names: Order of the columns.
        times: From the start of the trajectory [s].
        positions: [rad].
    """

    joint_names: tuple[str, ...]
    times: Float[np.ndarray, ' sample']
    positions: Float[np.ndarray, 'sample joint']


@dataclass(frozen=True, eq=False)
class Take:
    """One performance.

    Attributes:
        scene: Who does what, and how long.
        robot: Whose trajectory it is.
        robot_name: What `--robot` calls it.
        report: What is known of it; see `motionclip_ros.pipeline.Generation`.
        seed: What chose the motion; None for the most typical.
        requested_seconds: Length that was asked for [s]; None left it to the text.
        measured: What the robot really did, where that was recorded.
        identity: Name in addresses, not to be guessed.
    """

    scene: Scene
    robot: Robot
    robot_name: str
    report: dict[str, Any]
    seed: int | None = None
    requested_seconds: float | tuple[float, ...] | None = None
    measured: Measured | None = None
    identity: str = field(default_factory=lambda: uuid4().hex)

    @property
    def robot_title(self) -> str:
        """What people call the robot."""
        return Path(self.robot_name).stem

    @property
    def motion(self) -> Motion | None:
        """What the person does."""
        return self.scene.motion

    @property
    def trajectory(self) -> RobotTrajectory:
        """What the robot does; a take has one."""
        if self.scene.trajectory is None:
            raise ValueError('a take is one of a robot')
        return self.scene.trajectory

    @property
    def times(self) -> Float[np.ndarray, ' frame']:
        """Times of the frames on the stage [s]."""
        return np.linspace(0.0, self.scene.seconds, self.frame_count)

    @property
    def frame_count(self) -> int:
        """Number of frames on the stage."""
        return max(2, round(self.scene.seconds * STAGE_FPS) + 1)

    @property
    def fps(self) -> float:
        """Frames per second on the stage: `STAGE_FPS`, but for rounding to whole frames."""
        seconds = self.scene.seconds
        return (self.frame_count - 1) / seconds if seconds > 0.0 else STAGE_FPS

    def motion_frames(self) -> np.ndarray:
        """Which frame of the person's motion belongs to each frame on the stage."""
        if self.motion is None:
            return np.zeros(0, int)
        return np.round(self.scene.part(self.times) * (len(self.motion) - 1)).astype(int)


class Takes:
    """All takes of a server by their identity; the oldest go when there are too many."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[str, Take] = OrderedDict()

    def add(self, take: Take) -> None:
        """Keep a take."""
        self._kept[take.identity] = take
        while len(self._kept) > MOST_TAKES:
            self._kept.popitem(last=False)

    def newest(self) -> list[Take]:
        """Return all takes, the newest first."""
        return list(self._kept.values())[::-1]

    def find(self, identity: str) -> Take | None:
        """Return a take, if it is still kept."""
        return self._kept.get(identity)


def person_poses(take: Take, bodies: tuple[str, ...]) -> Float32[np.ndarray, 'frame body 7']:
    """Place the person's bodies in every frame: position [m] and quaternion, scalar last.

    Args:
        take: With a motion.
        bodies: Names of SMPL joints.
    """
    if take.motion is None:
        return np.zeros((0, len(bodies), 7), np.float32)
    pose, frames = take.motion.pose, take.motion_frames()
    joints = [skeleton.JOINT_INDEX[body] for body in bodies]
    return _packed(pose.positions[frames][:, joints], pose.rotations[frames][:, joints])


def robot_poses(take: Take, bodies: tuple[str, ...]) -> Float32[np.ndarray, 'frame body 7']:
    """Place the robot's links in every frame, likewise.

    Args:
        take: Its joints may be some of the robot's; the others rest.
        bodies: Names of links.
    """
    sample = take.trajectory.sample(take.times)
    joints = np.tile(take.robot.neutral, (take.frame_count, 1))
    columns = [take.robot.joint_index(name) for name in take.trajectory.joint_names]
    joints[:, columns] = sample.positions
    turn = Rotation.from_quat(sample.base_quaternion_xyzw).as_matrix()
    state = State(sample.base_position, turn, joints)
    return _packed(*take.robot.link_poses(bodies, state))


def _packed(
    positions: Float[np.ndarray, 'frame body 3'], rotations: Float[np.ndarray, 'frame body 3 3']
) -> Float32[np.ndarray, 'frame body 7']:
    shape = positions.shape[:2]
    quaternions = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat().reshape(*shape, 4)
    return np.concatenate([positions, quaternions], axis=-1).astype(np.float32)
