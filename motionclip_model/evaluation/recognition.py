"""Naming what a clip shows, with words alone, beside what needs training clips."""

from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_model.evaluation.actions import action_of
from motionclip_model.evaluation.clips import UNKNOWN_ACTION, Measured, training_motions
from motionclip_model.latent import label_embeddings
from motionclip_model.model import MotionClip

_TOP = 5
_TRAINING_CLIPS = 25
"""Training clips of an action that the nearest neighbour and the probe see."""


def recognition_figures(
    model: MotionClip, measured: Measured, motions: Float[np.ndarray, 'clip embedding']
) -> dict[str, Any]:
    """Measure zero-shot recognition of the clips' actions.

    Args:
        model: What is measured.
        measured: Clips; those whose action the folder does not say are left out.
        motions: Their unit embeddings.

    Returns:
        `classes`, `clips`; `zero_shot` (prompt ensembling) and `one_prompt` with `top1`, `top5`
        and `mean_per_class`; `chance`, `majority`, `nearest_neighbour` and `linear_probe`
        beside them; `per_class`, with what the clips of each action were named (`named`, the
        most frequent first). `skipped` says why a part is missing.
    """
    kept = [i for i, clip in enumerate(measured.clips) if clip.action != UNKNOWN_ACTION]
    names = [action_of(measured.clips[i]) for i in kept]
    labels = sorted(set(names))
    if len(labels) < 2:
        return {'skipped': 'the texts name fewer than two actions (content)'}
    truth = np.array([labels.index(name) for name in names])
    ours = motions[kept]
    texts = {
        'zero_shot': label_embeddings(model, labels),
        'one_prompt': model.encode_text(labels).meaning,
    }
    scores = {name: ours @ text.cpu().numpy().T for name, text in texts.items()}
    right = {name: _right(score, truth) for name, score in scores.items()}
    first = scores['zero_shot'].argmax(axis=1)
    figures: dict[str, Any] = {
        'classes': len(labels),
        'clips': len(kept),
        'chance': round(1.0 / len(labels), 3),
        'majority': round(Counter(names).most_common(1)[0][1] / len(names), 3),
        **{name: _shares(table, truth) for name, table in right.items()},
    }
    figures |= _supervised(model, measured, ours, truth, labels)
    figures['per_class'] = {
        label: {
            'top1': round(float(right['zero_shot'][truth == i, 0].mean()), 3),
            'clips': int((truth == i).sum()),
            'named': dict(Counter(labels[j] for j in first[truth == i]).most_common()),
        }
        for i, label in enumerate(labels)
    }
    return figures


def _right(
    score: Float[np.ndarray, 'clip label'], truth: Int[np.ndarray, ' clip']
) -> Bool[np.ndarray, 'clip 2']:
    """Whether the true label is the first, and whether it is among the first five."""
    own = score[np.arange(len(truth)), truth][:, None]
    rank = (score >= own).sum(axis=1) - 1
    return np.stack([rank < 1, rank < _TOP], axis=1)


def _shares(right: Bool[np.ndarray, 'clip 2'], truth: Int[np.ndarray, ' clip']) -> dict[str, Any]:
    per_class = [right[truth == label, 0].mean() for label in np.unique(truth)]
    return {
        'top1': round(float(right[:, 0].mean()), 3),
        'top5': round(float(right[:, 1].mean()), 3),
        'mean_per_class': round(float(np.mean(per_class)), 3),
    }


def _supervised(
    model: MotionClip,
    measured: Measured,
    ours: Float[np.ndarray, 'clip embedding'],
    truth: Int[np.ndarray, ' clip'],
    labels: list[str],
) -> dict[str, Any]:
    """Nearest neighbour and linear probe on training clips, else leave-one-out."""
    known = training_motions(measured, set(labels), _TRAINING_CLIPS)
    if not known:
        likeness = ours @ ours.T
        np.fill_diagonal(likeness, -np.inf)
        near = truth[likeness.argmax(axis=1)]
        return {
            'nearest_neighbour': round(float((near == truth).mean()), 3),
            'nearest_neighbour_among': 'the other clips',
            'linear_probe': None,
        }
    theirs = np.concatenate([model.encode_motions([motion]).cpu().numpy() for motion, _ in known])
    taught = np.array([labels.index(label) for _, label in known])
    near = taught[(ours @ theirs.T).argmax(axis=1)]
    return {
        'nearest_neighbour': round(float((near == truth).mean()), 3),
        'nearest_neighbour_among': f'{len(known)} training clips',
        'linear_probe': _probe(theirs, taught, ours, truth),
    }


def _probe(
    theirs: Float[np.ndarray, 'known embedding'],
    taught: Int[np.ndarray, ' known'],
    ours: Float[np.ndarray, 'clip embedding'],
    truth: Int[np.ndarray, ' clip'],
) -> float | None:
    if len(np.unique(taught)) < 2:
        return None
    # Imported late: it takes a second that no other command needs.
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]

    probe = LogisticRegression(C=10.0, max_iter=1000, class_weight='balanced').fit(theirs, taught)
    return round(float((probe.predict(ours) == truth).mean()), 3)
