"""Whether generated motions are alive, varied, and go where they are told."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from motionclip_model.data.corpus import Clip
from motionclip_model.evaluation.actions import action_of
from motionclip_model.evaluation.clips import UNKNOWN_ACTION, motion_of
from motionclip_model.metrics import (
    drift,
    foot_skate,
    forward_speed,
    joint_position_error,
    turned,
)
from motionclip_model.model import MAX_SECONDS, MIN_SECONDS, MotionClip
from motionclip_model.motion import Motion

TEXTS = (
    'a person walks forward',
    'a person runs',
    'a person waves with the right hand',
    'a person kicks',
    'a person jumps',
    'a person bows',
    'a person dances',
)
"""Texts whose motions are compared with each other."""

_SECONDS = 4.0
_SEEDS = 4
_CHUNK = 16
_CLIPS_OF_AN_ACTION = 3
_SEEDS_BESIDE_REAL = 2


class Direction(NamedTuple):
    """A text that says where to go, and how to see whether the motion went there."""

    text: str
    figure: Callable[[Motion], float]
    unit: str
    least: float
    most: float


DIRECTIONS = (
    Direction('walk forward', forward_speed, 'm/s', 0.5, 2.0),
    Direction('run forward', forward_speed, 'm/s', 1.5, 6.0),
    Direction('walk backward', forward_speed, 'm/s', -2.0, -0.2),
    Direction('walk and turn left', turned, 'deg', 20.0, 360.0),
    Direction('walk and turn right', turned, 'deg', -360.0, -20.0),
    Direction('stand still', drift, 'm', 0.0, 0.05),
)


def draw(
    model: MotionClip, texts: list[str], seconds: list[float] | None, seeds: list[int | None]
) -> list[Motion]:
    """Generate many motions, a batch at a time."""
    motions = []
    for first in range(0, len(texts), _CHUNK):
        part = slice(first, first + _CHUNK)
        chosen = None if seconds is None else seconds[part]
        motions += model.generate_many(model.encode_text(texts[part]), chosen, seeds[part])
    return motions


def generation_figures(model: MotionClip, clips: list[Clip]) -> dict[str, Any]:
    """Measure generated motions.

    Returns:
        `diversity_cm` (between texts, and between seeds of one text), `directions` (share of
        seeds that went where the text says; `directions_right` is their mean), `liveliness`
        (joint speed of generated over real clips of the same captions, for each action) and
        `foot_skate_m_s` beside real clips'.
    """
    directions = _directions(model)
    return {
        'diversity_cm': _diversity(model),
        'directions_right': round(float(np.mean([d['right'] for d in directions.values()])), 3),
        'directions': directions,
        **_beside_real(model, clips),
    }


def _diversity(model: MotionClip) -> dict[str, float]:
    """Mean joint distance of two motions of one text, and of two texts [cm]."""
    texts = [text for text in TEXTS for _ in range(_SEEDS)]
    seeds: list[int | None] = [seed for _ in TEXTS for seed in range(_SEEDS)]
    motions = draw(model, texts, [_SECONDS] * len(texts), seeds)
    within, between = [], []
    for i, motion in enumerate(motions):
        for j in range(i):
            distance = 100.0 * joint_position_error(motion, motions[j])
            if texts[i] == texts[j]:
                within.append(distance)
            elif seeds[i] == seeds[j]:
                between.append(distance)
    return {
        'one_text': round(float(np.mean(within)), 1),
        'two_texts': round(float(np.mean(between)), 1),
        'two_texts_least': round(min(between), 1),
    }


def _directions(model: MotionClip) -> dict[str, Any]:
    """Every text with the most typical motion and some seeds."""
    seeds: list[int | None] = [None, *range(2 * _SEEDS - 1)]
    figures = {}
    for text, figure, unit, least, most in DIRECTIONS:
        motions = draw(model, [text] * len(seeds), [_SECONDS] * len(seeds), seeds)
        values = [figure(motion) for motion in motions]
        figures[text] = {
            'right': round(float(np.mean([least <= value <= most for value in values])), 3),
            'mean': round(float(np.mean(values)), 3),
            'lowest': round(min(values), 3),
            'highest': round(max(values), 3),
            'wanted': [least, most],
            'unit': unit,
        }
    return figures


def _beside_real(model: MotionClip, clips: list[Clip]) -> dict[str, Any]:
    """Motions for the captions of real clips, as long as these are."""
    by_action: dict[str, list[Clip]] = defaultdict(list)
    random = np.random.default_rng(0)
    for i in random.permutation(len(clips)):
        action = action_of(clips[i])
        fits = clips[i].action != UNKNOWN_ACTION and clips[i].seconds >= MIN_SECONDS
        if fits and len(by_action[action]) < _CLIPS_OF_AN_ACTION:
            by_action[action].append(clips[i])
    # One clip says little of how lively an action is.
    chosen = [c for _, found in sorted(by_action.items()) if len(found) > 1 for c in found]
    if not chosen:
        return {'skipped': 'liveliness: no named action has two clips of a second or more'}
    real = [motion_of(clip, MAX_SECONDS) for clip in chosen]
    texts = [clip.captions[0] for clip in chosen] * _SEEDS_BESIDE_REAL
    seconds = [max(motion.seconds, MIN_SECONDS) for motion in real] * _SEEDS_BESIDE_REAL
    made = draw(model, texts, seconds, list(range(len(texts))))
    speeds: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for i, ours in enumerate(made):
        theirs = real[i % len(real)]
        action = action_of(chosen[i % len(real)])
        speeds[action].append((ours.mean_joint_speed, theirs.mean_joint_speed))
    ratios = {
        action: round(sum(a for a, _ in pairs) / max(sum(b for _, b in pairs), 1e-6), 3)
        for action, pairs in speeds.items()
    }
    values = list(ratios.values())
    return {
        'liveliness': {
            'clips': len(chosen),
            'median': round(float(np.median(values)), 3),
            'alive': round(float(np.mean([0.8 <= value <= 1.2 for value in values])), 3),
            'actions': ratios,
        },
        'foot_skate_m_s': {
            'generated': round(float(np.mean([foot_skate(m) for m in made])), 3),
            'real': round(float(np.mean([foot_skate(m) for m in real])), 3),
        },
    }
