"""Batches are reproducible, even over actions, and never invent motion."""

from pathlib import Path

import numpy as np
import pytest
import torch

from motionclip_model import features
from motionclip_model.data.corpus import Clip, load_corpus
from motionclip_model.data.sampler import CaptionTable, Sampler, pad
from motionclip_model.network import STRIDE
from motionclip_model.text_encoder import TextEncoder


@pytest.fixture(scope='module')
def sampler(corpus: Path) -> Sampler:
    clips = load_corpus(corpus, 'all', mirror=True)
    return Sampler(clips, CaptionTable(clips, TextEncoder.load()), seed=3)


def test_the_same_step_draws_the_same_batch(sampler: Sampler) -> None:
    first, again = sampler.draw(5, 4, 16, 32), sampler.draw(5, 4, 16, 32)
    other = sampler.draw(6, 4, 16, 32)
    assert torch.equal(first.rows, again.rows)
    assert torch.equal(first.sentence, again.sentence)
    assert first.rows.shape != other.rows.shape or not torch.equal(first.rows, other.rows)


def test_windows_have_the_lengths_asked_for(sampler: Sampler) -> None:
    for step in range(20):
        batch = sampler.draw(step, 4, 16, 32)
        assert batch.rows.shape[1] <= 32
        assert batch.rows.shape[1] % STRIDE == 0
        # 16 frames at the fastest pace are 14.
        assert int(batch.valid.sum(1).min()) >= 14


def test_pace_and_speed_change_together(sampler: Sampler) -> None:
    """The way of a window is what its rows say, whatever the pace."""
    walk = next(c for c in sampler.clips if 'walk' in c.action and not c.name.startswith('m'))
    alone = Sampler([walk], sampler.captions, seed=0)
    whole = walk.rows[:-1, features.VELOCITY].sum(0) / features.FPS
    for step in range(8):
        batch = alone.draw(step, 1, 10_000, 400)
        frames = int(batch.valid[0].sum())
        way = batch.rows[0, : frames - 1, features.VELOCITY].sum(0).numpy() / features.FPS
        assert np.linalg.norm(way) == pytest.approx(np.linalg.norm(whole), rel=0.12)


def test_every_window_carries_a_caption_of_its_clip(sampler: Sampler) -> None:
    batch = sampler.draw(0, 6, 16, 32)
    assert torch.allclose(batch.sentence.norm(dim=-1), torch.ones(6), atol=1e-3)
    for sentence in batch.sentence:
        assert (sampler.captions.meaning @ sentence).max() > 0.999


def test_rare_actions_are_drawn_more_often_than_their_share() -> None:
    rows = np.zeros((40, features.WIDTH), np.float32)
    clips = [Clip(f'c{i}', rows, ('x',), 'common', 'd', 'l') for i in range(99)]
    clips.append(Clip('rare', rows, ('x',), 'rare', 'd', 'l'))
    table = CaptionTable(clips, TextEncoder.load())
    probability = Sampler(clips, table, 0)._probability
    assert probability[-1] == pytest.approx(1.0 / (1.0 + np.sqrt(99)))


def test_padding_repeats_the_last_pose() -> None:
    windows = [np.full((n, features.WIDTH), n, np.float32) for n in (5, 9)]
    rows, valid = pad(windows)
    assert rows.shape[1] == 12
    assert valid.sum(1).tolist() == [8, 12]
    assert (rows[0] == 5).all()
