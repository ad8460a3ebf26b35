"""`Retargeter`: human motion in, robot trajectory and report out."""

import time
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.dynamics import torque_stretch, torques
from motionclip_ros.retargeting.feasibility.report import assess
from motionclip_ros.retargeting.rates import within_rates
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.solving.solver import Problem, Weights, solve
from motionclip_ros.retargeting.targets import make_targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_FPS = 60.0
"""Faster motions are resampled to this rate, which any joint controller interpolates."""


class Retargeted(NamedTuple):
    """What the robot will do.

    Attributes:
        trajectory: The motion in the robot's joints, inside all limits, from time 0.
        report: Tracking error, limit margins, verdict and times; see `feasibility.assess`.
    """

    trajectory: RobotTrajectory
    report: dict[str, Any]


class Retargeter:
    """Carries human motions over to one robot."""

    def __init__(self, robot: Robot, weights: Weights | None = None):
        """Keep the robot and what smoothness is worth."""
        self.robot = robot
        self.weights = weights or Weights()

    def warm_up(self) -> None:
        """Compile (or load) the kernels, so that the first motion is not the slow one."""
        still = np.tile(np.eye(3), (20, skeleton.JOINT_COUNT, 1, 1))
        still[:, 0] = skeleton.Y_UP_TO_Z_UP
        self.retarget(Motion(still, np.tile([0.0, 0.0, 0.95], (20, 1)), 30.0))

    def retarget(self, motion: Motion) -> Retargeted:
        """Find the joint path that does what the human does.

        Args:
            motion: A human motion.

        Returns:
            The trajectory at the motion's frame rate (60 Hz at most), slowed uniformly where
            the velocity, acceleration or torque limits demand it, and a report.
        """
        begin = time.perf_counter()
        motion = motion if motion.fps <= MAX_FPS else motion.resampled(MAX_FPS)
        targets = make_targets(motion, self.robot)
        asked = time.perf_counter()
        robot = self.robot
        problem = Problem(
            robot.tree, robot.limits, targets.tasks, robot.neutral, self.weights, 1 / motion.fps
        )
        state = solve(problem, targets.start).state
        state = state._replace(joints=within_rates(state.joints, 1 / motion.fps, robot.limits))
        solved = time.perf_counter()
        path = _trajectory(robot, state, motion.fps)
        needed = torques(robot, path)
        stretch = max(
            path.stretch_needed(robot.limits), torque_stretch(needed, robot.limits.effort)
        )
        trajectory = path.slowed(stretch)
        report = assess(robot, motion, targets, state, trajectory, needed.slowed(stretch), stretch)
        report['milliseconds'] = {
            'targets': 1e3 * (asked - begin),
            'solve': 1e3 * (solved - asked),
            'assess': 1e3 * (time.perf_counter() - solved),
        }
        return Retargeted(trajectory, report)


def _trajectory(robot: Robot, state: State, fps: float) -> RobotTrajectory:
    quaternion = Rotation.from_matrix(state.base_rotation).as_quat()
    # Both signs mean the same rotation; keep to one so that the numbers do not jump.
    turned = (quaternion[1:] * quaternion[:-1]).sum(-1) < 0.0
    quaternion[1:] *= np.where(np.cumsum(turned) % 2 == 1, -1.0, 1.0)[:, None]
    return RobotTrajectory.through(
        robot.joint_names,
        np.arange(len(quaternion)) / fps,
        state.joints,
        state.base_position,
        quaternion,
        robot.limits,
    )
