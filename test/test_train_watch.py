"""Collapse is seen early."""

import numpy as np
import pytest
import torch

from motionclip_model import features
from motionclip_model.data.sampler import Batch, pad
from motionclip_model.motion import Motion
from motionclip_model.training.stages import STAGES
from motionclip_model.training.watch import collapse_warning, joint_speed, liveliness


@pytest.fixture(scope='module')
def batch(clips) -> Batch:
    """Two real motions of different length."""
    rows, valid = pad([features.encode(Motion.load(clips[name]))[:60] for name in ('run', 'kick')])
    few = torch.zeros(2, 3)
    words = torch.zeros(2, 1, 3)
    return Batch(rows, valid, few, words, torch.zeros(2, 1, dtype=torch.bool), few[:, 0],
                 torch.arange(2))  # fmt: skip


class Moving:
    """Gives back the real motion, blended with its first frame."""

    def __init__(self, rows: torch.Tensor, share: float):
        self.rows = torch.lerp(rows[:, :1].expand_as(rows), rows, share)

    def reconstruct(self, rows, valid):
        return self.rows

    def text_head(self, sentence, words, words_valid):
        return sentence

    def generate(self, text, frames, seeds, guidance, steps):
        # Beyond a motion's length rows mean nothing.
        return torch.nn.functional.pad(self.rows, (0, 0, 0, 8), value=7.0)


@pytest.mark.parametrize(('stage', 'kind'), [(0, 'reconstructed'), (2, 'generated')])
def test_what_moves_as_it_should_is_lively_and_what_stands_is_not(batch, stage, kind) -> None:
    found = {
        share: liveliness(Moving(batch.rows, share), STAGES[stage], batch)[kind]
        for share in (0.0, 0.3, 1.0)
    }
    assert found[1.0] == pytest.approx(1.0, abs=1e-5)
    assert found[0.0] == pytest.approx(0.0, abs=1e-3)
    assert 0.0 < found[0.3] < 0.6
    assert collapse_warning(STAGES[stage], {kind: found[1.0]}) is None
    warning = collapse_warning(STAGES[stage], {kind: found[0.3]})
    assert warning is not None
    assert f'{kind} motions move at {found[0.3]:.2f} of the real speed' in warning


def test_stages_that_make_no_motion_are_not_watched(batch) -> None:
    assert liveliness(None, STAGES[1], batch) == {}


def test_padding_does_not_count_as_standing(clips) -> None:
    rows = features.encode(Motion.load(clips['run']))[:40]
    alone, valid = pad([rows])
    beside, both = pad([rows, np.concatenate([rows, rows])])
    speed = joint_speed(alone, valid)
    assert joint_speed(beside[:1], both[:1]) == pytest.approx(float(speed), rel=1e-5)
    assert 0.3 < float(speed) < 10.0
