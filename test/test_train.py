"""Training learns, resumes exactly, and says what is wrong."""

from pathlib import Path

import pytest
import torch
from small_model import Notes, small_config

from motionclip_model.errors import CheckpointError, ConfigError
from motionclip_model.model import MotionClip
from motionclip_model.train import Trainer
from motionclip_model.train_config import StageConfig


def test_the_autoencoder_learns_real_motion(corpus: Path, tmp_path: Path) -> None:
    config = small_config(
        1,
        autoencoder=StageConfig(240, batch=8, learning_rate=3e-3, shortest=16, longest=32),
        validate_every=240,
        save_every=240,
    )
    notes = Notes()
    Trainer(config, corpus, tmp_path, notes).run()
    errors = [values['position'] for stage, _, values in notes.steps if stage == 'autoencoder']
    assert sum(errors[-10:]) < 0.6 * sum(errors[:10])
    assert [stage for stage, step, _ in notes.steps if step == 1] == [
        'autoencoder',
        'alignment',
        'prior',
    ]
    assert any('validation' in text for text in notes.texts)


class _PowerCutError(Exception):
    """Ends a run between two steps."""


class _Cutting(Notes):
    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        super().step(stage, step, steps, values)
        if (stage, step) == ('alignment', 5):
            raise _PowerCutError


def test_a_resumed_run_ends_like_an_uninterrupted_one(corpus: Path, tmp_path: Path) -> None:
    config = small_config(6, bfloat16=False)
    whole = Trainer(config, corpus, tmp_path / 'whole', Notes()).run().state_dict()
    with pytest.raises(_PowerCutError):
        Trainer(config, corpus, tmp_path / 'cut', _Cutting()).run()
    notes = Notes()
    resumed = Trainer(config, corpus, tmp_path / 'cut', notes).run().state_dict()
    assert 'resumed at stage 2, step 3' in notes.texts
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_another_configuration_does_not_resume(corpus: Path, tmp_path: Path) -> None:
    Trainer(small_config(1), corpus, tmp_path, Notes()).run()
    with pytest.raises(ConfigError, match='another configuration'):
        Trainer(small_config(2), corpus, tmp_path, Notes())


def test_divergence_is_named(corpus: Path, tmp_path: Path) -> None:
    wild = StageConfig(30, batch=4, learning_rate=1e18, shortest=16, longest=32)
    trainer = Trainer(small_config(1, autoencoder=wild), corpus, tmp_path, Notes())
    with pytest.raises(CheckpointError, match='diverged at step'):
        trainer.run()


def test_a_trained_model_survives_saving(corpus: Path, tmp_path: Path) -> None:
    trainer = Trainer(small_config(2), corpus, tmp_path, Notes())
    model = MotionClip(trainer.run(), trainer.encoder)
    model.save(tmp_path / 'model.safetensors', trainer.info())
    loaded = MotionClip.load(tmp_path / 'model.safetensors', trainer.encoder)
    assert loaded.info['data']['CMU']['clips'] > 0
    assert loaded.info['text_encoder'] == 'all-MiniLM-L6-v2'
    text = model.encode_text(['a person walks'])
    ours, theirs = (m.generate(text, seconds=1.0, seed=4) for m in (model, loaded))
    assert abs(ours.pose.positions - theirs.pose.positions).max() < 0.05
