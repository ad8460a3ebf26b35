"""Fit capsules to the convex pieces of a robot's links, few and close to the surface.

A capsule that merely contains its link is fat: an arm could not hang at the side. Here the two
surfaces are brought together by least squares, with more weight on what sticks out, and a piece
that one capsule does not fit gets up to four.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.spatial import ConvexHull

from motionclip_ros.retargeting.collision.geometry import Piece, Shape, hull_of, read_shape
from motionclip_ros.retargeting.robots.correspondence import Segment
from motionclip_ros.retargeting.robots.robot import Robot

_GOOD = 0.005  # [m] of error at which no further capsule is worth its cost
_GAIN = 0.8  # a further capsule must bring the error below this part of what it was
_STICKING = 0.007  # [m] at which what sticks out weighs twice what is covered in vain
_END = 1.5  # weight of a capsule's end beyond the hull
_SAMPLES = 200  # on the surface of a hull
_CORNERS = 80
_MERGE = 1.3  # a smaller piece is part of a larger one that it makes at most so much larger
_SLIGHT = 0.015  # [m] across: a screw, not a body
_THIN = 0.002  # [m] the least radius

_CUTS = ([(1, 1)], [(2, 1)], [(3, 1)], [(4, 1), (2, 2)])
"""Parts along two principal axes in which one to four capsules begin."""


class Quality(NamedTuple):
    """How capsules fit a piece.

    Attributes:
        stick_out: How far the hull reaches out of the capsules at most [m].
        cover: How far the capsules reach out of the hull, on average over its surface [m].
        bulge: How far a capsule's end reaches out of the hull at most [m].
    """

    stick_out: float
    cover: float
    bulge: float


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
    for piece in joined_pieces(robot, shape or read_shape(robot)):
        capsules = tuple(
            ((x0, y0, z0), (x1, y1, z1), radius)
            for x0, y0, z0, x1, y1, z1, radius in fit(piece.points).round(4).tolist()
        )
        found[piece.link] = found.get(piece.link, ()) + capsules
    return found


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
            if hull is not None and hull.volume <= _MERGE * its_volume:
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


def fit(points: Float[np.ndarray, 'point 3']) -> Float[np.ndarray, 'capsule 7']:
    """Fit one to four capsules to the convex hull of points.

    Args:
        points: Corners of a body that has a volume [m].

    Returns:
        Start, end and radius of each capsule [m].
    """
    samples = np.concatenate([_on_surface(points, _SAMPLES), _far_corners(points)])
    hull = ConvexHull(points)
    best, error = np.empty((0, 7)), np.inf
    for cuts in _CUTS:
        fits = [_optimised(samples, hull.equations, start) for start in _beginnings(samples, cuts)]
        capsules, its_error = min(fits, key=lambda each: each[1])
        if its_error < _GAIN * error:
            best, error = capsules, its_error
        if error < _GOOD:
            break
    return best


def quality(
    capsules: Float[np.ndarray, 'capsule 7'], points: Float[np.ndarray, 'point 3']
) -> Quality:
    """Compare capsules (start, end, radius) with the convex hull of points [m]."""
    corners = _nearest(capsules, points)[0].min(axis=1)
    surface = _nearest(capsules, _on_surface(points, 10 * _SAMPLES))[0].min(axis=1)
    beyond = _beyond(capsules, ConvexHull(points).equations)[0]
    return Quality(
        float(max(corners.max(), surface.max(), 0.0)),
        float(np.maximum(-surface, 0.0).mean()),
        float(max(beyond.max(), 0.0)),
    )


def _nearest(
    capsules: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return signed distances, ways along the axes (0 to 1) and outward normals, by capsule."""
    start, axis = capsules[:, :3], capsules[:, 3:6] - capsules[:, :3]
    away = points[:, None] - start
    square = np.maximum((axis**2).sum(-1), 1e-12)
    along = np.clip((away * axis).sum(-1) / square, 0.0, 1.0)
    away = away - along[..., None] * axis
    distance = np.sqrt((away**2).sum(-1))
    return distance - capsules[:, 6], along, away / np.maximum(distance, 1e-9)[..., None]


def _optimised(
    samples: np.ndarray, planes: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, float]:
    """Bring capsules to the surface; return them and the weighted rms distance [m]."""
    row = np.arange(len(samples))

    def residual(flat: np.ndarray) -> np.ndarray:
        capsules = flat.reshape(-1, 7)
        out = _nearest(capsules, samples)[0].min(axis=1)
        out = out * np.sqrt(1.0 + (np.maximum(out, 0.0) / _STICKING) ** 2)
        return np.concatenate([out, _END * np.maximum(_beyond(capsules, planes)[0], 0.0)])

    def derivative(flat: np.ndarray) -> np.ndarray:
        capsules = flat.reshape(-1, 7)
        out, along, normal = _nearest(capsules, samples)
        which = out.argmin(axis=1)
        excess = (np.maximum(out[row, which], 0.0) / _STICKING) ** 2
        slope = (1.0 + 2.0 * excess) / np.sqrt(1.0 + excess)
        normal = normal[row, which] * slope[:, None]
        along = along[row, which, None]
        surface = np.zeros((len(samples), len(capsules), 7))
        surface[row, which, :3] = (along - 1.0) * normal
        surface[row, which, 3:6] = -along * normal
        surface[row, which, 6] = -slope
        far, facing = _beyond(capsules, planes)
        facing = _END * (far > 0.0)[:, None] * facing
        ends = np.zeros((len(capsules), 2, len(capsules), 7))
        for index, (one, other) in enumerate(facing.reshape(-1, 2, 3)):
            ends[index, 0, index, :3], ends[index, 1, index, 3:6] = one, other
            ends[index, :, index, 6] = _END * (far[2 * index : 2 * index + 2] > 0.0)
        size = capsules.size
        return np.concatenate([surface.reshape(-1, size), ends.reshape(-1, size)])

    result = least_squares(residual, start.ravel(), derivative, method='lm', max_nfev=60)
    capsules = result.x.reshape(-1, 7)
    capsules[:, 6] = np.maximum(capsules[:, 6], _THIN)
    return capsules, float(np.sqrt((residual(capsules.ravel()) ** 2).mean()))


def _beyond(capsules: np.ndarray, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far the capsules' ends are beyond a hull, and the normals of its planes there.

    The surface alone says nothing about an end that points away from it into the open.
    """
    ends = capsules[:, :6].reshape(-1, 3)
    away = ends @ planes[:, :3].T + planes[:, 3]
    plane = away.argmax(axis=1)
    far = away[np.arange(len(ends)), plane] + np.repeat(capsules[:, 6], 2)
    return far, planes[plane, :3]


def _beginnings(points: np.ndarray, cuts: list[tuple[int, int]]) -> Iterator[np.ndarray]:
    """Cut points into parts along their principal axes, and put a capsule around each."""
    centred = points - points.mean(axis=0)
    place = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    for strips, pieces in cuts:
        for one, other in [(0, 1), (1, 2), (2, 0)][: strips if strips == 1 else 3]:
            parts = [
                part
                for strip in np.array_split(np.argsort(place[:, one], kind='stable'), strips)
                for part in np.array_split(strip[np.argsort(place[strip, other])], pieces)
            ]
            yield np.array([_around(points[part]) for part in parts])


def _around(points: np.ndarray) -> np.ndarray:
    """Return a capsule along the longest axis of some points."""
    centred = points - points.mean(axis=0)
    axis = np.linalg.svd(centred, full_matrices=False)[2][0]
    along = centred @ axis
    radius = np.linalg.norm(centred - along[:, None] * axis, axis=1).mean()
    half = axis * max(float(np.ptp(along)) / 2 - radius, 0.1 * radius)
    middle = points.mean(axis=0) + axis * (along.max() + along.min()) / 2
    return np.concatenate([middle - half, middle + half, [radius]])


def _on_surface(points: np.ndarray, count: int) -> np.ndarray:
    """Spread samples evenly over a convex hull's surface, the same ones at every call."""
    hull = ConvexHull(points)
    corner, first, second = points[hull.simplices].swapaxes(0, 1)
    area = np.linalg.norm(np.cross(first - corner, second - corner), axis=-1)
    # Even steps through the summed area, and a low-discrepancy sequence inside each triangle.
    index = np.arange(count)
    triangle = np.searchsorted(np.cumsum(area) / area.sum(), (index + 0.5) / count)
    u, v = (index * 0.7548776662466927) % 1.0, (index * 0.5698402909980532) % 1.0
    beyond = u + v > 1.0
    u, v = np.where(beyond, 1.0 - u, u)[:, None], np.where(beyond, 1.0 - v, v)[:, None]
    corner, first, second = corner[triangle], first[triangle], second[triangle]
    return np.asarray(corner + u * (first - corner) + v * (second - corner))


def _far_corners(points: np.ndarray) -> np.ndarray:
    """Choose corners far from each other, one after the other."""
    chosen = [int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmax())]
    distance = np.full(len(points), np.inf)
    while len(chosen) < min(_CORNERS, len(points)):
        distance = np.minimum(distance, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        chosen.append(int(distance.argmax()))
    return np.asarray(points[chosen])
