"""The referee: penetration between convex hulls."""

import numpy as np
import pytest
from collision_cases import box, build, element, joint, link, state
from retargeting_cases import random_state
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.collision import hulls
from motionclip_ros.retargeting.collision.capsules import capsule_distances
from motionclip_ros.retargeting.collision.hulls import HullChecker
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.collision.pairs import random_joints, states
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving.problem import State

BALL = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1)


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.fixture(scope='module')
def checker(robot):
    return HullChecker(robot)


def slider(tmp_path, *shapes: str):
    """A body, and a hand that slides along x and turns on the spot."""
    return build(
        tmp_path,
        link('body', *(shapes or (box('0.2 0.2 0.2'),))),
        *(link('rail'), joint('body', 'rail', '1 0 0')),
        *(link('hand', box('0.1 0.1 0.1')), joint('rail', 'hand', '0 0 1', 'revolute')),
        capsules={'body': (BALL,), 'hand': (BALL,)},
        collision_pairs=(('body', 'hand'),),
    )


def test_the_depth_of_two_boxes_is_how_far_they_overlap(tmp_path) -> None:
    places = np.array([0.3, 0.16, 0.149, 0.13, 0.08, -0.1])
    depths = HullChecker(slider(tmp_path)).depths(state(np.stack([places, 0 * places], axis=1)))
    np.testing.assert_allclose(depths, [0.0, 0.0, 0.001, 0.02, 0.07, 0.05], atol=1e-5)


def test_the_worst_moment_is_named(tmp_path) -> None:
    checker = HullChecker(slider(tmp_path))
    places = np.array([0.3, 0.13, 0.1, 0.14])
    worst = checker.worst(state(np.stack([places, 0 * places], axis=1)))
    assert worst.frame == 2
    assert worst.links == ('body', 'hand')
    assert worst.depth == pytest.approx(0.05, abs=1e-5)
    free = checker.worst(state(np.array([[1.0, 0.0]])))
    assert (free.depth, free.links) == (0.0, ('', ''))


def test_shapes_of_a_link_count_one_by_one_and_leave_the_room_between_them(tmp_path) -> None:
    prongs = (box('0.2 0.02 0.2', '0 0.2 0'), box('0.2 0.02 0.2', '0 -0.2 0'))
    checker = HullChecker(slider(tmp_path, *prongs))
    assert checker.depths(state(np.zeros((1, 2))))[0] == 0.0


def test_what_is_fixed_to_a_watched_link_is_watched_with_it(tmp_path) -> None:
    robot = build(
        tmp_path,
        link('body', box('0.2 0.2 0.2')),
        *(link('horn', box('0.1 0.1 0.1')), joint('body', 'horn', '0 0 1', 'fixed', '0.5 0 0')),
        *(link('rail'), joint('body', 'rail', '1 0 0')),
        *(link('hand', box('0.1 0.1 0.1')), joint('rail', 'hand', '0 0 1', 'revolute')),
        capsules={'body': (BALL,), 'hand': (BALL,)},
        collision_pairs=(('body', 'hand'),),
    )
    assert HullChecker(robot).depths(state(np.array([[0.43, 0.0]])))[0] == pytest.approx(0.03)


def test_a_robot_without_shapes_touches_nothing(tmp_path) -> None:
    robot = build(tmp_path, link('body'), link('arm'), joint('body', 'arm', '1 0 0'))
    checker = HullChecker(robot)
    np.testing.assert_array_equal(checker.depths(state(np.zeros((3, 1)))), np.zeros(3))
    assert checker.worst(state(np.zeros((3, 1)))).depth == 0.0


def test_flat_shapes_do_not_stop_the_check(tmp_path) -> None:
    checker = HullChecker(slider(tmp_path, element('<box size="0.2 0.2 0"/>')))
    assert checker.depths(state(np.zeros((2, 2)))).tolist() == [0.0, 0.0]


def test_hulls_that_are_not_looked_at_are_free(robot, checker, monkeypatch) -> None:
    path = random_state(robot, 6, seed=5)
    quick = checker.depths(path)
    near = hulls.near_distances
    monkeypatch.setattr(hulls, 'near_distances', lambda *given: 0 * near(*given) - 1.0)
    np.testing.assert_allclose(quick, checker.depths(path), atol=1e-9)
    assert (quick > 0.0).any()


def test_the_answer_does_not_depend_on_how_many_frames_are_asked_for(
    robot, checker, monkeypatch
) -> None:
    path = random_state(robot, 7, seed=6)
    together = checker.depths(path)
    monkeypatch.setattr(hulls, '_AT_ONCE', 3)
    np.testing.assert_array_equal(checker.depths(path), together)
    by_pair = checker.by_pair(path)
    np.testing.assert_array_equal(np.max(list(by_pair.values()), axis=0), together)


def test_the_g1_is_free_where_it_stands(robot, checker) -> None:
    (home,) = states(np.stack([robot.neutral, robot.human_rest]))
    np.testing.assert_array_equal(checker.depths(home), [0.0, 0.0])


def test_capsules_and_hulls_of_the_g1_agree_to_millimetres(robot, checker) -> None:
    model = collision_model(robot)
    joints = random_joints(robot, 240)[::2]
    counts = {'hull': 0, 'missed': 0, 'feared': 0}
    for path in states(joints):
        distance = capsule_distances(robot.tree, model.capsules, model.pairs, path)
        depths = checker.by_pair(path)
        for pair in model.link_pairs:
            mine = [
                i
                for i, (a, b) in enumerate(model.pairs)
                if (model.links[a], model.links[b]) == pair
            ]
            gap = distance[:, mine].min(axis=1)
            depth = depths.get(pair, np.zeros(len(path.joints)))
            counts['hull'] += int((depth > 0.005).sum())
            counts['missed'] += int(((depth > 0.005) & (gap > 0.005)).sum())
            counts['feared'] += int(((depth == 0.0) & (gap < -0.015)).sum())
    assert counts['hull'] > 100
    assert counts['missed'] <= 0.01 * counts['hull']
    assert counts['feared'] <= 0.02 * counts['hull']


def test_solutions_of_others_penetrate_in_a_fifth_of_their_frames(robot, checker, shared) -> None:
    path = shared / 'benchmarks' / 'gmr_g1_cmu.npz'
    if not path.is_file():
        pytest.skip('the recorded solutions are not here')
    with np.load(path) as recorded:
        assert tuple(recorded['joint_names']) == robot.joint_names
        q = np.concatenate([recorded[name][::4] for name in recorded.files if 'gmr_q' in name])
    turn = Rotation.from_quat(q[:, 3:7]).as_matrix()
    depths = checker.depths(State(q[:, :3].copy(), turn, q[:, 7:].copy()))
    assert 0.2 < (depths > 0.005).mean() < 0.3
