"""Damped Gauss-Newton on some frames of a clip: what a problem is, its rows, and its steps.

Frames are coupled only through rates, which reach two frames far in the normal matrix, so it is
banded and one banded Cholesky factorisation solves a step.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg import lapack
from scipy.ndimage import binary_dilation

from motionclip_model.interruption import still_wanted
from motionclip_ros.retargeting.limits import JointLimits
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

BORDER = 3
"""Frames at a cut that stay and hold the others; rows reach no further."""

_DAMPING_AFTER_FAILURE = 0.03  # at the least, in frames that a step made worse
_WORSE = 1.1  # times the cost a frame had before a step
_SHARES = (0.95, 0.85, 0.85)  # of the limits on velocity, acceleration, jerk: what joins the
# frames later is a spline, which swings beyond their differences
_HOLD = 1e12  # a diagonal that no pull can move: joints at their limits
_CLEARANCE = 0.01  # [rad] kept from the position limits


class Pace(NamedTuple):
    """How steps are taken.

    Attributes:
        steps: At most.
        enough: Part of the cost; a step that gains less is the last one.
        damping: To begin with [cost/rad^2].
        least_damping: Where the cost is nearly flat, arms would swing about without it.
    """

    steps: int
    enough: float
    damping: float
    least_damping: float


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


class Problem(NamedTuple):
    """A clip at one frame rate.

    Attributes:
        tree: The robot.
        limits: Its joints' bounds.
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

    def rates(self) -> Rates:
        """Return what rates cost at this frame rate."""
        return self.weights.rates(self.limits, self.neutral, self.step)

    def within_limits(self) -> 'Problem':
        """Draw the position limits in a little, though never past a quarter of the range."""
        limits = self.limits
        room = np.minimum(_CLEARANCE, (limits.upper - limits.lower) / 4)
        if self.fixed is not None:  # what may not move may well stand at its limit
            room[np.asarray(self.fixed.reshape(-1, len(room) + 6).all(axis=0))[6:]] = 0.0
        limits = replace(limits, lower=limits.lower + room, upper=limits.upper - room)
        return self._replace(limits=limits)

    def cut_out(self, window: Int[np.ndarray, ' chosen'], frames: int) -> 'Problem':
        """Cut some of all frames out; those at the cuts stay, and hold the others."""
        fixed = np.zeros((len(window), len(self.neutral) + 6), bool)
        if window[0] > 0:
            fixed[:BORDER] = True
        if window[-1] < frames - 1:
            fixed[-BORDER:] = True
        if self.fixed is not None:
            fixed |= self.fixed[window] if len(self.fixed) == frames else self.fixed
        return self._replace(tasks=self.tasks.at(window), fixed=fixed)

    def with_share(self, share: float) -> 'Problem':
        """Weaken the clearance, down to none."""
        clearance = self.clearance
        weaker = clearance._replace(weight=share * clearance.weight) if share else NO_CLEARANCE
        return self._replace(clearance=weaker)


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


def descend(
    problem: Problem, state: State, pace: Pace
) -> tuple[Solution, Float[np.ndarray, 'frame dof']]:
    """Take damped steps until they stop paying; also return the last one, taken or not."""
    frames, joints = state.joints.shape
    damping = np.full(frames, pace.damping)
    band = np.empty((frames, joints + 6, 2 * joints + 13))
    spare = Rows.empty(frames, joints)
    rates = problem.rates()
    rows = evaluate(problem, state, rates=rates)
    solved = 0
    while solved < pace.steps:
        still_wanted()
        move = _step(problem, state, rows, damping, band)
        solved += 1
        trial = moved(state, move, problem.limits.lower, problem.limits.upper)
        found = evaluate(problem, trial, spare, rates)
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


def evaluate(
    problem: Problem, state: State, into: Rows | None = None, rates: Rates | None = None
) -> Rows:
    """Evaluate tracking, clearance, posture, smoothness and limit rows at a path.

    Args:
        problem: The clip.
        state: Where to evaluate.
        into: Arrays to overwrite.
        rates: `problem.rates()`, for who evaluates often.
    """
    rows = into or Rows.empty(*state.joints.shape)
    equations = normal_equations(
        problem.tree, problem.tasks, state, problem.clearance, rows.equations
    )
    cost = add_time_rows(rates or problem.rates(), state, equations, rows.between)
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
