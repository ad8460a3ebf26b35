"""What the stage and the charts are told of a take."""

import json
import re
import struct
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.scenes import Scene
from motionclip_ros.studio.curves import joint_curves, joints_by_use
from motionclip_ros.studio.exporting import EXPORTS, exported
from motionclip_ros.studio.shapes import MOST_TRIANGLES, Shape, person_shape, robot_shape
from motionclip_ros.studio.takes import MOST_TAKES, Take, Takes, person_poses, robot_poses
from motionclip_ros.studio.timeline import command_segments, foot_lanes, stretches


@pytest.fixture(scope='module')
def take(clips) -> Take:
    robot, motion = load_robot('g1'), Motion.load(clips['walk'])
    made = Retargeter(robot).retarget(motion)
    report = {
        'text': 'walk; bow',
        'parts': [{'text': 'walk', 'seconds': 2.0}, {'text': 'bow', 'seconds': 6.0}],
        'model_sha256': 'a' * 64,
        'retargeting': made.report,
    }
    scene = Scene('walk; bow', made.trajectory.seconds, motion, made.trajectory)
    return Take(scene, robot, 'g1', report)


@pytest.fixture(scope='module')
def robot_form(take) -> Shape:
    return robot_shape(take.robot)


def document(shape: Shape) -> dict:
    """The JSON part of a binary glTF."""
    magic, version, _, length, kind = struct.unpack_from('<4sIII4s', shape.glb)
    assert (magic, version, kind) == (b'glTF', 2, b'JSON')
    return json.loads(shape.glb[20 : 20 + length])


def test_every_body_of_a_shape_has_a_node_and_every_node_a_body(robot_form) -> None:
    for shape in (person_shape(), robot_form):
        names = [node['name'] for node in document(shape)['nodes'] if 'mesh' in node]
        found = {int(re.fullmatch(r'b(\d+)_\d+', name)[1]) for name in names}
        assert found == set(range(len(shape.bodies)))


def test_a_shape_can_be_drawn_without_a_graphics_card(robot_form) -> None:
    described = document(robot_form)
    counts = [
        described['accessors'][part['indices']]['count'] // 3
        for mesh in described['meshes']
        for part in mesh['primitives']
    ]
    assert 0.5 * MOST_TRIANGLES < sum(counts) < 1.2 * MOST_TRIANGLES


def test_the_person_is_where_the_motion_puts_it(take) -> None:
    bodies = person_shape().bodies
    poses = person_poses(take, bodies)
    assert poses.shape == (take.frame_count, len(bodies), 7)
    joints = [skeleton.JOINT_INDEX[body] for body in bodies]
    wanted = take.motion.pose.positions[take.motion_frames()][:, joints]
    assert np.abs(poses[..., :3] - wanted).max() < 1e-5
    assert np.abs(np.linalg.norm(poses[..., 3:], axis=-1) - 1.0).max() < 1e-5


def test_the_robot_is_where_the_trajectory_puts_it(take, robot_form) -> None:
    poses = robot_poses(take, robot_form.bodies)
    base = robot_form.bodies.index(take.robot.correspondence.base)
    wanted = take.trajectory.sample(take.times)
    assert np.abs(poses[:, base, :3] - wanted.base_position).max() < 1e-5
    turn = (poses[:, base, 3:] * wanted.base_quaternion_xyzw).sum(axis=-1)
    assert np.abs(np.abs(turn) - 1.0).max() < 1e-5


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_stretches_cover_what_is_true_and_nothing_else(values) -> None:
    runs = stretches(np.array(values))
    covered = np.zeros(len(values), bool)
    for begin, end in runs:
        assert begin <= end
        covered[begin : end + 1] = True
    # The last frame of a stretch is the first one after it, so that a bar ends where it lifts.
    assert covered[np.array(values)].all()
    assert (covered & ~np.array(values)).sum() <= len(runs)
    assert all(before[1] <= after[0] for before, after in pairwise(runs))


def test_feet_stand_by_turns_when_somebody_walks(take) -> None:
    lanes = foot_lanes(take)
    assert [lane['name'] for lane in lanes] == ['left foot', 'right foot']
    for lane in lanes:
        assert lane['spans']
        flat = [moment for span in lane['spans'] for moment in span]
        assert flat == sorted(flat)
        assert flat[0] >= 0.0
        assert flat[-1] <= take.scene.seconds + 1e-9
    assert lanes[0]['spans'] != lanes[1]['spans']


def test_commands_in_a_row_share_the_bar_by_their_lengths(take) -> None:
    first, second = command_segments(take)
    assert (first['start'], second['end']) == (0.0, pytest.approx(take.scene.seconds))
    assert first['end'] == second['start'] == pytest.approx(take.scene.seconds / 4)


def test_curves_are_the_trajectory_and_limits_the_robots(take) -> None:
    for joint in joints_by_use(take)[:3]:
        position, velocity = joint_curves([take], joint)
        column = take.trajectory.joint_names.index(joint)
        drawn = np.array(position['series'][0]['data'])
        wanted = np.degrees(take.trajectory.sample(drawn[:, 0]).positions[:, column])
        assert np.abs(drawn[:, 1] - wanted).max() < 0.2  # times are rounded to milliseconds
        index = take.robot.joint_index(joint)
        limits = np.degrees([take.robot.limits.lower[index], take.robot.limits.upper[index]])
        marks = [mark['yAxis'] for mark in position['series'][0]['markLine']['data']]
        assert all(np.abs(limits - mark).min() < 1e-9 for mark in marks)
        for chart in (position, velocity):
            values = np.array([pair[1] for line in chart['series'] for pair in line['data']])
            assert chart['yAxis']['min'] <= values.min()
            assert values.max() <= chart['yAxis']['max']
            json.dumps(chart, allow_nan=False)


def test_the_joint_that_is_nearest_to_a_limit_comes_first(take) -> None:
    order = joints_by_use(take)
    assert sorted(order) == sorted(take.trajectory.joint_names)
    position, _ = joint_curves([take], order[0])
    assert position['series'][0]['markLine']['data']


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 3 * MOST_TAKES))
def test_the_newest_takes_are_kept(count) -> None:
    takes, made = Takes(), []
    scene = Scene('', 1.0)
    for _ in range(count):
        made.append(Take(scene, None, 'g1', {}))
        takes.add(made[-1])
    assert takes.newest() == made[::-1][:MOST_TAKES]
    assert takes.find(made[-1].identity) is made[-1]
    assert len({take.identity for take in made}) == count


@pytest.mark.parametrize('export', [each for each in EXPORTS if each.name != 'film.mp4'])
def test_everything_can_be_saved(take, export) -> None:
    content = exported(take, export, 'base')
    start = {'npz': b'PK', 'zip': b'PK', 'csv': b'time,', 'bvh': b'HIERARCHY', 'json': b'{'}
    assert content.startswith(start[export.name.rsplit('.', 1)[1]])
