"""A planned motion as a recording: complete, with every link placed, and nothing made up."""

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore
from scipy.spatial.transform import Rotation

from motionclip_model import __version__
from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_ros import topics
from motionclip_ros.bag import Bag, RecordedJoints
from motionclip_ros.bag_export import export_bag
from motionclip_ros.provenance import Sources
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.studio.recordings import recorded_takes

START = 1_700_000_000_000_000_000


@pytest.fixture(scope='module')
def made(clips, tmp_path_factory):
    """The folder, the robot, the motion and its trajectory."""
    folder = tmp_path_factory.mktemp('export') / 'bag'
    robot, motion = load_robot('g1'), Motion.load(clips['wave'])
    trajectory = Retargeter(robot).retarget(motion).trajectory
    sources = Sources('base', 'a' * 64, 'g1', robot.sha256, '', __version__)
    facts = {'seed': 3, 'requested_seconds': (2.0, 3.0), 'start': START}
    report = {'text': 'wave; bow', 'retargeting': {'verdict': 'accept'}}
    export_bag(folder, robot, motion, trajectory, report, sources, **facts)
    return folder, robot, motion, trajectory


def test_what_was_planned_is_in_it(made) -> None:
    folder, robot, motion, trajectory = made
    (told,) = Bag(folder).performed()
    assert np.abs(told.motion.joint_rotations - motion.joint_rotations).max() < 1e-12
    assert np.array_equal(told.motion.root_position, motion.root_position)
    begins = told.report['motion_begins_s']
    columns = [told.trajectory.joint_names.index(name) for name in trajectory.joint_names]
    entered = told.trajectory.sample(begins).positions[columns]
    assert np.abs(entered - trajectory.positions[0]).max() < 1e-6
    # Its ends may be slower, the path is the same: every point lies on what is commanded.
    path = told.trajectory.sample(np.arange(begins, told.trajectory.seconds, 0.002)).positions
    for point in trajectory.positions[:-15]:
        assert np.abs(path[:, columns] - point).max(axis=1).min() < 0.02
    first = told.trajectory.sample(0.0).positions
    assert np.abs(first - robot.neutral).max() < 1e-3  # it begins where robots stand
    assert told.provenance(folder).requested_seconds == (2.0, 3.0)


def test_transforms_place_every_link_where_the_command_does(made) -> None:
    folder, robot, _, _ = made
    bag = Bag(folder)
    command = bag.performed()[0].trajectory
    links = tuple(robot.frames)
    messages = bag.all(topics.TF)
    assert len(messages) >= 25 * command.seconds
    for received, message in messages[:: len(messages) // 5]:
        names = [each.child_frame_id for each in message.transforms]
        assert names == list(links)
        assert {each.header.frame_id for each in message.transforms} == {topics.WORLD_FRAME}
        sample = command.sample(np.array([(received - START) / 1e9]))
        turn = Rotation.from_quat(sample.base_quaternion_xyzw).as_matrix()
        places, _ = robot.link_poses(links, State(sample.base_position, turn, sample.positions))
        found = [
            [getattr(each.transform.translation, axis) for axis in 'xyz']
            for each in message.transforms
        ]
        assert np.abs(found - places[0]).max() < 1e-9


def test_late_listeners_get_the_description(made) -> None:
    folder, robot, _, _ = made
    with AnyReader([folder], default_typestore=get_typestore(Stores.ROS2_KILTED)) as reader:
        qos = {each.topic: each.ext.offered_qos_profiles[0] for each in reader.connections}
    assert qos['/robot_description'].durability.name == 'TRANSIENT_LOCAL'
    assert Bag(folder).last(topics.ROBOT_DESCRIPTION)[1].data == robot.urdf_path.read_text()


def test_it_is_looked_at_in_the_page_beside_what_was_measured(made, monkeypatch) -> None:
    folder, robot, _, _ = made
    (take,) = recorded_takes(folder)
    assert (take.scene.caption, take.seed, take.measured) == ('wave; bow', 3, None)
    assert take.robot.sha256 == robot.sha256
    seconds = np.arange(-1.0, take.scene.seconds + 1.0, 0.1)
    positions = np.tile(seconds[:, None], (1, 2))
    received = START + np.round(seconds * 1e9).astype(np.int64)
    joints = RecordedJoints(('a', 'b'), received, positions, positions)
    monkeypatch.setattr(Bag, 'joints', lambda _: joints)
    (take,) = recorded_takes(folder)
    measured = take.measured
    assert measured.times[0] >= 0.0
    assert measured.times[-1] <= take.scene.seconds
    assert len(measured.times) > 10 * take.scene.seconds - 2
    assert np.abs(measured.positions[:, 0] - measured.times).max() < 1e-6


def test_nothing_is_said_to_have_been_measured(made) -> None:
    assert not Bag(made[0]).counts.get(topics.JOINT_STATES)


def test_a_recording_that_exists_is_not_written_over(made) -> None:
    folder, robot, motion, trajectory = made
    sources = Sources('base', 'a' * 64, 'g1', robot.sha256, '', __version__)
    with pytest.raises(ConfigError, match='exists'):
        export_bag(
            folder, robot, motion, trajectory, {'text': 'x'}, sources,
            seed=None, requested_seconds=None, start=START,
        )  # fmt: skip
