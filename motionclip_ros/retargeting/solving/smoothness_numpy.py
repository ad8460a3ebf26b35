"""The rows between frames in NumPy: all frames at once."""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.solving.problem import NormalEquations, Rates, State, TimeRows


def add_time_rows(rates: Rates, state: State, equations: NormalEquations, rows: TimeRows) -> float:
    """Add posture and rates to a clip's normal equations; see `smoothness.add_time_rows`."""
    gradient, step = equations.gradient, rates.step
    away = state.joints - rates.neutral[6:]
    gradient[:, 6:] += rates.posture[6:] * away
    diagonal = np.arange(6, gradient.shape[1])
    equations.matrix[:, diagonal, diagonal] += rates.posture[6:]
    cost = (rates.posture[6:] / 2 * away**2).sum()
    velocity = differences(state) / step
    excess = rates.excess[0] * _beyond(velocity, rates.limits[0])
    excess[:, :6] = 0.0  # the base has no motors
    rows.velocity[:] = rates.excess[0] * (excess != 0.0) / step**2
    cost += (excess**2).sum() / (2 * rates.excess[0]) if rates.excess[0] else 0.0
    gradient[1:] += excess / step
    gradient[:-1] -= excess / step
    acceleration = np.diff(velocity, axis=0) / step
    pull, weight, more = _pull(acceleration, rates.acceleration, rates, 1)
    cost += more
    rows.acceleration[:] = weight / step**4
    for frame, factor in enumerate((1.0, -2.0, 1.0)):
        _shifted(gradient, frame, 3)[:] += factor * pull / step**2
    jerk = np.diff(acceleration, axis=0) / step
    pull, weight, more = _pull(jerk, rates.jerk, rates, 2)
    cost += more
    rows.acceleration[1:] += 2.0 * weight / step**6
    rows.acceleration[:-1] += 2.0 * weight / step**6
    for frame, factor in enumerate((-1.0, 3.0, -3.0, 1.0)):
        _shifted(gradient, frame, 4)[:] += factor * pull / step**3
    return float(cost)


def _shifted(values: np.ndarray, first: int, reach: int) -> np.ndarray:
    """Return the frames that stand at place `first` of every run of `reach` frames."""
    return values[first : max(len(values) - reach + 1, 0) + first]


def _beyond(values: np.ndarray, limits: np.ndarray) -> np.ndarray:
    return np.asarray(values - np.clip(values, -limits, limits))


def _pull(
    values: np.ndarray, weight: np.ndarray, rates: Rates, order: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return slope, curvature and cost of a quadratic with a steeper part beyond the limits."""
    excess, dear = _beyond(values, rates.limits[order]), rates.excess[order]
    cost = (weight / 2 * values**2).sum() + dear / 2 * (excess**2).sum()
    return weight * values + dear * excess, weight + dear * (excess != 0.0), float(cost)


def differences(state: State) -> Float[np.ndarray, 'pair dof']:
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


def fill_band(
    equations: NormalEquations,
    rows: TimeRows,
    held: Bool[np.ndarray, 'frame dof'],
    damping: Float[np.ndarray, ' frame'],
    hold: float,
    band: Float[np.ndarray, 'frame dof band'],
) -> None:
    """Write the whole clip's normal matrix in band form; see `smoothness.fill_band`."""
    dof = held.shape[1]
    band[:] = 0.0
    for k in range(dof):
        band[:, : dof - k, k] = np.diagonal(equations.matrix, -k, 1, 2)
    band[..., 0] += damping[:, None] + hold * held
    band[:-1, :, 0] += rows.velocity
    band[1:, :, 0] += rows.velocity
    band[:-1, :, dof] -= rows.velocity
    weight = rows.acceleration
    for frame, factor in enumerate((1.0, 4.0, 1.0)):
        _shifted(band, frame, 3)[..., 0] += factor * weight
    _shifted(band, 0, 3)[..., dof] -= 2.0 * weight
    _shifted(band, 1, 3)[..., dof] -= 2.0 * weight
    _shifted(band, 0, 3)[..., 2 * dof] += weight


def moved(
    state: State,
    move: Float[np.ndarray, 'frame dof'],
    lower: Float[np.ndarray, ' joint'],
    upper: Float[np.ndarray, ' joint'],
) -> State:
    """Take a step in every frame; joints stop at their bounds."""
    turn = Rotation.from_rotvec(move[:, 3:6]).as_matrix()
    return State(
        state.base_position + move[:, :3],
        turn @ state.base_rotation,
        np.clip(state.joints + move[:, 6:], lower, upper),
    )
