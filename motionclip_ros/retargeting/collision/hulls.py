"""`HullChecker`: how deep links sink into each other, by the convex hulls of their geometry.

The solver knows capsules alone. This is the independent judgement of what it did.
"""

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any, NamedTuple

import coal
import numpy as np
from jaxtyping import Float

from motionclip_model.interruption import still_wanted
from motionclip_ros.retargeting.collision import library
from motionclip_ros.retargeting.collision.capsules import Capsules, near_distances
from motionclip_ros.retargeting.collision.geometry import Piece
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_AT_ONCE = 200  # frames; keeps memory small


class Depth(NamedTuple):
    """The deepest penetration of a path.

    Attributes:
        depth: [m]; 0 where nothing touches.
        frame: The frame in which it happens.
        links: The two links; empty names where nothing touches.
    """

    depth: float
    frame: int
    links: tuple[str, str]


class _Hulls(NamedTuple):
    """Convex pieces on their joints, and capsules that contain them."""

    shapes: list[Any]
    owners: list[str]
    bounds: Capsules


class HullChecker:
    """Measures self-penetration between the convex hulls of links.

    Hulls are built at the first question and kept.
    """

    def __init__(self, robot: Robot):
        """Keep the robot."""
        self.robot = robot

    @cached_property
    def link_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of links that are looked at unless others are asked for."""
        return collision_model(self.robot).link_pairs

    def depths(
        self, state: State, pairs: Sequence[tuple[str, str]] | None = None
    ) -> Float[np.ndarray, ' frame']:
        """Measure the deepest penetration in every frame.

        Args:
            state: The robot's posture in every frame.
            pairs: Pairs of links to look at; those of the collision model if not given.

        Returns:
            Depths [m], 0 in frames in which nothing touches.
        """
        deepest = np.zeros(len(state.joints))
        for frame, _, depth in self._contacts(state, pairs):
            deepest[frame] = max(deepest[frame], depth)
        return deepest

    def worst(self, state: State, pairs: Sequence[tuple[str, str]] | None = None) -> Depth:
        """Find the deepest penetration of a whole path; see `depths`."""
        found = [
            Depth(depth, frame, links) for frame, links, depth in self._contacts(state, pairs)
        ]
        return max(found, default=Depth(0.0, 0, ('', '')))

    def by_pair(
        self, state: State, pairs: Sequence[tuple[str, str]] | None = None
    ) -> dict[tuple[str, str], Float[np.ndarray, ' frame']]:
        """Measure the penetration of each pair of links that ever touches; see `depths`."""
        found: dict[tuple[str, str], np.ndarray] = {}
        for frame, links, depth in self._contacts(state, pairs):
            series = found.setdefault(links, np.zeros(len(state.joints)))
            series[frame] = max(series[frame], depth)
        return found

    def _contacts(
        self, state: State, pairs: Sequence[tuple[str, str]] | None
    ) -> Iterator[tuple[int, tuple[str, str], float]]:
        """Yield frame, links and depth of each two pieces that penetrate each other."""
        hulls = self._hulls
        wanted = self._watched if pairs is None else _pieces(hulls, pairs)
        for begin in range(0, len(state.joints) if wanted else 0, _AT_ONCE):
            still_wanted()
            some = State(*(values[begin : begin + _AT_ONCE] for values in state))
            for frame, pair, depth in _penetrations(self.robot, hulls, wanted, some):
                one, other = wanted[pair]
                yield begin + frame, (hulls.owners[one], hulls.owners[other]), depth

    @cached_property
    def _watched(self) -> list[tuple[int, int]]:
        return _pieces(self._hulls, self.link_pairs)

    @cached_property
    def _hulls(self) -> _Hulls:
        robot = self.robot
        pieces = library.pieces(robot)
        frames = [robot.frame(piece.link) for piece in pieces]
        named = {link for pair in self.link_pairs for link in pair}
        points = [
            piece.points @ frame.rotation.T + frame.position
            for piece, frame in zip(pieces, frames, strict=True)
        ]
        ends = np.array([_container(corners) for corners in points]).reshape(-1, 7)
        body = np.array([frame.body for frame in frames], np.int64)
        owners = [_owner(robot, piece, pieces, named) for piece in pieces]
        bounds = Capsules(body, ends[:, :3].copy(), ends[:, 3:6].copy(), ends[:, 6].copy())
        return _Hulls([_convex(corners) for corners in points], owners, bounds)


def _penetrations(
    robot: Robot, hulls: _Hulls, pairs: list[tuple[int, int]], state: State
) -> Iterator[tuple[int, int, float]]:
    """Yield frame, pair and depth [m] wherever two pieces penetrate each other."""
    indices = np.array(pairs, np.int64)
    near = near_distances(robot.tree, hulls.bounds, indices, state, 0.0) < 0.0
    turn, origin = placing.place(robot.tree, state)
    request, result = coal.CollisionRequest(), coal.CollisionResult()
    carrier = (hulls.bounds.body + 1).tolist()

    @cache  # a link near several others is placed once
    def placed(frame: int, body: int) -> Any:
        return coal.Transform3s(turn[frame, body], origin[frame, body])

    for frame, pair in np.argwhere(near).tolist():
        one, other = pairs[pair]
        result.clear()
        here, there = placed(frame, carrier[one]), placed(frame, carrier[other])
        if coal.collide(hulls.shapes[one], here, hulls.shapes[other], there, request, result):
            yield frame, pair, max(0.0, -result.getContact(0).penetration_depth)


def _pieces(hulls: _Hulls, pairs: Sequence[tuple[str, str]]) -> list[tuple[int, int]]:
    """Return the pairs of pieces that pairs of links stand for."""
    members: dict[str, list[int]] = {}
    for index, owner in enumerate(hulls.owners):
        members.setdefault(owner, []).append(index)
    return [
        (one, other)
        for link, other_link in pairs
        for one in members.get(link, [])
        for other in members.get(other_link, [])
    ]


def _owner(robot: Robot, piece: Piece, pieces: Sequence[Piece], named: set[str]) -> str:
    """Return the link whose pairs a piece is looked at with.

    A link that has no pairs of its own belongs to the nearest one on its joint that has.
    """
    frame = robot.frame(piece.link)
    if piece.link in named:
        return piece.link
    middle = frame.position + frame.rotation @ piece.points.mean(axis=0)
    distances = {}
    for other in pieces:
        place = robot.frame(other.link)
        if other.link in named and place.body == frame.body:
            away = place.position + place.rotation @ other.points.mean(axis=0) - middle
            distances[other.link] = float(np.linalg.norm(away))
    return min(distances, key=lambda link: distances[link], default=piece.link)


def _convex(points: Float[np.ndarray, 'point 3']) -> Any:
    corners = coal.StdVec_Vec3s()
    for point in points:
        corners.append(point)
    return coal.ConvexBase.convexHull(corners, True, 'Qt')


def _container(points: Float[np.ndarray, 'point 3']) -> Float[np.ndarray, '7']:
    """Return start, end and radius of a capsule that contains points [m]."""
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    away = points - middle
    axis = np.linalg.svd(away, full_matrices=False)[2][0]
    along = away @ axis
    square = ((away - along[:, None] * axis) ** 2).sum(axis=1)
    radius = np.sqrt(square.max())
    cap = np.sqrt(np.maximum(radius**2 - square, 0.0))
    first, last = (along + cap).min(), (along - cap).max()
    if first > last:  # short enough for a sphere
        first = last = (first + last) / 2
    return np.concatenate([middle + first * axis, middle + last * axis, [radius]])
