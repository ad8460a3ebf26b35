"""Standing feet stand; motions that are right stay as they are."""

from pathlib import Path

import numpy as np
import pytest
import torch

from motionclip_model import features
from motionclip_model.motion import Motion
from motionclip_model.planting import planted


def _rows(path: Path) -> torch.Tensor:
    return torch.from_numpy(features.encode(Motion.load(path)))[None]


def _plant(rows: torch.Tensor) -> torch.Tensor:
    return planted(rows, torch.ones(rows.shape[:2], dtype=torch.bool))


def _slide(rows: torch.Tensor) -> float:
    """Mean horizontal speed of feet in contact [m/s]."""
    motion = features.decode(rows[0])
    feet = motion.pose.positions[:, list(features.CONTACT_JOINTS), :2]
    speed = np.linalg.norm(np.diff(feet, axis=0), axis=-1) * features.FPS
    stands = rows[0, :-1, features.CONTACTS].numpy() > 0.5
    return float(speed[stands].mean())


def test_a_drift_of_the_standing_is_taken_out(clips: dict[str, Path]) -> None:
    rows = _rows(clips['wave'])
    drifting = rows.clone()
    drifting[..., features.VELOCITY] += 0.2
    assert _slide(drifting) > 0.15
    assert _slide(_plant(drifting)) < 0.5 * _slide(drifting)
    away = features.decode(_plant(drifting)[0]).root_position[-1, :2]
    home = features.decode(rows[0]).root_position[-1, :2]
    assert np.linalg.norm(away - home) < 0.4 * np.linalg.norm(
        features.decode(drifting[0]).root_position[-1, :2] - home
    )


@pytest.mark.parametrize('action', ['walk', 'run', 'jump'])
def test_a_real_path_hardly_changes(action: str, clips: dict[str, Path]) -> None:
    rows = _rows(clips[action])
    before, after = (features.decode(each[0]).root_position for each in (rows, _plant(rows)))
    way = np.linalg.norm(np.diff(before[:, :2], axis=0), axis=-1).sum()
    assert np.linalg.norm(after[-1, :2] - before[-1, :2]) < 0.15 * way
    assert _slide(_plant(rows)) <= _slide(rows) + 0.01


def test_only_the_horizontal_velocity_changes_and_only_near_contacts(
    clips: dict[str, Path],
) -> None:
    rows = _rows(clips['run'])
    changed = _plant(rows)
    rest = torch.ones(features.WIDTH, dtype=torch.bool)
    rest[features.VELOCITY] = False
    assert torch.equal(changed[..., rest], rows[..., rest])
    flying = rows.clone()
    flying[..., features.CONTACTS] = 0.0
    assert torch.allclose(_plant(flying), flying)


def test_padding_changes_nothing(clips: dict[str, Path]) -> None:
    rows = _rows(clips['walk'])
    longer = torch.cat([rows, torch.rand(1, 30, features.WIDTH)], dim=1)
    valid = torch.arange(longer.shape[1])[None] < rows.shape[1]
    assert torch.allclose(planted(longer, valid)[:, : rows.shape[1]], _plant(rows), atol=1e-6)


def test_a_batch_is_corrected_motion_by_motion(clips: dict[str, Path]) -> None:
    first, second = _rows(clips['walk'])[:, :24], _rows(clips['run'])[:, :24]
    both = _plant(torch.cat([first, second]))
    assert torch.allclose(both, torch.cat([_plant(first), _plant(second)]), atol=1e-5)
