"""The doctor finds what is wrong and says what to do about it."""

import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from small_clip import small_clip
from typer.testing import CliRunner, Result

from motionclip_model import clip_reference
from motionclip_model.clip_reference import ROWS, compare
from motionclip_model.drawing import screen
from motionclip_model.errors import DependencyError, EncoderError
from motionclip_model.reading import read_arrays
from motionclip_model.text_encoder import TextEncoder
from motionclip_ros import doctor
from motionclip_ros.cli import app
from motionclip_ros.doctor import essentials, extras
from motionclip_ros.doctor.finding import ABSENT, FAILS, WORKS, Finding


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip(tmp_path_factory.mktemp('clip'))


@pytest.fixture(scope='module')
def encoder(folder: Path) -> TextEncoder:
    return TextEncoder.load(str(folder))


def save_rows(encoder: TextEncoder, path: Path) -> Path:
    """Write what an encoder says of the reference's texts as a reference of its own."""
    texts = read_arrays(ROWS, ('texts',), EncoderError)['texts']
    rows = encoder.encode([str(text) for text in texts]).meaning.half().numpy()
    np.savez(path, texts=texts, embeddings=rows)
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ['doctor', *arguments])


@pytest.fixture
def only_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the machine alone, which other tests look at."""
    monkeypatch.delenv('MOTIONCLIP_TEXT_ENCODER', raising=False)
    monkeypatch.setattr(doctor, 'needed', lambda: {'one': lambda: Finding('one', WORKS, '1')})
    monkeypatch.setattr(doctor, 'optional', dict)


def test_the_reference_is_of_clip_vit_b_32() -> None:
    arrays = read_arrays(ROWS, ('texts', 'embeddings'), EncoderError)
    assert arrays['embeddings'].shape == (64, 512)
    assert len(set(arrays['texts'].tolist())) == 64
    lengths = np.linalg.norm(arrays['embeddings'].astype(float), axis=1)
    assert np.allclose(lengths, 1.0, atol=1e-3)


def test_an_encoder_agrees_with_its_own_rows_alone(encoder: TextEncoder, tmp_path: Path) -> None:
    rows = save_rows(encoder, tmp_path / 'rows.npz')
    assert compare(encoder, rows).holds
    other = TextEncoder.load(str(small_clip(tmp_path / 'other', seed=1)))
    assert not compare(other, rows).holds


def test_one_wrong_text_is_named(encoder: TextEncoder, tmp_path: Path) -> None:
    rows = save_rows(encoder, tmp_path / 'rows.npz')
    with np.load(rows) as file:
        arrays = dict(file)
    arrays['embeddings'][7] *= -1
    np.savez(rows, **arrays)
    agreement = compare(encoder, rows)
    assert not agreement.holds
    assert agreement.worst == (str(arrays['texts'][7]), pytest.approx(-1.0, abs=1e-3))


@pytest.mark.usefixtures('only_clip')
def test_a_clip_of_another_size_is_another_clip(folder: Path) -> None:
    result = run('--clip', str(folder), '--json')
    assert result.exit_code == 1
    (finding,) = [each for each in json.loads(result.stdout) if each['part'] == 'CLIP']
    assert finding['state'] == 'fails'
    assert 'is not CLIP ViT-B/32 but another encoder' in finding['found']
    assert '24 numbers instead of 512' in finding['found']


@pytest.mark.usefixtures('only_clip')
def test_a_clip_of_the_right_size_and_wrong_weights_fails(
    encoder: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_reference, 'ROWS', save_rows(encoder, tmp_path / 'rows.npz'))
    other = small_clip(tmp_path / 'other', seed=1)
    result = run('--clip', str(other), '--json')
    assert result.exit_code == 1
    found = json.loads(result.stdout)[-1]['found']
    assert 'of 64 known embeddings differ, most for' in found
    assert 'at least 0.999 is needed' in found


@pytest.mark.usefixtures('only_clip')
def test_the_right_clip_passes(
    encoder: TextEncoder, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_reference, 'ROWS', save_rows(encoder, tmp_path / 'rows.npz'))
    result = run('--clip', str(folder), '--json')
    assert result.exit_code == 0, result.output
    assert 'text and image tower' in json.loads(result.stdout)[-1]['found']


@pytest.mark.usefixtures('only_clip')
def test_a_clip_that_is_not_there_is_one_finding() -> None:
    result = run('--clip', '/no/such/folder', '--json')
    assert result.exit_code == 1
    assert 'cannot load a text encoder' in json.loads(result.stdout)[-1]['found']


def test_what_is_shipped_works() -> None:
    findings = {finding.part: finding for finding in doctor.examine()}
    assert [name for name, each in findings.items() if each.essential] == [
        'Python', 'PyTorch', 'text encoder', 'checkpoint base', 'checkpoint open', 'robots',
        'retargeting',
    ]  # fmt: skip
    assert list(findings)[7:] == [
        'GPU', 'pictures', 'films', 'ROS 2', 'ROS 2 goals', 'priority', 'SMPL', 'studio',
        'training', 'cluster', 'cache', 'CLIP',
    ]  # fmt: skip
    for finding in findings.values():
        assert finding.state == WORKS or not finding.essential, finding
        assert finding.state in (WORKS, FAILS, ABSENT)
        assert (finding.state == WORKS) or (finding.meaning and finding.remedy), finding
    assert findings['films'].state == WORKS


def test_a_broken_part_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pictures() -> str:
        raise DependencyError('no off-screen OpenGL; sudo apt install libegl1')

    def broken() -> Finding:
        raise ImportError('libtorch.so\nmore')

    monkeypatch.setattr(screen, 'backend', no_pictures)
    monkeypatch.setattr(essentials, '_torch', broken)
    findings = {finding.part: finding for finding in doctor.examine()}
    assert findings['pictures'].state == FAILS
    assert findings['pictures'].remedy == 'sudo apt install libegl1'
    assert findings['PyTorch'].found == 'ImportError: libtorch.so'
    assert findings['PyTorch'].essential
    assert findings['robots'].state == WORKS


@pytest.mark.usefixtures('only_clip')
@pytest.mark.parametrize('state', [WORKS, ABSENT, FAILS])
def test_only_what_every_command_needs_decides_the_status(
    monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    monkeypatch.setattr(
        doctor, 'optional', lambda: {'pictures': lambda: Finding('pictures', state, 'x', 'y', 'z')}
    )
    assert run().exit_code == 0
    monkeypatch.setattr(
        doctor, 'needed', lambda: {'robots': lambda: Finding('robots', state, 'x', 'y', 'z')}
    )
    result = run()
    assert result.exit_code == int(state != WORKS)
    assert ('needed, but does not work: robots' in result.stdout) == (state != WORKS)


@pytest.mark.parametrize(
    ('part', 'module', 'remedy'),
    [
        ('studio', 'nicegui', 'pip install "motionclip_ros[studio]"'),
        ('training', 'lightning_fabric', 'pip install "motionclip_ros[train]"'),
        ('cluster', 'ray', 'pip install "motionclip_ros[ray]"'),
        ('ROS 2', 'rclpy', 'pip install "motionclip_ros[ros]", or: source /opt'),
        ('ROS 2 goals', 'motionclip_interfaces', 'make interfaces'),
    ],
)
def test_what_is_not_installed_is_absent_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, part: str, module: str, remedy: str
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, 'find_spec', lambda name: None if name == module else find(name)
    )
    finding = extras.optional()[part]()
    assert finding.state == ABSENT
    assert finding.meaning
    assert finding.remedy.startswith(remedy)


def test_who_may_not_run_before_others_learns_how_to_allow_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refused = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(subprocess, 'run', lambda *_, **__: refused)
    finding = extras.optional()['priority']()
    assert finding.state == ABSENT
    assert 'limits.conf' in finding.remedy


def test_a_disk_without_room_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'not' / 'yet'))
    assert extras.optional()['cache']().state == WORKS
    monkeypatch.setattr(extras, '_LEAST_ROOM', 2**80)
    finding = extras.optional()['cache']()
    assert finding.state == FAILS
    assert 'GiB free' in finding.found


@pytest.mark.usefixtures('only_clip')
def test_the_encoder_that_the_environment_names_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv('MOTIONCLIP_TEXT_ENCODER', str(folder))
    result = run('--json')
    assert result.exit_code == 0  # nobody asked about it
    finding = json.loads(result.stdout)[-1]
    assert (finding['state'], finding['essential']) == (FAILS, False)


@pytest.mark.usefixtures('only_clip')
def test_a_remedy_stands_below_what_is_wrong() -> None:
    lines = [line.strip() for line in run().stdout.splitlines()]
    assert lines[0].split() == ['works', 'one', '1']
    assert lines[-1] == 'ready'
    assert any(line.startswith('to do: motionclip doctor --clip') for line in lines)
