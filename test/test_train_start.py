"""Runs share what they do not train."""

from pathlib import Path

import pytest
import torch
from small_model import Notes, small_config, small_trainer

from motionclip_model.checkpoint import load_network
from motionclip_model.errors import CheckpointError, ConfigError
from motionclip_model.model import MotionClip


@pytest.fixture(scope='module')
def checkpoint(corpus: Path, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp('first')
    trainer = small_trainer(small_config(1), corpus, folder)
    model = MotionClip(trainer.run(), trainer.encoder)
    model.save(folder / 'model.safetensors', {})
    return folder / 'model.safetensors'


def weights(network: torch.nn.Module, prefix: str) -> torch.Tensor:
    """All weights below a prefix, one after the other."""
    found = [v.flatten() for k, v in network.state_dict().items() if k.startswith(prefix)]
    return torch.cat(found)


def test_stages_are_trained_on_top_of_a_checkpoint(corpus, checkpoint, tmp_path) -> None:
    notes = Notes()
    config = small_config(2, start=str(checkpoint), stages=('alignment', 'prior'), seed=3)
    ours = small_trainer(config, corpus, tmp_path, notes).run()
    theirs, _ = load_network(checkpoint)
    assert {stage for stage, _, _ in notes.steps} == {'alignment', 'prior'}
    assert any('took autoencoder from' in text for text in notes.texts)
    for part in ('autoencoder', 'row_mean', 'row_scale'):
        assert torch.equal(weights(ours, part), weights(theirs, part)), part
    for part in ('motion_encoder', 'prior'):
        assert not torch.allclose(weights(ours, part), weights(theirs, part)), part


def test_what_is_trained_anew_may_have_another_size(corpus, checkpoint, tmp_path) -> None:
    from dataclasses import replace

    network = replace(small_config(1).network, prior_width=64)
    config = small_config(1, start=str(checkpoint), stages=('prior',), network=network)
    assert small_trainer(config, corpus, tmp_path).run().prior.no_meaning.shape == (64,)
    network = replace(network, latent_width=8)
    config = small_config(1, start=str(checkpoint), stages=('prior',), network=network)
    with pytest.raises(ConfigError, match=r'does not fit: .* there and .* here'):
        small_trainer(config, corpus, tmp_path / 'other')


def test_a_start_without_use_is_refused(corpus, checkpoint, tmp_path) -> None:
    with pytest.raises(ConfigError, match='has nothing to give'):
        small_trainer(small_config(1, start=str(checkpoint)), corpus, tmp_path)
    config = small_config(1, start=str(tmp_path / 'none'), stages=('prior',))
    with pytest.raises(CheckpointError, match='no checkpoint'):
        small_trainer(config, corpus, tmp_path)
