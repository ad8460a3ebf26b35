"""Losses ignore padding and vanish where they should."""

from pathlib import Path

import torch

from motionclip_model import features, losses
from motionclip_model.motion import Motion


def _rows(path: Path) -> torch.Tensor:
    return torch.from_numpy(features.encode(Motion.load(path)))[None, :32]


def test_reconstruction_of_itself_is_free(clips: dict[str, Path]) -> None:
    rows = _rows(clips['walk'])
    valid = torch.ones(rows.shape[:2], dtype=torch.bool)
    values = losses.reconstruction(rows, rows, torch.ones(features.WIDTH), valid)
    assert all(float(value) == 0.0 for value in values.values())


def test_position_loss_is_in_metres(clips: dict[str, Path]) -> None:
    walk, kick = _rows(clips['walk']), _rows(clips['kick'])
    valid = torch.ones(walk.shape[:2], dtype=torch.bool)
    value = losses.reconstruction(walk, kick, torch.ones(features.WIDTH), valid)['position']
    ours, theirs = features.local_positions(walk), features.local_positions(kick)
    assert torch.isclose(value, (ours - theirs).norm(dim=-1).mean())


def test_padding_never_counts(clips: dict[str, Path]) -> None:
    walk, kick = _rows(clips['walk']), _rows(clips['kick'])
    valid = torch.ones(walk.shape[:2], dtype=torch.bool)
    valid[:, 20:] = False
    scale = torch.ones(features.WIDTH)
    before = losses.reconstruction(walk, kick, scale, valid)
    spoilt = walk.clone()
    spoilt[:, 20:] = kick[:, :12] + 1.0
    after = losses.reconstruction(spoilt, kick, scale, valid)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_gradients_are_finite_where_the_loss_is_zero(clips: dict[str, Path]) -> None:
    rows = _rows(clips['walk']).requires_grad_()
    valid = torch.ones(rows.shape[:2], dtype=torch.bool)
    values = losses.reconstruction(rows, rows.detach(), torch.ones(features.WIDTH), valid)
    torch.stack(list(values.values())).sum().backward()
    assert rows.grad is not None
    assert rows.grad.isfinite().all()


def test_divergence_is_zero_for_a_unit_normal() -> None:
    zero, valid = torch.zeros(2, 5, 3), torch.ones(2, 5, dtype=torch.bool)
    assert float(losses.divergence(zero, zero, valid)) == 0.0
    assert float(losses.divergence(zero + 1.0, zero, valid)) == 0.5


def test_the_contrast_prefers_the_right_pairs() -> None:
    torch.manual_seed(0)
    text = torch.nn.functional.normalize(torch.randn(8, 16), dim=-1)
    same = torch.zeros(8, 8, dtype=torch.bool)
    right, wrong = losses.contrast(text, text, same), losses.contrast(text.roll(1, 0), text, same)
    assert float(right) < float(wrong) - 1.0


def test_what_means_the_same_is_not_held_against_each_other() -> None:
    text = torch.eye(3, 16)[[0, 0, 1]]
    label = torch.tensor([5, 5, 6])
    same = label[:, None] == label
    assert float(losses.contrast(text, text, same, temperature=0.01)) < 1e-6
    different = torch.zeros_like(same)
    assert float(losses.contrast(text, text, different, temperature=0.01)) > 0.4


def test_the_distance_is_one_minus_the_mean_cosine() -> None:
    ours = torch.eye(2, 4)
    assert float(losses.distance(ours, ours)) == 0.0
    assert float(losses.distance(ours, ours.roll(1, 0))) == 1.0
