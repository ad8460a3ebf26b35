"""Where the robot's soles stand: one place for each stance, and a base path that suits them.

A sole that stands neither slides nor turns nor tilts. The links hung on the human's directions
put it almost there: proportions differ, so it wanders by centimetres. Each stance therefore gets
one place, the mean of where its sole would be, and the base's path is bent gently until the
soles meet their places with the least change of the legs.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.linalg import solveh_banded
from scipy.ndimage import uniform_filter1d

_WANDER = 0.08  # [m] that a sole may wander in a stance; further, it shuffles or glides
_GLIDE = 0.5  # [s] over which the path of such a sole is averaged
_PIVOT = np.radians(25.0)  # turning more than this in a stance, it pivots on the spot
_STIFF = 2e-3  # [s^2]: what bending the base's path costs against soles that slide
_ANCHOR = 1e-4  # [1/s^2]: the same for leaving the path; it decides while no foot stands


class Soles(NamedTuple):
    """The soles of all feet as the hung links would have them, relative to the base.

    Attributes:
        corners: The corners [m].
        heading: Direction of each foot, heel to toes, about the vertical [rad].
        foot: Foot of each corner, counted from 0.
        local: Each corner in its foot's sole, x to the toes, from the sole's middle [m].
    """

    corners: Float[np.ndarray, 'frame corner 3']
    heading: Float[np.ndarray, 'frame foot']
    foot: np.ndarray
    local: Float[np.ndarray, 'corner 2']


class Stances(NamedTuple):
    """Where the soles' corners belong.

    Attributes:
        base: The base's path over the floor [m].
        corners: Wanted places of the corners; they count only where standing [m].
    """

    base: Float[np.ndarray, 'frame 2']
    corners: Float[np.ndarray, 'frame corner 2']


class _Stance(NamedTuple):
    """A run of frames in which one foot stands."""

    foot: int
    frames: slice
    heading: np.ndarray
    glides: bool


def find_stances(
    soles: Soles,
    standing: Bool[np.ndarray, 'frame corner'],
    base: Float[np.ndarray, 'frame 2'],
    fps: float,
) -> Stances:
    """Give every stance one place, and the base the path that suits them best.

    Args:
        soles: The soles, relative to the base.
        standing: When each corner stands.
        base: The base's path as the human walks, scaled [m].
        fps: Frames per second.

    Returns:
        The base's path and the places of the corners.
    """
    if not standing.any():
        return Stances(base, soles.corners[..., :2] + base[:, None])
    turned = _turned(soles.local, soles.heading[:, soles.foot])
    middles = soles.corners[..., :2] - turned  # where each corner says the sole's middle is
    center, weight = _centers(middles, standing, soles.foot)
    path = _suited(base, center, weight, fps)
    places = center + path[:, None]
    stances = _stances(soles, weight > 0.0, places)
    for stance in stances:
        share = weight[stance.frames, stance.foot, None]
        there = places[stance.frames, stance.foot]
        places[stance.frames, stance.foot] = (
            uniform_filter1d(there, max(1, round(_GLIDE * fps)), axis=0, mode='nearest')
            if stance.glides
            else (share * there).sum(axis=0) / share.sum()
        )
    heading = soles.heading.copy()
    for stance in stances:
        heading[stance.frames, stance.foot] = stance.heading
    corners = places[:, soles.foot] + _turned(soles.local, heading[:, soles.foot])
    return Stances(path, corners)


def _turned(local: np.ndarray, heading: np.ndarray) -> np.ndarray:
    """Turn each corner about its sole's middle [frame, corner, 2]."""
    c, s = np.cos(heading), np.sin(heading)
    x, y = local.T
    return np.stack([c * x - s * y, s * x + c * y], axis=-1)


def _centers(
    middles: np.ndarray, standing: np.ndarray, foot: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return each foot's middle [frame, foot, 2] by its standing corners, and their part."""
    centers, parts = [], []
    for one in range(foot.max() + 1):
        own = foot == one
        part = standing[:, own].mean(axis=1)
        share = np.where(part[:, None] > 0.0, standing[:, own], 1.0)
        centers.append((share[..., None] * middles[:, own]).sum(1) / share.sum(1)[:, None])
        parts.append(part)
    return np.stack(centers, axis=1), np.stack(parts, axis=1)


def _stances(soles: Soles, stands: np.ndarray, centers: np.ndarray) -> list[_Stance]:
    """Find each foot's times on the floor; where it pivots, its heading stays the human's."""
    stances = []
    for foot in range(stands.shape[1]):
        for run in runs(stands[:, foot]):
            heading = soles.heading[run, foot]
            if np.ptp(heading) < _PIVOT:
                heading = np.full(len(heading), heading.mean())
            wander = float(np.linalg.norm(np.ptp(centers[run, foot], axis=0)))
            stances.append(_Stance(foot, run, heading, wander > _WANDER))
    return stances


def _suited(base: np.ndarray, center: np.ndarray, weight: np.ndarray, fps: float) -> np.ndarray:
    """Bend the base's path so that standing feet stay where they are [frame, 2].

    Least squares over the clip: the speed of standing soles, the bending, and (just enough to
    decide the rest) the distance from the path.
    """
    frames = len(base)
    if frames < 3:
        return base
    stiff, hold = _STIFF * fps**4, np.minimum(weight[1:], weight[:-1]) * fps**2
    band = np.zeros((3, frames))  # upper form: the diagonal is the last row
    band[2] = _ANCHOR
    band[2, 1:] += hold.sum(axis=1)
    band[2, :-1] += hold.sum(axis=1)
    band[1, 1:] -= hold.sum(axis=1)
    band[2, :-2] += stiff
    band[2, 1:-1] += 4 * stiff
    band[2, 2:] += stiff
    band[1, 1:-1] -= 2 * stiff
    band[1, 2:] -= 2 * stiff
    band[0, 2:] += stiff
    slide = (hold[..., None] * np.diff(center + base[:, None], axis=0)).sum(axis=1)
    pull = np.zeros_like(base)
    pull[:-1] += slide
    pull[1:] -= slide
    return np.asarray(base + solveh_banded(band, pull))


def runs(flags: Bool[np.ndarray, ' frame']) -> list[slice]:
    """Return the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
