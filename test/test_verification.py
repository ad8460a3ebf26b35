"""A recording is made again bit for bit, and the least change in it is found."""

import json
from dataclasses import replace

import numpy as np
import pytest
from std_msgs.msg import String
from test_bag import wire

from motionclip_model.errors import ConfigError
from motionclip_ros import cli, conversions, topics
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.generator import origin
from motionclip_ros.parameters import GeneratorParameters
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.recording import BagWriter
from motionclip_ros.retargeting.approach import executable
from motionclip_ros.verification import Origin, compare

PATH_KIND = 'trajectory_msgs/msg/MultiDOFJointTrajectory'
SETTINGS = GeneratorParameters(seconds=2.0, seed=7)


@pytest.fixture(scope='module')
def pipeline() -> Pipeline:
    return Pipeline.load(SETTINGS.model, SETTINGS.robot)


@pytest.fixture(scope='module')
def made(pipeline):
    """Motion, trajectory and report of a text, as the generator makes them."""
    # As a generator that has served another text before.
    pipeline.generate('a person walks', 2.0, 1)
    generation = pipeline.generate('a  person waves', SETTINGS.seconds, SETTINGS.seed)
    start = np.random.default_rng(3).uniform(0.01, 0.05, len(pipeline.robot.joint_names))
    trajectory = executable(generation.trajectory, pipeline.robot.limits, start).trajectory
    report = {**generation.report, **origin(SETTINGS, pipeline.robot, start)}
    return generation.motion, trajectory, report


def write(path, motion, trajectory, report, stopped=False):
    sent = [
        (topics.HUMAN_MOTION, PATH_KIND, conversions.human_motion(motion)),
        (topics.BASE_TRAJECTORY, PATH_KIND, conversions.base_trajectory(trajectory)),
        (
            topics.JOINT_TRAJECTORY,
            'trajectory_msgs/msg/JointTrajectory',
            conversions.joint_trajectory(trajectory),
        ),
        (topics.REPORT, 'std_msgs/msg/String', String(data=report)),
    ]
    bag = BagWriter(path)
    for topic, kind, message in sent:
        bag.add_topic(topic, kind, latched=False, reliable=True)
        bag.write(topic, 1, wire(kind, message))
    if stopped:
        command = sent[2][2]
        command.points.clear()
        bag.write(topics.JOINT_TRAJECTORY, 2, wire(sent[2][1], command))
    bag.close()
    return Bag(path)


def differences(bag, pipeline):
    return compare(bag, Origin.read(bag), pipeline)


@pytest.mark.parametrize('stopped', [False, True])
def test_what_the_generator_published_is_made_again(tmp_path, made, pipeline, stopped):
    motion, trajectory, report = made
    bag = write(tmp_path / 'bag', motion, trajectory, json.dumps(report), stopped)
    assert differences(bag, pipeline) == ()


@pytest.mark.parametrize('name', ['positions', 'velocities', 'base_position'])
def test_one_bit_is_found(tmp_path, made, pipeline, name):
    motion, trajectory, report = made
    values = getattr(trajectory, name).copy()
    values[5, 2] = np.nextafter(values[5, 2], np.inf)
    changed = replace(trajectory, **{name: values})
    bag = write(tmp_path / 'bag', motion, changed, json.dumps(report))
    (found,) = differences(bag, pipeline)
    assert found.what == f'trajectory, {name}'
    assert found.how.startswith('1 of ')


@pytest.mark.parametrize(
    ('change', 'parts'),
    [
        ({'seed': 8}, {'human motion', 'trajectory'}),
        ({'text': 'a person bows'}, {'human motion', 'trajectory'}),
        ({'requested_seconds': 3.0}, {'human motion', 'trajectory'}),
        ({'start_positions': None}, {'trajectory'}),
    ],
)
def test_each_ingredient_counts(tmp_path, made, pipeline, change, parts):
    motion, trajectory, report = made
    bag = write(tmp_path / 'bag', motion, trajectory, json.dumps({**report, **change}))
    assert {found.what.split(',')[0] for found in differences(bag, pipeline)} == parts


@pytest.mark.parametrize('field', sorted(Origin.__annotations__))
def test_a_report_that_lacks_something_names_it(tmp_path, made, field):
    motion, trajectory, report = made
    partial = {key: value for key, value in report.items() if key != field}
    bag = write(tmp_path / 'bag', motion, trajectory, json.dumps(partial))
    with pytest.raises(ConfigError, match=f'{field}: ') as caught:
        Origin.read(bag)
    assert '\n' not in str(caught.value)


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0), capsys.readouterr()


def test_the_command_tells_same_from_different_from_unusable(
    tmp_path, made, pipeline, monkeypatch, capsys
):
    motion, trajectory, report = made
    monkeypatch.setattr(Pipeline, 'load', lambda *_: pipeline)
    cases = {
        'same': (json.dumps(report), 0, 'every bit is the same'),
        'different': (json.dumps({**report, 'seed': 8}), 1, 'not the same'),
        'model': (json.dumps({**report, 'model_sha256': '0' * 64}), 2, 'with --model'),
        'robot': (json.dumps({**report, 'urdf_sha256': '0' * 64}), 2, 'with --robot'),
        'nonsense': ('{', 2, 'not JSON'),
        'list': ('[1]', 2, 'not JSON'),
    }
    for name, (text, status, words) in cases.items():
        write(tmp_path / name, motion, trajectory, text)
        found, output = run(monkeypatch, capsys, 'verify', tmp_path / name)
        assert found == status, name
        assert words in output.out + output.err
    status, output = run(monkeypatch, capsys, 'verify', tmp_path / 'different', '--json')
    assert status == 1
    assert json.loads(output.out)['same'] is False
