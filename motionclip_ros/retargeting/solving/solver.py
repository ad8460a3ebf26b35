"""Tracking tasks -> the joint and base path of a whole clip.

All frames are solved at once (`descent`), coarse to fine: every 16th, then every 4th, then every
frame. The fine level then starts near its minimum, and no frame depends on a lucky one before
it. Trouble is local (an arm passes behind the back), so after a few steps of all frames
only windows around what still moves go on, and where the result is bad, another way is tried.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.interpolate import CubicSpline
from scipy.ndimage import binary_dilation
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.solving.clearing import near_pairs
from motionclip_ros.retargeting.solving.descent import (
    BORDER,
    Pace,
    Problem,
    Solution,
    descend,
    evaluate,
)
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.solving.smoothness import moved


class _Level(NamedTuple):
    """How far one level of coarseness is driven.

    Attributes:
        together: Pace of all frames.
        windows: Pace of each window after that.
        shares: Of the weight on clearance, one after the other. Arms are led gently out of the
            body, and at first not at all: on a coarse path they may pass through it.
    """

    together: Pace
    windows: Pace
    shares: tuple[float, ...]


_COARSE = Pace(8, 2e-2, 1e-2, 1e-6)
_FINE = Pace(2, 1e-2, 0.3, 0.1)
_LEVELS = {
    16: _Level(_COARSE, _COARSE, (0.0,)),
    4: _Level(_COARSE._replace(steps=4), _COARSE._replace(steps=4), (0.0, 0.1, 1.0)),
    1: _Level(_FINE, _FINE._replace(steps=6), (1.0,)),
}
_GENTLE = 3  # steps with each share but the last
_LIVE = Pace(4, 3e-3, 1e-2, 1e-6)
_FIRST_LIVE = _LIVE._replace(steps=20)  # the first posture is far from neutral
_NEAR = 0.2  # [m] further apart at the start of the finest level, no two parts will meet
_SETTLED = 0.05  # [m or rad] a frame that moves less than this in a step has found its place
_AROUND = 6  # settled frames that a window takes along to each side
_CHUNK = 1024  # frames solved together at most
_OVERLAP = 40  # frames that chunks reach into each other
_BAD = 0.5  # cost of a frame that calls for another way; good ones cost a tenth of it
_WAY_AROUND = 10  # frames to each side that the other way may use


def solve(problem: Problem, start: State) -> Solution:
    """Minimise tracking error plus accelerations over the whole clip.

    Args:
        problem: The clip.
        start: First guess for every frame.

    Returns:
        A path whose joints never leave their position limits.
    """
    problem = problem.within_limits()
    limits, frames = problem.limits, len(start.joints)
    state, steps, cost = start._replace(joints=limits.clipped(start.joints)), 0.0, 0.0
    for stride in _LEVELS:
        count = -(-(frames - 1) // stride) + 1
        if stride > 1 and count < 3:
            continue
        chosen = np.linspace(0, frames - 1, count)
        index = np.round(chosen).astype(np.int64)
        level = problem._replace(
            tasks=problem.tasks.at(index),
            step=problem.step * (frames - 1) / (count - 1),
        )
        part = _in_chunks(level, state.at(index), stride)
        steps, cost = steps + part.steps * count / frames, part.cost
        state = _spread(problem, part.state, index, state) if stride > 1 else part.state
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
    problem = problem.within_limits()._replace(fixed=fixed)
    return descend(problem, start, _LIVE if held else _FIRST_LIVE)[0].state


def _in_chunks(problem: Problem, state: State, stride: int) -> Solution:
    """Solve a long clip chunk by chunk, so that memory does not grow with its length.

    Chunks overlap: each begins again where the end of the last one, still ignorant of what
    follows, had to fit the coarser path.
    """
    frames = len(state.joints)
    if frames <= _CHUNK:
        return _solve_level(problem, state, stride)
    cost = steps = 0.0
    for first in range(0, frames, _CHUNK):
        window = np.arange(max(first - _OVERLAP, 0), min(first + _CHUNK + _OVERLAP, frames))
        found = _solve_level(problem.cut_out(window, frames), state.at(window), stride)
        state.write(found.state, window)
        cost, steps = cost + found.cost, steps + found.steps * len(window) / frames
    return Solution(state, cost, steps)


def _solve_level(problem: Problem, state: State, stride: int) -> Solution:
    """Take steps of all frames, then more of them where frames still move."""
    frames, level = len(state.joints), _LEVELS[stride]
    if stride == 1:
        near = near_pairs(problem.tree, problem.clearance, state, _NEAR)
        problem = problem._replace(clearance=problem.clearance._replace(pairs=near))
    found, move = _with_shares(problem, state, level.together, level.shares)
    state, steps = found.state, found.steps
    for window in _runs(np.abs(move).max(axis=1) > _SETTLED, _AROUND):
        part = descend(problem.cut_out(window, frames), state.at(window), level.windows)[0]
        state.write(part.state, window)
        steps += part.steps * len(window) / frames
    if stride == 1:
        steps += _try_another_way(problem, state)
    return Solution(state, found.cost, steps)


def _with_shares(
    problem: Problem, state: State, pace: Pace, shares: tuple[float, ...]
) -> tuple[Solution, Float[np.ndarray, 'frame dof']]:
    """Descend with a growing part of the clearance; return the last step, too."""
    *gentle, last = shares
    steps = 0.0
    for share in gentle if len(problem.clearance.body) else ():
        found, _ = descend(problem.with_share(share), state, pace._replace(steps=_GENTLE))
        state, steps = found.state, steps + found.steps
    found, move = descend(problem.with_share(last), state, pace)
    return found._replace(steps=steps + found.steps), move


def _try_another_way(problem: Problem, state: State) -> float:
    """Start bad places of a path again, from joints that go straight across them.

    An arm may have come to the wrong side of the body, where no small step leads back.

    Returns:
        The steps taken; the path is changed in place where the other way is better.
    """
    frames, steps = len(state.joints), 0.0
    bad = evaluate(problem, state).equations.cost > _BAD
    for window in _runs(bad, _WAY_AROUND):
        before, after = window[0] > 0, window[-1] < frames - 1
        if not (before or after):
            continue  # nothing good to start from
        part, here = problem.cut_out(window, frames), state.at(window)
        first, last = here.joints[BORDER - 1], here.joints[-BORDER]
        share = np.linspace(0.0, 1.0, len(window))[:, None]
        across = (1.0 - share) * (first if before else last) + share * (last if after else first)
        joints = np.where(np.asarray(part.fixed)[:, 6:], here.joints, across)
        there = here._replace(joints=joints)
        found, _ = _with_shares(part, there, _COARSE, _LEVELS[4].shares)
        steps += found.steps * len(window) / frames
        if found.cost < evaluate(part, here).cost:
            state.write(found.state, window)
    return steps


def _runs(chosen: Bool[np.ndarray, ' frame'], around: int) -> list[Int[np.ndarray, ' neighbour']]:
    """Return the runs of chosen frames, with as many others on both sides and a border."""
    wide = binary_dilation(chosen, np.ones(2 * (around + BORDER) + 1, bool))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wide, [0]])))
    return [np.arange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


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
