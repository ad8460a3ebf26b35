"""Every report says by hashes what it came of: model, text encoder, robot, data."""

import json
import re
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from batch_cases import here
from small_clip import small_clip
from stick_figure import stick_figure

from motionclip_model.checkpoint import checkpoint_path
from motionclip_model.storage import file_hash
from motionclip_model.text_encoder import TextEncoder
from motionclip_ros.bag import Bag
from motionclip_ros.batch.run import retarget_folder
from motionclip_ros.batch.settings import Settings
from motionclip_ros.cli.evaluation import measured_with
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.feasibility.report import assess_trajectory
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import Robot, load_robot, robot_from
from motionclip_ros.retargeting.robots.urdf import read_urdf
from motionclip_ros.scenes import Scene
from motionclip_ros.studio.exporting import EXPORTS, exported
from motionclip_ros.studio.takes import Take

ROBOT = {'urdf_sha256', 'robot_sha256'}
MODEL = {'model_sha256', 'text_encoder_sha256'}
WANTED = {
    'generate': MODEL | ROBOT,
    'check': ROBOT,
    'retarget a folder': ROBOT | {'source_sha256', 'retargeter'},
    'evaluate, and figures.json of train': {'model_sha256', 'data_sha256'},
    "the studio's report": MODEL | ROBOT,
    'a recording': MODEL | ROBOT,
}
"""The demo's report and the run.json of a training are looked at in test_demo and test_train."""


@pytest.fixture(scope='module')
def reports(tmp_path_factory, clips, corpus) -> dict[str, dict]:
    folder = tmp_path_factory.mktemp('reports')
    pipeline = Pipeline.load('base', 'g1')
    made = pipeline.generate('a person bows', 1.0)
    (folder / 'in').mkdir()
    shutil.copy(clips['wave'], folder / 'in' / 'wave.npz')
    retarget_folder(folder / 'in', folder / 'out', Settings('g1'), here)
    scene = Scene(made.text, made.trajectory.seconds, made.motion, made.trajectory)
    take = Take(scene, pipeline.robot, 'g1', made.report)
    kinds = {export.name: export for export in EXPORTS}
    (folder / 'bag.zip').write_bytes(exported(take, kinds['recording.zip'], 'base'))
    with zipfile.ZipFile(folder / 'bag.zip') as archive:
        archive.extractall(folder)
    return {
        'generate': made.report,
        'check': assess_trajectory(pipeline.robot, made.trajectory),
        'retarget a folder': json.loads((folder / 'out' / 'wave.report.json').read_text()),
        'evaluate, and figures.json of train': measured_with('base', corpus),
        "the studio's report": json.loads(exported(take, kinds['report.json'], 'base')),
        'a recording': Bag(folder / 'recording').report()['provenance']['sources'],
    }


@pytest.mark.parametrize('name', WANTED)
def test_a_report_names_what_it_came_of(reports, name) -> None:
    found = {key: reports[name].get(key, '') for key in WANTED[name]}
    assert all(re.fullmatch('[0-9a-f]{64}', value) for value in found.values()), found
    if 'model_sha256' in found:
        assert found['model_sha256'] == file_hash(checkpoint_path('base'))
    if 'robot_sha256' in found:
        assert found['robot_sha256'] == load_robot('g1').fingerprint


def test_an_encoder_of_other_weights_has_another_hash(tmp_path: Path) -> None:
    one, other = (
        TextEncoder.load(str(small_clip(tmp_path / str(seed), seed))).sha256 for seed in (0, 1)
    )
    assert one != other
    assert one == TextEncoder.load(str(tmp_path / '0')).sha256
    # On a GPU it computes in another precision, with the same weights.
    precise = TextEncoder.load(str(tmp_path / '0'))
    precise.model.double()
    assert one == precise.sha256


def stick(folder: Path, shape: bytes = b'solid') -> Robot:
    """A robot with one mesh, somewhere."""
    folder.mkdir()
    mesh = '<collision><geometry><mesh filename="trunk.stl"/></geometry></collision>'
    text = stick_figure().replace('<link name="trunk">', f'<link name="trunk">{mesh}')
    (folder / 'stick.urdf').write_text(text)
    (folder / 'trunk.stl').write_bytes(shape)
    g1 = load_robot('g1').correspondence
    links = {'trunk': next(iter(g1.links.values()))}
    mapping = replace(g1, links=links, feet={}, human_rest_posture={}, capsules=None,
                      collision_pairs=None, acceleration_limits={'*': 9.0})  # fmt: skip
    return robot_from(read_urdf(folder / 'stick.urdf'), mapping)


def test_the_hash_of_a_robot_is_that_of_all_it_is_made_of_wherever_it_lies(tmp_path) -> None:
    robot = stick(tmp_path / 'one')
    assert stick(tmp_path / 'two').fingerprint == robot.fingerprint
    limits = {
        field: getattr(robot.limits, field) for field in JointLimits.__dataclass_fields__
    } | {'velocity': 0.5 * robot.limits.velocity}
    others = [
        stick(tmp_path / 'three', b'another solid'),
        replace(robot, limits=JointLimits(**limits)),
        replace(robot, correspondence=replace(robot.correspondence, base_kind='fixed')),
        replace(robot, sha256='0' * 64),
    ]
    found = {other.fingerprint for other in others}
    assert len(found | {robot.fingerprint}) == 5
