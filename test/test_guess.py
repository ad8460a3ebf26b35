"""A guessed robot: what was found, whatever its names, and that it is what a person would say."""

import xml.etree.ElementTree as ElementTree
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from stick_figure import stick_figure

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.guess import Guess, guess
from motionclip_ros.retargeting.robots.ownership import groups
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State

DATA = 'cmeel.prefix/share/example-robot-data/robots'
ROBOTS = {
    'g1': ('example-robot-data', f'{DATA}/g1_description/urdf/g1_29dof_rev_1_0.urdf'),
    'talos': ('example-robot-data', f'{DATA}/talos_data/robots/talos_reduced.urdf'),
    'jvrc1': ('jvrc-description', 'jvrc_description/urdf/jvrc1.urdf'),
    'icub': ('example-robot-data', f'{DATA}/icub_description/robots/icub.urdf'),
}
SIDED = ('hip', 'knee', 'ankle', 'shoulder', 'elbow', 'wrist')
HUMANS = {'pelvis', 'spine3', *(f'{side}_{part}' for side in ('left', 'right') for part in SIDED)}


def urdf(name: str) -> Path:
    """A URDF inside an installed distribution."""
    distribution, file = ROBOTS[name]
    try:
        return Path(str(metadata.distribution(distribution).locate_file(file)))
    except metadata.PackageNotFoundError:
        pytest.skip(f'{distribution} is not installed')


@cache
def guess_of(name: str) -> Guess:
    return guess(urdf(name))


@pytest.fixture(params=ROBOTS)
def guessed(request) -> Guess:
    return guess_of(request.param)


@pytest.fixture(scope='module')
def g1() -> Robot:
    return load_robot('g1')


@pytest.fixture(scope='module')
def g1_guess() -> Guess:
    return guess_of('g1')


def link_of(robot: Robot) -> dict[str, str]:
    return {match.human: link for link, match in robot.correspondence.links.items()}


def at_rest(robot: Robot, *humans: str) -> np.ndarray:
    """Places of links in the rest pose, x front, y left, z up."""
    state = State(np.zeros((1, 3)), robot.upright[None], robot.human_rest[None])
    links = link_of(robot)
    return robot.link_poses(tuple(links[human] for human in humans), state)[0][0]


def angle(one: np.ndarray, other: list[float]) -> float:
    """Angle between two directions [deg]."""
    cosine = one @ np.array(other) / np.linalg.norm(one) / np.linalg.norm(other)
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def renamed(root: ElementTree.Element, new: dict[str, str]) -> bytes:
    for part in root.iter():
        for key, value in part.attrib.items():
            part.set(key, new.get(value, value))
    return ElementTree.tostring(root)


def test_the_g1_is_guessed_as_it_was_written_by_hand(g1, g1_guess) -> None:
    written, found = g1.correspondence, g1_guess.robot.correspondence
    assert dict(found.links) == dict(written.links)
    assert found.base == written.base
    assert found.base_kind == 'floating'
    assert found.acceleration_limit('waist_yaw_joint') == 120.0
    np.testing.assert_allclose(g1_guess.robot.human_rest, g1.human_rest, atol=0.02)
    for link, foot in written.feet.items():
        for end in ('heel_corners', 'toe_corners'):
            np.testing.assert_allclose(
                getattr(found.feet[link], end), getattr(foot, end), atol=0.005
            )


def test_every_humanoid_has_all_parts(guessed) -> None:
    links = guessed.robot.correspondence.links
    assert {match.human for match in links.values()} >= HUMANS
    assert len(guessed.robot.correspondence.feet) == 2
    assert guessed.robot.has_dynamics
    assert {finding.link for finding in guessed.findings} == set(links)


def test_the_rest_pose_has_straight_legs_and_arms_straight_out(guessed) -> None:
    for side, y in (('left', 1.0), ('right', -1.0)):
        hip, knee, ankle = at_rest(guessed.robot, *(f'{side}_{part}' for part in SIDED[:3]))
        assert angle(knee - hip, [0, 0, -1]) < 8.0
        assert angle(ankle - knee, [0, 0, -1]) < 8.0
        assert hip[1] * y > 0.0
        shoulder, elbow, wrist = at_rest(guessed.robot, *(f'{side}_{part}' for part in SIDED[3:]))
        assert angle(elbow - shoulder, [0, y, 0]) < 8.0
        assert angle(wrist - elbow, [0, y, 0]) < 8.0


def test_elbows_bend_forward_from_the_rest_pose(guessed) -> None:
    robot = guessed.robot
    for side in ('left', 'right'):
        joint = robot.frame(link_of(robot)[f'{side}_elbow']).body
        room = robot.limits.upper[joint] - robot.human_rest[joint]
        flexion = 0.5 if room > robot.human_rest[joint] - robot.limits.lower[joint] else -0.5
        bent = np.tile(robot.human_rest, (2, 1))
        bent[1, joint] += flexion
        turn = np.tile(robot.upright, (2, 1, 1))
        state = State(np.zeros((2, 3)), turn, bent)
        wrist = robot.link_poses((link_of(robot)[f'{side}_wrist'],), state)[0][:, 0]
        assert angle(wrist[1] - wrist[0], [1, 0, 0]) < 40.0


def test_soles_are_level_below_the_ankles_and_point_forward(guessed) -> None:
    robot = guessed.robot
    state = State(np.zeros((1, 3)), robot.upright[None], robot.human_rest[None])
    for link, foot in robot.correspondence.feet.items():
        places, turns = robot.link_poses((link,), state)
        heel, toe = (
            np.array(corners) @ turns[0, 0].T + places[0, 0]
            for corners in (foot.heel_corners, foot.toe_corners)
        )
        assert np.ptp(np.concatenate([heel, toe])[:, 2]) < 0.01
        assert heel[0, 2] < places[0, 0, 2]
        assert 0.1 < toe[0, 0] - heel[0, 0] < 0.35
        assert heel[0, 1] > heel[1, 1]
        assert heel[0, 0] < places[0, 0, 0] < toe[0, 0]


def test_names_are_not_needed(g1, g1_guess, tmp_path) -> None:
    root = ElementTree.fromstring(g1.urdf_path.read_bytes())
    new = {part.get('name'): f'part_{i}' for i, part in enumerate(root)}
    (tmp_path / 'r.urdf').write_bytes(renamed(root, new))
    found = guess(tmp_path / 'r.urdf')
    expected = {new[link]: match.human for link, match in g1.correspondence.links.items()}
    links = found.robot.correspondence.links
    assert {link: match.human for link, match in links.items()} == expected
    assert 'likely' in {finding.sure for finding in found.findings}
    assert 'sure' in {finding.sure for finding in g1_guess.findings if finding.role == 'knee'}


def test_a_root_link_that_looks_backward_is_noticed(g1, tmp_path) -> None:
    text = g1.urdf_path.read_text().replace(
        '</robot>',
        '<link name="world"/><joint name="stand" type="fixed"><parent link="world"/>'
        '<child link="pelvis"/><origin xyz="0 0 -0.5" rpy="0 0 3.14159265358979"/></joint>'
        '</robot>',
    )
    (tmp_path / 'r.urdf').write_text(text)
    found = guess(tmp_path / 'r.urdf').robot
    assert found.correspondence.base == 'pelvis'
    np.testing.assert_allclose(found.upright, np.diag([-1.0, -1.0, 1.0]), atol=1e-9)
    np.testing.assert_allclose(found.human_rest, g1.human_rest, atol=0.02)


def test_a_robot_without_legs_is_fixed(g1, tmp_path) -> None:
    root = ElementTree.fromstring(g1.urdf_path.read_bytes())
    for joint in root.findall('joint'):
        if 'hip_pitch' in joint.get('name', ''):
            root.remove(joint)
    (tmp_path / 'r.urdf').write_bytes(ElementTree.tostring(root))
    found = guess(tmp_path / 'r.urdf')
    assert found.robot.fixed_base
    assert not found.robot.correspondence.feet
    assert 'left_wrist' in link_of(found.robot)
    assert any('no two legs' in note for note in found.notes)


@pytest.fixture(scope='module')
def stick(tmp_path_factory) -> Guess:
    path = tmp_path_factory.mktemp('stick') / 'stick.urdf'
    path.write_text(stick_figure())
    return guess(path)


def test_a_trunk_may_be_the_root_and_carry_a_moving_pelvis(stick) -> None:
    links = stick.robot.correspondence.links
    assert links['trunk'].human == 'spine3'
    assert (links['waist'].human, links['waist'].rigid_to) == ('pelvis', 'trunk')
    assert links['left_c'].rigid_to == 'waist'
    assert link_of(stick.robot)['left_knee'] == 'left_d'
    assert link_of(stick.robot)['right_ankle'] == 'right_f'


def test_a_forearm_without_wrist_follows_by_its_turn(stick) -> None:
    links = stick.robot.correspondence.links
    assert links['left_x'].human == 'left_elbow'
    assert links['left_x'].orientation > 0.0
    assert 'left_wrist' not in link_of(stick.robot)


def test_feet_without_shape_get_a_guessed_sole(stick) -> None:
    foot = stick.robot.correspondence.feet['left_f']
    assert foot.toe_corners[0][0] > 0.1
    assert {f.sure for f in stick.findings if f.role == 'sole'} == {'guess'}


def test_what_is_no_humanoid_is_refused(tmp_path) -> None:
    path = tmp_path / 'arm.urdf'
    limit = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'
    joints = ''.join(
        f'<joint name="j{i}" type="revolute"><parent link="l{i}"/><child link="l{i + 1}"/>{limit}'
        '<origin xyz="0 0 0.3"/></joint>'
        for i in range(6)
    )
    links = ''.join(f'<link name="l{i}"/>' for i in range(7))
    path.write_text(f'<robot name="arm">{links}{joints}</robot>')
    with pytest.raises(RobotError, match='neither two legs nor two arms'):
        guess(path)


def test_a_joint_on_the_way_to_both_legs_is_the_waist(stick) -> None:
    names = np.array(stick.robot.joint_names)
    found = groups(stick.robot)
    assert names[found['waist']].tolist() == ['waist_joint']
    assert found['left_leg'].sum() == found['right_leg'].sum() == 6
    assert set(names[found['left_arm']]) == {f'left_{part}_joint' for part in 'uvwx'}


def test_fingers_belong_to_their_arm() -> None:
    robot = guess_of('jvrc1').robot
    assert groups(robot)['left_arm'][robot.joint_index('L_UTHUMB')]
    assert not groups(robot)['head'][robot.joint_index('L_UTHUMB')]


def test_a_robot_without_masses_has_no_dynamics(stick, tmp_path) -> None:
    assert stick.robot.has_dynamics
    (tmp_path / 'r.urdf').write_text(stick_figure().replace('mass value="1"', 'mass value="0"'))
    found = guess(tmp_path / 'r.urdf')
    assert not found.robot.has_dynamics
    assert any('no mass hangs on' in note for note in found.notes)
