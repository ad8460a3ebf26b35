"""A recording gives back what was written, and tells what is wrong with it."""

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from rosbags.typesys import Stores, get_typestore
from std_msgs.msg import String
from test_conversions import random_motion, random_trajectory

from motionclip_model.errors import ConfigError, TrajectoryError
from motionclip_ros import conversions, topics
from motionclip_ros.assessment import assess
from motionclip_ros.bag import Bag
from motionclip_ros.recording import BagWriter
from motionclip_ros.retargeting.limits import JointLimits

LIMITS = JointLimits(
    np.full(3, -9.0),
    np.full(3, 9.0),
    np.full(3, 9.0),
    np.full(3, 90.0),
    np.full(3, 9.0),
    np.full(3, np.inf),
)
SECOND = 1_000_000_000
TYPES = get_typestore(Stores.ROS2_KILTED)


def wire(kind, message):
    """The bytes a subscriber gets; `serialize_message` leaves some slack behind them."""
    data, definition = serialize_message(message), TYPES.get_msgdef(kind)
    _, size = definition.deserialize_cdr_le(data[4:], 0, definition.cls, TYPES)
    return data[: 4 + size]


def record(path, skip=(), follow=1.0, seed=5, namespaces=('',), trajectory=None, robot=''):
    """Write a run in which the joints follow the trajectory (times `follow`)."""
    motion, trajectory = random_motion(seed), trajectory or random_trajectory(seed)
    said = {'seed': 4}
    if robot:
        said['provenance'] = {'sources': {'robot': robot, 'joint_limits': ''}}
    sent = {
        topics.TEXT: ('std_msgs/msg/String', String(data='wave')),
        topics.HUMAN_MOTION: (
            'trajectory_msgs/msg/MultiDOFJointTrajectory',
            conversions.human_motion(motion),
        ),
        topics.BASE_TRAJECTORY: (
            'trajectory_msgs/msg/MultiDOFJointTrajectory',
            conversions.base_trajectory(trajectory),
        ),
        topics.TRAJECTORY: (
            'trajectory_msgs/msg/JointTrajectory',
            conversions.joint_trajectory(trajectory),
        ),
        topics.REPORT: ('std_msgs/msg/String', conversions.report(said)),
        topics.ROBOT_DESCRIPTION: ('std_msgs/msg/String', String(data='<robot/>')),
        topics.DIAGNOSTICS: (
            'diagnostic_msgs/msg/DiagnosticArray',
            conversions.diagnostics('n', 's', {}, Time()),
        ),
    }
    for topic in set(topics.RECORDED) - {topics.JOINT_STATES}:
        sent.setdefault(topic, ('std_msgs/msg/String', String(data='{}')))
    bag = BagWriter(path)
    for namespace in namespaces:
        _write(bag, sent, trajectory, skip, follow, namespace)
    bag.close()
    return motion, trajectory


def _write(bag, sent, trajectory, skip, follow, namespace):
    for index, (topic, (kind, message)) in enumerate(sent.items()):
        if topic not in skip:
            name = topics.absolute(topic, namespace)
            bag.add_topic(name, kind, latched=topic == topics.REPORT, reliable=True)
            bag.write(name, SECOND + index, wire(kind, message))
    if topics.JOINT_STATES not in skip:
        name = topics.absolute(topics.JOINT_STATES, namespace)
        bag.add_topic(name, 'sensor_msgs/msg/JointState', latched=False, reliable=True)
        start = SECOND + list(sent).index(topics.TRAJECTORY)
        for time in np.arange(0.0, trajectory.seconds + 0.2, 0.01):
            sample = trajectory.sample(time)
            state = conversions.joint_state(
                ('c', 'a', 'b'),
                follow * sample.positions[[2, 0, 1]],
                np.zeros(3),
                np.zeros(3),
                Time(),
            )
            received = start + round(time * 1e9)
            bag.write(name, received, wire('sensor_msgs/msg/JointState', state))


def test_what_was_written_is_read(tmp_path):
    motion, trajectory = record(tmp_path / 'bag')
    bag = Bag(tmp_path / 'bag')
    assert set(bag.counts) == set(topics.RECORDED)
    assert bag.text() == 'wave'
    assert bag.report() == {'seed': 4}
    np.testing.assert_allclose(
        bag.human_motion().joint_rotations, motion.joint_rotations, atol=1e-9
    )
    np.testing.assert_array_equal(bag.trajectory().positions, trajectory.positions)
    joints = bag.joints()
    assert joints.joint_names == ('c', 'a', 'b')
    assert joints.positions.shape == (bag.counts[topics.JOINT_STATES], 3)
    assert (np.diff(joints.received) > 0).all()


def test_recorded_joints_come_in_the_order_that_is_asked_for(tmp_path):
    _, trajectory = record(tmp_path / 'bag')
    joints = Bag(tmp_path / 'bag').joints()
    ordered = joints.in_order(('b', 'c'))
    assert ordered.joint_names == ('b', 'c')
    np.testing.assert_array_equal(ordered.positions, joints.positions[:, [2, 0]])
    np.testing.assert_array_equal(ordered.velocities, joints.velocities[:, [2, 0]])
    assert ordered.received is joints.received
    start = joints.in_order(trajectory.joint_names).positions[0]
    np.testing.assert_allclose(start, trajectory.positions[0], atol=1e-9)
    with pytest.raises(TrajectoryError, match='the joint states lack x'):
        joints.in_order(('a', 'x'))


def test_one_of_several_robots_is_chosen_by_its_namespace(tmp_path):
    skip = (topics.DIAGNOSTICS,)  # which they share
    _, trajectory = record(tmp_path / 'bag', skip=skip, namespaces=('/left', '/right'))
    with pytest.raises(ConfigError, match=r'several robots \(/left, /right\); choose one'):
        Bag(tmp_path / 'bag')
    with pytest.raises(ConfigError, match='nothing in the namespace /up, only /left, /right'):
        Bag(tmp_path / 'bag', 'up')
    for name in ('left', '/right/'):
        bag = Bag(tmp_path / 'bag', name)
        assert bag.text() == 'wave'
        np.testing.assert_array_equal(bag.trajectory().positions, trajectory.positions)
    record(tmp_path / 'alone', namespaces=('/lab/robot',))
    assert Bag(tmp_path / 'alone').report() == {'seed': 4}


def test_metadata_tells_replay_what_is_latched(tmp_path):
    record(tmp_path / 'bag')
    text = (tmp_path / 'bag' / 'metadata.yaml').read_text()
    assert 'storage_identifier: mcap' in text
    assert 'version: 9' in text
    assert text.count('durability: transient_local') == 1


def test_a_followed_trajectory_is_good(tmp_path):
    record(tmp_path / 'bag')
    verdict = assess(Bag(tmp_path / 'bag'), LIMITS)
    assert verdict.problem is None
    assert verdict.report['simulation']['tracking_rms_deg'] < 1e-3
    assert verdict.report['topics'][topics.TEXT] == 1


@pytest.mark.parametrize(('follow', 'reason'), [(0.0, 'did not move'), (0.2, 'did not follow')])
def test_a_robot_that_does_not_obey_is_found_out(tmp_path, follow, reason):
    record(tmp_path / 'bag', follow=follow)
    assert reason in assess(Bag(tmp_path / 'bag'), LIMITS).problem


@pytest.mark.parametrize('topic', sorted(set(topics.RECORDED) - {topics.JOINT_TRAJECTORY}))
def test_a_missing_topic_is_named(tmp_path, topic):
    record(tmp_path / 'bag', skip=(topic,))
    assert topic in assess(Bag(tmp_path / 'bag'), LIMITS).problem


def test_an_existing_folder_is_not_touched(tmp_path):
    (tmp_path / 'bag').mkdir()
    with pytest.raises(ConfigError, match='exists'):
        BagWriter(tmp_path / 'bag')


def test_unknown_message_types_are_refused(tmp_path):
    bag = BagWriter(tmp_path / 'bag')
    with pytest.raises(ConfigError, match='cannot record messages of type no_msgs/msg/Thing'):
        bag.add_topic('/t', 'no_msgs/msg/Thing', latched=False, reliable=True)
    bag.close()


@pytest.mark.parametrize('damage', ['missing', 'empty', 'cut', 'no metadata'])
def test_damaged_recordings_are_one_line(tmp_path, damage):
    path = tmp_path / 'bag'
    if damage == 'empty':
        path.mkdir()
    elif damage != 'missing':
        record(path)
        storage = next(path.glob('*.mcap'))
        if damage == 'cut':
            storage.write_bytes(storage.read_bytes()[:5000])
        else:
            (path / 'metadata.yaml').unlink()
    with pytest.raises(ConfigError, match='bag: not a readable recording') as caught:
        Bag(path)
    assert '\n' not in str(caught.value)
