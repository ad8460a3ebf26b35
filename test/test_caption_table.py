"""Captions are encoded once."""

import numpy as np
import pytest
import torch

from motionclip_model.data.caption_table import CaptionTable
from motionclip_model.data.clip import Clip
from motionclip_model.text_encoder import TextEncoder

TEXTS = ('a person walks', 'someone waves with the left hand', 'jump')


@pytest.fixture(scope='module')
def encoder() -> TextEncoder:
    return TextEncoder.load()


def clips(*captions: str) -> list[Clip]:
    """Clips with one caption each."""
    rows = np.zeros((8, 140), np.float32)
    return [Clip(str(i), rows, (text,), 'a', 'b', 'c') for i, text in enumerate(captions)]


@pytest.fixture
def silent(encoder, monkeypatch) -> None:
    """The encoder encodes no text but its probe."""
    probe = encoder.probe()

    def refuse(self, texts: list[str]) -> None:
        raise AssertionError(texts)

    monkeypatch.setattr(TextEncoder, 'encode', refuse)
    monkeypatch.setattr(TextEncoder, 'probe', lambda self: probe)


def test_kept_embeddings_are_those_of_the_encoder(encoder, tmp_path, request) -> None:
    cache = tmp_path / 'captions.safetensors'
    fresh = CaptionTable(clips(*TEXTS), encoder, cache)
    direct = encoder.encode([TEXTS[1]])
    request.getfixturevalue('silent')
    kept = CaptionTable(clips(*TEXTS), encoder, cache)
    everything = np.arange(len(TEXTS))
    for one, other in zip(fresh.rows(everything), kept.rows(everything), strict=True):
        assert torch.equal(one, other)
    found = kept.rows(np.array([kept.index[TEXTS[1]]]))
    assert torch.allclose(found.meaning, direct.meaning, atol=1e-5)
    assert torch.allclose(found.words, direct.words, atol=1e-2)


def test_other_captions_or_another_encoder_are_encoded_anew(
    encoder, tmp_path, monkeypatch, request
) -> None:
    cache = tmp_path / 'captions.safetensors'
    CaptionTable(clips(*TEXTS), encoder, cache)
    request.getfixturevalue('silent')
    with pytest.raises(AssertionError, match='bow'):
        CaptionTable(clips(*TEXTS, 'bow'), encoder, cache)
    turned = -encoder.probe()
    monkeypatch.setattr(TextEncoder, 'probe', lambda self: turned)
    with pytest.raises(AssertionError, match='walks'):
        CaptionTable(clips(*TEXTS), encoder, cache)


def test_a_damaged_cache_is_made_anew(encoder, tmp_path) -> None:
    cache = tmp_path / 'captions.safetensors'
    CaptionTable(clips(*TEXTS), encoder, cache)
    whole = cache.read_bytes()
    cache.write_bytes(whole[:100])
    CaptionTable(clips(*TEXTS), encoder, cache)
    assert cache.read_bytes() == whole
