"""The networks: padding is invisible, sizes are what they promise."""

from dataclasses import replace

import pytest
import torch

from motionclip_model import features
from motionclip_model.encoders import TextHead
from motionclip_model.network import STRIDE, MotionClipNetwork, NetworkConfig
from motionclip_model.transformer import sinusoids

SMALL = NetworkConfig(
    embedding_width=24,
    token_width=20,
    latent_width=8,
    autoencoder_width=16,
    encoder_width=16,
    encoder_layers=1,
    head_width=16,
    prior_width=16,
    prior_layers=1,
    prior_feedforward=32,
    heads=2,
)


@pytest.fixture
def network() -> MotionClipNetwork:
    torch.manual_seed(0)
    network = MotionClipNetwork(SMALL).eval()
    for parameter in network.parameters():  # blocks start as the identity; stir them
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def _padded(frames: int, total: int) -> tuple[torch.Tensor, torch.Tensor]:
    rows = torch.randn(1, total, features.WIDTH)
    valid = torch.zeros(1, total, dtype=torch.bool)
    valid[:, :frames] = True
    return rows, valid


def test_the_shipped_sizes_fit_sixteen_megabytes() -> None:
    network = MotionClipNetwork(NetworkConfig())
    count = sum(parameter.numel() for parameter in network.parameters())
    assert 2 * count < 16e6


def test_the_autoencoder_does_not_see_padding(network: MotionClipNetwork) -> None:
    rows, valid = _padded(24, 40)
    short, _ = network.autoencoder.encode(rows[:, :24], valid[:, :24])
    long, _ = network.autoencoder.encode(rows, valid)
    assert torch.allclose(short, long[:, : 24 // STRIDE], atol=1e-5)
    some = torch.ones(1, 6, dtype=torch.bool)
    padded = torch.nn.functional.pad(long[:, :6], (0, 0, 0, 4), value=7.0)
    more = torch.nn.functional.pad(some, (0, 4))
    ours = network.autoencoder.decode(long[:, :6], some)
    theirs = network.autoencoder.decode(padded, more)
    assert torch.allclose(ours, theirs[:, :24], atol=1e-5)


def test_the_motion_encoder_does_not_see_padding(network: MotionClipNetwork) -> None:
    rows, valid = _padded(24, 40)
    short = network.motion_encoder(rows[:, :24], valid[:, :24])
    assert torch.allclose(short, network.motion_encoder(rows, valid), atol=1e-5)
    assert torch.allclose(short.norm(dim=-1), torch.ones(1))


def test_the_text_head_starts_at_the_sentence_and_does_not_see_padding() -> None:
    torch.manual_seed(0)
    head = TextHead(SMALL).eval()
    sentence = torch.nn.functional.normalize(torch.randn(2, 24), dim=-1)
    words, valid = torch.randn(2, 5, 20), torch.ones(2, 5, dtype=torch.bool)
    assert torch.allclose(head(sentence, words, valid), sentence, atol=1e-6)
    torch.nn.init.normal_(head.leave.weight, std=0.2)
    short = head(sentence, words[:, :3], valid[:, :3])
    valid[:, 3:] = False
    assert torch.allclose(head(sentence, words, valid), short, atol=1e-5)
    assert torch.allclose(short.norm(dim=-1), torch.ones(2))
    assert not torch.allclose(short, sentence, atol=1e-2)


def test_without_a_text_head_sentences_stay_where_they_are() -> None:
    head = TextHead(replace(SMALL, head_layers=0))
    sentence = torch.randn(2, 24)
    assert head(sentence, torch.zeros(2, 1, 20), torch.ones(2, 1, dtype=torch.bool)) is sentence
    assert not list(head.parameters())


def _prior(
    network: MotionClipNetwork, time: tuple[float, float] = (0.3, 0.8), **change: torch.Tensor
) -> torch.Tensor:
    torch.manual_seed(1)
    latents = torch.randn(2, 10, SMALL.latent_width)
    conditions = {
        'valid': torch.ones(2, 10, dtype=torch.bool),
        'meaning': torch.nn.functional.normalize(torch.randn(2, 24), dim=-1),
        'meaning_valid': torch.tensor([True, False]),
        'words': torch.randn(2, 5, 20),
        'words_valid': torch.tensor([[True] * 5, [False] * 5]),
    }
    told = network.prior.tell(**{**conditions, **change})
    return network.prior(latents, torch.tensor(time), told)


def test_the_prior_heeds_meaning_and_words_only_where_they_are_given(
    network: MotionClipNetwork,
) -> None:
    plain = _prior(network)
    for name, shape in (('meaning', (2, 24)), ('words', (2, 5, 20))):
        changed = _prior(network, **{name: torch.ones(shape)})
        assert not torch.allclose(plain[0], changed[0])
        assert torch.allclose(plain[1], changed[1], atol=1e-6)


def test_the_prior_heeds_time(network: MotionClipNetwork) -> None:
    assert not torch.allclose(_prior(network), _prior(network, time=(0.9, 0.1)))


def test_normalising_can_be_undone(network: MotionClipNetwork) -> None:
    network.row_mean.uniform_(-1, 1)
    network.row_scale.uniform_(0.5, 2)
    rows = torch.randn(3, 4, features.WIDTH)
    assert torch.allclose(network.restore(network.normalise(rows)), rows, atol=1e-5)


def test_sinusoids_tell_positions_apart() -> None:
    codes = sinusoids(torch.arange(64), 32)
    assert torch.pdist(codes).min() > 0.1
