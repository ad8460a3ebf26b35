"""A CLIP of one's own, from its folder to a model that generates and recognises in its space."""

from pathlib import Path

import pytest
import torch
from small_clip import EMBEDDING_WIDTH, TOKEN_WIDTH, small_clip
from small_model import Notes, small_config

from motionclip_model.drawing import screen
from motionclip_model.errors import DependencyError, EncoderError
from motionclip_model.latent import recognise
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.training.config import StageConfig
from motionclip_model.training.trainer import Trainer


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip(tmp_path_factory.mktemp('clip'))


def image_losses(notes: Notes) -> list[float]:
    return [values['image'] for _, _, values in notes.steps if 'image' in values]


def test_a_model_learns_the_space_of_a_clip(
    corpus: Path,
    folder: Path,
    tmp_path: Path,
    clips: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    try:
        screen.backend()
    except DependencyError as error:
        pytest.skip(str(error))
    alignment = StageConfig(30, batch=4, learning_rate=1e-2, shortest=16, longest=32)
    config = small_config(2, alignment=alignment, validate_every=100)
    notes = Notes()
    trainer = Trainer(config, corpus, tmp_path / 'run', notes, text_encoder=str(folder))
    network = trainer.run()
    losses = image_losses(notes)
    assert len(losses) == 30
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
    sizes = network.config
    assert (sizes.embedding_width, sizes.token_width) == (EMBEDDING_WIDTH, TOKEN_WIDTH)

    path = tmp_path / 'model.safetensors'
    MotionClip(network, trainer.encoder).save(path, trainer.info())
    model = MotionClip.load(path, trainer.encoder)
    motion = model.generate(model.encode_text(['a person walks']), seconds=1.5, seed=0)
    assert motion.seconds == pytest.approx(1.5)
    found = recognise(model, Motion.load(clips['wave']), ('walk', 'wave', 'jump'))
    assert {entry.label for entry in found} == {'walk', 'wave', 'jump'}
    # It finds the encoder that it was trained with, and takes no other.
    monkeypatch.delenv('MOTIONCLIP_TEXT_ENCODER', raising=False)
    again = MotionClip.load(path)
    assert torch.equal(again.encode_sentences(['walk']), model.encode_sentences(['walk']))
    monkeypatch.setenv('MOTIONCLIP_TEXT_ENCODER', 'minilm')
    with pytest.raises(EncoderError, match='aligned to clip'):
        MotionClip.load(path)

    resumed = Notes()
    assert any(stage == 'pictures' for stage, _, _ in notes.steps)
    Trainer(config, corpus, tmp_path / 'run', resumed, text_encoder=str(folder))
    assert not any(stage == 'pictures' for stage, _, _ in resumed.steps)


def test_without_opengl_training_goes_on_without_pictures(
    corpus: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> str:
        raise DependencyError('no off-screen OpenGL for pictures')

    monkeypatch.setattr(screen, 'backend', nothing)
    notes = Notes()
    Trainer(small_config(1), corpus, tmp_path, notes, text_encoder=str(folder)).run()
    assert not image_losses(notes)
    assert any('no off-screen OpenGL for pictures' in text for text in notes.texts)
