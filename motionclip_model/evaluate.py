"""Figures of a trained model on clips that it has not seen, beside what costs nothing."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motionclip_model import features
from motionclip_model.data.corpus import Clip, load_corpus
from motionclip_model.latent import recognise
from motionclip_model.metrics import joint_position_error, path_error, speed_ratio
from motionclip_model.model import MAX_SECONDS, MotionClip
from motionclip_model.motion import Motion

GENERATED_TEXTS = (
    'a person walks forward',
    'a person runs',
    'a person waves with the right hand',
    'a person kicks',
    'a person jumps',
    'a person bows',
    'a person dances',
)
"""Texts whose motions are compared with each other and with the clips of the same action."""

_SEEDS = range(8)
_POOL = 32
_POOL_DRAWS = 200
_NEAR_DUPLICATE = 0.95
_LONGEST = int(MAX_SECONDS * features.FPS)


def evaluate(model: MotionClip, corpus: Path, split: str = 'val') -> dict[str, Any]:
    """Measure reconstruction, retrieval and generation on a split.

    Args:
        model: What to measure.
        corpus: See `motionclip_model.data.corpus`.
        split: Usually "val".

    Returns:
        `reconstruction` for each collection (joint error [cm], speed ratio, path error, and
        the joint error of the mean pose), `retrieval` (R@1 in pools of 32, chance beside
        it), `generation` (joint speed [m/s], root distance [m], share of seeds recognised).
    """
    clips = load_corpus(corpus, split)
    return {
        'clips': len(clips),
        'reconstruction': reconstruction_figures(model, clips),
        'retrieval': retrieval_figures(model, clips),
        'generation': generation_figures(model),
    }


def reconstruction_figures(model: MotionClip, clips: list[Clip]) -> dict[str, Any]:
    """Error and liveliness of the auto-encoder, for each collection and for all clips."""
    rows: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    mean_row = model.network.row_mean.cpu()
    for clip in clips:
        source = features.decode(torch.from_numpy(clip.rows))
        decoded = model.reconstruct([source])[0]
        still = features.decode(mean_row.expand(len(clip.rows), -1))
        figures = (
            100.0 * joint_position_error(decoded, source),
            speed_ratio(decoded, source),
            path_error(decoded, source),
            100.0 * joint_position_error(still, source),
        )
        collection = 'BandaiNamco' if clip.dataset.startswith('Bandai') else clip.dataset
        for name in (collection, 'all'):
            rows[name].append(figures)
    names = ('joint_error_cm', 'speed_ratio', 'path_error', 'mean_pose_error_cm')
    return {
        name: {'clips': len(table)}
        | dict(zip(names, np.mean(table, axis=0).round(3).tolist(), strict=True))
        for name, table in rows.items()
    }


def retrieval_figures(model: MotionClip, clips: list[Clip]) -> dict[str, float]:
    """Recall of the right caption for a motion among 32 random clips' captions.

    Captions more alike than .95 count as the same, as in TMR's second protocol.
    """
    motions = [features.decode(torch.from_numpy(clip.rows[:_LONGEST])) for clip in clips]
    ours = torch.cat([model.encode_motions([motion]) for motion in motions])
    texts = model.encode_text([clip.captions[0] for clip in clips]).meaning
    random = np.random.default_rng(0)
    hits: list[float] = []
    chance: list[float] = []
    for _ in range(_POOL_DRAWS):
        pool = random.choice(len(clips), min(_POOL, len(clips)), replace=False)
        same = texts[pool] @ texts[pool].T > _NEAR_DUPLICATE
        best = (ours[pool] @ texts[pool].T).argmax(dim=1)
        hits.extend(same[torch.arange(len(pool)), best].float().tolist())
        chance.append(float(same.float().mean()))
    return {
        'pool': min(_POOL, len(clips)),
        'motion_to_text_r1': round(float(np.mean(hits)), 3),
        'chance': round(float(np.mean(chance)), 3),
    }


def generation_figures(model: MotionClip) -> dict[str, Any]:
    """Liveliness, way and distinctness of generated motions, over several seeds.

    `recognised` is the share of seeds whose motion the model itself takes for its text among
    all these texts: whether the prior says what the motion encoder hears, not more.
    """
    motions = {text: [_generate(model, text, seed) for seed in _SEEDS] for text in GENERATED_TEXTS}
    table: dict[str, Any] = {
        text: {
            'joint_speed': round(float(np.mean([m.mean_joint_speed for m in found])), 3),
            'distance_m': round(float(np.mean([np.linalg.norm(_ends(m)) for m in found])), 2),
            'recognised': float(
                np.mean([recognise(model, m, GENERATED_TEXTS)[0].label == text for m in found])
            ),
        }
        for text, found in motions.items()
    }
    firsts = [found[0] for found in motions.values()]
    others = [joint_position_error(a, b) for i, a in enumerate(firsts) for b in firsts[:i]]
    return {'texts': table, 'least_difference_cm': round(100.0 * min(others), 1)}


def _generate(model: MotionClip, text: str, seed: int) -> Motion:
    return model.generate(model.encode_text([text]), seconds=4.0, seed=seed)


def _ends(motion: Motion) -> np.ndarray:
    return motion.root_position[-1, :2] - motion.root_position[0, :2]
