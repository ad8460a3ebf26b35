"""Where a robot's joints and the corners of its soles are along a trajectory."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_CLOSE = 0.02  # [m] above the floor up to which a corner counts as standing
_SLOW = 0.3  # [m/s] up to which it does

_FIGURES = (
    'foot_slide_m_s',
    'foot_slide_max_m_s',
    'human_foot_slide_m_s',
    'foot_penetration_cm',
    'foot_penetration_mean_cm',
    'foot_floating_cm',
    'foot_floating_max_cm',
    'foot_tilt_deg',
    'foot_tilt_max_deg',
    'foot_contact_part',
)


class Placed(NamedTuple):
    """A robot in the world, point by point of its trajectory.

    Attributes:
        turn: Rotations to the world; entry 0 is the base, entry j + 1 is joint j.
        origin: Origins in the world, likewise [m].
    """

    turn: Float[np.ndarray, 'point body 3 3']
    origin: Float[np.ndarray, 'point body 3']

    def at(self, points: slice) -> 'Placed':
        """Return some of the points."""
        return Placed(self.turn[points], self.origin[points])

    def links(self, robot: Robot, names: tuple[str, ...]) -> Float[np.ndarray, 'point link 3']:
        """Return the links' origins in the world [m]."""
        frames = [robot.frame(name) for name in names]
        body = np.array([frame.body for frame in frames], np.int64)
        offset = np.array([frame.position for frame in frames]).reshape(-1, 3)
        return self.points(body, offset)

    def points(
        self, body: Int[np.ndarray, ' place'], offset: Float[np.ndarray, 'place 3']
    ) -> Float[np.ndarray, 'point place 3']:
        """Return where points of joints (-1 is the base) are in the world [m]."""
        turned = self.turn[:, body + 1] @ offset[..., None]
        return np.asarray(self.origin[:, body + 1] + turned[..., 0])


def place(robot: Robot, state: State) -> Placed:
    """Place a robot's joints in the world."""
    return Placed(*placing.place(robot.tree, state))


class Soles(NamedTuple):
    """The corners of all soles; heel corners first in each, in the order of the feet.

    Attributes:
        body: Joint that carries each corner; -1 is the base.
        offset: The corner in that joint's frame [m].
        foot: Index of the foot that the corner belongs to.
        normal: Normal of each foot's sole, in its joint's frame.
    """

    body: Int[np.ndarray, ' corner']
    offset: Float[np.ndarray, 'corner 3']
    foot: Int[np.ndarray, ' corner']
    normal: Float[np.ndarray, 'foot 3']

    @classmethod
    def of(cls, robot: Robot) -> 'Soles':
        """Read the corners from a robot's correspondence."""
        body, offset, foot, normal = [], [], [], []
        for index, (link, sole) in enumerate(robot.correspondence.feet.items()):
            frame = robot.frame(link)
            corners = np.array([*sole.heel_corners, *sole.toe_corners])
            body += [frame.body] * len(corners)
            offset.append(frame.position + corners @ frame.rotation.T)
            foot += [index] * len(corners)
            normal.append(_normal(offset[-1]))
        return cls(
            np.array(body, np.int64),
            np.concatenate(offset) if offset else np.zeros((0, 3)),
            np.array(foot, np.int64),
            np.array(normal).reshape(-1, 3),
        )

    def points(self, placed: Placed) -> Float[np.ndarray, 'point corner 3']:
        """Return where the corners are in the world [m]."""
        return placed.points(self.body, self.offset)


def _normal(corners: np.ndarray) -> np.ndarray:
    """Return the normal of the plane through the corners; NaN where they span none."""
    _, spread, axes = np.linalg.svd(corners - corners.mean(axis=0))
    flat = len(spread) > 1 and spread[1] > 1e-4
    return axes[2] if flat else np.full(3, np.nan)


def standing_by_itself(
    times: Float[np.ndarray, ' point'], corners: Float[np.ndarray, 'point corner 3']
) -> Bool[np.ndarray, 'point corner']:
    """Tell which corners stand, where no human motion says which should.

    Args:
        times: Times of the points [s].
        corners: Corners in the world; the floor is at height 0 [m].

    Returns:
        True where a corner is low and slow.
    """
    return (corners[..., 2] < _CLOSE) & (_speed(times, corners, 3) < _SLOW)


def _speed(times: np.ndarray, points: np.ndarray, axes: int) -> np.ndarray:
    """Return the speed of points along the first world axes [m/s]."""
    with np.errstate(over='ignore', invalid='ignore', divide='ignore'):
        velocity = np.gradient(points[..., :axes], times, axis=0)
        return np.asarray(np.linalg.norm(velocity, axis=-1))


def foot_figures(
    soles: Soles,
    placed: Placed,
    times: Float[np.ndarray, ' point'],
    standing: Bool[np.ndarray, 'point corner'],
    human: Float[np.ndarray, 'point corner 3'] | None,
) -> dict[str, Any]:
    """Measure how standing soles slide, float and tilt, and how deep any sole sinks.

    Args:
        soles: The corners.
        placed: Where the joints are.
        times: Times of the points [s].
        standing: Which corners stand, or should.
        human: The human joint that each corner follows, on the same clock [m]; None where
            there is no human.

    Returns:
        Figures; None where there are no feet.
    """
    if not len(soles.body):
        return dict.fromkeys(_FIGURES)
    corners = soles.points(placed)
    slide = _speed(times, corners, 2)[standing]
    height = corners[..., 2]
    sunk, above = np.maximum(-height, 0.0) * 100, np.maximum(height, 0.0)[standing] * 100
    tilt = _tilt(soles, placed, standing)
    theirs = np.zeros(0) if human is None else _speed(times, human, 2)[standing]
    figures = (
        _mean(slide),
        _most(slide),
        None if human is None else _mean(theirs),
        _most(sunk),
        _mean(sunk),
        _mean(above),
        _most(above),
        _mean(tilt),
        _most(tilt),
        float(standing.mean()),
    )
    return dict(zip(_FIGURES, figures, strict=True))


def _tilt(soles: Soles, placed: Placed, standing: np.ndarray) -> np.ndarray:
    """Return the angles between the floor and the soles that stand with all corners [deg]."""
    angles = []
    for foot, normal in enumerate(soles.normal):
        own = soles.foot == foot
        whole = standing[:, own].all(axis=1)
        up = (placed.turn[whole, soles.body[own][0] + 1] @ normal)[:, 2]
        if np.isfinite(normal).all():
            angles.append(np.degrees(np.arccos(np.minimum(np.abs(up), 1.0))))
    return np.concatenate(angles) if angles else np.zeros(0)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0


def _most(values: np.ndarray) -> float:
    return float(values.max()) if values.size else 0.0
