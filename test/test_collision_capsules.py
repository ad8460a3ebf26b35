"""Capsules and the distances between them, against coal's own."""

import coal
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from retargeting_cases import random_state
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.collision.capsules import (
    capsule_distances,
    closest,
    near_distances,
    nearest_points,
    on_joints,
)
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving import kernel_numpy


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.fixture(scope='module')
def model(robot):
    return collision_model(robot)


def coal_distance(first: np.ndarray, second: np.ndarray, radii: tuple[float, float]) -> float:
    """Distance of two capsules given by their ends [2, 3]."""
    shapes, places = [], []
    for ends, radius in zip((first, second), radii, strict=True):
        axis = ends[1] - ends[0]
        length = float(np.linalg.norm(axis))
        turn = Rotation.align_vectors([axis], [[0, 0, 1]])[0] if length else Rotation.identity()
        shapes.append(coal.Capsule(radius, length))
        places.append(coal.Transform3s(turn.as_matrix(), ends.mean(axis=0)))
    request, result = coal.DistanceRequest(), coal.DistanceResult()
    return coal.distance(shapes[0], places[0], shapes[1], places[1], request, result)


@pytest.mark.parametrize('lengths', [(1.0, 1.0), (0.0, 1.0), (1.0, 0.0), (0.0, 0.0), (1e-3, 2.0)])
def test_segments_are_as_far_apart_as_coal_says(lengths) -> None:
    random = np.random.default_rng(3)
    start, other_start = random.normal(size=(2, 200, 3))
    axis, other_axis = random.normal(size=(2, 200, 3)) * np.array(lengths)[:, None, None]
    first, second = nearest_points(start, axis, other_start, other_axis)
    ours = np.linalg.norm(second - first, axis=-1) - 0.05
    theirs = [
        coal_distance(np.array([a, a + u]), np.array([b, b + v]), (0.02, 0.03))
        for a, u, b, v in zip(start, axis, other_start, other_axis, strict=True)
    ]
    # In the deep, coal's distance is the way out of each other, which is not the axes' distance.
    apart = np.array(theirs) > 0.0
    assert apart.sum() > 150
    np.testing.assert_allclose(ours[apart], np.array(theirs)[apart], atol=1e-6)


vectors = arrays(float, 3, elements=st.floats(-2.0, 2.0).map(lambda x: round(x, 3)))


@given(vectors, vectors, vectors, st.floats(-1.5, 1.5), st.floats(-3.0, 3.0))
def test_no_points_of_two_segments_are_nearer_even_if_parallel(
    start, axis, away, stretch, slant
) -> None:
    other_axis = stretch * axis + slant * 1e-7
    first, second = nearest_points(start, axis, start + away, other_axis)
    part = np.linspace(0.0, 1.0, 41)[:, None]
    one, other = start + part * axis, start + away + part * other_axis
    nearest = np.linalg.norm(one[:, None] - other, axis=-1).min()
    assert np.linalg.norm(second - first) <= nearest + 1e-6


def test_nearest_points_lie_on_the_axes_and_give_distance_and_normal(robot, model) -> None:
    state = random_state(robot, 5, seed=1)
    found = closest(robot.tree, model.capsules, model.pairs, state)
    turn, origin = kernel_numpy.place(robot.tree, state)
    body = model.capsules.body + 1

    def placed(points: np.ndarray) -> np.ndarray:
        return origin[:, body] + np.einsum('tcab,cb->tca', turn[:, body], points)

    start, end = placed(model.capsules.start), placed(model.capsules.end)
    for side, points in enumerate((found.first, found.second)):
        a, b = start[:, model.pairs[:, side]], end[:, model.pairs[:, side]]
        detour = np.linalg.norm(points - a, axis=-1) + np.linalg.norm(points - b, axis=-1)
        np.testing.assert_allclose(detour, np.linalg.norm(b - a, axis=-1), atol=1e-7)
    radii = model.capsules.radius[model.pairs].sum(axis=1)
    way = found.normal * (found.distance + radii)[..., None]
    np.testing.assert_allclose(found.first + way, found.second, atol=1e-9)


def test_distances_do_not_depend_on_where_the_robot_stands(robot, model) -> None:
    state = random_state(robot, 4, seed=2)
    home = state._replace(base_position=0 * state.base_position)
    np.testing.assert_allclose(
        capsule_distances(robot.tree, model.capsules, model.pairs, state),
        capsule_distances(robot.tree, model.capsules, model.pairs, home),
        atol=1e-9,
    )


def test_near_distances_are_exact_where_near_and_never_too_large(robot, model) -> None:
    state = random_state(robot, 40, seed=3)
    exact = capsule_distances(robot.tree, model.capsules, model.pairs, state)
    quick = near_distances(robot.tree, model.capsules, model.pairs, state, 0.05)
    near = exact < 0.05
    assert near.any()
    np.testing.assert_allclose(quick[near], exact[near], atol=1e-12)
    assert (quick[~near] >= 0.05).all()
    assert (quick <= exact + 1e-12).all()


@pytest.mark.parametrize('link', ['left_rubber_hand', 'd435_link'])
def test_capsules_of_a_fixed_link_move_with_its_joint(robot, link) -> None:
    ends = ((0.1, 0.02, 0.0), (0.0, 0.0, 0.05))
    capsules = on_joints(robot, {link: ((*ends, 0.03),)})
    assert capsules.body == robot.frame(link).body
    state = random_state(robot, 3, seed=4)
    position, rotation = robot.link_poses((link,), state)
    for end, there in zip(ends, (capsules.start, capsules.end), strict=True):
        np.testing.assert_allclose(
            robot.points(capsules.body, there, state), position + rotation @ end, atol=1e-9
        )
