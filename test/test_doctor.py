"""The doctor finds what is wrong and says what to do about it."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_clip import small_clip
from typer.testing import CliRunner, Result

from motionclip_model import clip_reference
from motionclip_model.clip_reference import ROWS, compare
from motionclip_model.drawing import screen
from motionclip_model.errors import DependencyError, EncoderError
from motionclip_model.storage import read_arrays
from motionclip_model.text_encoder import TextEncoder
from motionclip_ros import doctor
from motionclip_ros.cli import app


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
    monkeypatch.setattr(doctor, '_checkpoints', list)
    for name in ('torch', 'minilm', 'gpu', 'pictures', 'films', 'robots', 'ros', 'smpl'):
        monkeypatch.setattr(doctor, f'_{name}', lambda: doctor.Finding('part', 'works', ''))


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
    for part in ('text encoder', 'checkpoint base', 'films', 'robots'):
        assert findings[part].state == 'works', findings[part]
    assert all(finding.state in ('works', 'fails', 'absent') for finding in findings.values())
    wanting = [finding for finding in findings.values() if finding.state == 'absent']
    assert all(finding.remedy for finding in wanting)


def test_a_broken_part_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_pictures() -> str:
        raise DependencyError('no off-screen OpenGL; sudo apt install libegl1')

    def broken() -> doctor.Finding:
        raise ImportError('libtorch.so\nmore')

    monkeypatch.setattr(screen, 'backend', no_pictures)
    monkeypatch.setattr(doctor, '_torch', broken)
    findings = {finding.part: finding for finding in doctor.examine()}
    assert findings['pictures'].state == 'fails'
    assert findings['pictures'].remedy == 'sudo apt install libegl1'
    assert findings['PyTorch'].found == 'ImportError: libtorch.so'
    assert findings['robots'].state == 'works'


@pytest.mark.usefixtures('only_clip')
def test_the_table_has_a_line_for_each_part() -> None:
    result = run()
    assert result.exit_code == 0, result.output
    assert 'Python' in result.stdout
    assert result.stdout.count('works') == 9
