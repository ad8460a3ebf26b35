"""A motion and the robot's trajectory, played once for the eyes of RViz."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.contacts import contacts
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FEET = ('left_ankle', 'left_foot', 'right_ankle', 'right_foot')
"""Joints whose contact with the floor is shown."""


class Shown(NamedTuple):
    """One moment.

    Attributes:
        joints: Places of the SMPL joints in the world [m].
        standing: Which of `FEET` stand on the floor.
        positions: The robot's joints [rad].
    """

    joints: Float[np.ndarray, 'smpl_joint 3']
    standing: Bool[np.ndarray, ' foot']
    positions: Float[np.ndarray, ' joint']


class Preview:
    """Both at their own pace: the person begins when the robot is still on its way in."""

    def __init__(self, motion: Motion, trajectory: RobotTrajectory):
        """Work out once what every moment needs."""
        self.joint_names = trajectory.joint_names
        self.seconds = max(motion.seconds, trajectory.seconds)
        self._trajectory = trajectory
        self._fps = motion.fps
        self._joints = motion.pose.positions
        self._standing = contacts(motion, FEET)

    def at(self, seconds: float) -> Shown:
        """Show a moment after the start [s]; at the end everything stays."""
        frame = min(max(round(seconds * self._fps), 0), len(self._joints) - 1)
        positions = self._trajectory.sample(seconds).positions
        return Shown(self._joints[frame], self._standing[frame], positions)


BONES: tuple[tuple[int, int], ...] = tuple(
    (parent, joint) for joint, parent in enumerate(skeleton.PARENTS) if parent >= 0
)
"""Pairs of SMPL joints between which a line is drawn."""
