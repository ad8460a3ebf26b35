"""The ground pushes, never pulls, never more sideways than friction; and gives what is asked."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from motionclip_ros.retargeting.feasibility.balance import zero_moment_point
from motionclip_ros.retargeting.feasibility.ground import ground_forces, support_margin

WEIGHT = 330.0
FRICTION = 0.7
FOOT = np.array([[-0.05, 0.03, 0.0], [-0.05, -0.03, 0.0], [0.12, 0.03, 0.0], [0.12, -0.03, 0.0]])
FEET = (FOOT + np.array([[[0.0, 0.1, -0.8]], [[0.1, -0.1, -0.8]]])).reshape(8, 3)
INDEX = np.repeat([0, 1], 4)
EDGES = np.array([[FRICTION, 0, 1], [-FRICTION, 0, 1], [0, FRICTION, 1], [0, -FRICTION, 1]])


def given_wrench(forces: np.ndarray, corners: np.ndarray) -> np.ndarray:
    moment = np.cross(corners, forces)
    return np.concatenate([forces, moment], axis=-1).sum(axis=1)


def cone(corners: np.ndarray) -> np.ndarray:
    """Wrench of each edge of each corner's friction pyramid [6, edge]."""
    edges = np.tile(EDGES, (len(corners), 1))
    points = np.repeat(corners, 4, axis=0)
    return np.concatenate([edges, np.cross(points, edges)], axis=1).T


@settings(max_examples=40, deadline=None)
@example(833)  # is found in more steps than most
@given(st.integers(0, 10**6))
def test_what_the_ground_can_give_it_gives(seed) -> None:
    rng = np.random.default_rng(seed)
    standing = rng.uniform(size=(30, 8)) < 0.6
    standing[:, 0] = True
    corners = np.broadcast_to(FEET, (30, 8, 3)) + rng.normal(size=(30, 1, 3))
    shares = rng.exponential(size=(30, 8, 4)) * (rng.uniform(size=(30, 8, 4)) < 0.5)
    true = WEIGHT / 8 * (shares * standing[..., None]) @ EDGES
    wrench = given_wrench(true, corners)
    ground = ground_forces(corners, standing, INDEX, wrench, WEIGHT, FRICTION)
    assert ground.balanced.all()
    np.testing.assert_allclose(given_wrench(ground.forces, corners), wrench, atol=2e-3 * WEIGHT)
    # Of all that would do, the smallest: no larger than those that the wrench was made from.
    pushes = np.abs(ground.forces).sum(), np.abs(true).sum()
    assert pushes[0] <= 2.0 * pushes[1]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_it_pushes_within_friction_whatever_is_asked(seed) -> None:
    rng = np.random.default_rng(seed)
    standing = rng.uniform(size=(30, 8)) < 0.5
    wrench = WEIGHT * rng.normal(size=(30, 6))
    ground = ground_forces(
        np.broadcast_to(FEET, (30, 8, 3)), standing, INDEX, wrench, WEIGHT, FRICTION
    )
    forces = ground.forces
    assert np.isfinite(forces).all()
    assert (forces[..., 2] >= -1e-9).all()
    level = np.hypot(forces[..., 0], forces[..., 1])
    assert (level <= FRICTION * forces[..., 2] + 1e-6 * WEIGHT).all()
    assert not forces[~standing.any(axis=1)].any()
    for sample in range(30):  # as another solver says
        columns = cone(FEET[standing[sample]])
        rest = nnls(columns, wrench[sample] / WEIGHT)[1] if columns.size else 1.0
        assert ground.balanced[sample] == (rest < 1e-3) or 2e-4 < rest < 3e-3


def test_a_wrench_that_is_not_finite_is_not_given() -> None:
    wrench = np.full((1, 6), np.nan)
    ground = ground_forces(FEET[None], np.ones((1, 8), bool), INDEX, wrench, WEIGHT, FRICTION)
    assert not ground.balanced.any()
    assert np.isfinite(ground.forces).all()


def test_where_it_cannot_balance_whole_soles_share_the_force() -> None:
    wrench = np.array([[0.0, 0.0, WEIGHT, 0.0, 5 * WEIGHT, 0.0]])
    toes = np.zeros((1, 8), bool)
    toes[0, 2] = True
    ground = ground_forces(FEET[None], toes, INDEX, wrench, WEIGHT, FRICTION)
    assert not ground.balanced[0]
    np.testing.assert_allclose(ground.forces[0, :4, 2], WEIGHT / 4)
    assert not ground.forces[0, 4:].any()


def test_the_margin_is_the_distance_to_the_edge_of_the_hull() -> None:
    square = np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [9.0, 9.0]])
    points = np.array([[1.0, 0.5], [1.0, -0.5], [3.0, 3.0], [2.0, 1.0], [1.0, 1.0]])
    standing = np.tile([True, True, True, True, False], (5, 1))
    standing[4] = False
    margin = support_margin(np.tile(square, (5, 1, 1)), standing, points)
    np.testing.assert_allclose(margin[:4], [0.5, -0.5, -np.sqrt(2.0), 0.0], atol=1e-12)
    assert margin[4] == -np.inf


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_the_margin_agrees_with_many_directions(seed, corners) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(1, corners, 2))
    here = rng.normal(size=(1, 2))
    margin = support_margin(points, np.ones((1, corners), bool), here)[0]
    angle = np.linspace(0.0, 2 * np.pi, 20001)
    direction = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    brute = (direction @ (points[0] - here).T).max(axis=1).min()
    assert margin == pytest.approx(brute, abs=1e-3)
    assert margin <= brute + 1e-12


def test_a_robot_on_the_only_corner_there_is_stands_on_its_edge() -> None:
    here = np.array([[0.3, 0.4]])
    assert support_margin(here[None], np.ones((1, 1), bool), here)[0] == 0.0


def test_the_zero_moment_point_is_where_a_force_meets_the_floor() -> None:
    base, meets = np.array([[0.2, -0.3, 0.8]]), np.array([[0.5, 0.1, 0.0]])
    force = np.array([[30.0, -20.0, 300.0]])
    wrench = np.concatenate([force, np.cross(meets - base, force)], axis=1)
    np.testing.assert_allclose(zero_moment_point(wrench, base), meets[:, :2])
