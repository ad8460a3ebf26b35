"""URDFs as people write them: mended with a note, or refused in one line."""

import math
import re

import numpy as np
import pinocchio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.urdf import read_urdf

LIMIT = '<limit lower="-1" upper="2" velocity="3" effort="4"/>'


def joint(name: str, parent: str, child: str, inside: str = LIMIT, kind: str = 'revolute') -> str:
    """One joint of a URDF."""
    return (
        f'<joint name="{name}" type="{kind}"><parent link="{parent}"/><child link="{child}"/>'
        f'<origin xyz="0 0 1" rpy="0.1 0.2 0.3"/><axis xyz="0 1 0"/>{inside}</joint>'
    )


def robot(*joints: str, links: str = 'a b c', extra: str = '') -> str:
    """A URDF of some joints."""
    bodies = ''.join(f'<link name="{name}"/>' for name in links.split())
    return f'<robot name="r">{bodies}{"".join(joints)}{extra}</robot>'


HIP = joint('hip', 'a', 'b')
KNEE = joint('knee', 'b', 'c')


@pytest.fixture
def read(tmp_path):
    def _read(text: str | bytes):
        path = tmp_path / 'r.urdf'
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_urdf(path)

    return _read


def test_a_sound_urdf_is_taken_as_it_is(read) -> None:
    urdf = read(robot(HIP, KNEE))
    assert urdf.notes == ()
    assert urdf.bounds == {'hip': (-1, 2, 3, 4), 'knee': (-1, 2, 3, 4)}
    assert urdf.child_links == {'hip': 'b', 'knee': 'c'}
    assert urdf.parent_links == {'hip': 'a', 'knee': 'b'}
    assert pinocchio.buildModelFromXML(urdf.xml).nq == 2


@pytest.mark.parametrize(
    ('knee', 'bounds', 'note'),
    [
        (joint('knee', 'b', 'c', '', 'continuous'), (-2 * math.pi, 2 * math.pi), 'without end'),
        (joint('knee', 'b', 'c', ''), (-math.pi, math.pi), 'no usable position limits'),
        (
            joint('knee', 'b', 'c', '<limit lower="-1e16" upper="0" velocity="1" effort="1"/>'),
            (-2 * math.pi, 0.0),
            'no usable position limits',
        ),
        (
            joint('knee', 'b', 'c', '<limit lower="-1" upper="1" velocity="0" effort="1"/>'),
            (-1, 1, 10.0, 1),
            'no velocity limit; taken as 10 rad/s .*knee',
        ),
        (
            joint('knee', 'b', 'c', '<limit lower="-1" upper="1" velocity="2"/>'),
            (-1, 1, 2, math.inf),
            'no effort limit; .*knee',
        ),
        (
            joint('knee', 'b', 'c', '<limit lower="0" upper="inf" velocity="2" effort="inf"/>'),
            (0, 2 * math.pi, 2, math.inf),
            'no usable position limits',
        ),
    ],
)
def test_missing_limits_are_filled_in_and_noted(read, knee, bounds, note) -> None:
    urdf = read(robot(HIP, knee))
    assert urdf.bounds['knee'][: len(bounds)] == pytest.approx(bounds)
    assert any(re.search(note, line) for line in urdf.notes)
    assert pinocchio.buildModelFromXML(urdf.xml).nq == 2


def test_a_loop_is_cut_and_noted(read) -> None:
    urdf = read(robot(HIP, KNEE, joint('rod', 'a', 'c')))
    assert set(urdf.bounds) == {'hip', 'knee'}
    assert urdf.notes == ('link c hangs on two joints; the loop is cut at rod, knee stays',)


def test_strays_are_left_out_and_noted(read) -> None:
    urdf = read(robot(HIP, KNEE, links='a b c lonely'))
    assert urdf.notes == ('left out links that hang on nothing: lonely',)
    assert 'lonely' not in urdf.xml


def test_a_floating_joint_below_an_empty_world_is_the_base(read) -> None:
    urdf = read(robot(joint('root', 'world', 'a', '', 'floating'), HIP, KNEE, links='world a b c'))
    assert set(urdf.bounds) == {'hip', 'knee'}
    assert 'floating joint root' in urdf.notes[0]


@given(
    multiplier=st.floats(-2, 2), offset=st.floats(-1, 1), kind=st.sampled_from(
        ['revolute', 'prismatic'])
)  # fmt: skip
def test_mimics_are_held_where_their_master_rests(
    tmp_path_factory, multiplier, offset, kind
) -> None:
    inside = f'{LIMIT}<mimic joint="hip" multiplier="{multiplier!r}" offset="{offset!r}"/>'
    hip = joint('hip', 'a', 'b', '<limit lower="0.5" upper="2" velocity="3" effort="4"/>')
    path = tmp_path_factory.mktemp('mimic') / 'r.urdf'
    path.write_text(robot(hip, joint('knee', 'b', 'c', inside, kind)))
    urdf = read_urdf(path)
    assert set(urdf.bounds) == {'hip'}
    assert urdf.notes == ('mimic joints are held where their masters rest: knee',)
    free = robot(hip, joint('knee', 'b', 'c', LIMIT, kind))
    places = []
    for xml, q in ((urdf.xml, [0.5]), (free, [0.5, 0.5 * multiplier + offset])):
        model = pinocchio.buildModelFromXML(xml)
        data = model.createData()
        pinocchio.framesForwardKinematics(model, data, np.array(q))
        places.append(data.oMf[model.getFrameId('c')].homogeneous)
    np.testing.assert_allclose(places[0], places[1], atol=1e-9)


def test_names_may_hold_spaces(read) -> None:
    text = robot(HIP, KNEE).replace('"b"', '"left thigh"').replace('"hip"', '" left hip "')
    urdf = read(text)
    assert urdf.child_links['left hip'] == 'left thigh'
    assert 'left hip' in pinocchio.buildModelFromXML(urdf.xml).names


BOMB = '<!DOCTYPE r [<!ENTITY a "a"><!ENTITY b "&a;&a;">]>' + robot(HIP, KNEE)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ('', 'not a URDF'),
        (b'\xff\xfe<\x00', 'not UTF-8'),
        (BOMB, 'DOCTYPE or entities'),
        (b' ' * 32_000_001, 'larger than 32 MB'),
        ('<a>' * 5000 + '</a>' * 5000, 'not a URDF'),
        (robot(HIP, KNEE, extra='<x>${pi}</x>'), 'xacro file; make a URDF'),
        (robot(HIP, KNEE).replace('"2"', '"${pi}"'), 'xacro file; make a URDF'),
        (robot(HIP, KNEE).replace('rpy="0.1', 'rpy="nan'), 'joint hip has rpy="nan 0.2 0.3"'),
        (robot(HIP, KNEE).replace('xyz="0 0 1"', 'xyz="0 0"'), '3 finite numbers'),
        (robot(HIP, KNEE).replace('upper="2"', 'upper="wide"'), 'upper="wide"'),
        (robot(HIP, KNEE, links='a b c b'), r'link names stand for two links \(b\); rename'),
        (robot(HIP, KNEE.replace('knee', 'hip')), r'joint names .*\(hip\); rename'),
        (robot(HIP, KNEE, extra='<link/>'), 'a link has no name'),
        (robot(HIP, joint('knee', 'b', 'z')), "joint knee has no child link 'z'; .* a, b, c"),
        (robot(HIP, KNEE, joint('top', 'c', 'a')), 'no root link: its joints form a circle'),
        (robot(HIP, joint('knee', 'b', 'c', LIMIT, 'planar')), 'joint knee is of type planar'),
        (robot(HIP, joint('knee', 'b', 'c', '', 'floating')), 'joint knee is of type floating'),
        (robot(HIP, joint('knee', 'b', 'c', '', 'ball')), 'joint knee is of type ball'),
        (robot(joint('weld', 'a', 'b', '', 'fixed'), links='a b'), 'no actuated joints'),
        (robot(links=''), 'has no links'),
    ],
)
def test_what_has_no_one_reading_is_refused_in_one_line(read, content, message) -> None:
    with pytest.raises(RobotError, match=message) as caught:
        read(content)
    assert '\n' not in str(caught.value)
    assert 'r.urdf: ' in str(caught.value)


@given(st.text(alphabet='<>/="robotlinkjame \n&;', max_size=60))
def test_no_text_raises_anything_but_a_robot_error(tmp_path_factory, text) -> None:
    path = tmp_path_factory.mktemp('any') / 'r.urdf'
    path.write_text(f'<robot>{text}</robot>')
    with pytest.raises(RobotError):
        read_urdf(path)
