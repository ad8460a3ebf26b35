"""How the judge is trained, and how well it knows real motion."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.data.corpus import Clip
from motionclip_model.errors import MotionError
from motionclip_model.evaluation.actions import ACTIONS, STYLES, action_of, style_of
from motionclip_model.evaluation.judge import LONGEST, SPEEDS, Judge, JudgeNetwork, look

STEPS = 1500
"""About two minutes on one core."""

FEWEST = 5
"""Clips that an action needs, not counting mirror images, to be judged."""

_BATCH = 64
_SHORTEST, _LONGEST = 32, 100
_LEARNING_RATE = 2e-3
_NOISE = 0.1
_STYLE_WEIGHT = 0.5
_NONE = -1


def train_judge(
    clips: list[Clip],
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[int], None] = lambda step: None,
) -> Judge:
    """Train a judge.

    Clips are drawn evenly over actions, at random paces, cuts and with noise.

    Args:
        clips: Training clips with their mirror images, never those that judge the judge.
        steps: Optimiser steps.
        seed: Seed of weights and batches.
        progress: Told the number of each step.

    Raises:
        MotionError: There are not two actions with enough clips.
    """
    actions, styles = judged_actions(clips), tuple(STYLES)
    if len(actions) < 2:
        raise MotionError(
            f'the training clips show {len(actions)} actions with {FEWEST} clips or more; the '
            'judge needs two'
        )
    known = [clip for clip in clips if action_of(clip) in actions]
    action = np.array([actions.index(action_of(clip)) for clip in known])
    style = np.array([styles.index(name) if (name := style_of(c)) else _NONE for c in known])
    probability = 1.0 / np.bincount(action)[action] / len(actions)
    seen = [look(torch.from_numpy(clip.rows)[None])[0].half() for clip in known]
    random = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = JudgeNetwork(len(actions), len(styles))
    frames = torch.cat([seen[i] for i in random.choice(len(seen), 512, p=probability)]).float()
    network.mean.copy_(frames.mean(0))
    network.scale.copy_(frames.std(0).clamp(min=0.02))
    optimizer = torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps)
    for step in range(steps):
        drawn = random.choice(len(known), _BATCH, p=probability)
        windows = [_varied(seen[i], random) for i in drawn]
        loss = _loss(network, windows, action[drawn], style[drawn])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        progress(step + 1)
    return Judge(network, actions, styles)


def judged_actions(clips: list[Clip]) -> tuple[str, ...]:
    """Those of `ACTIONS` that enough clips show."""
    seen = Counter(action_of(clip) for clip in clips if not clip.name.startswith('mirror:'))
    images = Counter(action_of(clip) for clip in clips)
    # An action of one side may be known from its mirror images alone.
    return tuple(a for a in ACTIONS if max(seen[a], images[a] // 2) >= FEWEST)


def accuracy(judge: Judge, clips: list[Clip]) -> dict[str, Any]:
    """Share of real clips that the judge knows, for each action and style.

    Returns:
        `action`, `style` and `both` (share right, over the clips that have one), and `actions`
        and `styles`, which hold for each name the share right and the number of clips.
    """
    known = [clip for clip in clips if action_of(clip) in judge.actions]
    verdicts = judge.judge([features.decode(torch.from_numpy(c.rows[:LONGEST])) for c in known])
    pairs = [(action_of(c), style_of(c), v) for c, v in zip(known, verdicts, strict=True)]
    styled = [pair for pair in pairs if pair[1]]
    return {
        'clips': len(known),
        'action': share([a == v.action for a, _, v in pairs]),
        'style': share([s == v.style for _, s, v in styled]),
        'both': share([a == v.action and s == v.style for a, s, v in styled]),
        'actions': {
            name: {
                'right': share([v.action == name for a, _, v in pairs if a == name]),
                'clips': sum(a == name for a, _, _ in pairs),
            }
            for name in judge.actions
        },
        'styles': {
            name: {
                'right': share([v.style == name for _, s, v in styled if s == name]),
                'clips': sum(s == name for _, s, _ in styled),
            }
            for name in judge.styles
        },
    }


def share(right: list[bool]) -> float | None:
    """Mean of yes and no, None of nothing."""
    return round(sum(right) / len(right), 3) if right else None


def _loss(
    network: JudgeNetwork,
    windows: list[Float[Tensor, '_ seen']],
    action: Int[np.ndarray, ' clip'],
    style: Int[np.ndarray, ' clip'],
) -> Float[Tensor, '']:
    valid = nn.utils.rnn.pad_sequence(
        [torch.ones(len(window), dtype=torch.bool) for window in windows], batch_first=True
    )
    seen = network.normalise(nn.utils.rnn.pad_sequence(windows, batch_first=True))
    seen = seen + _NOISE * torch.rand(len(seen), 1, 1) * torch.randn_like(seen)
    actions, styles = network(seen, valid)
    loss = nn.functional.cross_entropy(actions, torch.from_numpy(action), label_smoothing=0.05)
    if (style != _NONE).any():
        loss = loss + _STYLE_WEIGHT * nn.functional.cross_entropy(
            styles, torch.from_numpy(style), ignore_index=_NONE, label_smoothing=0.05
        )
    return loss


def _varied(
    seen: Float[Tensor, 'frame seen'], random: np.random.Generator
) -> Float[Tensor, 'window seen']:
    """Cut a random window and play it at a random pace."""
    length = min(int(random.integers(_SHORTEST, _LONGEST + 1)), len(seen))
    first = int(random.integers(0, len(seen) - length + 1))
    window = seen[first : first + length].float().T[None]
    count = max(round(length / random.uniform(0.85, 1.15)), 2)
    paced = nn.functional.interpolate(window, count, mode='linear', align_corners=True)[0].T
    paced[:, SPEEDS] *= (length - 1) / (count - 1)
    return paced
