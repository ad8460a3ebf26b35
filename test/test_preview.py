"""RViz is shown a person, a robot and what it was asked, in step with each other."""

from dataclasses import replace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from scipy.spatial.transform import Rotation
from test_conversions import random_motion, random_trajectory, sent
from visualization_msgs.msg import Marker

from motionclip_model import skeleton
from motionclip_ros.nodes.markers import markers
from motionclip_ros.poses import LinkPoses
from motionclip_ros.preview import FEET, Preview, Shown, at_rest
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.soles import sole_corners
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

BASE = LinkPoses(('base',), np.zeros((1, 3)), np.array([[0.0, 0.0, 0.0, 1.0]]))
JOINTS = np.random.default_rng(0).normal(size=(24, 3))
TARGETS = np.random.default_rng(1).normal(size=(5, 3))


def places(marker: Marker) -> np.ndarray:
    return np.array([[p.x, p.y, p.z] for p in marker.points])


def test_markers_draw_bones_standing_feet_and_targets() -> None:
    standing = np.array([True, False, False, True])
    message = sent(markers(Shown(JOINTS, standing, np.zeros(2), BASE, TARGETS), Time(sec=5)))
    found = {marker.ns: marker for marker in message.markers}
    assert len(found) == len(message.markers) == 4
    ends = places(found['bones']).reshape(-1, 2, 3)
    np.testing.assert_allclose(ends[:, 1], JOINTS[1:])
    np.testing.assert_allclose(ends[:, 0], JOINTS[list(skeleton.PARENTS[1:])])
    np.testing.assert_allclose(places(found['joints']), JOINTS)
    np.testing.assert_allclose(places(found['targets']), TARGETS)
    np.testing.assert_allclose(
        places(found['contacts']),
        [[*JOINTS[skeleton.JOINT_INDEX[foot]][:2], 0.0] for foot in (FEET[0], FEET[3])],
    )
    assert {marker.header.frame_id for marker in message.markers} == {'odom'}
    in_air = Shown(JOINTS, np.zeros(4, bool), np.zeros(2), BASE, TARGETS)
    gone = {m.ns: m.action for m in sent(markers(in_air, Time())).markers}
    assert gone['contacts'] == Marker.DELETE
    assert gone['bones'] == Marker.ADD


def previewed(begins: float = 0.0, **changes) -> tuple[Preview, RobotTrajectory, np.ndarray]:
    motion, trajectory = random_motion(1), random_trajectory(2)
    targets = np.random.default_rng(3).normal(size=(7, 2, 3))
    commanded = replace(trajectory, **changes)
    return Preview(motion, trajectory, targets, commanded, begins), trajectory, targets


def test_everything_begins_and_ends_together() -> None:
    motion = random_motion(1)
    preview, trajectory, _ = previewed(begins=0.2)
    for seconds, frame in ((-1.0, 0), (0.2, 0), (preview.seconds + 5.0, -1)):
        shown = preview.at(seconds)
        np.testing.assert_array_equal(shown.joints, motion.pose.positions[frame])
        np.testing.assert_allclose(shown.positions, trajectory.sample(seconds).positions)
        np.testing.assert_allclose(
            shown.base.positions[0], trajectory.sample(seconds).base_position
        )
    half = 0.2 + 0.5 * (preview.seconds - 0.2)
    middle = round(0.5 * (len(motion) - 1))
    np.testing.assert_array_equal(preview.at(half).joints, motion.pose.positions[middle])


def test_targets_are_where_they_were_if_the_base_is() -> None:
    preview, _, targets = previewed()
    np.testing.assert_allclose(preview.at(preview.seconds).targets, targets[-1], atol=1e-9)


@pytest.mark.parametrize('angle', [0.0, 1.0])
def test_targets_go_along_with_a_motion_that_begins_elsewhere(angle) -> None:
    turn, shift = Rotation.from_euler('z', angle), np.array([3.0, -1.0, 0.0])
    _, original, targets = previewed()
    preview, _, _ = previewed(
        base_position=turn.apply(original.base_position) + shift,
        base_quaternion_xyzw=(turn * Rotation.from_quat(original.base_quaternion_xyzw)).as_quat(),
    )
    moved = turn.apply(targets[-1]) + shift
    np.testing.assert_allclose(preview.at(preview.seconds).targets, moved, atol=1e-9)


@pytest.mark.parametrize('name', ['g1', 'talos'])
def test_at_rest_the_soles_are_on_the_floor(name) -> None:
    robot = load_robot(name)
    joints, base = at_rest(robot, (1.0, 2.0))
    (place,), (turn,) = base.positions, base.quaternions_xyzw
    np.testing.assert_array_equal(place[:2], [1.0, 2.0])
    state = State(place[None], Rotation.from_quat(turn[None]).as_matrix(), joints[None])
    corners = sole_corners(robot)
    links = tuple(dict.fromkeys(corner.link for corner in corners))
    positions, rotations = robot.link_poses(links, state)
    heights = [
        (positions[0, i] + rotations[0, i] @ corner.point)[2]
        for i, link in enumerate(links)
        for corner in corners
        if corner.link == link
    ]
    assert min(heights) == pytest.approx(0.0, abs=1e-9)
    assert place[2] > 0.5


def test_the_person_stands_beyond_the_robot() -> None:
    motion, trajectory = random_motion(1), random_trajectory(2)
    targets = np.zeros((2, 1, 3))
    beside = Preview(motion, trajectory, targets, trajectory, 0.0, 'pelvis', (0.5, 1.0))
    shown = beside.at(0.0)
    assert shown.base.names == ('pelvis',)
    first = trajectory.sample(0.0).base_position
    np.testing.assert_allclose(shown.base.positions[0] - first, [0.5, 1.0, 0.0])
    np.testing.assert_allclose(shown.joints, motion.pose.positions[0] + [1.0, 2.0, 0.0])
    np.testing.assert_allclose(shown.targets, [[0.5, 1.0, 0.0]], atol=1e-9)
