"""Robots: what is read from a URDF, and what is refused."""

import numpy as np
import pinocchio
import pytest
from retargeting_cases import random_state
from scipy.spatial.transform import Rotation

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots import catalogue, naming
from motionclip_ros.retargeting.robots.robot import load_robot

ONE_LINK = '<robot name="stone"><link name="pelvis"/></robot>'


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def test_the_g1_is_read(robot) -> None:
    assert len(robot.joint_names) == 29
    assert robot.joint_names[0] == 'left_hip_pitch_joint'
    assert len(robot.sha256) == 64
    assert (robot.limits.lower <= robot.neutral).all()
    assert (robot.neutral <= robot.limits.upper).all()
    knee = robot.joint_index('left_knee_joint')
    assert robot.limits.velocity[knee] == 20.0
    assert robot.limits.effort[knee] == 139.0


def test_links_stand_where_pinocchio_puts_them(robot) -> None:
    state = random_state(robot, 6, 0)
    links = ('pelvis', 'head_link', 'left_ankle_roll_link', 'right_rubber_hand')
    positions, rotations = robot.link_poses(links, state)
    model, data = robot.model, robot.model.createData()
    for frame in range(6):
        turn = Rotation.from_matrix(state.base_rotation[frame]).as_quat()
        q = np.concatenate([state.base_position[frame], turn, state.joints[frame]])
        pinocchio.framesForwardKinematics(model, data, q)
        for i, link in enumerate(links):
            place = data.oMf[model.getFrameId(link)]
            np.testing.assert_allclose(positions[frame, i], place.translation, atol=1e-12)
            np.testing.assert_allclose(rotations[frame, i], place.rotation, atol=1e-12)


def test_the_rest_posture_is_a_t_with_palms_down(robot) -> None:
    state = random_state(robot, 1, 0)._replace(
        base_position=np.zeros((1, 3)),
        base_rotation=np.eye(3)[None],
        joints=robot.human_rest[None],
    )
    links = ('left_shoulder_roll_link', 'left_rubber_hand', 'left_wrist_yaw_link')
    positions, rotations = robot.link_poses(links, state)
    arm = positions[0, 1] - positions[0, 0]
    assert arm[1] > 0.9 * np.linalg.norm(arm)
    # The rubber hand's thumb is on its +z side; palms down means thumbs to the front.
    assert rotations[0, 2, 0, 2] > 0.99


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (None, 'cannot be read'),
        ('not xml at all', 'not a URDF'),
        ('<html></html>', 'not a URDF'),
        (ONE_LINK, 'no actuated joints'),
    ],
)
def test_unusable_urdfs_are_refused(tmp_path, content, message) -> None:
    path = tmp_path / 'robot.urdf'
    if content is not None:
        path.write_text(content)
    with pytest.raises(RobotError, match=message) as caught:
        load_robot(path)
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_a_missing_link_is_named_with_what_there_is(robot, tmp_path) -> None:
    path = tmp_path / 'robot.urdf'
    text = robot.urdf_path.read_text()
    path.write_text(text.replace('"left_elbow_link"', '"left_hinge_link"'))
    with pytest.raises(
        RobotError, match=r'no link left_elbow_link,.*left_hinge_link.*robot\.yaml'
    ):
        load_robot(path)


def test_a_missing_joint_is_named_with_what_there_is(robot, tmp_path) -> None:
    path = tmp_path / 'robot.urdf'
    text = robot.urdf_path.read_text()
    path.write_text(text.replace('"left_elbow_joint"', '"left_hinge_joint"'))
    with pytest.raises(RobotError, match=r"no joint 'left_elbow_joint'.*left_hinge_joint"):
        load_robot(path)


def test_a_correspondence_beside_the_urdf_is_used(robot, tmp_path) -> None:
    path = tmp_path / 'robot.urdf'
    path.write_bytes(robot.urdf_path.read_bytes())
    (tmp_path / 'robot.yaml').write_text(
        'links: {pelvis: {human: pelvis, position: 1.0}}\nacceleration_limits: {"*": 7.0}\n'
    )
    loaded = load_robot(path)
    assert loaded.limits.acceleration.tolist() == [7.0] * 29
    assert loaded.sha256 == robot.sha256


def test_a_base_that_is_not_the_root_is_refused(robot, tmp_path) -> None:
    path = tmp_path / 'robot.urdf'
    path.write_bytes(robot.urdf_path.read_bytes())
    (tmp_path / 'robot.yaml').write_text(
        'links: {torso_link: {human: spine3}}\nacceleration_limits: {"*": 7.0}\n'
    )
    with pytest.raises(RobotError, match=r'torso_link.*not the root'):
        load_robot(path)


def test_a_robot_of_ones_own_is_known_by_name(robot, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv('MOTIONCLIP_ROBOTS', str(tmp_path / 'robots'))
    (tmp_path / 'robots').mkdir()
    (tmp_path / 'mine.urdf').write_bytes(robot.urdf_path.read_bytes())
    config = tmp_path / 'robots' / 'mine.yaml'
    config.write_text(
        'urdf: {file: ../mine.urdf}\nbase: fixed\n'
        'links: {pelvis: {human: pelvis, position: 1.0}}\nacceleration_limits: {"*": 7.0}\n'
    )
    assert set(naming.known()) >= {'g1', 'mine'}
    for text in ('mine', config):
        mine = load_robot(text)
        assert mine.fixed_base
        assert mine.sha256 == robot.sha256


def test_the_g1_floats_needed_no_mending_and_knows_its_masses(robot) -> None:
    assert (robot.fixed_base, robot.notes, robot.has_dynamics) == (False, (), True)


def test_a_urdf_is_named_so_that_it_is_found_again(robot, tmp_path) -> None:
    assert catalogue.urdf_entry(robot.urdf_path) == robot.correspondence.urdf
    path = tmp_path / 'mine.urdf'
    assert catalogue.urdf_entry(path) == {'file': str(path)}


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(RobotError, match=r"no robot 'c3po'; known are .*g1"):
        load_robot('c3po')


def test_unknown_links_and_joints_are_refused(robot) -> None:
    with pytest.raises(RobotError, match=r"no link 'tail'.*pelvis"):
        robot.frame('tail')
    with pytest.raises(RobotError, match=r"no joint 'tail'.*waist_yaw_joint"):
        robot.joint_index('tail')
