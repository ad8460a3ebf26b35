"""Fit capsules to the convex pieces of a robot's links, few and close to the surface.

A capsule that merely contains its link is fat: an arm could not hang at the side. Here the two
surfaces are brought together, and a piece that one capsule does not fit gets up to six.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_ros.retargeting.collision.geometry import Piece, Shape, hull_of, read_shape
from motionclip_ros.retargeting.collision.surface import fit, quality
from motionclip_ros.retargeting.robots.correspondence import Segment
from motionclip_ros.retargeting.robots.robot import Robot

_MERGE = 1.3  # a smaller piece is part of a larger one that it makes at most so much larger
_GAPS = 1e-4  # [m^3] that may lie empty between joined pieces: the room between fingers
_SLIGHT = 0.015  # [m] across: a screw, not a body
_ALIKE = 0.003  # [m] between the boxes around two bodies of the same shape
_MIRRORED = 1.15  # a mirrored fit may be worse than the original by this factor
_TURNS = np.array([[1, 1, 1], [1, -1, 1], [-1, 1, 1], [1, 1, -1]], float)
"""The same shape again, and mirrored in each plane of the link's frame."""


class _Known(NamedTuple):
    points: Float[np.ndarray, 'point 3']
    capsules: Float[np.ndarray, 'capsule 7']


def fit_capsules(robot: Robot, shape: Shape | None = None) -> dict[str, tuple[Segment, ...]]:
    """Fit capsules to all links of a robot.

    Args:
        robot: The robot.
        shape: Its geometry, where that has been read already.

    Returns:
        Link -> start and end of each capsule's axis in the link's frame, and its radius [m],
        to a tenth of a millimetre. Links without geometry, and small ones that are fixed to a
        larger one, are not named.
    """
    found: dict[str, tuple[Segment, ...]] = {}
    known: list[_Known] = []
    for piece in joined_pieces(robot, shape or read_shape(robot)):
        capsules = _like_another(piece.points, known)
        if capsules is None:
            capsules = fit(piece.points)
            known.append(_Known(piece.points, capsules))
        found[piece.link] = found.get(piece.link, ()) + tuple(
            ((x0, y0, z0), (x1, y1, z1), radius)
            for x0, y0, z0, x1, y1, z1, radius in capsules.round(4).tolist()
        )
    return found


def _like_another(points: np.ndarray, known: Sequence[_Known]) -> np.ndarray | None:
    """Return the capsules of a body of the same or the mirrored shape, if they fit.

    Left and right limbs then get mirrored capsules, whatever the order of their triangles.
    """
    box = np.stack([points.min(axis=0), points.max(axis=0)])
    best, error = None, np.inf
    for other in known:
        its_box = np.stack([other.points.min(axis=0), other.points.max(axis=0)])
        for turn in _TURNS:
            if np.abs(np.sort(turn * its_box, axis=0) - box).max() < _ALIKE:
                capsules = other.capsules * [*turn, *turn, 1.0]
                worse = quality(capsules, points).error
                worse /= quality(other.capsules, other.points).error
                if worse < min(_MIRRORED, error):
                    best, error = capsules, worse
    return best


def joined_pieces(robot: Robot, shape: Shape) -> tuple[Piece, ...]:
    """Join pieces on the same joint that fill their common hull, under the largest one's name."""
    joined: list[tuple[Piece, float]] = []
    pieces = [(piece, _volume(piece.points)) for piece in shape.pieces]
    for piece, volume in sorted(pieces, key=lambda entry: -entry[1]):
        if np.ptp(piece.points, axis=0).max() < _SLIGHT:
            continue
        for index, (larger, its_volume) in enumerate(joined):
            points = _in_frame_of(robot, larger.link, piece)
            if points is None:
                continue
            points = np.concatenate([larger.points, points])
            hull = hull_of(points)
            if hull is not None and hull.volume <= max(
                _MERGE * its_volume, volume + its_volume + _GAPS
            ):
                joined[index] = (Piece(larger.link, points[hull.vertices]), float(hull.volume))
                break
        else:
            joined.append((piece, volume))
    order = [piece.link for piece in shape.pieces]
    return tuple(sorted((piece for piece, _ in joined), key=lambda p: order.index(p.link)))


def _in_frame_of(robot: Robot, link: str, piece: Piece) -> np.ndarray | None:
    """Return a piece's points in the frame of another link, if they are on the same joint."""
    there, here = robot.frame(link), robot.frame(piece.link)
    if there.body != here.body:
        return None
    return (piece.points @ here.rotation.T + here.position - there.position) @ there.rotation


def _volume(points: np.ndarray) -> float:
    hull = hull_of(points)
    return 0.0 if hull is None else float(hull.volume)
