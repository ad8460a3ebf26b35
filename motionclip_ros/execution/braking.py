"""Bring every joint to rest as soon as its limits allow.

Each joint brakes on its own: none moves longer, and so farther, than it must. All instants at
which an acceleration changes lie on a grid of 0.1 ms, so that they are points of the trajectory,
exact in a message's nanoseconds, and the cubics between them are the braking itself.
"""

from collections.abc import Sequence
from itertools import accumulate, zip_longest
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_ros.execution.state import MovingState, Path
from motionclip_ros.retargeting.limits import JointLimits

_TICK = 1e-4  # [s]
_HOLD = 200  # [ticks] between the points of a robot that stands already
_SLACK = 5e-7  # [rad] beyond a position limit that is rounding to any controller


class _Phase(NamedTuple):
    """A part of one joint's braking."""

    ticks: int
    acceleration: float  # at its beginning [rad/s^2]
    jerk: float  # [rad/s^3]


_NO_PHASE = _Phase(0, 0.0, 0.0)


def brake(state: MovingState, limits: JointLimits) -> Path:
    """Return the way to rest.

    Position limits come first: a joint too near to one brakes harder than its acceleration
    limit, which no state on a path inside the limits asks for. Jerk limits come last: they give
    way where keeping them would break another.

    Args:
        state: Where the joints are and how they move.
        limits: Their bounds.

    Returns:
        At least two points; the cubics from the state through them are the braking.
    """
    bounds = (limits.lower, limits.upper, limits.velocity, limits.acceleration, limits.jerk)
    joints = zip(*(part.tolist() for part in (*state, *bounds)), strict=True)
    phases = [_phases(*joint) for joint in joints]
    edges = {edge for one in phases for edge in accumulate(phase.ticks for phase in one)}
    # A splice of this way within its first segment has to guess; so that is short.
    ticks = np.array(sorted(edges | {1})) if edges else np.array([_HOLD, 2 * _HOLD])
    if len(ticks) < 2:
        ticks = np.append(ticks, _HOLD)
    return Path(ticks * _TICK, *_sampled(state.positions, state.velocities, phases, ticks))


def _phases(
    position: float,
    velocity: float,
    acceleration: float,
    lower: float,
    upper: float,
    fastest: float,
    hardest: float,
    jerk: float,
) -> list[_Phase]:
    """Plan one joint."""
    if np.isfinite(jerk) and (velocity or acceleration):
        smooth = _smooth(velocity, acceleration, hardest, jerk)
        edges = np.arange(1, sum(phase.ticks for phase in smooth) + 1)
        start = np.array([position]), np.array([velocity])
        positions, velocities = _sampled(*start, [smooth], edges)
        inside = (positions >= lower - _SLACK) & (positions <= upper + _SLACK)
        slow = np.abs(velocities) <= max(fastest, abs(velocity)) + 1e-9
        pushes = max((abs(phase.acceleration) for phase in smooth), default=0.0)
        if inside.all() and slow.all() and pushes <= max(hardest, abs(acceleration)) + 1e-9:
            return smooth
    return _hard(velocity, (upper - position) if velocity > 0.0 else (position - lower), hardest)


def _hard(velocity: float, room: float, hardest: float) -> list[_Phase]:
    """Brake with one deceleration; what is left of the speed goes in one more tick."""
    speed, sign = abs(velocity), float(np.sign(velocity))
    if speed < 1e-12:
        return []
    room = max(room, 0.0) + _SLACK
    push = max(hardest, speed**2 / (2.0 * room))
    ticks = int(speed / push / _TICK + 1e-9)
    left = speed - push * ticks * _TICK
    phases = [_Phase(ticks, -sign * push, 0.0)] if ticks else []
    if left > 1e-12:
        room -= (speed + left) / 2.0 * ticks * _TICK
        way = min(left * _TICK / 2.0, max(room, 0.0))
        begin = 6.0 * way / _TICK**2 - 4.0 * left / _TICK
        end = 2.0 * left / _TICK - 6.0 * way / _TICK**2
        phases.append(_Phase(1, sign * begin, sign * (end - begin) / _TICK))
    return phases


def _smooth(velocity: float, acceleration: float, hardest: float, jerk: float) -> list[_Phase]:
    """Brake with three phases: jerk to a deceleration, hold it, jerk to none.

    The durations of the fastest such profile are rounded up to ticks, and the two jerks are
    computed anew, so that speed and acceleration end at zero exactly.
    """
    sign = 1.0 if velocity + acceleration * abs(acceleration) / (2.0 * jerk) >= 0.0 else -1.0
    speed, push = sign * velocity, sign * acceleration
    to_lose = speed + push**2 / (2.0 * jerk)
    peak = min(np.sqrt(jerk * to_lose), hardest)
    hold = max(to_lose - peak**2 / jerk, 0.0) / peak if peak else 0.0
    first = max(int(np.ceil(max(peak + push, 0.0) / jerk / _TICK - 1e-9)), 1)
    middle = int(np.ceil(hold / _TICK - 1e-9))
    last = max(int(np.ceil(peak / jerk / _TICK - 1e-9)), 1)
    while True:
        down, level, up = first * _TICK, middle * _TICK, last * _TICK
        peak = (speed + down * push / 2.0) / (down / 2.0 + level + up / 2.0)
        if abs(peak + push) / down > jerk * (1.0 + 1e-12):
            first += 1
        elif abs(peak) / up > jerk * (1.0 + 1e-12):
            last += 1
        elif abs(peak) > max(hardest, abs(push)) * (1.0 + 1e-12):
            middle += 1
        else:
            break
    phases = [
        _Phase(first, sign * push, -sign * (peak + push) / down),
        _Phase(middle, -sign * peak, 0.0),
        _Phase(last, -sign * peak, sign * peak / up),
    ]
    return [phase for phase in phases if phase.ticks]


def _sampled(
    position: Float[np.ndarray, ' joint'],
    velocity: Float[np.ndarray, ' joint'],
    phases: Sequence[list[_Phase]],
    ticks: Int[np.ndarray, ' tick'],
) -> tuple[Float[np.ndarray, 'tick joint'], Float[np.ndarray, 'tick joint']]:
    """Return positions and velocities at some ticks after the start, all joints at once.

    A stop waits for this: a joint with fewer phases than others does nothing in the rest.
    """
    moments = ticks[:, None]
    positions, velocities = (np.tile(start, (len(ticks), 1)) for start in (position, velocity))
    begin = np.zeros(len(position))
    for one in zip_longest(*phases, fillvalue=_NO_PHASE):
        length, acceleration, jerk = np.array(one, np.float64).T
        after = _TICK * np.clip(np.vstack([moments - begin, length]), 0.0, length)
        gained = after * (acceleration + after * jerk / 2.0)
        way = velocity + after * (acceleration / 2.0 + after * jerk / 6.0)
        reached = moments > begin
        np.copyto(positions, (position + after * way)[:-1], where=reached)
        np.copyto(velocities, (velocity + gained)[:-1], where=reached)
        position = position + after[-1] * way[-1]
        velocity = velocity + gained[-1]
        begin = begin + length
    velocities[moments >= begin] = 0.0  # exactly, not but for rounding
    return positions, velocities
