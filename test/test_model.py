"""The model: seeds, lengths, checkpoints and their errors. No trained weights needed."""

import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from small_model import small_config

from motionclip_model import features
from motionclip_model.checkpoint import load_network, save_network
from motionclip_model.errors import CheckpointError, EncoderError, MotionClipError
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.network import MotionClipNetwork
from motionclip_model.text_encoder import TextEncoder


@pytest.fixture(scope='module')
def encoder() -> TextEncoder:
    return TextEncoder.load()


@pytest.fixture(scope='module')
def model(encoder: TextEncoder, clips: dict[str, Path]) -> MotionClip:
    """Untrained networks that decode to something like standing."""
    torch.manual_seed(0)
    network = MotionClipNetwork(small_config(1).network)
    rows = torch.from_numpy(features.encode(Motion.load(clips['walk'])))
    network.row_mean.copy_(rows.mean(0))
    network.row_scale.copy_(rows.std(0).clamp(min=0.05))
    network.encoder_probe.copy_(encoder.probe())
    torch.nn.init.normal_(network.prior.leave.weight, std=0.3)
    return MotionClip(network, encoder)


@pytest.mark.parametrize('seconds', [1.0, 2.37, 10.0])
def test_motions_have_the_length_asked_for(model: MotionClip, seconds: float) -> None:
    motion = model.generate(model.encode_text(['walk']), seconds)
    assert motion.fps == features.FPS
    assert motion.seconds == pytest.approx(seconds, abs=0.5 / features.FPS)


@pytest.mark.parametrize('seconds', [0.5, 11.0, -1.0, float('nan')])
def test_other_lengths_are_refused(model: MotionClip, seconds: float) -> None:
    with pytest.raises(MotionClipError, match='choose 1 to 10 s'):
        model.generate(model.encode_text(['walk']), seconds)


def test_without_a_length_the_text_decides(model: MotionClip) -> None:
    text = model.encode_text(['walk'])
    wanted = float(model.predict_seconds(text.meaning)[0])
    assert 1.0 <= wanted <= 10.0
    assert model.generate(text).seconds == pytest.approx(wanted, abs=0.5 / features.FPS)


def test_a_seed_chooses_a_motion(model: MotionClip) -> None:
    text = model.encode_text(['walk'])
    first, again, other = (model.generate(text, 2.0, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.joint_rotations, again.joint_rotations)
    assert np.array_equal(first.root_position, again.root_position)
    assert not np.allclose(first.joint_rotations, other.joint_rotations, atol=1e-3)


def test_a_motions_own_token_can_be_decoded(model: MotionClip, clips: dict[str, Path]) -> None:
    meaning = model.encode_motions([Motion.load(clips['kick'])])
    assert meaning.shape == (1, 384)
    assert float(meaning.norm()) == pytest.approx(1.0, abs=1e-5)
    assert len(model.generate(meaning, 1.0)) == 21


def test_reconstruction_keeps_lengths(model: MotionClip, clips: dict[str, Path]) -> None:
    motions = [Motion.load(clips[action]) for action in ('walk', 'cartwheel')]
    decoded = model.reconstruct(motions)
    assert [len(m) for m in decoded] == [len(m.resampled(features.FPS)) for m in motions]


def test_company_does_not_change_a_token(model: MotionClip, clips: dict[str, Path]) -> None:
    motions = [Motion.load(clips[action]) for action in ('walk', 'cartwheel')]
    together = model.encode_motions(motions)
    alone = torch.cat([model.encode_motions([motion]) for motion in motions])
    assert torch.allclose(together, alone, atol=1e-4)


def test_a_checkpoint_knows_its_text_encoder(
    model: MotionClip, encoder: TextEncoder, tmp_path: Path
) -> None:
    model.save(tmp_path / 'm.safetensors', {})
    network, info = load_network(tmp_path / 'm.safetensors')
    assert info['text_encoder'] == 'all-MiniLM-L6-v2'
    network.encoder_probe.copy_(torch.nn.functional.normalize(torch.randn(384), dim=0))
    with pytest.raises(EncoderError, match='aligned to another encoder, not to all-MiniLM'):
        MotionClip(network, encoder)


def test_weights_are_half_precision_and_the_header_is_json(
    model: MotionClip, tmp_path: Path
) -> None:
    path = tmp_path / 'm.safetensors'
    model.save(path, {'figures': {'a': 1}})
    with safetensors.safe_open(path, 'pt') as file:
        header = json.loads(file.metadata()['motionclip'])
    assert header['info']['figures'] == {'a': 1}
    assert header['network']['latent_width'] == 16
    values = sum(p.numel() for p in model.network.parameters())
    assert path.stat().st_size < 2.0 * values + 30_000


def test_missing_checkpoints_are_named() -> None:
    with pytest.raises(CheckpointError, match=r"no checkpoint 'nowhere'.*shipped names"):
        MotionClip.load('nowhere')


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _foreign(path: Path) -> None:
    safetensors.torch.save_file({'a': torch.zeros(2)}, path)


def _lacking(path: Path) -> None:
    with safetensors.safe_open(path, 'pt') as file:
        metadata = file.metadata()
    weights = safetensors.torch.load_file(path)
    weights.pop('row_mean')
    safetensors.torch.save_file(weights, path, metadata)


def _empty(path: Path) -> None:
    path.write_bytes(b'')


@pytest.mark.parametrize('damage', [_truncated, _foreign, _lacking, _empty])
def test_damaged_checkpoints_are_refused_in_one_line(
    model: MotionClip, tmp_path: Path, damage: object
) -> None:
    path = tmp_path / 'm.safetensors'
    save_network(model.network, path, {})
    damage(path)
    with pytest.raises(CheckpointError, match='motionclip train') as caught:
        load_network(path)
    assert '\n' not in str(caught.value)
