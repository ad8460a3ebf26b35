"""Whether a path that a controller is about to follow stays inside a robot's bounds."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import UnsafeError
from motionclip_ros.execution.checking import extremes
from motionclip_ros.execution.state import Path
from motionclip_ros.retargeting.limits import JointLimits

WORKSPACE = 20.0
"""How far a motion may take the base from where it begins [m]."""

_POSITION_SLACK = 1e-6  # [rad] outside a limit that is rounding
_ROUNDING = 1e-6  # relative, and in the unit of what is compared
_TICK = 1e-9  # [s] to which a message rounds times
_LOWEST, _HIGHEST = -0.1, 3.0  # [m] between which a base is
_FASTEST = 10.0  # [m/s] that a base may move
_UNIT = 1e-3  # by which a quaternion may differ from a unit


class BasePath(NamedTuple):
    """Where the base goes meanwhile, a row for each point of the command.

    Attributes:
        positions: [m].
        quaternions_xyzw: From base to world.
    """

    positions: Float[np.ndarray, 'point 3']
    quaternions_xyzw: Float[np.ndarray, 'point 4']


def check_joints(path: Path, joint_names: tuple[str, ...], limits: JointLimits) -> None:
    """Make sure that the cubics keep all limits, between the points too.

    A joint that does nothing but lose speed may do so at any jerk: no stop fails for comfort.

    Args:
        path: Timed points.
        joint_names: Order of its columns.
        limits: The joints' bounds in the same order.

    Raises:
        UnsafeError: They do not; says which joint breaks which limit by how much.
    """
    step = np.diff(path.times)[:, None]
    first, last = path.velocities[:-1], path.velocities[1:]
    gained = last - first
    # What the mean speed differs by from that at both ends bends the cubic. Times are whole
    # nanoseconds, so a part of it may be nothing but rounding, and much over a short step.
    bend = np.diff(path.positions, axis=0) / step - (first + last) / 2.0
    blur = np.maximum(np.abs(first), np.abs(last)) * _TICK / step
    bend = np.sign(bend) * np.maximum(np.abs(bend) - blur, 0.0)
    begin, end = (gained + 6.0 * bend) / step, (gained - 6.0 * bend) / step
    with np.errstate(divide='ignore', invalid='ignore'):
        turning = (gained + 6.0 * bend) / (12.0 * bend)
        peak = first + (gained + 6.0 * bend) * turning / 2.0
    inside = (turning > 0.0) & (turning < 1.0)
    speed = np.maximum(np.abs(path.velocities).max(axis=0), _largest(np.where(inside, peak, 0.0)))
    slows = (first * last >= 0.0) & (np.abs(last) <= np.abs(first)) & ~inside
    jerk = np.where(slows, 0.0, 12.0 * bend / step**2)
    lowest, highest = extremes(*path) if len(step) else (path.positions[0],) * 2
    _require(-lowest, -limits.lower + _POSITION_SLACK, joint_names, 'go to {:.4f} rad', -1.0)
    _require(highest, limits.upper + _POSITION_SLACK, joint_names, 'go to {:.4f} rad')
    for used, allowed, phrase in (
        (speed, limits.velocity, 'move at {:.2f} rad/s'),
        (np.maximum(_largest(begin), _largest(end)), limits.acceleration, 'push {:.1f} rad/s^2'),
        (_largest(jerk), limits.jerk, 'jerk {:.0f} rad/s^3'),
    ):
        _require(used, allowed * (1.0 + _ROUNDING) + _ROUNDING, joint_names, phrase)


def check_base(base: BasePath, times: Float[np.ndarray, ' point'], workspace: float) -> None:
    """Make sure that the base stays where it may be, and goes there as bodies do.

    Args:
        base: Its path.
        times: When it is at each place [s].
        workspace: How far it may go from where it begins [m].

    Raises:
        UnsafeError: It does not.
    """
    places, turns = base
    if places.shape != (len(times), 3) or turns.shape != (len(times), 4):
        raise UnsafeError('the base has another number of places than the joints have points')
    if not (np.isfinite(places).all() and np.isfinite(turns).all()):
        raise UnsafeError('the path of the base holds NaN or infinite values')
    if np.abs(np.linalg.norm(turns, axis=1) - 1.0).max() > _UNIT:
        raise UnsafeError('the base has a quaternion that is not a unit')
    away = float(np.linalg.norm(places[:, :2] - places[0, :2], axis=1).max())
    if away > workspace:
        raise UnsafeError(
            f'the base would go {away:.1f} m, {workspace:g} m are allowed by the parameter '
            'workspace; ask for less, or allow more'
        )
    if places[:, 2].min() < _LOWEST or places[:, 2].max() > _HIGHEST:
        worst = max(places[:, 2].min(), places[:, 2].max(), key=abs)
        raise UnsafeError(
            f'the base would be at a height of {worst:.2f} m; {_LOWEST} to {_HIGHEST} m is allowed'
        )
    speed = np.linalg.norm(np.diff(places, axis=0), axis=1) / np.diff(times)
    if speed.max(initial=0.0) > _FASTEST:
        raise UnsafeError(f'the base would jump: {speed.max():.1f} m/s, at most {_FASTEST:g}')


def _largest(values: np.ndarray) -> np.ndarray:
    return np.abs(values).max(axis=0, initial=0.0)


def _require(
    used: np.ndarray,
    allowed: np.ndarray,
    joint_names: tuple[str, ...],
    phrase: str,
    sign: float = 1.0,
) -> None:
    broken = ~(used <= allowed)  # NaN is broken, too
    if broken.any():
        joint = int(np.argmax(broken))
        raise UnsafeError(
            f'{joint_names[joint]} would {phrase.format(sign * used[joint])}, '
            f'{sign * allowed[joint]:.4g} is its limit'
        )
