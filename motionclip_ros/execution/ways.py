"""Ways from one moving state to another, for all joints at once.

A way is a quintic, or braking with a quintic from rest on top: where quintics swing beyond the
limits to get rid of a speed, the sum does not, and the robot need not stop in between.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline

from motionclip_ros.execution.braking import brake
from motionclip_ros.execution.checking import keeps
from motionclip_ros.execution.state import MovingState, Path
from motionclip_ros.retargeting.approach import CALM, CALM_SPEED
from motionclip_ros.retargeting.limits import JointLimits

_STEP = 1 / 50  # [s] between published points
_FIRST = 1e-3  # [s] of the first point
_SHORTEST, _LONGEST = 5, 200  # [steps]
_BRAKING = (0.5, 0.8)  # part of the acceleration limits for braking on the way


def way_between(state: MovingState, goal: MovingState, limits: JointLimits) -> Path | None:
    """Return the quickest way that is calm, or else the quickest inside the limits.

    Args:
        state: Where the joints are and how they move.
        goal: Where they are to be and how they are to move there.
        limits: The joints' bounds; what a state does beyond them is allowed to the way, too.

    Returns:
        Points after time 0, the last one at the goal; None where no way keeps the limits.
    """
    own = replace(
        limits,
        velocity=np.maximum(limits.velocity, np.abs(state.velocities)),
        acceleration=np.maximum(limits.acceleration, np.abs(state.accelerations)),
    )
    calm = replace(
        own,
        velocity=np.clip(
            1.05 * np.maximum(np.abs(state.velocities), np.abs(goal.velocities)),
            np.minimum(CALM * own.velocity, CALM_SPEED),
            own.velocity,
        ),
        acceleration=np.clip(
            1.05 * np.maximum(np.abs(state.accelerations), np.abs(goal.accelerations)),
            CALM * own.acceleration,
            own.acceleration,
        ),
    )
    for allowed in (calm, own):
        found = _quickest(state, None, goal, allowed)
        if found is not None:
            return found
    for part in _BRAKING:
        slower = replace(limits, acceleration=part * limits.acceleration, jerk=part * limits.jerk)
        found = _quickest(state, brake(state, slower), goal, own)
        if found is not None:
            return found
    return None


def _quickest(
    state: MovingState, braking: Path | None, goal: MovingState, limits: JointLimits
) -> Path | None:
    """Return the shortest way of its kind that keeps the limits.

    Points stand on the published grid, where the braking changes, and soon after the start, so
    that a splice of this way finds its beginning.
    """
    start, changes, still = state, np.zeros(0), np.zeros_like(state.positions)
    if braking is not None:
        begin = Path(np.zeros(1), state.positions[None], state.velocities[None])
        brakes = CubicHermiteSpline(*map(np.concatenate, zip(begin, braking, strict=True)))
        start = MovingState(braking.positions[-1], still, still)
        changes = braking.times
    fastest = (np.abs(goal.positions - state.positions) / limits.velocity).max()
    least = max(fastest, changes.max(initial=0.0))
    for count in np.unique(np.geomspace(_SHORTEST, _LONGEST, 40).astype(int)):
        grid = np.concatenate([[0.0, _FIRST], _STEP * np.arange(1, count + 1)])
        if grid[-1] < least:
            continue
        # Instants nearer than a tick of the braking are the same but for rounding.
        times = np.unique(np.concatenate([grid, changes]).round(9))
        positions, velocities = _quintic(start, goal, times)
        if braking is not None:
            inside = np.minimum(times, changes[-1])
            positions += brakes(inside) - start.positions
            velocities += brakes(inside, 1) * (times < changes[-1])[:, None]
        if keeps(times, positions, velocities, limits):
            return Path(times[1:], positions[1:], velocities[1:])
    return None


def _quintic(
    state: MovingState, goal: MovingState, times: Float[np.ndarray, ' point']
) -> tuple[Float[np.ndarray, 'point joint'], Float[np.ndarray, 'point joint']]:
    """Return positions and velocities of the quintics between two states."""
    total = times[-1]
    p, v, a = state[0], state[1] * total, state[2] * total**2
    q, w, b = goal[0], goal[1] * total, goal[2] * total**2
    gap, slope, bend = q - p - v - a / 2.0, w - v - a, b - a
    third = 10.0 * gap - 4.0 * slope + bend / 2.0
    fourth = -15.0 * gap + 7.0 * slope - bend
    fifth = 6.0 * gap - 3.0 * slope + bend / 2.0
    u = (times / total)[:, None]
    positions = p + u * (v + u * (a / 2.0 + u * (third + u * (fourth + u * fifth))))
    slopes = v + u * (a + u * (3.0 * third + u * (4.0 * fourth + u * 5.0 * fifth)))
    positions[-1], slopes[-1] = q, w  # exactly, not but for rounding
    return positions, slopes / total
