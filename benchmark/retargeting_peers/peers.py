"""What others use: a per-frame Pinocchio loop, and pin-pink with a QP solver."""

import importlib.util
import logging
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State, Tasks
from motionclip_ros.retargeting.targets import Targets
from retargeting_peers.figures import configuration_state, processor_seconds

ITERATIONS = 10
"""Steps that a per-frame solver takes at most on one frame."""

SETTLED = 1e-3
"""A frame is solved when no coordinate moves further in a step [rad or m]."""

LOOP = f'Pinocchio loop, {ITERATIONS} steps'

_DAMPING = 1e-2
_REPEATS = 3
_WARM_START = 100  # solves on the first frame before the clock runs


class Work(NamedTuple):
    """What a per-frame solver is given.

    Attributes:
        model: Pinocchio's model with its limits.
        links: Names of the tracked frames.
        tasks: Their targets and weights come first in it.
        start: Configuration before the first frame.
    """

    model: Any
    links: tuple[str, ...]
    tasks: Tasks
    start: Float[np.ndarray, ' coordinate']


class Solved(NamedTuple):
    """A path found frame by frame.

    Attributes:
        state: The path.
        solves: Linear systems or QPs solved for each frame, on average.
    """

    state: State
    solves: float


def pinocchio_loop(work: Work) -> Solved:
    """Damped least squares on the link targets, each frame started from the last one."""
    tasks, model, data = work.tasks, work.model, work.model.createData()
    frames = [model.getFrameId(link) for link in work.links]
    q = work.start
    lower, upper = model.lowerPositionLimit[7:], model.upperPositionLimit[7:]
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
            # Joints that are pulled out of their limits stay where they are in this step.
            held = np.zeros(model.nv, bool)
            held[6:] = ((q[7:] <= lower) & (gradient[6:] > 0.0)) | (
                (q[7:] >= upper) & (gradient[6:] < 0.0)
            )
            move = np.zeros(model.nv)
            move[~held] = np.linalg.solve(matrix[~held][:, ~held], -gradient[~held])
            q = pinocchio.integrate(model, q, move)
            q[7:] = np.clip(q[7:], lower, upper)
        found.append(q)
    return Solved(configuration_state(np.array(found)), ITERATIONS)


class Pink:
    """pin-pink as its users set it up.

    One `FrameTask` for each tracked link with our weights (pink squares its costs), a weak
    `PostureTask`, configuration and velocity limits, daqp as QP solver. It is not asked for
    contacts or collisions.
    """

    def __init__(self, work: Work, fps: float):
        """Build the tasks and let the first frame settle, which nobody counts."""
        import pink
        from pink.tasks import FrameTask, PostureTask

        logging.getLogger().setLevel(logging.ERROR)  # it warns of joints at their limits
        self.work, self.step, self._pink = work, 1.0 / fps, pink
        costs = np.sqrt(work.tasks.position_weight[0, :, 0])
        turning_costs = np.sqrt(work.tasks.orientation_weight[0])
        self.links = [
            FrameTask(link, float(costs[i]), float(turning_costs[i]), lm_damping=_DAMPING)
            for i, link in enumerate(work.links)
        ]
        posture = PostureTask(cost=float(np.sqrt(1e-3)))
        posture.set_target(work.start)
        self.tasks = [*self.links, posture]
        self.model = work.model.copy()
        settling = pink.Configuration(self.model, self.model.createData(), work.start)
        self._aim(0)
        for _ in range(_WARM_START):
            self._advance(settling)
        self.start = settling.q.copy()

    def solve(self, most: int, settled: float) -> Solved:
        """Solve every frame `most` times, or until no coordinate moves further than `settled`."""
        configuration = self._pink.Configuration(self.model, self.model.createData(), self.start)
        frames = len(self.work.tasks.target_position)
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
        tasks = self.work.tasks
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


def tracked(robot: Robot, targets: Targets) -> Work:
    """Return the link targets that the retargeter sets itself."""
    return Work(robot.model, targets.links, targets.tasks, first_configuration(targets.start))


def first_configuration(start: State) -> Float[np.ndarray, ' coordinate']:
    """Return the first frame of a path as Pinocchio's configuration."""
    turn = Rotation.from_matrix(start.base_rotation[0]).as_quat()
    return np.concatenate([start.base_position[0], turn, start.joints[0]])


def per_frame(work: Work, fps: float) -> dict[str, tuple[float, Solved]]:
    """Time all solvers that go from frame to frame; pin-pink where it is installed."""
    result = {LOOP: processor_seconds(partial(pinocchio_loop, work), _REPEATS)}
    if importlib.util.find_spec('pink') and importlib.util.find_spec('daqp'):
        pink = Pink(work, fps)
        for name, most, settled in (
            ('pin-pink, daqp, 1 solve', 1, 0.0),
            ('pin-pink, daqp, until settled', ITERATIONS, SETTLED),
            (f'pin-pink, daqp, {ITERATIONS} solves', ITERATIONS, 0.0),
        ):
            result[name] = processor_seconds(partial(pink.solve, most, settled), _REPEATS)
    return result
