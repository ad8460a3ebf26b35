"""What others use: a per-frame Pinocchio loop, and pin-pink with a QP solver."""

import logging
from typing import Any, NamedTuple

import numpy as np
import pinocchio
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import Targets
from retargeting_peers.figures import configuration_state

ITERATIONS = 10
"""Steps that a per-frame solver takes at most on one frame."""

SETTLED = 1e-3
"""A frame is solved when no coordinate moves further in a step [rad or m]."""

_DAMPING = 1e-2
_WARM_START = 100  # solves on the first frame before the clock runs


class Solved(NamedTuple):
    """A path found frame by frame.

    Attributes:
        state: The path.
        solves: Linear systems or QPs solved for each frame, on average.
    """

    state: State
    solves: float


def pinocchio_loop(robot: Robot, targets: Targets) -> Solved:
    """Damped least squares on the link targets, each frame started from the last one."""
    tasks, model, data = targets.tasks, robot.model, robot.model.createData()
    frames = [model.getFrameId(link) for link in targets.links]
    q = _first_guess(robot, targets)
    lower = np.concatenate([np.full(7, -np.inf), robot.limits.lower])
    upper = np.concatenate([np.full(7, np.inf), robot.limits.upper])
    found = []
    for frame in range(len(tasks.target_position)):
        for _ in range(ITERATIONS):
            pinocchio.computeJointJacobians(model, data, q)
            pinocchio.updateFramePlacements(model, data)
            matrix = _DAMPING * np.eye(model.nv)
            gradient = np.zeros(model.nv)
            for task, index in enumerate(frames):
                place = data.oMf[index]
                jacobian = pinocchio.getFrameJacobian(
                    model, data, index, pinocchio.LOCAL_WORLD_ALIGNED
                )
                away = place.translation - tasks.target_position[frame, task]
                turn = place.rotation @ tasks.target_rotation[frame, task].T
                error = np.concatenate([away, pinocchio.log3(turn)])
                weight = np.append(
                    tasks.position_weight[frame, task],
                    np.full(3, tasks.orientation_weight[frame, task]),
                )
                matrix += jacobian.T @ (weight[:, None] * jacobian)
                gradient += jacobian.T @ (weight * error)
            q = pinocchio.integrate(model, q, -np.linalg.solve(matrix, gradient))
            q = np.clip(q, lower, upper)
        found.append(q)
    return Solved(configuration_state(np.array(found)), ITERATIONS)


class Pink:
    """pin-pink as its users set it up.

    One `FrameTask` for each tracked link with our weights (pink squares its costs), a weak
    `PostureTask`, configuration and velocity limits, daqp as QP solver. It is not asked for
    contacts or collisions.
    """

    def __init__(self, robot: Robot, targets: Targets, fps: float):
        """Build the tasks and let the first frame settle, which nobody counts."""
        import pink
        from pink.tasks import FrameTask, PostureTask

        logging.getLogger().setLevel(logging.ERROR)  # it warns of joints at their limits
        self.targets, self.step, self._pink = targets, 1.0 / fps, pink
        tasks = targets.tasks
        self.links = [
            FrameTask(
                link,
                float(np.sqrt(tasks.position_weight[0, i, 0])),
                float(np.sqrt(tasks.orientation_weight[0, i])),
                lm_damping=_DAMPING,
            )
            for i, link in enumerate(targets.links)
        ]
        posture = PostureTask(cost=float(np.sqrt(1e-3)))
        model = robot.model.copy()
        start = _first_guess(robot, targets)
        posture.set_target(start)
        self.tasks = [*self.links, posture]
        settling = pink.Configuration(model, model.createData(), start)
        self._aim(0)
        for _ in range(_WARM_START):
            self._advance(settling)
        self.model, self.start = model, settling.q.copy()

    def solve(self, most: int, settled: float) -> Solved:
        """Solve every frame `most` times, or until no coordinate moves further than `settled`."""
        configuration = self._pink.Configuration(self.model, self.model.createData(), self.start)
        frames = len(self.targets.tasks.target_position)
        found, solves = [], 0
        for frame in range(frames):
            self._aim(frame)
            for _ in range(most):
                solves += 1
                if self._advance(configuration) < settled:
                    break
            found.append(configuration.q.copy())
        return Solved(configuration_state(np.array(found)), solves / frames)

    def _aim(self, frame: int) -> None:
        tasks = self.targets.tasks
        for i, link in enumerate(self.links):
            link.set_target(
                pinocchio.SE3(tasks.target_rotation[frame, i], tasks.target_position[frame, i])
            )

    def _advance(self, configuration: Any) -> float:
        """Take one step; return how far the coordinate moved that moved furthest."""
        velocity = self._pink.solve_ik(
            configuration, self.tasks, self.step, solver='daqp', safety_break=False
        )
        configuration.integrate_inplace(velocity, self.step)
        return float(np.abs(velocity).max()) * self.step


def _first_guess(robot: Robot, targets: Targets) -> np.ndarray:
    """Return the base on its first target and the joints at rest."""
    start = targets.start
    turn = Rotation.from_matrix(start.base_rotation[0]).as_quat()
    return np.concatenate([start.base_position[0], turn, robot.neutral])
