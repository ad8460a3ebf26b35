"""Targets: human directions, robot lengths, feet on the floor."""

from dataclasses import replace

import numpy as np
import pytest
from retargeting_cases import standing, turned
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_model.skeleton import JOINT_INDEX
from motionclip_ros.retargeting.contacts import contacts, foot_heights
from motionclip_ros.retargeting.hanging import faced, hang_links, leg_scale
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.targets import make_targets

FEET = ('left_ankle', 'left_foot', 'right_ankle', 'right_foot')


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.mark.parametrize('action', ['walk', 'wave', 'cartwheel'])
def test_limbs_have_human_directions_and_robot_lengths(robot, clips, action) -> None:
    motion = Motion.load(clips[action])
    hung = hang_links(motion, robot).positions
    place = dict(zip(robot.correspondence.links, np.moveaxis(hung, 1, 0), strict=True))
    human = motion.pose.positions
    for side in ('left', 'right'):
        for upper, lower, joints in (
            ('knee_link', 'ankle_roll_link', ('knee', 'ankle')),
            ('elbow_link', 'wrist_yaw_link', ('elbow', 'wrist')),
        ):
            limb = place[f'{side}_{lower}'] - place[f'{side}_{upper}']
            start, end = (JOINT_INDEX[f'{side}_{joint}'] for joint in joints)
            wanted = human[:, end] - human[:, start]
            cosine = (limb * wanted).sum(-1)
            cosine /= np.linalg.norm(limb, axis=-1) * np.linalg.norm(wanted, axis=-1)
            np.testing.assert_allclose(cosine, 1.0, atol=1e-9)
            # Shank and forearm of the G1, from its URDF.
            assert np.ptp(np.linalg.norm(limb, axis=-1)) < 1e-9
            expected = 0.318 if lower.startswith('ankle') else 0.184
            assert np.linalg.norm(limb[0]) == pytest.approx(expected, abs=2e-3)


def test_a_standing_human_asks_for_a_standing_robot(robot) -> None:
    targets = make_targets(standing(), robot)
    count = len(targets.links)
    assert targets.standing.all()
    np.testing.assert_allclose(targets.tasks.target_position[:, count:, 2], 0.0)
    ankles = [targets.links.index(f'{side}_ankle_roll_link') for side in ('left', 'right')]
    np.testing.assert_allclose(targets.tasks.target_position[:, ankles, 2], 0.035, atol=0.02)
    # The person faces -y, so the robot's front, its x axis, points there.
    np.testing.assert_allclose(
        targets.start.base_rotation[:, :, 0], np.tile([0.0, -1.0, 0.0], (20, 1)), atol=1e-12
    )


def test_the_scale_is_the_ratio_of_the_legs(robot) -> None:
    # Hip roll axis to sole of the G1 over the .86 m of the SMPL skeleton.
    assert leg_scale(robot) == pytest.approx((0.306 + 0.318 + 0.035) / 0.865, abs=0.01)


def test_the_world_has_no_preferred_direction(robot, clips) -> None:
    motion = Motion.load(clips['walk'])
    straight, around = make_targets(motion, robot), make_targets(turned(motion, 2.0), robot)
    turn = Rotation.from_euler('z', 2.0).as_matrix()
    np.testing.assert_allclose(
        around.tasks.target_position, straight.tasks.target_position @ turn.T, atol=1e-9
    )
    count = len(straight.links)
    np.testing.assert_allclose(
        around.tasks.target_rotation[:, :count],
        turn @ straight.tasks.target_rotation[:, :count],
        atol=1e-9,
    )
    np.testing.assert_array_equal(around.standing, straight.standing)


def test_a_raised_floor_is_found(clips) -> None:
    motion = Motion.load(clips['walk'])
    raised = Motion(
        motion.joint_rotations, motion.root_position + np.array([0.0, 0.0, 0.3]), motion.fps
    )
    low, high = foot_heights(motion, FEET), foot_heights(raised, FEET)
    np.testing.assert_allclose(high.floor, low.floor + 0.3)
    np.testing.assert_allclose(high.heights, low.heights, atol=1e-12)


def test_a_drifting_floor_is_followed(clips) -> None:
    motion = Motion.load(clips['walk'])
    drift = np.linspace(0.0, 0.06, len(motion))
    path = motion.root_position + drift[:, None] * [0.0, 0.0, 1.0]
    sloping = Motion(motion.joint_rotations, path, motion.fps)
    gain = foot_heights(sloping, FEET).heights - foot_heights(motion, FEET).heights
    assert np.abs(gain).max() < 0.02


def test_walking_feet_take_turns(clips) -> None:
    heel_and_toe = contacts(Motion.load(clips['walk']), FEET)
    left, right = heel_and_toe[:, :2].any(axis=1), heel_and_toe[:, 2:].any(axis=1)
    assert (left | right).mean() > 0.8  # walking is never flying
    assert 0.1 < (left & ~right).mean() < 0.9
    assert 0.1 < (right & ~left).mean() < 0.9


def test_a_jump_leaves_the_floor(robot, clips) -> None:
    motion = Motion.load(clips['jump'])
    in_air = foot_heights(motion, FEET).heights.min(axis=1) > 0.05
    assert in_air.any()
    assert not contacts(motion, FEET)[in_air].any()
    targets = make_targets(motion, robot)
    ankles = [targets.links.index(f'{side}_ankle_roll_link') for side in ('left', 'right')]
    clearance = targets.scale * foot_heights(motion, FEET).heights.min(axis=1)
    assert clearance.max() > 0.1
    assert (targets.tasks.target_position[:, ankles, 2].min(axis=1) > clearance).all()


def test_a_standing_corner_does_not_wander(robot, clips) -> None:
    targets = make_targets(Motion.load(clips['kick']), robot)
    places = targets.tasks.target_position[:, len(targets.links) :]
    for corner in range(places.shape[1]):
        both = targets.standing[1:, corner] & targets.standing[:-1, corner]
        np.testing.assert_array_equal(np.diff(places[:, corner], axis=0)[both], 0.0)


@pytest.mark.parametrize('action', ['walk', 'kick', 'cartwheel'])
def test_legs_reach_for_where_the_sole_belongs(robot, clips, action) -> None:
    """With every link on its target, each standing sole is where its stance has it, nearly."""
    targets = make_targets(Motion.load(clips[action]), robot)
    tasks, count = targets.tasks, len(targets.links)
    for foot, side in enumerate(('left', 'right')):
        ankle = targets.links.index(f'{side}_ankle_roll_link')
        corners = count + 4 * foot + np.arange(4)
        frame = robot.frame(f'{side}_ankle_roll_link')
        local = (tasks.offset[corners] - frame.position) @ frame.rotation
        turned = np.einsum('tab,kb->tka', tasks.target_rotation[:, ankle], local)
        places = tasks.target_position[:, ankle, None] + turned
        flat = targets.standing[:, 4 * foot : 4 * foot + 4].all(axis=1)
        away = (places - tasks.target_position[:, corners])[flat].mean(axis=1)
        assert np.linalg.norm(away, axis=-1).max() < 0.01


def test_the_base_goes_where_its_soles_are(robot, clips) -> None:
    """A person who walks further with the same steps drags the feet; the robot does not."""
    motion = Motion.load(clips['walk'])
    path = motion.root_position * [1.2, 1.2, 1.0]
    longer = Motion(motion.joint_rotations, path, motion.fps)
    true, dragged = make_targets(motion, robot), make_targets(longer, robot)
    gone = [np.ptp(t.start.base_position[:, :2], axis=0).max() for t in (true, dragged)]
    assert gone[1] < 1.1 * gone[0]


def test_a_person_faces_ahead_of_a_base_that_is_bolted_down(clips) -> None:
    motion = faced(Motion.load(clips['walk']))
    left = motion.joint_rotations[:, 0, :, 0]
    np.testing.assert_allclose(left[:, 0], 0.0, atol=1e-12)
    assert (left[:, 1] > 0.0).all()
    assert not motion.root_position[:, :2].any()


def test_a_robot_that_is_bolted_down_has_a_base_that_stays(robot, clips) -> None:
    bolted = replace(robot, fixed_base=True)
    targets = make_targets(Motion.load(clips['walk']), bolted)
    np.testing.assert_array_equal(np.ptp(targets.start.base_position, axis=0), 0.0)
    np.testing.assert_array_equal(
        targets.start.base_rotation, np.tile(np.eye(3), (len(targets.standing), 1, 1))
    )
    assert targets.standing.all()
    lowest = targets.tasks.target_position[:, len(targets.links) :, 2]
    assert lowest.min() == pytest.approx(0.0, abs=1e-12)
