"""A motion and the robot's trajectory, played once for the eyes of RViz."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.poses import LinkPoses
from motionclip_ros.retargeting.contacts import contacts
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.soles import sole_corners
from motionclip_ros.retargeting.targets import bolted_places
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FEET = ('left_ankle', 'left_foot', 'right_ankle', 'right_foot')
"""Joints whose contact with the floor is shown."""

BONES: tuple[tuple[int, int], ...] = tuple(
    (parent, joint) for joint, parent in enumerate(skeleton.PARENTS) if parent >= 0
)
"""Pairs of SMPL joints between which a line is drawn."""


class Shown(NamedTuple):
    """One moment.

    Attributes:
        joints: Places of the person's SMPL joints in the world [m].
        standing: Which of `FEET` stand on the floor.
        positions: The robot's joints [rad].
        base: The robot's root link in the world.
        targets: Where its links were asked to be [m].
    """

    joints: Float[np.ndarray, 'smpl_joint 3']
    standing: Bool[np.ndarray, ' foot']
    positions: Float[np.ndarray, ' joint']
    base: LinkPoses
    targets: Float[np.ndarray, 'link 3']


class Preview:
    """The person moves when the robot does: while it is on its way to the first pose, both wait.

    Attributes:
        joint_names: The robot's joints.
        seconds: How long the robot takes [s].
    """

    def __init__(
        self,
        motion: Motion,
        retargeted: RobotTrajectory,
        targets: Float[np.ndarray, 'frame link 3'],
        commanded: RobotTrajectory,
        begins: float = 0.0,
        base: str = 'base',
        offset: tuple[float, float] = (0.0, 0.0),
    ):
        """Work out once what every moment needs.

        Args:
            motion: What the person does.
            retargeted: The same in the robot's joints, where the targets are.
            targets: Where the robot's links are asked to be, evenly over that time [m].
            commanded: What the robot is told: a way there, and the motion, maybe elsewhere.
            begins: When the motion begins in it [s].
            base: Name of the robot's root link.
            offset: Where the robot is shown, x and y; the person is as far again [m].
        """
        self.joint_names = commanded.joint_names
        self.seconds = commanded.seconds
        self._commanded, self._retargeted = commanded, retargeted
        self._begins, self._base = min(begins, commanded.seconds), base
        self._beside = np.array([*offset, 0.0])
        self._joints = motion.pose.positions + 2.0 * self._beside
        self._standing = contacts(motion, FEET)
        self._targets = targets

    def at(self, seconds: float) -> Shown:
        """Show a moment after the start [s]; at the end everything stays."""
        now = self._commanded.sample(seconds)
        part = float(part_done(seconds, self._begins, self.seconds))
        frame = round(part * (len(self._joints) - 1))
        return Shown(
            self._joints[frame],
            self._standing[frame],
            now.positions,
            LinkPoses(
                (self._base,),
                (now.base_position + self._beside)[None],
                now.base_quaternion_xyzw[None],
            ),
            self._asked(part, now.base_position, now.base_quaternion_xyzw),
        )

    def _asked(
        self, part: float, place: np.ndarray, turn_xyzw: np.ndarray
    ) -> Float[np.ndarray, 'link 3']:
        """Carry the targets along with the base, which may begin elsewhere than the motion's."""
        first, last = self._retargeted.time_from_start[[0, -1]]
        meant = self._retargeted.sample(first + part * (last - first))
        targets = self._targets[round(part * (len(self._targets) - 1))]
        local = Rotation.from_quat(meant.base_quaternion_xyzw).inv()
        inside = local.apply(targets - meant.base_position)
        return np.asarray(Rotation.from_quat(turn_xyzw).apply(inside) + place + self._beside)


def part_done(
    time: float | Float[np.ndarray, ' time'], begins: float, ends: float
) -> float | Float[np.ndarray, ' time']:
    """Return how much of a motion is done at a time: 0 to 1, evenly between its ends [s]."""
    return np.clip((time - begins) / max(ends - begins, 1e-9), 0.0, 1.0)


def at_rest(
    robot: Robot, offset: tuple[float, float]
) -> tuple[Float[np.ndarray, ' joint'], LinkPoses]:
    """Return a robot's neutral joints [rad] and its root link, with the soles on the floor.

    Args:
        robot: The robot.
        offset: Where it stands, x and y [m].
    """
    base = np.array([[*offset, 0.0]])
    height = np.zeros((1, 3))
    bolted_places(robot, sole_corners(robot), robot.neutral, height)
    upright = Rotation.from_matrix(robot.upright).as_quat()
    return robot.neutral, LinkPoses((robot.correspondence.base,), base + height, upright[None])
