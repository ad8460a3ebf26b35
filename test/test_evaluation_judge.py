"""The judge learns what clips show, and nothing of a file that is not a judge."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from motionclip_model import features
from motionclip_model.data.clip import Clip
from motionclip_model.errors import CheckpointError, MotionError
from motionclip_model.evaluation.judge import SPEEDS, WIDTH, Judge, JudgeNetwork, look
from motionclip_model.evaluation.judge_training import (
    accuracy,
    judged_actions,
    train_judge,
)
from motionclip_model.motion import Motion


@pytest.fixture(scope='module')
def runs_and_bows(clips: dict[str, Path]) -> list[Clip]:
    """Windows of two real motions that pass for clips of two actions in two styles."""
    found = []
    for action, name, style in (('run', 'run', 'normal'), ('sit down', 'sit', 'tired')):
        rows = features.encode(Motion.load(clips[name]))
        windows = [rows[i : i + 24] for i in range(6)]
        found += [
            Clip(f'{name} {i}', window, ('words',), action, 'ours', 'ours', style)
            for i, window in enumerate(windows)
        ]
    return found


def test_a_judge_tells_two_actions_and_styles_apart(runs_and_bows: list[Clip]) -> None:
    steps: list[int] = []
    judge = train_judge(runs_and_bows, steps=30, progress=steps.append)
    assert steps == list(range(1, 31))
    assert judge.actions == ('run', 'sit down')
    figures = accuracy(judge, runs_and_bows)
    assert figures['action'] == figures['style'] == figures['both'] == 1.0
    assert figures['actions']['run'] == {'right': 1.0, 'clips': 6}
    swapped = [
        replace(clip, action={'run': 'sit down', 'sit down': 'run'}[clip.action])
        for clip in runs_and_bows
    ]
    assert accuracy(judge, swapped)['action'] == 0.0


def test_the_same_seed_trains_the_same_judge(runs_and_bows: list[Clip]) -> None:
    one, other, different = (
        train_judge(runs_and_bows, steps=2, seed=seed).network.state_dict() for seed in (0, 0, 1)
    )
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one['action.weight'], different['action.weight'])


def test_padding_does_not_change_a_verdict() -> None:
    torch.manual_seed(0)
    network = JudgeNetwork(3, 2).eval()
    seen = torch.randn(1, 40, WIDTH)
    longer = torch.cat([seen, torch.randn(1, 24, WIDTH)], dim=1)
    valid = torch.arange(64)[None] < 40
    short = network(seen, torch.ones(1, 40, dtype=torch.bool))
    padded = network(longer, valid)
    for ours, theirs in zip(short, padded, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_what_a_faster_pace_makes_larger_are_speeds(clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['run']).resampled(20.0)
    fast = Motion(motion.joint_rotations, motion.root_position, 40.0)
    slow_rows, fast_rows = (torch.from_numpy(features.encode(m)) for m in (motion, fast))
    slow_seen, fast_seen = look(slow_rows[None])[0, ::2], look(fast_rows[None])[0]
    count = len(fast_seen) - 2
    places = np.setdiff1d(np.arange(WIDTH), SPEEDS)
    assert torch.allclose(slow_seen[:count, places], fast_seen[:count, places], atol=1e-3)
    ratio = fast_seen[:count, SPEEDS].abs().mean() / slow_seen[:count, SPEEDS].abs().mean()
    assert float(ratio) == pytest.approx(2.0, abs=0.2)


def test_a_judge_comes_back_from_its_file(runs_and_bows: list[Clip], tmp_path: Path) -> None:
    judge = train_judge(runs_and_bows, steps=5)
    judge.save(tmp_path / 'judge.safetensors')
    again = Judge.load(tmp_path / 'judge.safetensors')
    motions = [features.decode(torch.from_numpy(clip.rows)) for clip in runs_and_bows]
    assert again.judge(motions) == judge.judge(motions)


def test_a_file_that_is_no_judge_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / 'judge.safetensors'
    path.write_bytes(b'hello')
    gone = tmp_path / 'gone.safetensors'
    for name, reason in ((path, 'not a readable judge'), (gone, 'no such file')):
        with pytest.raises(CheckpointError, match=reason) as caught:
            Judge.load(name)
        assert '\n' not in str(caught.value)


def test_an_action_of_few_clips_is_not_judged(runs_and_bows: list[Clip]) -> None:
    few = runs_and_bows[:9]
    assert judged_actions(few) == ('run',)
    with pytest.raises(MotionError, match='needs two'):
        train_judge(few, steps=1)
    # Mirror images do not make an action known better.
    images = [replace(clip, name=f'mirror:{clip.name}') for clip in few]
    assert judged_actions(few + images) == ('run',)
