"""Trajectories examined over time, for the curves that no report holds."""

from dataclasses import dataclass

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.examination import (
    Examination,
    examine,
    in_robot_order,
)
from motionclip_ros.retargeting.feasibility.report import compare
from motionclip_ros.retargeting.feasibility.tracking import limb_direction_error
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@dataclass(frozen=True, eq=False)
class Course:
    """A trajectory over time, with what it asks of a robot at every point.

    Attributes:
        robot: The robot.
        examination: What was measured.
        limb_error: Times [s], and the mean angle between the human's limbs and the robot's then
            [deg]; None where no human is known.
    """

    robot: Robot
    examination: Examination
    limb_error: tuple[np.ndarray, np.ndarray] | None


def take_course(robot: Robot, trajectory: RobotTrajectory, motion: Motion | None) -> Course:
    """Examine a trajectory for the curves that no report holds.

    Args:
        robot: The robot.
        trajectory: Its joints in any order.
        motion: What the human did in the whole of that time, at any rate and pace.

    Raises:
        TrajectoryError: It moves joints that the robot does not have.
    """
    trajectory, _ = in_robot_order(robot, trajectory)
    if motion is None:
        return Course(robot, examine(robot, trajectory), None)
    found = compare(robot, trajectory, motion)
    error = limb_direction_error(robot, found.motion, found.state).mean(axis=1)
    return Course(robot, found.examination, (found.times, error))
