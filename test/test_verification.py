"""A recording is made again bit for bit, and the least change in it is found."""

import json
from dataclasses import replace

import numpy as np
import pytest
from std_msgs.msg import String
from test_bag import wire
from test_performing import Outlet, Stage

from motionclip_model.errors import ConfigError
from motionclip_ros import cli, conversions, topics
from motionclip_ros.bag import Bag
from motionclip_ros.bag_export import export_bag
from motionclip_ros.execution.commander import Commander
from motionclip_ros.execution.planning import Takeover
from motionclip_ros.execution.state import SECOND, MovingState
from motionclip_ros.performing import Performer
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.provenance import Provenance, Sources
from motionclip_ros.recording import BagWriter
from motionclip_ros.reporting import performance_report
from motionclip_ros.verification import compare

PATH_KIND = 'trajectory_msgs/msg/MultiDOFJointTrajectory'


@pytest.fixture(scope='module')
def pipeline() -> Pipeline:
    return Pipeline.load('base', 'g1')


class Robot(Outlet):
    """The G1, which begins a little off its neutral posture."""

    def __init__(self, pipeline: Pipeline):
        super().__init__()
        self._robot = pipeline.robot

    def measured(self, bounds) -> MovingState:
        if self.sent:
            return super().measured(bounds)
        count = len(self._robot.joint_names)
        off = np.random.default_rng(3).uniform(0.01, 0.05, count)
        return MovingState(bounds.clipped(self._robot.neutral + off), *np.zeros((2, count)))


@pytest.fixture(scope='module', params=[True, False], ids=['stamped', 'on arrival'])
def made(request, pipeline):
    """What a robot was told: a motion, one that takes it over, a stop, one of an arm alone."""
    sources = Sources('base', pipeline.model.sha256, 'g1', pipeline.robot.sha256, '', '0')
    stage = Stage.__new__(Stage)
    stage.pipeline, stage.outlet = pipeline, Robot(pipeline)
    stage.performer = Performer(
        pipeline, stage.outlet, sources, Commander(pipeline.robot.joint_names, request.param)
    )
    stage.perform('a  person waves', seed=7, seconds=2.0)
    stage.outlet.time += SECOND
    stage.perform('a person bows')
    stage.outlet.time += 3 * SECOND // 2
    stage.performer.stop()
    stage.outlet.time += 5 * SECOND
    stage.perform('a person raises the right hand', seed=1, joints=('right_arm',))
    stage.performer.close()
    sent = stage.outlet.sent[:4]
    kinds = [isinstance(each.command.origin, Takeover) for each in sent]
    assert kinds == [False, True, True, False]
    return sent


def said(performance) -> dict:
    return performance_report(performance)


def write(path, sent, change=lambda trajectory: trajectory, reports=None):
    """Record performances; `change` alters the first trajectory."""
    bag = BagWriter(path)
    kinds = {
        topics.HUMAN_MOTION: PATH_KIND,
        topics.BASE_TRAJECTORY: PATH_KIND,
        topics.TRAJECTORY: 'trajectory_msgs/msg/JointTrajectory',
        topics.REPORT: 'std_msgs/msg/String',
    }
    for topic, kind in kinds.items():
        bag.add_topic(topics.absolute(topic), kind, latched=True, reliable=True)
    for number, each in enumerate(sent):
        command, trajectory = each.command, each.command.trajectory
        trajectory = change(trajectory) if number == 0 else trajectory
        report = json.dumps(said(each)) if reports is None else reports[number]
        parts = {
            topics.BASE_TRAJECTORY: conversions.base_trajectory(trajectory, command.start),
            topics.TRAJECTORY: conversions.joint_trajectory(trajectory, command.start),
            topics.REPORT: String(data=report),
        }
        if each.generation is not None:
            parts[topics.HUMAN_MOTION] = conversions.human_motion(each.generation.motion)
        for topic, message in parts.items():
            name = topics.absolute(topic)
            bag.write(name, SECOND + number, wire(kinds[topic], message))
    bag.close()
    return Bag(path)


def differences(bag, pipeline):
    return [each.differences for each in compare(bag.performed(), pipeline, bag.path)]


def test_all_that_the_robot_was_told_is_made_again(tmp_path, made, pipeline):
    bag = write(tmp_path / 'bag', made)
    assert differences(bag, pipeline) == [(), (), (), ()]
    found = compare(bag.performed(), pipeline, bag.path)
    assert [each.provenance.is_stop for each in found] == [False, False, True, False]


def test_what_took_over_something_unrecorded_cannot_be_told(tmp_path, made, pipeline):
    found = differences(write(tmp_path / 'bag', made[1:]), pipeline)
    assert [bool(each) for each in found] == [True, True, False]
    assert 'before the recording began' in found[0][0].how


@pytest.mark.parametrize('name', ['positions', 'velocities', 'base_position'])
def test_one_bit_is_found(tmp_path, made, pipeline, name):
    def change(trajectory):
        values = getattr(trajectory, name).copy()
        values[5, 2] = np.nextafter(values[5, 2], np.inf)
        return replace(trajectory, **{name: values})

    found = differences(write(tmp_path / 'bag', made[:2], change), pipeline)
    ((only,), second) = found
    assert only.what == f'trajectory, {name}'
    assert only.how.startswith('1 of ')
    assert second == ()  # made again from what was made, not from what was recorded


@pytest.mark.parametrize(
    ('change', 'parts'),
    [
        ({'seed': 8}, {'human motion', 'trajectory'}),
        ({'text': 'a person bows'}, {'human motion', 'trajectory'}),
        ({'requested_seconds': 3.0}, {'human motion', 'trajectory'}),
        ({'origin': {'positions': None, 'velocities': None, 'kind': 'departure'}}, {'trajectory'}),
        ({'velocity_scaling': 0.01}, {'trajectory'}),
    ],
)
def test_each_ingredient_counts(tmp_path, made, pipeline, change, parts):
    report = said(made[0])
    report['provenance'] |= change
    bag = write(tmp_path / 'bag', made[:1], reports=[json.dumps(report)])
    (found,) = differences(bag, pipeline)
    assert {each.what.split(',')[0] for each in found} == parts


@pytest.mark.parametrize('field', sorted(set(Provenance.__annotations__) - {'joints', 'posture'}))
def test_a_report_that_lacks_something_names_it(tmp_path, made, pipeline, field):
    report = said(made[0])
    del report['provenance'][field]
    bag = write(tmp_path / 'bag', made[:1], reports=[json.dumps(report)])
    with pytest.raises(ConfigError, match=f'{field}: ') as caught:
        differences(bag, pipeline)
    assert '\n' not in str(caught.value)


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return int(caught.value.code or 0), capsys.readouterr()


def test_the_command_tells_same_from_different_from_unusable(
    tmp_path, made, pipeline, monkeypatch, capsys
):
    def report(**changes) -> str:
        changed = said(made[0])
        sources = changed['provenance']['sources']
        for name, value in changes.items():
            (sources if name in sources else changed['provenance'])[name] = value
        return json.dumps(changed)

    monkeypatch.setattr(Pipeline, 'load', lambda *_: pipeline)
    cases = {
        'same': (report(), 0, 'every bit is the same'),
        'different': (report(seed=8), 1, 'not the same'),
        'model': (report(model_sha256='0' * 64), 2, 'with --model'),
        'robot': (report(urdf_sha256='0' * 64), 2, 'with --robot'),
        'files': (report(robot_sha256='0' * 64), 2, 'meshes, limits and mapping'),
        'encoder': (report(text_encoder_sha256='0' * 64), 2, 'the text encoder'),
        'old': ('{}', 2, 'the report is no use'),
        'nonsense': ('{', 2, 'not JSON'),
        'list': ('[1]', 2, 'not JSON'),
    }
    for name, (text, status, words) in cases.items():
        write(tmp_path / name, made[:1], reports=[text])
        found, output = run(monkeypatch, capsys, 'verify', tmp_path / name)
        assert found == status, name
        assert words in output.out + output.err
    status, output = run(monkeypatch, capsys, 'verify', tmp_path / 'different', '--json')
    assert status == 1
    told = json.loads(output.out)
    assert told['same'] is False
    assert [motion['same'] for motion in told['motions']] == [False]


def test_a_motion_that_was_exported_is_made_again(tmp_path, pipeline):
    """Lengths of single commands belong to what it was made from, too."""
    seconds = (2.0, 3.0)
    generation = pipeline.generate('walk forward; bow', seconds, 5)
    robot = pipeline.robot
    sources = Sources('base', pipeline.model.sha256, 'g1', robot.sha256, '', '0')
    export_bag(
        tmp_path / 'bag',
        robot,
        generation.motion,
        generation.trajectory,
        generation.report,
        sources,
        seed=5,
        requested_seconds=seconds,
        start=SECOND,
    )
    (found,) = compare(Bag(tmp_path / 'bag').performed(), pipeline, 'bag')
    assert found.differences == ()
