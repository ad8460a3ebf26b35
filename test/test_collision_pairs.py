"""Which links are watched."""

import numpy as np
import pytest
from collision_cases import box, build, joint, link

from motionclip_ros.retargeting.collision.capsules import capsule_distances, on_joints
from motionclip_ros.retargeting.collision.fitting import fit_capsules
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.collision.pairs import choose_pairs, expand, random_joints, states
from motionclip_ros.retargeting.robots.robot import load_robot


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        ('torso_link', 'left_elbow_link'),
        ('torso_link', 'left_shoulder_yaw_link'),
        ('pelvis', 'left_rubber_hand'),
        ('left_hip_roll_link', 'left_rubber_hand'),
        ('left_hip_yaw_link', 'left_rubber_hand'),
        ('left_elbow_link', 'right_elbow_link'),
        ('left_wrist_pitch_link', 'right_wrist_pitch_link'),
        ('left_rubber_hand', 'right_rubber_hand'),
        ('left_rubber_hand', 'right_elbow_link'),
        ('head_link', 'left_rubber_hand'),
        ('left_hip_yaw_link', 'right_hip_yaw_link'),
        ('left_knee_link', 'right_knee_link'),
        ('left_ankle_roll_link', 'right_ankle_roll_link'),
        ('torso_link', 'left_knee_link'),
    ],
)
def test_the_g1_watches_what_people_touch_on_both_sides(robot, one, other) -> None:
    pairs = {frozenset(pair) for pair in robot.correspondence.collision_pairs}
    mirrored = [
        name.replace('left', '*').replace('right', 'left').replace('*', 'right')
        for name in (one, other)
    ]
    assert frozenset((one, other)) in pairs
    assert frozenset(mirrored) in pairs


def test_no_pair_of_the_g1_is_on_the_same_joint_or_on_neighbours(robot) -> None:
    parent = robot.tree.parent
    for pair in robot.correspondence.collision_pairs:
        low, high = sorted(robot.frame(link).body for link in pair)
        assert low != high, pair
        assert parent[high] != low, pair


def test_nothing_touches_while_the_g1_stands(robot) -> None:
    model = collision_model(robot)
    (state,) = states(robot.neutral[None])
    distances = capsule_distances(robot.tree, model.capsules, model.pairs, state)
    assert distances.min() > 0.0


def two_arms(tmp_path, reach: float):
    """A trunk, and two hands that slide in front of it towards each other."""
    parts = [link('trunk', box('0.2 0.2 0.6'))]
    for side, sign in (('left', 1), ('right', -1)):
        parts += [
            link(f'{side}_rail', box('0.05 0.05 0.05')),
            joint('trunk', f'{side}_rail', '1 0 0', xyz=f'0 {sign * 0.14} 0'),
            link(f'{side}_slide'),
            joint(f'{side}_rail', f'{side}_slide', '0 1 0', xyz=f'0.3 {sign * reach} 0'),
            link(f'{side}_hand', box('0.1 0.1 0.1')),
            joint(f'{side}_slide', f'{side}_hand', '0 0 1'),
        ]
    return build(tmp_path, *parts)


def test_links_that_can_meet_are_watched_and_neighbours_are_not(tmp_path) -> None:
    robot = two_arms(tmp_path, reach=0.3)
    pairs = {frozenset(pair) for pair in choose_pairs(robot, fit_capsules(robot))}
    assert frozenset(('left_hand', 'right_hand')) in pairs
    assert frozenset(('trunk', 'left_hand')) in pairs
    assert frozenset(('trunk', 'left_rail')) not in pairs


def test_links_that_never_come_near_are_not_watched(tmp_path) -> None:
    robot = two_arms(tmp_path, reach=4.0)
    assert choose_pairs(robot, fit_capsules(robot)) == ()


def test_links_that_overlap_by_construction_are_not_watched(tmp_path) -> None:
    wide = box('4 0.5 0.5')
    robot = build(
        tmp_path,
        link('trunk', wide),
        *(link('one'), joint('trunk', 'one', '1 0 0', xyz='0 0.1 0')),
        *(link('two', wide), joint('one', 'two', '1 0 0', xyz='0 0.2 0')),
    )
    assert choose_pairs(robot, fit_capsules(robot)) == ()


def test_a_robot_without_capsules_has_no_pairs(tmp_path) -> None:
    robot = build(tmp_path, link('body'), link('arm'), joint('body', 'arm', '1 0 0'))
    assert choose_pairs(robot, fit_capsules(robot)) == ()


def test_random_joints_are_inside_the_limits_and_begin_neutral(robot) -> None:
    joints = random_joints(robot, 50)
    np.testing.assert_array_equal(joints[0], robot.neutral)
    assert (joints >= robot.limits.lower).all()
    assert (joints <= robot.limits.upper).all()
    np.testing.assert_array_equal(joints, random_joints(robot, 50))
    assert sum(len(state.joints) for state in states(joints)) == 50


def test_pairs_of_links_become_all_pairs_of_their_capsules() -> None:
    owner = np.array([0, 0, 1, 2, 2, 2])
    pairs, starts = expand(owner, np.array([[0, 1], [2, 0]]))
    assert starts.tolist() == [0, 2]
    assert sorted(map(tuple, pairs[:2].tolist())) == [(0, 2), (1, 2)]
    assert sorted(map(tuple, pairs[2:].tolist())) == [(i, j) for i in (3, 4, 5) for j in (0, 1)]


def test_no_capsules_make_no_arrays_of_a_wrong_shape(robot) -> None:
    capsules = on_joints(robot, {})
    assert capsules.start.shape == (0, 3)
    pairs, _ = expand(np.empty(0, np.int64), np.empty((0, 2), np.int64))
    (state,) = states(robot.neutral[None])
    assert capsule_distances(robot.tree, capsules, pairs, state).shape == (1, 0)
