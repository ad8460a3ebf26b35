"""Tracking tasks -> the joint and base path of a whole clip.

Damped Gauss-Newton over all frames at once. Frames are coupled only through rates, which
reach two frames far in the normal matrix, so it is banded and one banded Cholesky
factorisation solves a step. Coarse levels (every 16th, then every 4th frame) come first: the
fine one then starts near its minimum, and no frame depends on a lucky one before it.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.interpolate import CubicSpline
from scipy.linalg import lapack
from scipy.ndimage import binary_dilation
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.solving.clearing import near_pairs
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import (
    NO_CLEARANCE,
    Clearance,
    NormalEquations,
    Rates,
    State,
    Tasks,
    TimeRows,
    Tree,
)
from motionclip_ros.retargeting.solving.smoothness import add_time_rows, fill_band, moved


class _Pace(NamedTuple):
    """How far one level of coarseness is driven.

    Attributes:
        steps: At most, of all frames together.
        more_steps: At most, of each window after that.
        enough: Part of the cost; a step that gains less is the last one.
        damping: To begin with [cost/rad^2].
        least_damping: Where the cost is nearly flat, arms would swing about without it.
        shares: Of the weight on clearance, one after the other. Arms are led gently out of the
            body, and at first not at all: on a coarse path they may pass through it.
    """

    steps: int
    more_steps: int
    enough: float
    damping: float
    least_damping: float
    shares: tuple[float, ...]


_PACES = {
    16: _Pace(8, 8, 2e-2, 1e-2, 1e-6, (0.0,)),
    4: _Pace(4, 4, 2e-2, 1e-2, 1e-6, (0.0, 0.1, 1.0)),
    1: _Pace(2, 6, 1e-2, 0.3, 0.1, (1.0,)),
}
STRIDES = tuple(_PACES)
_LIVE = _Pace(4, 0, 3e-3, 1e-2, 1e-6, (1.0,))
_FIRST_LIVE = _LIVE._replace(steps=20)  # the first posture is far from neutral
_SHARE_STEPS = 3  # with each share but the last
_NEAR = 0.2  # [m] further apart at the start of the finest level, no two parts will meet
_SETTLED = 0.05  # [m or rad] a frame that moves less than this in a step has found its place
_BORDER = 3  # frames beside a window that hold it; rows reach no further
_CHUNK = 1024  # frames solved together at most
_OVERLAP = 40  # frames that chunks reach into each other
_AROUND = 6  # settled frames that a window takes along to each side
_DAMPING_AFTER_FAILURE = 0.03  # at the least, in frames that a step made worse
_WORSE = 1.1  # times the cost a frame had before a step
_SHARES = (0.95, 0.85, 0.85)  # of the limits on velocity, acceleration, jerk: what joins the
# frames later is a spline, which swings beyond their differences
_HOLD = 1e12  # a diagonal that no pull can move: joints at their limits
_CLEARANCE = 0.01  # [rad] kept from the position limits


@dataclass(frozen=True)
class Weights:
    """What smoothness is worth against tracking (position weights are about 20 cost/m^2).

    Attributes:
        joint_acceleration: [cost/(rad/s^2)^2].
        base_acceleration: [cost/(m/s^2)^2].
        base_turn_acceleration: [cost/(rad/s^2)^2].
        joint_jerk: [cost/(rad/s^3)^2].
        posture: Pull to the neutral posture, decides what tracking leaves open [cost/rad^2].
        velocity_excess: Beyond the velocity limit [cost/(rad/s)^2].
        acceleration_excess: Beyond the acceleration limit [cost/(rad/s^2)^2].
        jerk_excess: Beyond the jerk limit [cost/(rad/s^3)^2].
        clearance: On what two parts lack to their distance; 0 lets them meet [cost/m^2].
    """

    joint_acceleration: float = 2e-6
    base_acceleration: float = 2e-4
    base_turn_acceleration: float = 5e-5
    joint_jerk: float = 0.0
    posture: float = 1e-3
    velocity_excess: float = 1e-1
    acceleration_excess: float = 1e-3
    jerk_excess: float = 1e-7
    clearance: float = 500.0

    def rates(
        self, limits: JointLimits, neutral: Float[np.ndarray, ' joint'], step: float
    ) -> Rates:
        """Spread the weights over the degrees of freedom at one frame rate."""
        joints = len(neutral)

        def spread(position: float, turn: float, joint: float) -> np.ndarray:
            return np.repeat([position, turn, joint], [3, 3, joints])

        bounds = np.full((3, joints + 6), np.inf)  # the base has no motors
        bounds[:, 6:] = limits.velocity, limits.acceleration, limits.jerk
        bounds *= np.array(_SHARES)[:, None]
        return Rates(
            spread(0.0, 0.0, self.posture),
            np.concatenate([np.zeros(6), neutral]),
            spread(self.base_acceleration, self.base_turn_acceleration, self.joint_acceleration),
            spread(0.0, 0.0, self.joint_jerk),
            bounds,
            np.array([self.velocity_excess, self.acceleration_excess, self.jerk_excess]),
            step,
        )


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


class Problem(NamedTuple):
    """A clip at one frame rate.

    Attributes:
        tree: The robot.
        limits: Its joints' bounds; positions already without the clearance.
        tasks: What is asked.
        neutral: The posture that joints without a task return to [rad].
        weights: What smoothness is worth.
        step: Time between frames [s].
        clearance: Parts of the robot that must not meet.
        fixed: What stays where the first guess has it; nothing by default.
    """

    tree: Tree
    limits: JointLimits
    tasks: Tasks
    neutral: Float[np.ndarray, ' joint']
    weights: Weights
    step: float
    clearance: Clearance = NO_CLEARANCE
    fixed: Bool[np.ndarray, '#frame dof'] | None = None


class Rows(NamedTuple):
    """One evaluation of everything that the cost consists of.

    Attributes:
        cost: Of all frames.
        equations: Each frame's gradient and its own part of the matrix.
        between: What couples frames.
    """

    cost: float
    equations: NormalEquations
    between: TimeRows

    @classmethod
    def empty(cls, frames: int, joints: int) -> 'Rows':
        """Return arrays of the right shapes, to be written over."""
        return cls(0.0, NormalEquations.empty(frames, joints), TimeRows.empty(frames, joints + 6))


def solve(problem: Problem, start: State) -> Solution:
    """Minimise tracking error plus accelerations over the whole clip.

    Args:
        problem: The clip.
        start: First guess for every frame.

    Returns:
        A path whose joints never leave their position limits.
    """
    problem = problem._replace(limits=_cleared(problem))
    limits = problem.limits
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
            step=problem.step * (frames - 1) / (count - 1),
        )
        part, cost, solved = _in_chunks(level, _at(state, index), stride)
        steps += solved * count / frames
        state = _spread(problem, part, index, state) if stride > 1 else part
    return Solution(state, cost, steps)


def solve_window(problem: Problem, start: State, held: int) -> State:
    """Solve a few frames of a motion that is still going on.

    Args:
        problem: The window.
        start: First guess, near the minimum.
        held: Frames at the beginning that must not change.

    Returns:
        The window's path.
    """
    fixed = np.zeros((len(start.joints), start.joints.shape[1] + 6), bool)
    fixed[:held] = True
    if problem.fixed is not None:
        fixed |= problem.fixed
    problem = problem._replace(limits=_cleared(problem), fixed=fixed)
    pace = _LIVE if held else _FIRST_LIVE
    return _steps(problem, start, pace.steps, pace)[0].state


def _descend(problem: Problem, state: State, stride: int) -> tuple[State, float, float]:
    """Take steps of all frames, then more of them where frames still move.

    Trouble is local: an arm passes behind the back, and for a second of the clip steps must be
    short. Windows around such places go on alone, each as carefully as it needs.
    """
    frames = len(state.joints)
    if stride == 1:
        near = near_pairs(problem.tree, problem.clearance, state, _NEAR)
        problem = problem._replace(clearance=problem.clearance._replace(pairs=near))
    pace = _PACES[stride]
    *gentle, last = pace.shares
    steps = 0.0
    for share in gentle if len(problem.clearance.body) else ():
        found, _ = _steps(_with_share(problem, share), state, _SHARE_STEPS, pace)
        steps, state = steps + found.steps, found.state
    problem = _with_share(problem, last)
    found, move = _steps(problem, state, pace.steps, pace)
    steps, state, cost = steps + found.steps, found.state, found.cost
    for window in _windows(move):
        part = _window(problem, window, frames)
        found, _ = _steps(part, _at(state, window), pace.more_steps, pace)
        _write(found.state, state, window)
        steps += found.steps * len(window) / frames
    return state, cost, steps


def _in_chunks(problem: Problem, state: State, stride: int) -> tuple[State, float, float]:
    """Descend in a long clip chunk by chunk, so that memory does not grow with its length.

    Chunks overlap: each begins again where the end of the last one, still ignorant of what
    follows, had to fit the coarser path.
    """
    frames = len(state.joints)
    if frames <= _CHUNK:
        return _descend(problem, state, stride)
    cost = steps = 0.0
    for first in range(0, frames, _CHUNK):
        window = np.arange(max(first - _OVERLAP, 0), min(first + _CHUNK + _OVERLAP, frames))
        part = _window(problem, window, frames)
        found, its_cost, its_steps = _descend(part, _at(state, window), stride)
        _write(found, state, window)
        cost, steps = cost + its_cost, steps + its_steps * len(window) / frames
    return state, cost, steps


def _window(problem: Problem, window: Int[np.ndarray, ' chosen'], frames: int) -> Problem:
    """Cut some frames out of a clip; those at the cuts stay, and hold the others."""
    fixed = np.zeros((len(window), len(problem.neutral) + 6), bool)
    if window[0] > 0:
        fixed[:_BORDER] = True
    if window[-1] < frames - 1:
        fixed[-_BORDER:] = True
    if problem.fixed is not None:
        fixed |= problem.fixed[window] if len(problem.fixed) == frames else problem.fixed
    return problem._replace(tasks=problem.tasks.at(window), fixed=fixed)


def _write(part: State, whole: State, window: Int[np.ndarray, ' chosen']) -> None:
    for values, into in zip(part, whole, strict=True):
        into[window] = values


def _with_share(problem: Problem, share: float) -> Problem:
    """Weaken the clearance, down to none."""
    clearance = problem.clearance
    weaker = clearance._replace(weight=share * clearance.weight) if share else NO_CLEARANCE
    return problem._replace(clearance=weaker)


def _windows(move: Float[np.ndarray, 'frame dof']) -> list[Int[np.ndarray, ' chosen']]:
    """Return the runs of frames that have not settled, with their surroundings."""
    lively = np.abs(move).max(axis=1) > _SETTLED
    around = binary_dilation(lively, np.ones(2 * (_AROUND + _BORDER) + 1, bool))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], around, [0]])))
    return [np.arange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _steps(
    problem: Problem, state: State, most: int, pace: _Pace
) -> tuple[Solution, Float[np.ndarray, 'frame dof']]:
    """Take damped steps until they stop paying; also return the last one, taken or not."""
    frames, joints = state.joints.shape
    damping = np.full(frames, pace.damping)
    band = np.empty((frames, joints + 6, 2 * joints + 13))
    spare = Rows.empty(frames, joints)
    rows = evaluate(problem, state)
    solved = 0
    while solved < most:
        move = _step(problem, state, rows, damping, band)
        solved += 1
        trial = moved(state, move, problem.limits.lower, problem.limits.upper)
        found = evaluate(problem, trial, spare)
        gain = rows.cost - found.cost
        # Only there steps must be shorter; elsewhere the same trouble would never end.
        worse = found.equations.cost > _WORSE * rows.equations.cost + 1e-4
        worse = binary_dilation(worse, np.ones(5, bool))
        if gain < 0.0:
            damping[worse] = np.maximum(30.0 * damping[worse], _DAMPING_AFTER_FAILURE)
            if not worse.any():
                damping *= 30.0
            continue
        damping = np.maximum(damping * np.where(worse, 3.0, 0.2), pace.least_damping)
        state, rows, spare = trial, found, rows
        if gain < pace.enough * rows.cost:
            break
    return Solution(state, rows.cost, float(solved)), move


def evaluate(problem: Problem, state: State, into: Rows | None = None) -> Rows:
    """Evaluate tracking, clearance, posture, smoothness and limit rows at a path.

    Args:
        problem: The clip.
        state: Where to evaluate.
        into: Arrays to overwrite.
    """
    rows = into or Rows.empty(*state.joints.shape)
    equations = normal_equations(
        problem.tree, problem.tasks, state, problem.clearance, rows.equations
    )
    rates = problem.weights.rates(problem.limits, problem.neutral, problem.step)
    cost = add_time_rows(rates, state, equations, rows.between)
    return Rows(float(equations.cost.sum()) + cost, equations, rows.between)


def _step(
    problem: Problem,
    state: State,
    rows: Rows,
    damping: Float[np.ndarray, ' frame'],
    band: Float[np.ndarray, 'frame dof band'],
) -> Float[np.ndarray, 'frame dof']:
    """Solve for one damped Gauss-Newton step; joints pushed into a limit stay there."""
    frames, dof = rows.equations.gradient.shape
    held = _held(problem, state, rows.equations.gradient)
    fill_band(rows.equations, rows.between, held, damping, _HOLD, band)
    downhill = np.where(held, 0.0, -rows.equations.gradient)
    _, move, info = lapack.dpbsv(
        band.reshape(frames * dof, -1).T, downhill.reshape(-1, 1), lower=1, overwrite_ab=1
    )
    if info != 0:  # only rounding can make the damped matrix indefinite: step less
        return _step(problem, state, rows, 100.0 * damping, band)
    return np.where(held, 0.0, move.reshape(frames, dof))


def _held(
    problem: Problem, state: State, gradient: Float[np.ndarray, 'frame dof']
) -> Bool[np.ndarray, 'frame dof']:
    """Tell what must not move: the fixed, and joints at a limit that are pulled further out."""
    held = np.zeros(gradient.shape, bool)
    limits, push = problem.limits, gradient[:, 6:]
    held[:, 6:] = ((state.joints <= limits.lower) & (push > 0.0)) | (
        (state.joints >= limits.upper) & (push < 0.0)
    )
    return held if problem.fixed is None else held | problem.fixed


def _cleared(problem: Problem) -> JointLimits:
    """Draw the position limits in a little, though never past a quarter of the range."""
    limits = problem.limits
    room = np.minimum(_CLEARANCE, (limits.upper - limits.lower) / 4)
    if problem.fixed is not None:  # what may not move may well stand at its limit
        room[np.asarray(problem.fixed.reshape(-1, len(room) + 6).all(axis=0))[6:]] = 0.0
    return replace(limits, lower=limits.lower + room, upper=limits.upper - room)


def _at(state: State, index: np.ndarray) -> State:
    return State(*(np.ascontiguousarray(values[index]) for values in state))


def _spread(problem: Problem, coarse: State, index: np.ndarray, start: State) -> State:
    """Interpolate a coarse path to all frames, smoothly, so that the next level starts near.

    Of the base only the change is interpolated: between coarse frames it may turn right round.
    """
    frames = len(start.joints)
    turn = coarse.base_rotation @ np.swapaxes(start.base_rotation[index], -1, -2)
    change = np.concatenate(
        [
            coarse.base_position - start.base_position[index],
            Rotation.from_matrix(turn).as_rotvec(),
            coarse.joints - start.joints[index],
        ],
        axis=1,
    )
    change = CubicSpline(index, change, bc_type='natural')(np.arange(frames))
    return moved(start, change, problem.limits.lower, problem.limits.upper)
