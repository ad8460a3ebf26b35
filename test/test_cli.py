"""The command does what its help says; every mistake is one line and exit status 2."""

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from small_model import small_config

from motionclip_model.motion import Motion
from motionclip_ros import cli
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Result:
    """Exit status and output of a run."""

    def __init__(self, status: int, out: str, err: str):
        """Keep them."""
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def motionclip(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Run the command in this process, as the console script does."""
    monkeypatch.setenv('COLUMNS', '200')

    def run(*arguments: object) -> Result:
        monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return Result(int(caught.value.code or 0), captured.out, captured.err)

    return run


def test_version(motionclip) -> None:
    assert motionclip('--version').out.startswith('motionclip 0.')


def test_generate_writes_what_it_says(motionclip, tmp_path: Path) -> None:
    result = motionclip(
        'generate', 'a person waves with the right hand', '--seconds', 3, '--out', tmp_path
    )
    assert result.status == 0, result.err
    motion = Motion.load(tmp_path / 'motion.npz')
    assert motion.seconds == pytest.approx(3.0, abs=0.05)
    with np.load(tmp_path / 'trajectory.npz') as arrays:
        points, joints = arrays['positions'].shape
        assert {name: arrays[name].shape for name in arrays.files} == {
            'joint_names': (joints,),
            'time_from_start': (points,),
            'positions': (points, joints),
            'velocities': (points, joints),
            'base_position': (points, 3),
            'base_quaternion_xyzw': (points, 4),
        }
    report = json.loads((tmp_path / 'report.json').read_text())
    assert report['text'] == 'a person waves with the right hand'
    assert len(report['model_sha256']) == 64


@pytest.mark.nightly
def test_generate_draws_when_asked(motionclip, tmp_path: Path) -> None:
    result = motionclip('generate', 'bow', '--seconds', 1, '--out', tmp_path, '--render')
    assert result.status == 0, result.err
    assert (tmp_path / 'motion.png').stat().st_size > 50_000
    assert (tmp_path / 'motion.mp4').stat().st_size > 5_000


@pytest.mark.parametrize('kind', ['npz', 'motionbuilder', 'daz'])
def test_retarget_reads_amass_and_both_kinds_of_bvh(
    motionclip, clips: dict[str, Path], bvh_files: dict[str, Path], tmp_path: Path, kind: str
) -> None:
    source = clips['walk'] if kind == 'npz' else bvh_files[kind]
    out = tmp_path / 'trajectory.npz'
    result = motionclip('retarget', source, '--robot', 'g1', '--out', out)
    assert result.status == 0, result.err
    trajectory = RobotTrajectory.load(out)
    assert len(trajectory.joint_names) == 29
    assert np.ptp(trajectory.positions, axis=0).max() > 0.05


def test_retarget_prints_its_report_as_json(motionclip, clips, tmp_path: Path) -> None:
    result = motionclip('retarget', clips['kick'], '--out', tmp_path / 't.npz', '--json')
    assert json.loads(result.out)['verdict'] in ('accept', 'slowed', 'refuse')


def test_render_draws_people_and_robots(motionclip, clips, tmp_path: Path) -> None:
    trajectory = tmp_path / 't.npz'
    motionclip('retarget', clips['kick'], '--out', trajectory)
    sizes = []
    for name, *wanted in (
        ('human', clips['kick']),
        ('robot', trajectory),
        ('both', trajectory, '--beside', clips['kick'], '--caption', 'a kick'),
    ):
        target = tmp_path / f'{name}.png'
        result = motionclip('render', *wanted, '--out', target)
        assert result.status == 0, result.err
        assert target.stat().st_size > 50_000
        with Image.open(target) as picture:
            sizes.append(picture.size)
    assert sizes[2][0] > sizes[0][0]


def test_recognise_prints_json(motionclip, clips) -> None:
    result = motionclip('recognise', clips['run'], '--labels', 'run, bow, sit down', '--json')
    (file,) = json.loads(result.out)['files']
    found = file['labels']
    assert file['file'] == str(clips['run'])
    assert found[0]['label'] == 'run'
    assert sum(entry['score'] for entry in found) == pytest.approx(1.0, abs=1e-3)


def test_train_then_evaluate_then_generate(motionclip, corpus: Path, tmp_path: Path) -> None:
    from dataclasses import asdict

    config = tmp_path / 'small.yaml'
    config.write_text(yaml.safe_dump(asdict(small_config(2))))
    run = tmp_path / 'run'
    result = motionclip('train', '--data', corpus, '--out', run, '--config', config)
    assert result.status == 0, result.err
    model = run / 'model.safetensors'
    result = motionclip('evaluate', '--model', model, '--data', corpus, '--json')
    figures = json.loads(result.out)
    assert figures['reconstruction']['all']['joint_error_cm'] > 0
    assert figures == json.loads((run / 'figures.json').read_text())
    result = motionclip('recognise', corpus / 'amass/CMU/07/07_01_poses.npz', '--model', model)
    assert result.status == 0, result.err


def _no_poses(path: Path) -> None:
    np.savez(path, trans=np.zeros((5, 3)), mocap_framerate=30.0)


def _not_finite(path: Path) -> None:
    poses = np.zeros((5, 156))
    poses[2, 7] = np.nan
    np.savez(path, poses=poses, trans=np.zeros((5, 3)), mocap_framerate=30.0)


def _no_npz(path: Path) -> None:
    path.write_text('hello')


@pytest.mark.parametrize(
    ('make', 'reason'),
    [(_no_poses, 'no array poses'), (_not_finite, 'NaN'), (_no_npz, 'not a readable npz')],
)
def test_unusable_motions(motionclip, tmp_path: Path, make, reason: str) -> None:
    make(tmp_path / 'm.npz')
    out = tmp_path / 'trajectory.npz'
    _expect_one_line(motionclip('retarget', tmp_path / 'm.npz', '--out', out), reason)
    assert not out.exists()


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'empty'),
        (' \n\t ', 'empty'),
        ('walk ' * 2000, '9999 characters'),
        ('wave\x07', r'U+0007'),
        ('пляши', 'cyrillic'),
    ],
)
def test_unusable_texts(motionclip, tmp_path: Path, text: str, reason: str) -> None:
    _expect_one_line(motionclip('generate', text, '--out', tmp_path / 'o'), reason)
    assert not (tmp_path / 'o').exists()


def test_unusable_options(motionclip, clips, tmp_path: Path) -> None:
    out = ('--out', tmp_path / 'o')
    walk = clips['walk']
    _expect_one_line(motionclip('generate', 'walk', *out, '--seconds', 99), '1 to 10 s')
    _expect_one_line(motionclip('generate', 'walk', *out, '--model', 'none'), 'no checkpoint')
    _expect_one_line(motionclip('retarget', walk, *out, '--robot', 'r2d2'), 'r2d2')
    _expect_one_line(
        motionclip('retarget', 'gone.npz', *out), 'gone.npz: cannot be read (no such file)'
    )
    _expect_one_line(motionclip('retarget', 'walk.txt', *out), '.npz (AMASS) or .bvh')
    _expect_one_line(motionclip('render', walk, '--out', 'walk.txt'), '.png, .mp4 or .gif')
    _expect_one_line(motionclip('recognise', walk, '--labels', 'walk'), 'at least two')
    _expect_one_line(
        motionclip('train', '--data', tmp_path, '--out', tmp_path / 'run'), 'no texts*.jsonl'
    )
    assert not (tmp_path / 'o').exists()


def test_a_truncated_checkpoint(motionclip, clips, tmp_path: Path) -> None:
    path = tmp_path / 'm.safetensors'
    path.write_bytes(b'\x10\x00\x00')
    _expect_one_line(motionclip('recognise', clips['walk'], '--model', path), 'damaged checkpoint')


def _expect_one_line(result: Result, reason: str) -> None:
    """Status 2, one line on stderr that names the reason, no traceback."""
    assert result.status == 2
    assert reason in result.err
    assert result.err.count('\n') == 1
    assert 'Traceback' not in result.err + result.out
