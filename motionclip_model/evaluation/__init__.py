"""Figures of a trained model on motions and words that it has not seen.

They are this project's own: no evaluator that others publish with stands behind them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_model.evaluation.clips import read_clips, trained_combinations
from motionclip_model.evaluation.generation import generation_figures
from motionclip_model.evaluation.recognition import recognition_figures
from motionclip_model.evaluation.reconstruction import reconstruction_figures
from motionclip_model.evaluation.retrieval import embed_captions, retrieval_figures
from motionclip_model.model import MotionClip

__all__ = ['evaluate']


def evaluate(
    model: MotionClip,
    corpus: Path,
    split: str = 'val',
    note: Callable[[str], None] = lambda part: None,
) -> dict[str, Any]:
    """Measure a model on a folder of captioned clips.

    Args:
        model: What to measure.
        corpus: See `motionclip_model.data.corpus`. Without `splits.json` every clip is taken;
            parts that need labels which the folder lacks say why they are missing.
        split: Usually "val".
        note: Told what is being measured.

    Returns:
        `clips`, `skipped` (what could not be read), `notes`, and the figures of each part:
        `reconstruction`, `retrieval`, `recognition`, `generation`.

    Raises:
        MotionClipError: No clip can be read, or the split does not exist.
    """
    note('reading clips')
    measured = read_clips(corpus, split)
    figures: dict[str, Any] = {
        'split': measured.split,
        'clips': len(measured.clips),
        'skipped': [entry._asdict() for entry in measured.skipped],
        'notes': measured.notes,
    }
    note('reconstruction')
    figures['reconstruction'] = reconstruction_figures(model, measured.clips)
    note('retrieval')
    tokens = np.concatenate(
        [model.encode_motions([motion]).cpu().numpy() for motion in measured.motions]
    )
    captions = embed_captions(model, measured.clips)
    trained = trained_combinations(model.info, corpus)
    figures['retrieval'] = retrieval_figures(tokens, captions, measured.clips, trained)
    note('recognition')
    figures['recognition'] = recognition_figures(model, measured, tokens)
    note('generation')
    figures['generation'] = generation_figures(model, measured.clips)
    return figures
