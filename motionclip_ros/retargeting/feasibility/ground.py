"""The floor: what forces it gives to standing soles, and whether the robot stays above them."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_model.interruption import still_wanted

_SOFTNESS = 1e-5  # cost of force against unmet force: small, so that what can be met is met
_UNMET = 1e-3  # part of the weight, or [m] that it would have to be moved: no longer met
_STEPS = 40  # one wrench in ten thousand needs more than fifteen
_SETTLED = 1e-9
_SHARES = 0.25 ** np.arange(5)  # of a Newton step, tried side by side
_BLOCK = 1024  # samples worked on at a time, to bound the memory


class Ground(NamedTuple):
    """What the floor gives.

    Attributes:
        forces: On each corner in the world's axes [N]; 0 where it does not stand.
        balanced: Whether they give all that is needed.
    """

    forces: Float[np.ndarray, 'sample corner 3']
    balanced: Bool[np.ndarray, ' sample']


def ground_forces(
    corners: Float[np.ndarray, 'sample corner 3'],
    standing: Bool[np.ndarray, 'sample corner'],
    foot: Int[np.ndarray, ' corner'],
    wrench: Float[np.ndarray, 'sample 6'],
    weight: float,
    friction: float,
) -> Ground:
    """Share a wrench among standing corners that can push but not pull.

    The forces lie in pyramids inside the friction cones. Of all forces that give the wrench the
    smallest ones (in the sum of squares) are meant: an even load. Where there are none, the
    robot would fall over, and what it does instead is its balance controller's affair. There
    the force alone is given, evenly by the whole soles of the feet that touch the floor.

    Args:
        corners: Where the corners are from the origin that the moment is about [m].
        standing: Which of them touch the floor.
        foot: Which foot each corner belongs to.
        wrench: Wanted force [N] and moment [Nm], in the world's axes.
        weight: The robot's, as a scale [N].
        friction: Coefficient of friction.

    Returns:
        The forces. A robot in the air is balanced if it needs none.
    """
    edges = np.array(
        [[friction, 0, 1], [-friction, 0, 1], [0, friction, 1], [0, -friction, 1]], np.float64
    )
    forces = np.zeros(corners.shape)
    some = np.flatnonzero(standing.any(axis=1) & np.isfinite(wrench).all(axis=1))
    for begin in range(0, len(some), _BLOCK):
        block = some[begin : begin + _BLOCK]
        push = np.broadcast_to(edges, (*corners[block].shape[:2], *edges.shape))
        turn = np.cross(corners[block, :, None], push)
        columns = np.concatenate([push, turn], axis=-1) * standing[block, :, None, None]
        columns = columns.reshape(len(block), -1, 6)
        shares = _least_nonnegative(columns, wrench[block] / weight)
        shares = shares.reshape(len(block), -1, len(edges))
        forces[block] = weight * (shares * standing[block][..., None]) @ edges
    given = np.concatenate([forces, np.cross(corners, forces)], axis=-1).sum(axis=1)
    balanced = np.abs(wrench - given).max(axis=1) < _UNMET * weight
    whole = (standing.astype(float) @ (foot[:, None] == foot)) > 0.0
    forces[~balanced] = _even(whole, wrench[:, :3], friction)[~balanced]
    return Ground(forces, balanced)


def _even(bearing: np.ndarray, force: np.ndarray, friction: float) -> np.ndarray:
    """Share a force evenly among some corners, its level part no larger than friction."""
    upright = np.maximum(np.nan_to_num(force[:, 2]), 0.0)
    level = np.hypot(force[:, 0], force[:, 1])
    kept = np.minimum(1.0, friction * upright / np.maximum(level, 1e-12))
    shared = np.concatenate(
        [np.nan_to_num(force[:, :2] * kept[:, None]), upright[:, None]], axis=1
    )
    count = np.maximum(bearing.sum(axis=1), 1)
    return np.asarray(bearing[..., None] * (shared / count[:, None])[:, None])


def _least_nonnegative(
    columns: Float[np.ndarray, 'sample edge 6'], wanted: Float[np.ndarray, 'sample 6']
) -> Float[np.ndarray, 'sample edge']:
    """Minimise |A x - b|^2 + softness |x|^2 over x >= 0, for all samples at once.

    The solution is x = max(0, A'y), where y, of only six numbers, minimises
    softness |y|^2 / 2 + |max(0, A'y)|^2 / 2 - b'y. That is convex and piecewise quadratic:
    Newton's method ends in a few steps.

    Args:
        columns: A', the wrench of each edge of the friction pyramids.
        wanted: b.

    Returns:
        x.
    """
    soft = _SOFTNESS * np.eye(6)
    multiplier = np.linalg.solve(columns.swapaxes(1, 2) @ columns + soft, wanted[..., None])[
        ..., 0
    ]
    open_ = np.arange(len(columns))
    for _ in range(_STEPS):
        still_wanted()
        own, at = columns[open_], multiplier[open_]
        along = (own @ at[..., None])[..., 0]
        slope = (np.maximum(along, 0.0)[:, None] @ own)[:, 0] + _SOFTNESS * at - wanted[open_]
        left = np.abs(slope).max(axis=1) > _SETTLED
        # Wherever A'y <= 0 < b'y, no x gives b (Farkas): there is nothing to find.
        left &= (along.max(axis=1) > 0.0) | ((at * wanted[open_]).sum(axis=1) <= 0.0)
        if not left.any():
            break
        open_, own, at, along, slope = (v[left] for v in (open_, own, at, along, slope))
        active = own * (along > 0.0)[..., None]
        matrix = active.swapaxes(1, 2) @ own + soft
        move = np.linalg.solve(matrix, -slope[..., None])[..., 0]
        per_step = (own @ move[..., None])[..., 0]
        trial = np.maximum(along[:, None] + _SHARES[:, None] * per_step[:, None], 0.0)
        point = at[:, None] + _SHARES[:, None] * move[:, None]
        cost = (trial**2).sum(-1) / 2 + _SOFTNESS / 2 * (point**2).sum(-1)
        cost -= (point @ wanted[open_][..., None])[..., 0]
        multiplier[open_] = point[np.arange(len(point)), cost.argmin(axis=1)]
    return np.maximum((columns @ multiplier[..., None])[..., 0], 0.0)


def support_margin(
    corners: Float[np.ndarray, 'sample corner 2'],
    standing: Bool[np.ndarray, 'sample corner'],
    point: Float[np.ndarray, 'sample 2'],
) -> Float[np.ndarray, ' sample']:
    """Return how far a point is inside the convex hull of the standing corners.

    The signed distance to a convex set is the least, over all directions, of how far the set
    reaches beyond the point. It is found at the normal of an edge if the point is inside, and
    there or in the direction away from a corner if it is outside, so only these are tried.

    Args:
        corners: Corners on the floor [m].
        standing: Which of them bear the robot.
        point: The point asked about [m].

    Returns:
        Distance to the hull's edge, negative outside [m]; -inf where nothing stands.
    """
    margin = np.full(len(corners), -np.inf)
    count = corners.shape[1]
    first, second = np.nonzero(~np.eye(count, dtype=bool))  # both ways round: both normals
    for begin in range(0, len(corners), _BLOCK):
        block = slice(begin, begin + _BLOCK)
        here = corners[block] - point[block, None]
        edge = here[:, first] - here[:, second]
        direction = np.concatenate([edge[..., ::-1] * [1.0, -1.0], -here], axis=1)
        length = np.linalg.norm(direction, axis=-1, keepdims=True)
        direction = np.divide(direction, length, where=length > 0.0, out=np.zeros_like(direction))
        reach = direction @ here.swapaxes(1, 2)
        # Corners in the air reach nowhere; a direction that they lend only asks for nothing new.
        reach = np.where(standing[block][:, None], reach, -np.inf).max(axis=-1)
        margin[block] = np.where(length[..., 0] > 0.0, reach, np.inf).min(axis=1)
    margin[margin == np.inf] = 0.0  # on the only corner there is
    return np.where(standing.any(axis=1), margin, -np.inf)
