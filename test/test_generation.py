"""Latents drawn by the flow: seeds, batches, guidance."""

import pytest
import torch

from motionclip_model.generation import (
    GUIDANCE,
    MODE_SEEDS,
    STEPS,
    guided_velocity,
    integrate,
    noise,
)
from motionclip_model.network import STRIDE, MotionClipNetwork, NetworkConfig
from motionclip_model.text_encoder import TextEmbedding

SMALL = NetworkConfig(
    embedding_width=24,
    token_width=20,
    latent_width=8,
    autoencoder_width=16,
    encoder_width=16,
    encoder_layers=1,
    prior_width=16,
    prior_layers=1,
    prior_feedforward=32,
    heads=2,
)


@pytest.fixture(scope='module')
def network() -> MotionClipNetwork:
    torch.manual_seed(0)
    network = MotionClipNetwork(SMALL).eval().requires_grad_(requires_grad=False)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return network


def _text(count: int) -> TextEmbedding:
    source = torch.Generator().manual_seed(5)
    meaning = torch.nn.functional.normalize(torch.randn(3, 24, generator=source), dim=-1)
    words = torch.randn(3, 4, 20, generator=source)
    valid = torch.ones(3, 4, dtype=torch.bool)
    return TextEmbedding(meaning[:count], words[:count], valid[:count])


def _draw(
    network: MotionClipNetwork, text: TextEmbedding, counts: list[int], seeds: list[int | None]
) -> torch.Tensor:
    frames = [STRIDE * count for count in counts]
    return network.generate(text, frames, seeds, GUIDANCE, STEPS)


def test_a_seed_means_the_same_noise_in_every_batch() -> None:
    alone, _ = noise([7], [5], 8)
    together, valid = noise([3, 7], [9, 5], 8)
    assert torch.equal(alone[0], together[1, :5])
    assert valid.sum(1).tolist() == [9, 5]
    assert not together[1, 5:].any()


def test_a_batch_draws_what_each_draws_alone(network: MotionClipNetwork) -> None:
    text = _text(3)
    counts: list[int] = [6, 10, 3]
    seeds: list[int | None] = [1, 2, None]
    together = _draw(network, text, counts, seeds)
    for i, count in enumerate(counts):
        one = TextEmbedding(*(part[i : i + 1] for part in text))
        alone = _draw(network, one, [count], [seeds[i]])
        assert torch.allclose(alone[0], together[i, : STRIDE * count], atol=1e-4)


def test_seeds_differ_and_repeat(network: MotionClipNetwork) -> None:
    first, again, other = (_draw(network, _text(1), [6], [seed]) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first - other).abs().mean() > 0.01


def test_the_mode_is_the_draw_nearest_to_the_meaning(network: MotionClipNetwork) -> None:
    text = _text(2)
    mode, one = _draw(network, text, [6, 8], [None, 9])[0, :24], _text(1)
    drawn = [_draw(network, one, [6], [seed])[0] for seed in MODE_SEEDS]
    valid = torch.ones(len(drawn), 24, dtype=torch.bool)
    token = network.motion_encoder(network.normalise(torch.stack(drawn)), valid)
    fit = (token @ text.meaning[0]).tolist()
    assert torch.allclose(mode, drawn[fit.index(max(fit))], atol=1e-4)
    assert max(fit) > min(fit) + 1e-3


def test_guidance_of_one_is_the_plain_model(network: MotionClipNetwork) -> None:
    text = _text(2)
    state, valid = noise([1, 2], [4, 4], SMALL.latent_width)
    every = torch.ones(2, dtype=torch.bool)
    told = network.prior.tell(valid, text.meaning, every, text.words, text.words_valid)
    plain = network.prior(state, torch.full((2,), 0.3), told)
    assert torch.allclose(
        guided_velocity(network.prior, text, valid, 1.0)(state, 0.3), plain, atol=1e-5
    )
    strong = guided_velocity(network.prior, text, valid, 3.0)(state, 0.3)
    assert not torch.allclose(strong, plain, atol=1e-2)
    early = network.prior(state, torch.zeros(2), told)
    assert torch.allclose(
        guided_velocity(network.prior, text, valid, 3.0)(state, 0.0), early, atol=1e-5
    )


def test_steps_are_of_second_order() -> None:
    def error(steps: int) -> float:
        state = integrate(lambda x, t: x * (1.0 + t), torch.ones(1, 1, 1), steps)
        return abs(float(state) - 2.718281828**1.5)

    assert error(8) / error(16) == pytest.approx(4.0, rel=0.25)
