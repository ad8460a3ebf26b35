"""Shapes read from URDFs, and the capsules fitted to them."""

from itertools import product

import numpy as np
import pytest
from collision_cases import box, build, element, joint, link
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.collision.fitting import fit_capsules, joined_pieces
from motionclip_ros.retargeting.collision.geometry import read_shape
from motionclip_ros.retargeting.collision.surface import fit, quality
from motionclip_ros.retargeting.robots.robot import load_robot

ARM = (link('hand', box('0.1 0.1 0.1')), joint('body', 'hand', '0 0 1'))


def corners(size) -> np.ndarray:
    """The corners of a box around the origin."""
    return np.array(list(product([-0.5, 0.5], repeat=3))) * size


def ball(radius: float) -> np.ndarray:
    """Points all over a ball."""
    points = np.random.default_rng(0).normal(size=(400, 3))
    return radius * points / np.linalg.norm(points, axis=1, keepdims=True)


def test_a_ball_gets_one_capsule_of_its_own_radius() -> None:
    (capsule,) = fit(ball(0.06) + np.array([0.1, 0.2, 0.3]))
    np.testing.assert_allclose(capsule[6], 0.06, atol=0.002)
    np.testing.assert_allclose(capsule[:3], [0.1, 0.2, 0.3], atol=0.003)
    np.testing.assert_allclose(capsule[3:6], [0.1, 0.2, 0.3], atol=0.003)


def test_a_capsule_is_found_again() -> None:
    ends = np.array([[0.0, 0.1, 0.2], [0.2, 0.0, 0.5]])
    points = np.concatenate([ball(0.05) + end for end in ends])
    (capsule,) = fit(points)
    found = capsule[:6].reshape(2, 3)
    found = found[np.argsort(found[:, 2])]
    np.testing.assert_allclose(found, ends, atol=0.004)
    np.testing.assert_allclose(capsule[6], 0.05, atol=0.002)


@pytest.mark.parametrize(
    'size',
    [(0.1, 0.1, 0.1), (0.05, 0.1, 0.3), (0.2, 0.25, 0.35), (0.04, 0.3, 0.3), (0.3, 0.4, 0.5)],
)
def test_capsules_are_close_to_the_surface_of_a_box(size) -> None:
    turn = Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    points = corners(size) @ turn.T
    capsules = fit(points)
    assert len(capsules) <= 6
    found = quality(capsules, points)
    # Nothing round fills a corner: what is left there grows with the box.
    assert found.stick_out < 0.01 + 0.06 * max(size)
    assert found.cover < 0.002 + 0.025 * max(size)
    assert found.bulge < 0.01 + 0.08 * max(size)


def test_the_capsules_of_the_g1_fit_to_millimetres() -> None:
    robot = load_robot('g1')
    given_capsules = robot.correspondence.capsules
    qualities = [
        quality(np.array([[*a, *b, r] for a, b, r in given_capsules[piece.link]]), piece.points)
        for piece in joined_pieces(robot, read_shape(robot))
    ]
    stick_out, cover = (
        np.array([getattr(q, name) for q in qualities]) for name in ('stick_out', 'cover')
    )
    assert stick_out.max() < 0.015
    assert stick_out.mean() < 0.009
    assert cover.max() < 0.004


def test_every_link_of_the_g1_with_geometry_has_a_shape_or_a_larger_link_that_holds_it() -> None:
    robot = load_robot('g1')
    shape = read_shape(robot)
    assert shape.warnings == ()
    bodies = {robot.frame(link).body for link in robot.correspondence.capsules}
    assert bodies == {robot.frame(piece.link).body for piece in shape.pieces}
    feet = [piece for piece in shape.pieces if piece.link == 'left_ankle_roll_link']
    assert np.ptp(feet[0].points, axis=0)[2] > 0.05, 'the feet are more than contact points'


def test_mirrored_links_get_mirrored_capsules() -> None:
    capsules = load_robot('g1').correspondence.capsules
    for name, left in capsules.items():
        if name.startswith('left_'):
            right = capsules[name.replace('left_', 'right_')]
            flip = np.array([1, -1, 1])
            for (a, b, radius), (c, d, other_radius) in zip(left, right, strict=True):
                np.testing.assert_allclose([a * flip, b * flip], [c, d], atol=1e-9)
                assert radius == other_radius


def test_shapes_stand_where_their_origins_say(tmp_path) -> None:
    shapes = (
        box('0.2 0.4 0.6', '1 0 0', '0 0 1.5707963267948966'),
        element('<cylinder radius="0.1" length="0.5"/>', '0 2 0'),
        element('<sphere radius="0.2"/>', '0 0 3'),
        element('<capsule radius="0.1" length="0.4"/>', '0 0 -3'),
    )
    robot = build(tmp_path, link('body', *shapes), *ARM)
    low_high = [
        (piece.points.min(axis=0), piece.points.max(axis=0))
        for piece in read_shape(robot).pieces
        if piece.link == 'body'
    ]
    expected = [
        ([0.8, -0.1, -0.3], [1.2, 0.1, 0.3]),
        ([-0.1, 1.9, -0.25], [0.1, 2.1, 0.25]),
        ([-0.2, -0.2, 2.8], [0.2, 0.2, 3.2]),
        ([-0.1, -0.1, -3.3], [0.1, 0.1, -2.7]),
    ]
    np.testing.assert_allclose(low_high, expected, atol=0.005)


@pytest.mark.parametrize(
    ('collision', 'from_visual'),
    [
        ((), True),
        ((element('<sphere radius="0.005"/>', '0.05 0 0'),), True),
        ((box('0.18 0.18 0.18'),), False),
    ],
)
def test_what_is_seen_counts_where_the_collision_shape_is_no_body(
    tmp_path, collision, from_visual
) -> None:
    seen = box('0.2 0.2 0.2', kind='visual')
    robot = build(tmp_path, link('body', seen, *collision), *ARM)
    size = np.ptp(read_shape(robot).pieces[0].points, axis=0).max()
    assert size == pytest.approx(0.2 if from_visual else 0.18)


@pytest.mark.parametrize(
    'shape',
    [
        '<mesh filename="package://nowhere/arm.stl"/>',
        '<mesh filename="http://somewhere/arm.stl"/>',
        '<mesh filename="small.urdf"/>',
        '<octopus arms="8"/>',
    ],
)
def test_a_shape_that_cannot_be_read_costs_its_link_and_leaves_a_warning(tmp_path, shape) -> None:
    robot = build(tmp_path, link('body', element(shape)), *ARM)
    pieces, warnings = read_shape(robot)
    assert [piece.link for piece in pieces] == ['hand']
    (warning,) = warnings
    assert 'collision geometry of body is left out' in warning
    assert '\n' not in warning
    assert fit_capsules(robot).keys() == {'hand'}


def test_small_parts_of_a_larger_body_get_no_capsules_of_their_own(tmp_path) -> None:
    screw = link('screw', box('0.01 0.01 0.01'))
    plate = link('plate', box('0.2 0.2 0.03'))
    head = link('head', box('0.1 0.1 0.2'))
    robot = build(
        tmp_path,
        link('body', box('0.2 0.2 0.2')),
        *(screw, joint('body', 'screw', '0 0 1', 'fixed', '0.3 0 0')),
        *(plate, joint('body', 'plate', '0 0 1', 'fixed', '0 0 0.11')),
        *(head, joint('body', 'head', '0 0 1', 'fixed', '0 0 0.3')),
        *ARM,
    )
    assert list(fit_capsules(robot)) == ['body', 'head', 'hand']


def test_the_fit_is_the_same_every_time() -> None:
    points = np.random.default_rng(5).normal(size=(60, 3)) * [0.1, 0.05, 0.2]
    np.testing.assert_array_equal(fit(points), fit(points))
