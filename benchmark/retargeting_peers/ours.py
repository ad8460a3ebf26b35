"""Our own retargeter, whole and in parts."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.descent import Problem, Weights
from motionclip_ros.retargeting.solving.problem import NO_CLEARANCE, State, Tasks
from motionclip_ros.retargeting.targets import Targets, make_targets


class Asked(NamedTuple):
    """What a retargeter asks its solver for.

    Attributes:
        problem: With everything in it.
        start: The first guess.
        targets: Where the problem came from.
    """

    problem: Problem
    start: State
    targets: Targets


def asked(retargeter: Retargeter, motion: Motion) -> Asked:
    """Ask what a retargeter asks, so that the solver alone can be measured."""
    targets = make_targets(motion, retargeter.robot, retargeter.posture)
    problem = retargeter.problem(targets.tasks, 1.0 / motion.fps)
    return Asked(problem, targets.start, targets)


def links_only(whole: Asked) -> Problem:
    """Leave out contacts and collisions: the link targets that the peers get."""
    tasks = first_tasks(whole.problem.tasks, len(whole.targets.links))
    return whole.problem._replace(tasks=tasks, clearance=NO_CLEARANCE)


def plain_problem(
    robot: Robot, limits: JointLimits, tasks: Tasks, fps: float, smoothness: float
) -> Problem:
    """Ask for tasks alone, with so many times the usual smoothness."""
    usual = Weights()
    weights = replace(
        usual,
        joint_acceleration=smoothness * usual.joint_acceleration,
        base_acceleration=smoothness * usual.base_acceleration,
        base_turn_acceleration=smoothness * usual.base_turn_acceleration,
    )
    return Problem(robot.tree, limits, tasks, robot.neutral, weights, 1.0 / fps)


def first_tasks(tasks: Tasks, count: int) -> Tasks:
    """Return the first tasks alone."""
    split = Tasks._fields.index('target_position')
    return Tasks(
        *(getattr(tasks, name)[:count] for name in Tasks._fields[:split]),
        *(np.ascontiguousarray(getattr(tasks, name)[:, :count]) for name in Tasks._fields[split:]),
    )
