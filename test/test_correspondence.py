"""Correspondences: one clear line for every way to get the file wrong."""

import pytest

from motionclip_model.errors import ConfigError
from motionclip_ros import resources
from motionclip_ros.retargeting.robots.correspondence import Correspondence

LINKS = 'links: {pelvis: {human: pelvis}}\n'
FOOT = 'human_heel: left_ankle, human_toe: left_foot, toe_corners: [[0, 0, 0]]'


def test_the_g1s_file_is_valid() -> None:
    g1 = Correspondence.load(resources.find('config/robots/g1.yaml'))
    assert g1.base == 'pelvis'
    assert g1.links['left_knee_link'].limb_from == 'left_hip_roll_link'
    assert len(g1.feet) == 2


def test_left_and_right_of_the_g1_are_alike() -> None:
    links = Correspondence.load(resources.find('config/robots/g1.yaml')).links
    for name, match in links.items():
        if name.startswith('left_'):
            other = links[name.replace('left_', 'right_')]
            assert (match.position, match.orientation) == (other.position, other.orientation)
            assert other.human == match.human.replace('left_', 'right_')


def test_the_last_fitting_acceleration_limit_counts(tmp_path) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text(LINKS + 'acceleration_limits: {"*": 5.0, "arm_*": 7.0, "arm_2": 9.0}\n')
    read = Correspondence.load(path)
    assert [read.acceleration_limit(joint) for joint in ('leg', 'arm_1', 'arm_2')] == [5, 7, 9]


def test_a_joint_without_acceleration_limit_is_refused(tmp_path) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text(LINKS)
    with pytest.raises(ConfigError, match=r"no acceleration limit fits joint leg; add '\*'"):
        Correspondence.load(path).acceleration_limit('leg')


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('links: [', 'not YAML'),
        ('just words', 'must hold'),
        ('', 'must hold'),
        ('links: {}', 'links is empty'),
        (LINKS + 'legs: {}', 'unknown entry legs; known are acceleration_limits'),
        ('links: {pelvis: {human: tail}}', "pelvis: no SMPL joint 'tail'; there are pelvis"),
        ('links: {pelvis: {}}', 'pelvis: no entry human'),
        (
            'links: {pelvis: {human: pelvis, weight: 3}}',
            'pelvis: unknown entry weight; known are human',
        ),
        ('links: {pelvis: {human: pelvis, position: -1}}', 'pelvis: position is -1'),
        (
            'links: {pelvis: {human: pelvis, position: much}}',
            "pelvis: position is 'much'; it must be a number",
        ),
        ('links: {pelvis: {human: pelvis}, a: {human: head}}', 'a needs rigid_to or limb_from'),
        (
            'links: {pelvis: {human: pelvis}, a: {human: head, limb_from: b}}',
            r'stands before it \(pelvis\), not b',
        ),
        (
            'links: {pelvis: {human: pelvis}, a: {human: head, limb_from: b, rigid_to: b}}',
            'not both',
        ),
        (LINKS + f'feet: {{a: {{{FOOT}, heel_corners: [[0, 0, 0]]}}}}', 'foot a is not among'),
        (
            LINKS + f'feet: {{pelvis: {{{FOOT}, heel_corners: [[0, 0]]}}}}',
            'heel_corners is .* in metres',
        ),
        (LINKS + f'feet: {{pelvis: {{{FOOT}, heel_corners: []}}}}', 'heel_corners .* need'),
        (LINKS + 'human_rest_posture: {elbow: 90}', 'elbow is 90.0, not radians'),
        (LINKS + 'front: [0, 0, 1]', 'must have length 1 and a right angle'),
        (LINKS + 'base: hovering', "base is 'hovering'; it must be floating or fixed"),
        (LINKS + 'capsules: {pelvis: [[0, 0, 0]]}', r'pelvis is .*radius\] in metres'),
        (LINKS + 'capsules: {pelvis: [[[0, 0, 0], [0, 0, 1], 0]]}', 'no positive radius'),
        (LINKS + 'collision_pairs: [pelvis]', 'must be a list of pairs'),
        (LINKS + 'acceleration_limits: {"*": 0}', "limit '\\*' is 0.0; it must be"),
    ],
)
def test_invalid_files_are_refused_in_one_line(tmp_path, content, message) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text(content)
    with pytest.raises(ConfigError, match=message) as caught:
        Correspondence.load(path)
    assert str(caught.value).startswith(str(path))
    assert '\n' not in str(caught.value)


def test_collision_bodies_and_a_fixed_base_are_read(tmp_path) -> None:
    path = tmp_path / 'robot.yaml'
    path.write_text(LINKS)
    plain = Correspondence.load(path)
    assert (plain.base_kind, plain.capsules, plain.collision_pairs) == ('floating', None, None)
    path.write_text(
        LINKS + 'base: fixed\n'
        'capsules: {pelvis: [[[0, 0, 0], [0, 0, 1], 0.1]]}\n'
        'collision_pairs: [[pelvis, left_hand]]\n'
    )
    read = Correspondence.load(path)
    assert read.base_kind == 'fixed'
    assert read.capsules == {'pelvis': (((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), 0.1),)}
    assert read.collision_pairs == (('pelvis', 'left_hand'),)


def test_a_missing_file_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r'none\.yaml: cannot be read'):
        Correspondence.load(tmp_path / 'none.yaml')
