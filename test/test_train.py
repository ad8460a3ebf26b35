"""Training learns, resumes exactly, and says what is wrong."""

import json
from pathlib import Path

import pytest
import torch
from small_model import Notes, small_config, small_trainer

from motionclip_model.checkpoint import load_network
from motionclip_model.errors import CheckpointError, ConfigError
from motionclip_model.model import MotionClip
from motionclip_model.training import trainer as train_module
from motionclip_model.training.config import StageConfig
from motionclip_model.training.data import fingerprint
from motionclip_model.training.trainer import Trainer


def test_the_autoencoder_learns_real_motion(corpus: Path, tmp_path: Path) -> None:
    config = small_config(
        1,
        autoencoder=StageConfig(200, batch=8, learning_rate=3e-3, shortest=16, longest=32),
        bfloat16=False,  # which many processors imitate, slowly
        validate_every=100,
        save_every=200,
    )
    notes = Notes()
    trainer = small_trainer(config, corpus, tmp_path, notes)
    trainer.run()
    errors = [values['position'] for stage, _, values in notes.steps if stage == 'autoencoder']
    assert sum(errors[-10:]) < 0.6 * sum(errors[:10])
    assert [stage for stage, step, _ in notes.steps if step == 1] == [
        'autoencoder',
        'alignment',
        'prior',
    ]
    assert any('autoencoder step 100, validation: rows' in text for text in notes.texts)
    assert any('windows/s, at most' in text for text in notes.texts)
    facts = trainer.info()['training']
    assert facts['stages']['autoencoder']['windows_per_s'] > 0
    assert facts['memory_mb'] > 100
    assert list((tmp_path / 'tensorboard').glob('events.*'))


class _PowerCutError(Exception):
    """Ends a run between two steps."""


class _Cutting(Notes):
    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        super().step(stage, step, steps, values)
        if (stage, step) == ('alignment', 5):
            raise _PowerCutError


def test_a_resumed_run_ends_like_an_uninterrupted_one(corpus: Path, tmp_path: Path) -> None:
    config = small_config(6, bfloat16=False)
    whole = small_trainer(config, corpus, tmp_path / 'whole').run().state_dict()
    with pytest.raises(_PowerCutError):
        small_trainer(config, corpus, tmp_path / 'cut', _Cutting()).run()
    notes = Notes()
    trainer = Trainer(config, corpus, tmp_path / 'cut', notes)
    resumed = trainer.run().state_dict()
    assert 'resumed at stage 2, step 3' in notes.texts
    assert list(trainer.info()['training']['stages']) == ['autoencoder', 'alignment', 'prior']
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_another_run_is_not_resumed(corpus: Path, tmp_path: Path) -> None:
    small_trainer(small_config(1), corpus, tmp_path).run()
    with pytest.raises(ConfigError, match='a run of another configuration; choose another'):
        Trainer(small_config(2), corpus, tmp_path, Notes())
    (tmp_path / 'run.json').write_text((tmp_path / 'run.json').read_text().replace('MiniLM', 'X'))
    with pytest.raises(ConfigError, match='a run of another text encoder'):
        Trainer(small_config(1), corpus, tmp_path, Notes())
    (tmp_path / 'run.json').unlink()
    with pytest.raises(ConfigError, match='older version'):
        Trainer(small_config(1), corpus, tmp_path, Notes())


def test_divergence_is_named(corpus: Path, tmp_path: Path) -> None:
    wild = StageConfig(30, batch=4, learning_rate=1e18, shortest=16, longest=32)
    trainer = small_trainer(small_config(1, autoencoder=wild), corpus, tmp_path)
    with pytest.raises(CheckpointError, match='diverged at step'):
        trainer.run()


def test_a_trained_model_survives_saving(corpus: Path, tmp_path: Path) -> None:
    trainer = small_trainer(small_config(2, held_out=(('walk', ''),)), corpus, tmp_path)
    model = MotionClip(trainer.run(), trainer.encoder)
    model.save(tmp_path / 'model.safetensors', trainer.info())
    loaded = MotionClip.load(tmp_path / 'model.safetensors', trainer.encoder)
    assert loaded.info['data']['CMU']['clips'] > 0
    assert loaded.info['licence'] == 'any'
    assert loaded.info['held_out'] == [['walk', '']]
    assert loaded.info['text_encoder'] == 'all-MiniLM-L6-v2'
    text = model.encode_text(['a person walks'])
    ours, theirs = (m.generate(text, seconds=1.0, seed=4) for m in (model, loaded))
    assert abs(ours.pose.positions - theirs.pose.positions).max() < 0.05


def test_the_best_and_the_last_of_each_stage_are_kept(corpus, tmp_path, monkeypatch) -> None:
    names = [f'{stage}{end}' for stage in ('alignment', 'autoencoder', 'prior')
             for end in ('', '_best')]  # fmt: skip
    trainer = small_trainer(small_config(2, validate_every=1), corpus, tmp_path)
    monkeypatch.setattr(trainer._processes, 'numbers', _rising(trainer._processes.numbers))
    trainer.run()
    files = sorted(path.stem for path in (tmp_path / 'checkpoints').iterdir())
    assert files == names
    for stage in ('autoencoder', 'alignment', 'prior'):
        best, last = (
            load_network(tmp_path / 'checkpoints' / f'{name}.safetensors')
            for name in (f'{stage}_best', stage)
        )
        # Losses rise from one validation to the next, so that the first stays the best.
        assert best[1]['training']['stages'][stage]['steps'] == 1
        assert last[1]['training']['stages'][stage]['steps'] == 2


def _rising(numbers):
    calls = [0]

    def risen(values):
        calls[0] += 1
        return {name: value + calls[0] for name, value in numbers(values).items()}

    return risen


def test_a_model_that_freezes_is_warned_of(corpus, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(train_module, 'WARM_UP_STEPS', 1)
    notes = Notes()
    trainer = small_trainer(small_config(2, stages=('autoencoder',)), corpus, tmp_path, notes)
    trainer.run()
    # Two steps teach nothing but the mean pose.
    assert len(notes.warnings) == 1
    assert 'autoencoder: reconstructed motions move at 0.' in notes.warnings[0]
    assert 'raise the weight of velocity' in notes.warnings[0]
    assert trainer.info()['training']['warnings'] == [f'step 2: {notes.warnings[0]}']


def test_a_run_says_what_it_is(corpus, tmp_path) -> None:
    small_trainer(small_config(1, seed=5), corpus, tmp_path)
    identity = json.loads((tmp_path / 'run.json').read_text())
    assert identity['config']['seed'] == 5
    assert identity['text_encoder'] == 'all-MiniLM-L6-v2'
    assert identity['data'] == fingerprint(corpus)
    assert len(identity['text_encoder_sha256']) == 64
    assert identity['start_sha256'] is None
    # Nothing is trained yet: another configuration is welcome.
    small_trainer(small_config(1, seed=6), corpus, tmp_path)
