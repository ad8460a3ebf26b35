"""Fit capsules to the surface of one convex body by least squares.

Every sample of the hull's surface should lie on the nearest capsule's surface. What sticks out
weighs more than what is covered in vain, and no capsule may point into the open.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares
from scipy.spatial import ConvexHull

_GAIN = 0.85  # a further capsule must bring the error below this part of what it was
_STICKING = 0.007  # [m] at which what sticks out weighs twice what is covered in vain
_END = 1.5  # weight of a capsule's end beyond the hull
_SAMPLES = 200  # on the surface of a hull
_CORNERS = 80
_THIN = 0.002  # [m] the least radius

_CUTS: tuple[tuple[float, list[tuple[int, int]]], ...] = (
    (np.inf, [(1, 1)]),
    (0.005, [(2, 1)]),
    (0.005, [(3, 1)]),
    (0.005, [(4, 1), (2, 2)]),
    (0.007, [(3, 2), (2, 3)]),
)
"""The error from which more capsules are tried [m], and the parts of the body they begin in."""


class Quality(NamedTuple):
    """How capsules fit a convex body.

    Attributes:
        error: Weighted rms distance between the surfaces, what the fit makes small [m].
        stick_out: How far the body reaches out of the capsules at most [m].
        cover: How far the capsules reach out of the body, on average over its surface [m].
        bulge: How far a capsule's end reaches out of the body at most [m].
    """

    error: float
    stick_out: float
    cover: float
    bulge: float


class _Body(NamedTuple):
    samples: Float[np.ndarray, 'sample 3']
    planes: Float[np.ndarray, 'plane 4']  # outward normals and offsets


def fit(points: Float[np.ndarray, 'point 3']) -> Float[np.ndarray, 'capsule 7']:
    """Fit one to six capsules to the convex hull of points.

    Args:
        points: Corners of a body that has a volume [m].

    Returns:
        Start, end and radius of each capsule [m].
    """
    body = _body(points)
    best, error = np.empty((0, 7)), np.inf
    for due, cuts in _CUTS:
        if error < due < np.inf:
            break
        fits = [_optimised(body, start) for start in _beginnings(body.samples, cuts)]
        errors = [_rms(_residual(body, capsules)) for capsules in fits]
        if min(errors) < _GAIN * error:
            error = min(errors)
            best = fits[errors.index(error)]
    return best


def quality(
    capsules: Float[np.ndarray, 'capsule 7'], points: Float[np.ndarray, 'point 3']
) -> Quality:
    """Compare capsules (start, end, radius) with the convex hull of points [m]."""
    body = _body(points)
    surface = np.concatenate([points, _on_surface(points, 10 * _SAMPLES)])
    out = _nearest(capsules, surface)[0].min(axis=1)
    return Quality(
        _rms(_residual(body, capsules)),
        max(float(out.max()), 0.0),
        float(np.maximum(-out[len(points) :], 0.0).mean()),
        max(float(_beyond(capsules, body.planes)[0].max()), 0.0),
    )


def _body(points: np.ndarray) -> _Body:
    hull = ConvexHull(points)
    corners = _far_corners(points[hull.vertices])
    return _Body(np.concatenate([_on_surface(points, _SAMPLES), corners]), hull.equations)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


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


def _optimised(body: _Body, start: np.ndarray) -> np.ndarray:
    """Bring capsules to the surface from where they start."""
    result = least_squares(
        lambda flat: _residual(body, flat.reshape(-1, 7)),
        start.ravel(),
        lambda flat: _derivative(body, flat.reshape(-1, 7)),
        method='lm',
        max_nfev=60,
    )
    capsules = result.x.reshape(-1, 7)
    capsules[:, 6] = np.maximum(capsules[:, 6], _THIN)
    return np.asarray(capsules)


def _residual(body: _Body, capsules: np.ndarray) -> np.ndarray:
    """Return the weighted distances of all samples, and of the ends beyond the hull [m]."""
    out = _nearest(capsules, body.samples)[0].min(axis=1)
    out = out * np.sqrt(1.0 + (np.maximum(out, 0.0) / _STICKING) ** 2)
    return np.concatenate([out, _END * np.maximum(_beyond(capsules, body.planes)[0], 0.0)])


def _derivative(body: _Body, capsules: np.ndarray) -> np.ndarray:
    """Return the derivative of `_residual` by the capsules' numbers."""
    row, count = np.arange(len(body.samples)), len(capsules)
    out, along, normal = _nearest(capsules, body.samples)
    which = out.argmin(axis=1)
    excess = (np.maximum(out[row, which], 0.0) / _STICKING) ** 2
    slope = (1.0 + 2.0 * excess) / np.sqrt(1.0 + excess)
    normal = normal[row, which] * slope[:, None]
    along = along[row, which, None]
    surface = np.zeros((len(row), count, 7))
    surface[row, which, :3] = (along - 1.0) * normal
    surface[row, which, 3:6] = -along * normal
    surface[row, which, 6] = -slope
    far, facing = _beyond(capsules, body.planes)
    weight = _END * (far > 0.0)
    ends = np.zeros((count, 2, count, 7))
    for index in range(count):
        one, other = 2 * index, 2 * index + 1
        ends[index, 0, index, :3] = weight[one] * facing[one]
        ends[index, 1, index, 3:6] = weight[other] * facing[other]
        ends[index, :, index, 6] = weight[one : other + 1]
    return np.concatenate([surface.reshape(len(row), -1), ends.reshape(2 * count, -1)])


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
