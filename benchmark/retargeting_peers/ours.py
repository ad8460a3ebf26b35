"""Our own retargeter, whole and in parts."""

from typing import NamedTuple
from unittest import mock

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.retargeting import retargeter as module
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.solving import problem as vocabulary
from motionclip_ros.retargeting.solving.problem import State, Tasks
from motionclip_ros.retargeting.solving.solver import Problem
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
    """Catch what a retargeter hands to its solver, so that just that is measured."""
    with mock.patch.object(module, 'solve', wraps=module.solve) as solve:
        retargeter.retarget(motion)
    problem, start = solve.call_args.args
    return Asked(problem, start, make_targets(motion, retargeter.robot))


def links_only(whole: Asked) -> Problem:
    """Leave out contacts and collisions: the link targets that the peers get."""
    return without_collisions(
        whole.problem._replace(tasks=first_tasks(whole.problem.tasks, len(whole.targets.links)))
    )


def without_collisions(problem: Problem) -> Problem:
    """Let the robot's parts pass through each other."""
    if 'clearance' not in problem._fields:
        return problem
    return problem._replace(clearance=vocabulary.NO_CLEARANCE)


def first_tasks(tasks: Tasks, count: int) -> Tasks:
    """Return the first tasks alone."""
    split = Tasks._fields.index('target_position')
    return Tasks(
        *(getattr(tasks, name)[:count] for name in Tasks._fields[:split]),
        *(np.ascontiguousarray(getattr(tasks, name)[:, :count]) for name in Tasks._fields[split:]),
    )
