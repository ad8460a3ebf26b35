"""Ownership: groups of joints come from the correspondence, not from a robot's names."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import yaml

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.naming import GROUPS
from motionclip_ros.retargeting.robots.ownership import groups, owned
from motionclip_ros.retargeting.robots.robot import load_robot


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def names(robot, covered) -> list[str]:
    return [name for name, is_in in zip(robot.joint_names, covered, strict=True) if is_in]


def test_the_parts_share_no_joint_and_leave_none_over(robot) -> None:
    found = groups(robot)
    assert tuple(found) == GROUPS
    parts = ('left_arm', 'right_arm', 'left_leg', 'right_leg', 'waist', 'head')
    assert (np.sum([found[part] for part in parts], axis=0) == 1).all()
    assert (found['upper_body'] ^ found['lower_body']).all()


@pytest.mark.parametrize(
    ('group', 'count', 'word'),
    [('left_arm', 7, 'left'), ('right_leg', 6, 'right'), ('waist', 3, 'waist'), ('arms', 14, '')],
)
def test_groups_hold_the_joints_that_their_names_say(robot, group, count, word) -> None:
    covered = names(robot, owned(robot, [group]))
    assert len(covered) == count
    assert all(word in joint for joint in covered)


def test_names_patterns_and_groups_add_up(robot) -> None:
    covered = owned(robot, ['left_leg', 'waist_yaw_joint', '*elbow*'])
    assert covered.sum() == 6 + 1 + 2


def test_groups_do_not_hang_on_names(robot, tmp_path) -> None:
    root = ElementTree.fromstring(robot.urdf_path.read_bytes())
    new = {part.get('name'): f'part_{i}' for i, part in enumerate(root)}
    for part in root.iter():
        for key, value in part.attrib.items():
            part.set(key, new.get(value, value))
    (tmp_path / 'robot.urdf').write_bytes(ElementTree.tostring(root))
    content = yaml.safe_load(Path(robot.correspondence.source).read_text())
    links = {
        new[link]: {key: new.get(value, value) if key != 'human' else value for key, value in
                    match.items()}
        for link, match in content['links'].items()
    }  # fmt: skip
    (tmp_path / 'robot.yaml').write_text(
        yaml.safe_dump({'links': links, 'acceleration_limits': {'*': 9.0}}, sort_keys=False)
    )
    other = load_robot(tmp_path / 'robot.urdf')
    for group, covered in groups(other).items():
        expected = {new[name] for name in names(robot, groups(robot)[group])}
        assert set(names(other, covered)) == expected, group


@pytest.mark.parametrize(
    ('asked', 'message'),
    [
        ([], 'no joints named; give left_arm'),
        (['head'], 'no joints in head; groups are left_arm'),
        (['left_elbow'], r"no joint 'left_elbow'; did you mean left_elbow_joint\?"),
        (['tail*'], r"no joint 'tail\*'; groups are .*patterns"),
    ],
)
def test_names_that_cover_nothing_are_refused_in_one_line(robot, asked, message) -> None:
    with pytest.raises(RobotError, match=message) as caught:
        owned(robot, asked)
    assert '\n' not in str(caught.value)
