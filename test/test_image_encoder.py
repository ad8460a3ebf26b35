"""Pictures and texts share a space, and no picture is looked at twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_clip import EMBEDDING_WIDTH, small_clip
from transformers import CLIPImageProcessorPil, CLIPModel

from motionclip_model import image_encoder
from motionclip_model.data.corpus import Clip, load_corpus
from motionclip_model.drawing import screen
from motionclip_model.errors import DependencyError, EncoderError
from motionclip_model.image_encoder import VIEWS, ImageEncoder, load_or_make_image_embeddings
from motionclip_model.text_encoder import TextEncoder


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip(tmp_path_factory.mktemp('clip'))


@pytest.fixture(scope='module')
def encoder(folder: Path) -> TextEncoder:
    return TextEncoder.load(str(folder))


@pytest.fixture(scope='module')
def few(corpus: Path) -> list[Clip]:
    return load_corpus(corpus, 'all')[:3]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips were drawn each time that something was."""
    try:
        screen.backend()
    except DependencyError as error:
        pytest.skip(str(error))
    counts = []
    plain = image_encoder._look

    def counting(todo, *rest):
        counts.append(len(todo))
        return plain(todo, *rest)

    monkeypatch.setattr(image_encoder, '_look', counting)
    return counts


@pytest.mark.parametrize('shape', [(32, 32), (48, 64), (224, 224)])
def test_pictures_become_the_features_of_clip(
    encoder: TextEncoder, folder: Path, shape: tuple[int, int]
) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, *shape, 3), dtype=np.uint8)
    found = ImageEncoder(encoder).encode(pictures)
    assert found.shape == (3, EMBEDDING_WIDTH)
    pixels = CLIPImageProcessorPil.from_pretrained(folder)(list(pictures), return_tensors='pt')
    with torch.no_grad():
        features = CLIPModel.from_pretrained(folder).get_image_features(**pixels).pooler_output
    expected = torch.nn.functional.normalize(features, dim=-1)
    assert torch.allclose(found, expected, atol=1e-5)


def test_colours_are_scaled_as_the_folder_says(encoder: TextEncoder) -> None:
    # The mean colour of CLIP's own pictures is nought to the network.
    mean = np.array([0.48145466, 0.4578275, 0.40821073]) * 255.0
    picture = np.broadcast_to(mean.round().astype(np.uint8), (1, 32, 32, 3))
    pixels = ImageEncoder(encoder)._processor(list(picture), return_tensors='pt')
    assert pixels['pixel_values'].abs().max() < 0.01


def test_both_towers_share_one_network(encoder: TextEncoder) -> None:
    assert ImageEncoder(encoder)._encoder.model is encoder.model


def test_an_encoder_of_text_alone_sees_nothing() -> None:
    with pytest.raises(EncoderError, match='all-MiniLM-L6-v2 reads text but sees no pictures'):
        ImageEncoder(TextEncoder.load())


def test_a_folder_without_a_preprocessor_says_what_is_missing(tmp_path: Path) -> None:
    small_clip(tmp_path)
    (tmp_path / 'preprocessor_config.json').unlink()
    with pytest.raises(EncoderError, match='copy its preprocessor_config') as caught:
        ImageEncoder(TextEncoder.load(str(tmp_path)))
    assert '\n' not in str(caught.value)


def test_what_was_seen_is_kept(
    few: list[Clip], encoder: TextEncoder, tmp_path: Path, looks: list[int]
) -> None:
    path, told = tmp_path / 'images.npz', []
    made = load_or_make_image_embeddings(few, encoder, path, lambda *step: told.append(step))
    assert made.shape == (3, VIEWS, EMBEDDING_WIDTH)
    assert torch.allclose(made.float().norm(dim=-1), torch.ones(3, VIEWS), atol=2e-3)
    assert told == [(1, 3), (2, 3), (3, 3)]
    again = load_or_make_image_embeddings(few[::-1], encoder, path)
    assert torch.equal(again, made.flip(0))
    assert looks == [3]


def test_only_new_clips_are_looked_at(
    few: list[Clip], encoder: TextEncoder, tmp_path: Path, looks: list[int]
) -> None:
    path = tmp_path / 'images.npz'
    load_or_make_image_embeddings(few[:2], encoder, path)
    other = replace(few[1], rows=few[1].rows[::-1].copy())
    found = load_or_make_image_embeddings([few[0], other, few[2]], encoder, path)
    assert looks == [2, 2]
    fresh = load_or_make_image_embeddings([few[0], other, few[2]], encoder, tmp_path / 'other.npz')
    assert torch.allclose(found.float(), fresh.float(), atol=2e-3)


def test_another_clip_or_a_damaged_cache_starts_anew(
    few: list[Clip], encoder: TextEncoder, tmp_path: Path, looks: list[int]
) -> None:
    path = tmp_path / 'images.npz'
    mine = load_or_make_image_embeddings(few[:1], encoder, path)
    other = TextEncoder.load(str(small_clip(tmp_path / 'other', seed=1)))
    assert not torch.allclose(mine, load_or_make_image_embeddings(few[:1], other, path))
    path.write_bytes(b'cut off')
    assert torch.equal(mine, load_or_make_image_embeddings(few[:1], encoder, path))
    assert looks == [1, 1, 1]


def test_without_opengl_the_message_says_what_to_install(
    few: list[Clip], encoder: TextEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, '_PROBE', 'raise SystemExit(1)')
    monkeypatch.delenv('MUJOCO_GL', raising=False)
    screen.backend.cache_clear()
    try:
        with pytest.raises(DependencyError, match='apt install libegl1'):
            load_or_make_image_embeddings(few[:1], encoder, tmp_path / 'images.npz')
    finally:
        screen.backend.cache_clear()
    assert not list(tmp_path.iterdir())
