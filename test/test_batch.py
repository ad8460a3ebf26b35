"""A folder of motions becomes the same tree of results, whatever happens on the way."""

import json
import statistics
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest
from batch_cases import ALL, BAD, DEADLY_FPS, GOOD, Deadly, collect, here, tree

from motionclip_model.errors import ConfigError, MotionError
from motionclip_model.motion import Motion
from motionclip_ros.batch.job import Job, Outcome
from motionclip_ros.batch.local import in_processes
from motionclip_ros.batch.results import find_sources
from motionclip_ros.batch.run import Event, retarget_folder
from motionclip_ros.batch.settings import FORMATS, Settings, read_posture
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Interrupted:
    """A runner that is interrupted after some files; it counts them."""

    def __init__(self, after: int = 1000):
        self.after, self.worked = after, 0

    def __call__(
        self, settings: Settings, expected: str, jobs: Iterable[Job]
    ) -> Iterator[tuple[Job, Outcome]]:
        for done in here(settings, expected, jobs):
            if self.worked == self.after:
                raise KeyboardInterrupt
            self.worked += 1
            yield done


@pytest.fixture(scope='module')
def folder(tmp_path_factory, clips, bvh_files) -> Path:
    return collect(tmp_path_factory.mktemp('motions'), clips, bvh_files)


@pytest.fixture(scope='module')
def whole(tmp_path_factory, folder) -> Path:
    """The results of an undisturbed run."""
    out = tmp_path_factory.mktemp('whole')
    retarget_folder(folder, out, ALL, here)
    return out


@pytest.fixture
def motions(tmp_path: Path, clips) -> Path:
    """Two motions that a test may change."""
    kick = Motion.load(clips['kick'])
    kick[20:40].save(tmp_path / 'motions/one.npz')
    kick[40:60].save(tmp_path / 'motions/sub/two.npz')
    return tmp_path / 'motions'


def test_the_tree_of_results_has_the_shape_of_the_tree_of_motions(folder, whole) -> None:
    endings = (*FORMATS.values(), '.report.json')
    stems = [name.rsplit('.', 1)[0] for name in GOOD]
    expected = {stem + ending for stem in stems for ending in endings}
    assert tree(whole).keys() == expected | {'manifest.jsonl', 'summary.json'}
    for stem in stems:
        assert len(RobotTrajectory.load(whole / f'{stem}.trajectory.npz')) >= 2


def test_bad_files_are_named_and_the_others_are_done(folder, tmp_path) -> None:
    events: list[Event] = []
    summary = retarget_folder(folder, tmp_path, Settings('g1'), here, events.append)
    errors = {event.name: event.error for event in events if event.error}
    assert errors.keys() == BAD.keys()
    for name, reason in BAD.items():
        assert reason in errors[name]
        assert '\n' not in errors[name]
        assert 'motionclip-' not in errors[name]  # the place where a worker keeps it
    assert (summary['done'], summary['failed'], summary['open']) == (len(GOOD), len(BAD), 0)
    assert {entry['source']: entry['error'] for entry in summary['failures']} == errors


def test_the_manifest_lists_every_file_and_the_summary_sums_it_up(folder, whole) -> None:
    entries = [json.loads(line) for line in (whole / 'manifest.jsonl').read_text().splitlines()]
    assert [entry['source'] for entry in entries] == [s.name for s in find_sources(folder, whole)]
    done = [entry for entry in entries if entry['status'] == 'done']
    for entry in done:
        assert {*entry['files']} == {*FORMATS}
        assert all((whole / file).is_file() for file in entry['files'].values())
    summary = json.loads((whole / 'summary.json').read_text())
    assert sum(summary['verdicts'].values()) == len(done) == len(GOOD)
    figure = 'limb_direction_error_deg'
    assert summary['medians'][figure] == statistics.median(entry[figure] for entry in done)


def test_motions_of_one_name_stay_apart(motions) -> None:
    (motions / 'one.bvh').touch()
    (motions / 'results').mkdir()
    (motions / 'results/old.npz').touch()
    (motions / 'one.trajectory.npz').touch()
    stems = {source.name: source.stem for source in find_sources(motions, motions / 'results')}
    assert stems == {'one.bvh': 'one.bvh', 'one.npz': 'one.npz', 'sub/two.npz': 'sub/two'}


def test_a_folder_without_motions_is_refused(tmp_path) -> None:
    with pytest.raises(MotionError, match=r'no \.npz or \.bvh'):
        retarget_folder(tmp_path, tmp_path / 'out', Settings('g1'), here)


def test_unknown_formats_are_refused() -> None:
    with pytest.raises(ConfigError, match="no format 'pickle'; there are npz, csv, mujoco"):
        Settings('g1', ('npz', 'pickle'))


@pytest.mark.parametrize('after', [1, 4])
def test_an_interrupted_run_goes_on_to_the_same_bytes(folder, whole, tmp_path, after) -> None:
    runner = Interrupted(after)
    with pytest.raises(KeyboardInterrupt):
        retarget_folder(folder, tmp_path, ALL, runner)
    summary = json.loads((tmp_path / 'summary.json').read_text())
    assert summary['done'] + summary['failed'] == after
    # What a kill -9 leaves besides.
    (tmp_path / '.run.trajectory.npz.x4_g7hzq').write_text('half')
    (tmp_path / 'run.report.json').write_text('{"ret')
    rest = Interrupted()
    retarget_folder(folder, tmp_path, ALL, rest)
    assert rest.worked == len(GOOD) + len(BAD) - summary['done']
    assert tree(tmp_path) == tree(whole)


def test_what_is_done_is_not_done_again(motions, tmp_path) -> None:
    out, runner = tmp_path / 'out', Interrupted()
    retarget_folder(motions, out, Settings('g1'), runner)
    assert runner.worked == 2
    before = tree(out)
    events: list[Event] = []
    retarget_folder(motions, out, Settings('g1'), runner, events.append)
    assert runner.worked == 2
    assert [event.skipped for event in events] == [True, True]
    assert tree(out) == before


def test_whatever_changes_a_result_makes_it_anew(motions, tmp_path, clips) -> None:
    out, runner = tmp_path / 'out', Interrupted()

    def worked(settings: Settings) -> int:
        before = runner.worked
        retarget_folder(motions, out, settings, runner)
        return runner.worked - before

    limits = tmp_path / 'joint_limits.yaml'
    limits.write_text(
        'joint_limits: {left_knee_joint: {has_velocity_limits: true, max_velocity: 1.0}}'
    )
    assert worked(Settings('g1')) == 2
    assert worked(Settings('g1', ('npz', 'csv'))) == 2  # a file is missing
    assert worked(Settings('g1', ('npz', 'csv'))) == 0
    assert worked(Settings('g1', joints=('arms',))) == 2
    assert worked(Settings('g1', joints=('arms',), posture=(('waist_yaw_joint', 0.1),))) == 2
    assert worked(Settings('g1', joint_limits=str(limits))) == 2
    assert worked(Settings('g1', joint_limits=str(limits))) == 0
    Motion.load(clips['walk'])[:20].save(motions / 'one.npz')
    assert worked(Settings('g1', joint_limits=str(limits))) == 1
    (out / 'sub/two.trajectory.npz').unlink()
    assert worked(Settings('g1', joint_limits=str(limits))) == 1


def test_a_file_that_turns_bad_keeps_no_old_result(motions, tmp_path) -> None:
    retarget_folder(motions, tmp_path / 'out', ALL, here)
    (motions / 'one.npz').write_text('hello')
    summary = retarget_folder(motions, tmp_path / 'out', ALL, here)
    assert summary['failed'] == 1
    assert not list((tmp_path / 'out').glob('one.*'))


def test_processes_bring_the_same_bytes(folder, whole, tmp_path) -> None:
    retarget_folder(folder, tmp_path, ALL, partial(in_processes, count=2))
    assert tree(tmp_path) == tree(whole)


def test_a_file_that_kills_its_process_costs_no_other(motions, tmp_path, clips) -> None:
    kick = Motion.load(clips['kick'])[20:40]
    Motion(kick.joint_rotations, kick.root_position, DEADLY_FPS).save(motions / 'deadly.npz')
    runner = partial(in_processes, count=2)
    summary = retarget_folder(motions, tmp_path / 'out', Deadly('g1'), runner)
    assert [entry['source'] for entry in summary['failures']] == ['deadly.npz']
    assert 'killed' in summary['failures'][0]['error']
    assert summary['done'] == 2


def test_another_robot_on_a_machine_stops_the_run(motions, clips) -> None:
    job = Job('one.npz', (motions / 'one.npz').read_bytes())
    with pytest.raises(ConfigError, match='not the same on all machines'):
        list(in_processes(Settings('g1'), 'another', [job], 1))


def test_joints_that_may_not_move_keep_the_posture(motions, tmp_path) -> None:
    (tmp_path / 'p.yaml').write_text('waist_yaw_joint: 0.3\nleft_knee_joint: 0.5\n')
    posture = read_posture(tmp_path / 'p.yaml')
    settings = Settings('g1', joints=('arms',), posture=posture)
    retarget_folder(motions, tmp_path / 'out', settings, here)
    found = RobotTrajectory.load(tmp_path / 'out/one.trajectory.npz')
    for joint, angle in posture:
        column = found.positions[:, found.joint_names.index(joint)]
        assert column == pytest.approx(angle, abs=1e-9)


@pytest.mark.parametrize('text', ['', '- 1', 'knee: high', 'knee: true', 'a: [', 'a: {b: 1}'])
def test_a_posture_is_angles_by_joint(tmp_path, text) -> None:
    (tmp_path / 'p.yaml').write_text(text)
    with pytest.raises(ConfigError, match=r'p\.yaml: (not YAML|must hold)') as caught:
        read_posture(tmp_path / 'p.yaml')
    assert '\n' not in str(caught.value)
