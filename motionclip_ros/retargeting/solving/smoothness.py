"""Rows that tie the frames of a clip together: posture, smoothness, and limits on rates.

Accelerations reach over three frames. Jerk reaches over four, which would widen the band of
the normal matrix by half; as it is the difference of two accelerations, its rows enter the
matrix as twice their weight on either of them. That bounds the true matrix from above, so a
step is at worst too short, and the gradient is exact. `smoothness_numpy` computes the same
numbers without numba.
"""

from typing import no_type_check

import numpy as np
from jaxtyping import Bool, Float

from motionclip_ros.retargeting.solving import compiled, smoothness_numpy
from motionclip_ros.retargeting.solving.compiled import (
    axis_rotation,
    jit,
    multiply,
    rotation_vector,
)
from motionclip_ros.retargeting.solving.problem import NormalEquations, Rates, State, TimeRows


def add_time_rows(rates: Rates, state: State, equations: NormalEquations, rows: TimeRows) -> float:
    """Add posture and rates to a clip's normal equations.

    Args:
        rates: What they cost.
        state: Where to evaluate.
        equations: Cost, gradient and matrix of each frame alone; gradient and the matrix's
            diagonal are added to.
        rows: Written over with what couples the frames.

    Returns:
        The cost that was added.
    """
    if not compiled.available():
        return smoothness_numpy.add_time_rows(rates, state, equations, rows)
    return float(_add_time_rows(rates, state, equations.gradient, equations.matrix, rows))


def fill_band(
    equations: NormalEquations,
    rows: TimeRows,
    held: Bool[np.ndarray, 'frame dof'],
    damping: Float[np.ndarray, ' frame'],
    hold: float,
    band: Float[np.ndarray, 'frame dof band'],
) -> None:
    """Write the whole clip's normal matrix in LAPACK's lower band form.

    Args:
        equations: Each frame's own part.
        rows: What couples frames.
        held: Degrees of freedom that must not move.
        damping: Added to the diagonal of each frame.
        hold: Added to the diagonal of what is held.
        band: Where to write: entry [row, k] of the flattened array is matrix[row + k, row].
    """
    if compiled.available():
        _fill_band(equations.matrix, rows, held, damping, hold, band)
    else:
        smoothness_numpy.fill_band(equations, rows, held, damping, hold, band)


def moved(
    state: State,
    move: Float[np.ndarray, 'frame dof'],
    lower: Float[np.ndarray, ' joint'],
    upper: Float[np.ndarray, ' joint'],
) -> State:
    """Take a step in every frame; joints stop at their bounds."""
    if not compiled.available():
        return smoothness_numpy.moved(state, move, lower, upper)
    result = State(*(np.empty_like(values) for values in state))
    _moved(state, move, lower, upper, result)
    return result


@jit
@no_type_check
def _add_time_rows(
    rates: Rates, state: State, gradient: np.ndarray, matrix: np.ndarray, rows: TimeRows
) -> float:
    frames, dof = gradient.shape
    cost = 0.0
    for frame in range(frames):
        for k in range(6, dof):
            away = state.joints[frame, k - 6] - rates.neutral[k]
            gradient[frame, k] += rates.posture[k] * away
            matrix[frame, k, k] += rates.posture[k]
            cost += rates.posture[k] * away * away / 2
    velocity = np.zeros((3, dof))  # of the last three pairs of frames, as a ring
    push = np.zeros((2, dof))  # of the last two triples
    turn, tilt, spin = np.empty((3, 3)), np.empty((3, 3)), np.empty(3)
    rate = 1.0 / rates.step
    rows.velocity[:] = 0.0
    rows.acceleration[:] = 0.0
    for pair in range(frames - 1):
        now, before = velocity[pair % 3], velocity[(pair - 1) % 3]
        turn[:] = state.base_rotation[pair].T
        multiply(state.base_rotation[pair + 1], turn, tilt)
        rotation_vector(tilt, spin)
        for i in range(3):
            now[i] = rate * (state.base_position[pair + 1, i] - state.base_position[pair, i])
            now[3 + i] = rate * spin[i]
        for k in range(6, dof):
            now[k] = rate * (state.joints[pair + 1, k - 6] - state.joints[pair, k - 6])
        cost += _velocity_rows(rates, now, pair, gradient, rows.velocity)
        if pair == 0:
            continue
        acceleration, last = push[pair % 2], push[(pair - 1) % 2]
        for k in range(dof):
            acceleration[k] = rate * (now[k] - before[k])
        cost += _acceleration_rows(rates, acceleration, pair, gradient, rows.acceleration)
        if pair > 1:
            cost += _jerk_rows(rates, acceleration, last, pair, gradient, rows.acceleration)
    return cost


@jit
@no_type_check
def _beyond(value: float, limit: float) -> float:
    """By how much a value exceeds its limit, with its sign."""
    return max(value - limit, 0.0) + min(value + limit, 0.0)


@jit
@no_type_check
def _velocity_rows(
    rates: Rates, velocity: np.ndarray, pair: int, gradient: np.ndarray, weights: np.ndarray
) -> float:
    cost, rate = 0.0, 1.0 / rates.step
    for k in range(6, len(velocity)):
        excess = _beyond(velocity[k], rates.limits[0, k])
        if excess != 0.0:
            cost += rates.excess[0] * excess * excess / 2
            pull = rate * rates.excess[0] * excess
            gradient[pair + 1, k] += pull
            gradient[pair, k] -= pull
            weights[pair, k] = rate * rate * rates.excess[0]
    return cost


@jit
@no_type_check
def _acceleration_rows(
    rates: Rates, acceleration: np.ndarray, pair: int, gradient: np.ndarray, weights: np.ndarray
) -> float:
    cost, rate = 0.0, 1.0 / (rates.step * rates.step)
    for k in range(len(acceleration)):
        value, weight = acceleration[k], rates.acceleration[k]
        pull = weight * value
        cost += pull * value / 2
        excess = _beyond(value, rates.limits[1, k])
        if excess != 0.0:
            cost += rates.excess[1] * excess * excess / 2
            pull += rates.excess[1] * excess
            weight += rates.excess[1]
        weights[pair - 1, k] += rate * rate * weight
        pull *= rate
        gradient[pair + 1, k] += pull
        gradient[pair, k] -= 2.0 * pull
        gradient[pair - 1, k] += pull
    return cost


@jit
@no_type_check
def _jerk_rows(
    rates: Rates,
    acceleration: np.ndarray,
    last: np.ndarray,
    pair: int,
    gradient: np.ndarray,
    weights: np.ndarray,
) -> float:
    cost, rate = 0.0, 1.0 / rates.step
    for k in range(len(acceleration)):
        value, weight = rate * (acceleration[k] - last[k]), rates.jerk[k]
        pull = weight * value
        cost += pull * value / 2
        excess = _beyond(value, rates.limits[2, k])
        if excess != 0.0:
            cost += rates.excess[2] * excess * excess / 2
            pull += rates.excess[2] * excess
            weight += rates.excess[2]
        weight *= 2.0 * rate**6
        weights[pair - 1, k] += weight
        weights[pair - 2, k] += weight
        pull *= rate**3
        gradient[pair + 1, k] += pull
        gradient[pair, k] -= 3.0 * pull
        gradient[pair - 1, k] += 3.0 * pull
        gradient[pair - 2, k] -= pull
    return cost


@jit
@no_type_check
def _fill_band(
    matrix: np.ndarray,
    rows: TimeRows,
    held: np.ndarray,
    damping: np.ndarray,
    hold: float,
    band: np.ndarray,
) -> None:
    frames, dof = held.shape
    for frame in range(frames):
        for i in range(dof):
            line = band[frame, i]
            for k in range(dof - i):
                line[k] = matrix[frame, i + k, i]
            for k in range(dof - i, len(line)):
                line[k] = 0.0
            line[0] += damping[frame] + (hold if held[frame, i] else 0.0)
            if frame + 1 < frames:
                weight = rows.velocity[frame, i]
                line[0] += weight
                line[dof] -= weight
            if frame > 0:
                line[0] += rows.velocity[frame - 1, i]
            if frame + 2 < frames:
                weight = rows.acceleration[frame, i]
                line[0] += weight
                line[dof] -= 2.0 * weight
                line[2 * dof] += weight
            if frame > 0 and frame + 1 < frames:
                weight = rows.acceleration[frame - 1, i]
                line[0] += 4.0 * weight
                line[dof] -= 2.0 * weight
            if frame > 1:
                line[0] += rows.acceleration[frame - 2, i]


@jit
@no_type_check
def _moved(
    state: State, move: np.ndarray, lower: np.ndarray, upper: np.ndarray, result: State
) -> None:
    turn = np.empty((3, 3))
    for frame in range(len(move)):
        x, y, z = move[frame, 3], move[frame, 4], move[frame, 5]
        angle = np.sqrt(x * x + y * y + z * z)
        if angle > 0.0:
            axis_rotation(x / angle, y / angle, z / angle, angle, turn)
            multiply(turn, state.base_rotation[frame], result.base_rotation[frame])
        else:
            result.base_rotation[frame] = state.base_rotation[frame]
        for i in range(3):
            result.base_position[frame, i] = state.base_position[frame, i] + move[frame, i]
        for joint in range(len(lower)):
            there = state.joints[frame, joint] + move[frame, 6 + joint]
            result.joints[frame, joint] = min(max(there, lower[joint]), upper[joint])
