"""Take the last spikes out of a solved path, so that they do not slow the whole motion down.

A uniform time stretch is as long as the worst instant demands. Where tracking forces a joint
to jump (an arm behind the back, a foot set down askew), it is better to give up a few
centimetres for a moment than to play half a minute at half speed.
"""

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.linalg import solveh_banded

from motionclip_ros.retargeting.limits import JointLimits, cubic_use

_STIFF = 1e-3  # [s^4] and [s^2]: cost of an excess rate against the squared change of the path
_WALL = 100.0  # the same for leaving the position limits
_CLEARANCE = 0.01  # [rad] kept from the position limits, for what the wall gives way
_TRIALS = 8
_TIGHTER = 0.8
_NEWTON_STEPS = 40
_HALVINGS = 8


def within_rates(
    joints: Float[np.ndarray, 'frame joint'], step: float, limits: JointLimits
) -> Float[np.ndarray, 'frame joint']:
    """Change each joint's path as little as its velocity and acceleration limits demand.

    The path meant is the cubic spline through the frames. It can swing beyond what the
    differences between frames show, so their bounds are tightened until the spline obeys.
    Joints that keep their limits are left alone. What a few trials cannot cure is left to
    the time stretch.

    Args:
        joints: A path inside the position limits [rad].
        step: Time between frames [s].
        limits: The joints' bounds.

    Returns:
        The path with spikes flattened, inside the position limits.
    """
    if len(joints) < 3:
        return joints
    times = step * np.arange(len(joints))
    result = joints.copy()
    share = np.full(joints.shape[1], 0.95)
    for _ in range(_TRIALS):
        velocities = CubicSpline(times, result, bc_type='natural')(times, 1)
        use = cubic_use(times, result, velocities)
        broken = (use.velocity > limits.velocity) | (use.acceleration > limits.acceleration)
        if not broken.any():
            break
        for joint in np.flatnonzero(broken):
            flattened = _flattened(
                joints[:, joint],
                step,
                limits.lower[joint] + _CLEARANCE,
                limits.upper[joint] - _CLEARANCE,
                share[joint] * limits.velocity[joint],
                share[joint] * limits.acceleration[joint],
            )
            result[:, joint] = np.clip(flattened, limits.lower[joint], limits.upper[joint])
        share[broken] *= _TIGHTER
    return result


def _flattened(
    path: Float[np.ndarray, ' frame'],
    step: float,
    lower: float,
    upper: float,
    fastest: float,
    hardest: float,
) -> Float[np.ndarray, ' frame']:
    """Minimise change plus excess of one joint: Newton's method on a piecewise quadratic."""

    def excesses(q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        velocity = np.diff(q) / step
        acceleration = np.diff(velocity) / step
        return (
            q - np.clip(q, lower, upper),
            velocity - np.clip(velocity, -fastest, fastest),
            acceleration - np.clip(acceleration, -hardest, hardest),
        )

    def cost(q: np.ndarray) -> float:
        out, fast, hard = excesses(q)
        excess = _WALL * (out**2).sum() + _STIFF * ((fast**2).sum() + (hard**2).sum())
        return float(((q - path) ** 2).sum() + excess)

    result = path.copy()
    now = cost(result)
    for _ in range(_NEWTON_STEPS):
        move = _newton_move(result - path, *excesses(result), step)
        for _ in range(_HALVINGS):
            trial = cost(result + move)
            if trial < now:
                break
            move /= 2
        else:
            break
        result = result + move
        gain, now = now - trial, trial
        if gain < 1e-6 * now:
            break
    return result


def _newton_move(
    change: np.ndarray, out: np.ndarray, fast: np.ndarray, hard: np.ndarray, step: float
) -> np.ndarray:
    """Solve for the step to the minimum of the quadratic that holds here."""
    band = np.zeros((3, len(change)))  # upper form: the diagonal is the last row
    band[2] = 1.0 + _WALL * (out != 0.0)
    slope = change + _WALL * out
    weight = _STIFF / step**2 * (fast != 0.0)
    band[2, :-1] += weight
    band[2, 1:] += weight
    band[1, 1:] -= weight
    slope[1:] += _STIFF / step * fast
    slope[:-1] -= _STIFF / step * fast
    weight = _STIFF / step**4 * (hard != 0.0)
    band[2, :-2] += weight
    band[2, 1:-1] += 4 * weight
    band[2, 2:] += weight
    band[1, 1:-1] -= 2 * weight
    band[1, 2:] -= 2 * weight
    band[0, 2:] += weight
    pull = _STIFF / step**2 * hard
    slope[2:] += pull
    slope[1:-1] -= 2 * pull
    slope[:-2] += pull
    return np.asarray(solveh_banded(band, -slope))
