"""`Retargeter`: human motion in, robot trajectory and report out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import RobotError
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.feasibility.examination import examine
from motionclip_ros.retargeting.feasibility.report import assess
from motionclip_ros.retargeting.rates import within_rates
from motionclip_ros.retargeting.robots.correspondence import LinkMatch
from motionclip_ros.retargeting.robots.ownership import groups, owned
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.descent import Problem, Weights
from motionclip_ros.retargeting.solving.problem import NO_CLEARANCE, Clearance, State, Tasks
from motionclip_ros.retargeting.solving.solver import solve
from motionclip_ros.retargeting.solving.threads import one_thread
from motionclip_ros.retargeting.targets import Targets, make_targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_FPS = 60.0
"""Faster motions are resampled to this rate, which any joint controller interpolates."""

MARGIN = 0.01
"""Distance below which parts of the robot are pushed apart, lest they meet [m]."""


class Retargeted(NamedTuple):
    """What the robot will do.

    Attributes:
        trajectory: The motion in the robot's joints, inside all limits, from time 0.
        report: Tracking error, limit margins, verdict and times; see `feasibility.assess`.
        targets: What was asked of the robot, at the motion's frames.
    """

    trajectory: RobotTrajectory
    report: dict[str, Any]
    targets: Targets


class Retargeter:
    """Carries human motions over to one robot.

    Attributes:
        robot: The robot; its base counts as bolted down while no joint of its legs may move.
        weights: What smoothness and clearance are worth.
        owned: Which joints may move.
        posture: Where the others stay, and where a joint without a task returns to [rad].
    """

    def __init__(
        self,
        robot: Robot,
        weights: Weights | None = None,
        joints: Sequence[str] | None = None,
        posture: Mapping[str, float] | None = None,
    ):
        """Keep the robot, and work out what of it may move.

        Args:
            robot: The robot.
            weights: What smoothness and clearance are worth.
            joints: Groups, names or patterns of the joints that may move (see
                `robots.ownership`); all by default. The others belong to another controller.
            posture: Joint -> position that it keeps or returns to [rad]; the neutral posture
                where none is given.

        Raises:
            RobotError: There is no such joint, or a position is outside its limits.
        """
        count = len(robot.joint_names)
        self.owned = np.ones(count, bool) if joints is None else owned(robot, joints)
        if not (self.owned & groups(robot)['legs']).any():
            robot = replace(robot, fixed_base=True)
        self.robot = _following(robot, self.owned)
        self.weights = weights or Weights()
        self.posture = _posture(robot, posture or {})

    @cached_property
    def _clearance(self) -> Clearance:
        capsules, pairs, _ = collision_model(self.robot)
        along = capsules.end - capsules.start
        reach = np.linalg.norm(along, axis=1) / 2 + capsules.radius
        # The soles' own rows know the floor better; who is bolted down knows of no floor.
        soles = [self.robot.frame(foot).body for foot in self.robot.correspondence.feet]
        above_floor = ~np.isin(capsules.body, soles) & (not self.robot.fixed_base)
        return Clearance(
            capsules.body,
            capsules.start,
            along,
            capsules.radius,
            reach,
            pairs,
            above_floor,
            MARGIN,
            self.weights.clearance,
        )

    def problem(self, tasks: Tasks, step: float) -> Problem:
        """Put everything that the solver needs together.

        Args:
            tasks: What is asked, frame by frame.
            step: Time between frames [s].
        """
        robot = self.robot
        fixed = np.concatenate([np.full(6, robot.fixed_base), ~self.owned])
        return Problem(
            robot.tree,
            robot.limits,
            tasks,
            self.posture,
            self.weights,
            step,
            self._clearance if self.weights.clearance else NO_CLEARANCE,
            fixed[None] if fixed.any() else None,
        )

    def warm_up(self) -> None:
        """Compile (or load) the kernels, so that the first motion is not the slow one."""
        still = np.tile(np.eye(3), (20, skeleton.JOINT_COUNT, 1, 1))
        still[:, 0] = skeleton.Y_UP_TO_Z_UP
        self.retarget(Motion(still, np.tile([0.0, 0.0, 0.95], (20, 1)), 30.0))

    @one_thread()
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
        robot = self.robot
        targets = make_targets(motion, robot, self.posture)
        asked = time.perf_counter()
        state = solve(self.problem(targets.tasks, 1 / motion.fps), targets.start).state
        state = state._replace(joints=within_rates(state.joints, 1 / motion.fps, robot.limits))
        solved = time.perf_counter()
        result = self.judged(motion, targets, state)
        result.report['milliseconds'] = {
            'targets': 1e3 * (asked - begin),
            'solve': 1e3 * (solved - asked),
            'assess': 1e3 * (time.perf_counter() - solved),
        }
        return result

    def judged(self, motion: Motion, targets: Targets, state: State) -> Retargeted:
        """Make a path a trajectory inside all limits, and say how good it is.

        Args:
            motion: What the human did.
            targets: What was asked of the robot.
            state: Its path, at the motion's frames.
        """
        path = _trajectory(self.robot, state, motion.fps)
        examination, stretch = examine(self.robot, path, targets.standing).fitted(self.robot)
        report = assess(self.robot, examination, stretch, motion, targets)
        return Retargeted(examination.trajectory, report, targets)


def _following(robot: Robot, owned: Bool[np.ndarray, ' joint']) -> Robot:
    """Ask nothing of links that no owned joint moves; they stay as they are in the rest pose."""
    links = {}
    for link, match in robot.correspondence.links.items():
        joint = robot.frame(link).body
        while joint >= 0 and not owned[joint]:
            joint = int(robot.tree.parent[joint])
        parent = match.rigid_to or match.limb_from
        still = parent is not None and joint < 0
        links[link] = LinkMatch(match.human, rigid_to=parent) if still else match
    return replace(robot, correspondence=replace(robot.correspondence, links=links))


def _posture(robot: Robot, wanted: Mapping[str, float]) -> Float[np.ndarray, ' joint']:
    posture = robot.neutral
    for joint, position in wanted.items():
        index = robot.joint_index(joint)
        lower, upper = robot.limits.lower[index], robot.limits.upper[index]
        if not lower <= position <= upper:
            raise RobotError(
                f'posture has {joint} at {position:g} rad; its limits are {lower:g} to {upper:g}'
            )
        posture[index] = position
    return posture


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
