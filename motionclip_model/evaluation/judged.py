"""What the judge says of generated motions."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_model.data.captions import same_action, sentences
from motionclip_model.data.corpus import choose
from motionclip_model.evaluation.actions import plain_label, plain_style
from motionclip_model.evaluation.generation import draw
from motionclip_model.evaluation.judge import Judge
from motionclip_model.evaluation.judge_training import share
from motionclip_model.model import MotionClip

SEEDS: tuple[int | None, ...] = (None, 0, 1)
"""The most typical motion, which a command gets, and two others."""

_SENTENCES = 16


def judge_commands(
    model: MotionClip, judge: Judge, commands: dict[str, list[str]]
) -> dict[str, Any]:
    """Generate motions for commands and let the judge name them.

    Args:
        model: What is measured.
        judge: The judge.
        commands: For each action commands that ask for it; an action that the judge does not
            know is listed in `unjudged`.

    Returns:
        `right` (share over commands and seeds), `typical` (share of the most typical motions),
        `actions` (share for each), `failures` (text, action asked, actions seen) and
        `unjudged`.
    """
    pairs = [
        (action, text)
        for action, texts in commands.items()
        if action in judge.actions
        for text in texts
    ]
    texts = [text for _, text in pairs for _ in SEEDS]
    verdicts = judge.judge(draw(model, texts, None, list(SEEDS) * len(pairs)))
    seen = np.array([v.action for v in verdicts]).reshape(len(pairs), len(SEEDS))
    right = np.array([seen[i] == action for i, (action, _) in enumerate(pairs)])
    actions: dict[str, list[bool]] = defaultdict(list)
    for (action, _), row in zip(pairs, right, strict=True):
        actions[action] += row.tolist()
    return {
        'commands': len(pairs),
        'seeds': len(SEEDS),
        'right': share(right.ravel().tolist()),
        'typical': share(right[:, 0].tolist()),
        'actions': {action: share(row) for action, row in actions.items()},
        'failures': [
            {'text': text, 'asked': action, 'seen': seen[i].tolist()}
            for i, (action, text) in enumerate(pairs)
            if not right[i].all()
        ],
        'unjudged': [action for action in commands if action not in judge.actions],
    }


def judge_combinations(
    model: MotionClip, judge: Judge, folder: Path, combinations: list[tuple[str, str]]
) -> dict[str, Any]:
    """Generate motions for combinations of action and style and let the judge name both.

    The sentences are those of the folder's clips of these combinations.

    Args:
        model: What is measured.
        judge: A judge that knows them.
        folder: See `motionclip_model.data.corpus`.
        combinations: Labels of action and style.

    Returns:
        `held_out` (whether the checkpoint says that it was trained without them all), `action`,
        `style`, `both` (shares right over all), and `combinations` with the same for each pair.
    """
    captions: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entry in choose(folder, 'all', 'any', []):
        for caption in entry.captions:
            captions[same_action(entry.content), entry.style] += sentences(caption)
    random = np.random.default_rng(0)
    found: dict[str, list[tuple[bool, bool]]] = {}
    for action, style in combinations:
        texts = sorted(set(captions[action, style]))
        if not texts:
            continue
        texts = [texts[i] for i in random.permutation(len(texts))[:_SENTENCES]]
        verdicts = judge.judge(draw(model, texts, None, list(range(len(texts)))))
        wanted = plain_label(action), plain_style(style)
        found[f'{action}, {style}'] = [
            (verdict.action == wanted[0], verdict.style == wanted[1]) for verdict in verdicts
        ]
    every = [pair for pairs in found.values() for pair in pairs]
    left_out = {(str(action), str(style)) for action, style in model.info.get('held_out', ())}
    return {
        'held_out': left_out >= set(combinations),
        **_shares(every),
        'combinations': {name: _shares(pairs) for name, pairs in found.items()},
    }


def _shares(pairs: list[tuple[bool, bool]]) -> dict[str, Any]:
    return {
        'motions': len(pairs),
        'action': share([action for action, _ in pairs]),
        'style': share([style for _, style in pairs]),
        'both': share([action and style for action, style in pairs]),
    }
