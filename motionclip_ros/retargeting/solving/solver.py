"""Tracking tasks -> the joint and base path of a whole clip.

Damped Gauss-Newton over all frames at once. Frames are coupled only through accelerations,
which reach two frames far, so the normal matrix is banded and one banded Cholesky
factorisation solves a step. Coarse levels (every 16th, then every 4th frame) come first: the
fine one then starts near its minimum, and no frame depends on a lucky one before it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import lapack
from scipy.spatial.transform import Rotation, Slerp

from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import State, Tasks, Tree

STRIDES = (16, 4, 1)
_ITERATIONS = {16: 20, 4: 8, 1: 6}
_PATIENCE = 10  # steps at stride 1 while a velocity or acceleration limit is still broken
_ENOUGH = {16: 1e-2, 4: 3e-3, 1: 1e-3}  # stop when a step lowers the cost by less than this part
_FIRST_DAMPING = 1e-2
_HOLD = 1e12  # a diagonal that no pull can move: joints at their limits
_CLEARANCE = 0.01  # [rad] kept from the position limits


@dataclass(frozen=True)
class Weights:
    """What smoothness is worth against tracking (position weights are about 20 cost/m^2).

    Attributes:
        joint_acceleration: [cost/(rad/s^2)^2].
        base_acceleration: [cost/(m/s^2)^2].
        base_turn_acceleration: [cost/(rad/s^2)^2].
        posture: Pull to the neutral posture, decides what tracking leaves open [cost/rad^2].
        velocity_excess: Beyond the velocity limit [cost/(rad/s)^2].
        acceleration_excess: Beyond the acceleration limit [cost/(rad/s^2)^2].
    """

    joint_acceleration: float = 2e-6
    base_acceleration: float = 2e-5
    base_turn_acceleration: float = 5e-6
    posture: float = 1e-3
    velocity_excess: float = 1e-2
    acceleration_excess: float = 1e-4


class Solution(NamedTuple):
    """A solved clip.

    Attributes:
        state: The robot's path; joints inside their position limits.
        cost: Final cost.
        steps: Linear systems solved, weighted by the part of the frames they cover.
    """

    state: State
    cost: float
    steps: float


class _Rows(NamedTuple):
    """One evaluation of everything that the cost consists of."""

    cost: float
    gradient: Float[np.ndarray, 'frame dof']
    matrix: Float[np.ndarray, 'frame dof dof']
    velocity_weight: Float[np.ndarray, 'pair dof']
    acceleration_weight: Float[np.ndarray, 'triple dof']
    broken: bool  # some joint is beyond its velocity or acceleration limit


class Problem(NamedTuple):
    """A clip at one frame rate.

    Attributes:
        tree: The robot.
        limits: Its joints' bounds; positions already without the clearance.
        tasks: What is asked.
        neutral: The posture that joints without a task return to [rad].
        weights: What smoothness is worth.
        step: Time between frames [s].
    """

    tree: Tree
    limits: JointLimits
    tasks: Tasks
    neutral: Float[np.ndarray, ' joint']
    weights: Weights
    step: float


def solve(problem: Problem, start: State) -> Solution:
    """Minimise tracking error plus accelerations over the whole clip.

    Args:
        problem: The clip.
        start: First guess for every frame.

    Returns:
        A path whose joints never leave their position limits.
    """
    limits = _cleared(problem.limits)
    frames = len(start.joints)
    state, steps, cost = start._replace(joints=limits.clipped(start.joints)), 0.0, 0.0
    for stride in STRIDES:
        count = -(-(frames - 1) // stride) + 1
        if stride > 1 and count < 3:
            continue
        chosen = np.linspace(0, frames - 1, count)
        index = np.round(chosen).astype(np.int64)
        level = problem._replace(
            tasks=problem.tasks.at(index),
            limits=limits,
            step=problem.step * (frames - 1) / (count - 1),
        )
        part, cost, solved = _descend(level, _at(state, index), stride)
        steps += solved * count / frames
        state = _spread(part, index, frames) if stride > 1 else part
    return Solution(state, cost, steps)


def _descend(problem: Problem, state: State, stride: int) -> tuple[State, float, int]:
    """Take damped steps until they stop paying."""
    damping = _FIRST_DAMPING
    rows = evaluate(problem, state)
    solved = 0
    while solved < (_PATIENCE if stride == 1 and rows.broken else _ITERATIONS[stride]):
        move = _step(problem, state, rows, damping)
        solved += 1
        trial = _moved(problem, state, move)
        trial_rows = evaluate(problem, trial)
        gain = rows.cost - trial_rows.cost
        if gain < 0.0:
            damping *= 30.0
            continue
        damping *= 0.2
        state, rows = trial, trial_rows
        settled = gain < _ENOUGH[stride] * rows.cost
        if settled and not (stride == 1 and rows.broken):
            break
    return state, rows.cost, solved


def evaluate(problem: Problem, state: State) -> _Rows:
    """Evaluate tracking, posture, smoothness and limit rows at a path."""
    tracking = normal_equations(problem.tree, problem.tasks, state)
    weights, step = problem.weights, problem.step
    dof = tracking.gradient.shape[1]
    gradient, matrix = tracking.gradient, tracking.matrix
    away = state.joints - problem.neutral
    gradient[:, 6:] += weights.posture * away
    diagonal = np.arange(6, dof)
    matrix[:, diagonal, diagonal] += weights.posture
    cost = tracking.cost.sum() + weights.posture / 2 * (away**2).sum()

    velocity = _differences(state) / step
    acceleration = np.diff(velocity, axis=0) / step
    smooth = np.concatenate(
        [
            np.full(3, weights.base_acceleration),
            np.full(3, weights.base_turn_acceleration),
            np.full(dof - 6, weights.joint_acceleration),
        ]
    )
    free = np.full(6, np.inf)  # the base has no motors
    fastest = np.concatenate([free, problem.limits.velocity])
    hardest = np.concatenate([free, problem.limits.acceleration])
    too_fast = velocity - np.clip(velocity, -fastest, fastest)
    too_hard = acceleration - np.clip(acceleration, -hardest, hardest)
    cost += weights.velocity_excess / 2 * (too_fast**2).sum()
    cost += weights.acceleration_excess / 2 * (too_hard**2).sum() + (
        (smooth / 2 * acceleration**2).sum()
    )
    pull = weights.velocity_excess / step * too_fast
    gradient[1:] += pull
    gradient[:-1] -= pull
    pull = (smooth * acceleration + weights.acceleration_excess * too_hard) / step**2
    gradient[2:] += pull
    gradient[1:-1] -= 2 * pull
    gradient[:-2] += pull
    return _Rows(
        float(cost),
        gradient,
        matrix,
        weights.velocity_excess * (too_fast != 0.0) / step**2,
        (smooth + weights.acceleration_excess * (too_hard != 0.0)) / step**4,
        bool(too_fast.any() or too_hard.any()),
    )


def _differences(state: State) -> Float[np.ndarray, 'pair dof']:
    """Return the motion from each frame to the next, in the degrees of freedom."""
    turn = state.base_rotation[1:] @ np.swapaxes(state.base_rotation[:-1], -1, -2)
    return np.concatenate(
        [
            np.diff(state.base_position, axis=0),
            Rotation.from_matrix(turn).as_rotvec(),
            np.diff(state.joints, axis=0),
        ],
        axis=1,
    )


def _step(
    problem: Problem, state: State, rows: _Rows, damping: float
) -> Float[np.ndarray, 'frame dof']:
    """Solve for one damped Gauss-Newton step; joints pushed into a limit stay there."""
    frames, dof = rows.gradient.shape
    # Lower band storage: entry [row, k] of the flattened band is matrix[row + k, row].
    band = np.zeros((frames, dof, 2 * dof + 1))
    for k in range(dof):
        band[:, : dof - k, k] = np.diagonal(rows.matrix, -k, 1, 2)
    weight = rows.acceleration_weight
    band[:-2, :, 0] += weight
    band[1:-1, :, 0] += 4 * weight
    band[2:, :, 0] += weight
    band[:-2, :, dof] -= 2 * weight
    band[1:-1, :, dof] -= 2 * weight
    band[:-2, :, 2 * dof] += weight
    band[:-1, :, 0] += rows.velocity_weight
    band[1:, :, 0] += rows.velocity_weight
    band[:-1, :, dof] -= rows.velocity_weight
    held = _held(problem.limits, state.joints, rows.gradient[:, 6:])
    band[..., 0] += damping
    band[:, 6:, 0] += _HOLD * held
    gradient = rows.gradient.copy()
    gradient[:, 6:][held] = 0.0
    _, move, info = lapack.dpbsv(
        band.reshape(frames * dof, -1).T, -gradient.reshape(-1, 1), lower=1, overwrite_ab=1
    )
    if info != 0:  # only rounding can make the damped matrix indefinite: step less
        return _step(problem, state, rows, 100.0 * damping)
    return np.asarray(move.reshape(frames, dof))


def _held(
    limits: JointLimits,
    joints: Float[np.ndarray, 'frame joint'],
    gradient: Float[np.ndarray, 'frame joint'],
) -> Bool[np.ndarray, 'frame joint']:
    """Tell which joints stand at a limit and are pulled further out."""
    return ((joints <= limits.lower) & (gradient > 0.0)) | (
        (joints >= limits.upper) & (gradient < 0.0)
    )


def _moved(problem: Problem, state: State, move: Float[np.ndarray, 'frame dof']) -> State:
    turn = Rotation.from_rotvec(move[:, 3:6]).as_matrix()
    return State(
        state.base_position + move[:, :3],
        turn @ state.base_rotation,
        problem.limits.clipped(state.joints + move[:, 6:]),
    )


def _cleared(limits: JointLimits) -> JointLimits:
    """Draw the position limits in a little, though never past a quarter of the range."""
    room = np.minimum(_CLEARANCE, (limits.upper - limits.lower) / 4)
    return JointLimits(
        limits.lower + room,
        limits.upper - room,
        limits.velocity,
        limits.acceleration,
        limits.effort,
    )


def _at(state: State, index: np.ndarray) -> State:
    return State(*(np.ascontiguousarray(values[index]) for values in state))


def _spread(state: State, index: np.ndarray, frames: int) -> State:
    """Interpolate a coarse path to all frames."""
    times = np.arange(frames)

    def between(values: np.ndarray) -> np.ndarray:
        low = np.clip(np.searchsorted(index, times, side='right') - 1, 0, len(index) - 2)
        part = ((times - index[low]) / (index[low + 1] - index[low]))[:, None]
        return np.asarray(values[low] + part * (values[low + 1] - values[low]))

    turn = Slerp(index, Rotation.from_matrix(state.base_rotation))(times)
    return State(between(state.base_position), turn.as_matrix(), between(state.joints))
