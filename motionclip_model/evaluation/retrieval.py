"""Finding a motion's caption among others, and a caption's motion.

Recall at k in small pools and in the whole split, both ways (Petrovich et al. 2023, "TMR").
Captions that say nearly the same count as the same: nobody could tell them apart. A clip has
several captions, so two clips say the same where any of their captions do: what describes one
then describes the other. (`strict` compares nothing but the two captions that were drawn.) Pools
are drawn so that they hold few such clips.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_model.data.corpus import Clip
from motionclip_model.evaluation.clips import collection
from motionclip_model.model import MotionClip

RANKS = (1, 3, 5, 10)
POOL = 32
REPEATS = 20
NEAR_DUPLICATE = 0.95
"""Sentences more alike than this in the frozen text encoder say the same."""

_CAPTIONS = 4
"""Captions of a clip that are drawn from; more only cost time."""
_CHUNK = 64


class Captions(NamedTuple):
    """Sentences of some clips.

    Attributes:
        clip: [caption] number of the clip that each belongs to.
        meaning: [caption, embedding] unit vectors of the aligned space.
        sentence: [caption, embedding] unit vectors of the frozen text encoder.
    """

    clip: Int[np.ndarray, ' caption']
    meaning: Float[np.ndarray, 'caption embedding']
    sentence: Float[np.ndarray, 'caption embedding']


def embed_captions(model: MotionClip, clips: list[Clip]) -> Captions:
    """Embed the first captions of clips."""
    pairs = [(i, text) for i, clip in enumerate(clips) for text in clip.captions[:_CAPTIONS]]
    texts = sorted({text for _, text in pairs}, key=len)
    place = {text: i for i, text in enumerate(texts)}
    chunks = [texts[i : i + _CHUNK] for i in range(0, len(texts), _CHUNK)]
    meaning = np.concatenate([model.encode_text(part).meaning.cpu().numpy() for part in chunks])
    sentence = np.concatenate([model.encode_sentences(part).cpu().numpy() for part in chunks])
    index = [place[text] for _, text in pairs]
    return Captions(np.array([i for i, _ in pairs]), meaning[index], sentence[index])


def retrieval_figures(
    motions: Float[np.ndarray, 'clip embedding'],
    captions: Captions,
    clips: list[Clip],
    trained: set[tuple[str, str]] | None,
) -> dict[str, Any]:
    """Measure retrieval.

    Args:
        motions: Unit embeddings of the clips.
        captions: See `embed_captions`.
        clips: The clips.
        trained: Pairs of action and style that the model was trained on.

    Returns:
        `whole_split` (one pool of all), `pools` (of 32, for all clips and each collection,
        and `strict` for all clips) and `unseen` (pools in which the queries are clips of
        pairs that were not trained);
        `skipped` says why a part is missing.
    """
    everything = np.arange(len(clips))
    first = np.array([np.flatnonzero(captions.clip == i)[0] for i in everything])
    alike = clips_alike(captions)
    random = np.random.default_rng(0)
    whole = _ranks(motions, captions, everything, first, everything, alike, random)
    figures: dict[str, Any] = {
        'whole_split': _recalls([whole], len(clips)),
        'pools': {
            'all': _pools(motions, captions, everything, everything, alike),
            'strict': _pools(motions, captions, everything, everything, None),
        },
    }
    names = np.array([collection(clip) for clip in clips])
    for name in dict.fromkeys(names.tolist()):
        members = everything[names == name]
        if len(members) > POOL // 2:
            figures['pools'][name] = _pools(motions, captions, members, members, alike)
    if trained is None or not any(clip.style for clip in clips):
        figures['skipped'] = 'unseen: the folder does not say what was trained, or no styles'
        return figures
    new = [i for i, c in enumerate(clips) if c.style and (c.action, c.style) not in trained]
    if new:
        found = _pools(motions, captions, np.array(new), everything, alike)
        pairs = sorted({f'{clips[i].action}, {clips[i].style}' for i in new})
        figures['unseen'] = {'clips': len(new), 'combinations': pairs, **found}
    else:
        figures['skipped'] = 'unseen: every combination of action and style here was trained'
    return figures


def clips_alike(captions: Captions) -> Bool[np.ndarray, 'clip clip']:
    """Which clips say the same: any caption of one is nearly one of the other's."""
    starts = np.flatnonzero(np.diff(captions.clip, prepend=-1))
    near = captions.sentence @ captions.sentence.T > NEAR_DUPLICATE
    rows = np.logical_or.reduceat(near, starts, axis=0)
    alike: Bool[np.ndarray, 'clip clip'] = np.logical_or.reduceat(rows, starts, axis=1)
    return alike


def _pools(
    motions: Float[np.ndarray, 'clip embedding'],
    captions: Captions,
    queries: Int[np.ndarray, ' query'],
    fillers: Int[np.ndarray, ' filler'],
    alike: Bool[np.ndarray, 'clip clip'] | None,
) -> dict[str, Any]:
    """Recalls over repeated pools: queries first, at most half where fillers are others.

    Without `alike`, the captions that are drawn decide what says the same.
    """
    random = np.random.default_rng(0)
    others = np.setdiff1d(fillers, queries)
    most = min(POOL, len(queries)) if not len(others) else min(POOL // 2, len(queries))
    size = min(POOL, most + len(others))
    repeats = []
    for _ in range(REPEATS):
        caption = _one_caption_each(captions, random)
        drawn = captions.sentence[caption]
        same = drawn @ drawn.T > NEAR_DUPLICATE if alike is None else alike
        asked = _draw(queries, same, most, [], random)
        members = np.array(_draw(others, same, size, asked, random))
        found = _ranks(motions, captions, members, caption[members], members[:most], same, random)
        repeats.append(found)
    return {'pool': size, **_recalls(repeats, size)}


def _one_caption_each(captions: Captions, random: np.random.Generator) -> Int[np.ndarray, ' clip']:
    """Number of one caption of each clip."""
    order = random.permutation(len(captions.clip))
    _, first = np.unique(captions.clip[order], return_index=True)
    return order[first]


def _draw(
    candidates: Int[np.ndarray, ' candidate'],
    same: Bool[np.ndarray, 'clip clip'],
    size: int,
    pool: list[int],
    random: np.random.Generator,
) -> list[int]:
    """Add clips to a pool until it has a size, those first that say something else."""
    pool = list(pool)
    later: list[int] = []
    for i in random.permutation(candidates):
        if len(pool) >= size:
            return pool
        (later if same[i, pool].any() else pool).append(int(i))
    return pool + later[: size - len(pool)]


def _ranks(
    motions: Float[np.ndarray, 'clip embedding'],
    captions: Captions,
    members: Int[np.ndarray, ' member'],
    chosen: Int[np.ndarray, ' member'],
    queries: Int[np.ndarray, ' query'],
    alike: Bool[np.ndarray, 'clip clip'],
    random: np.random.Generator,
) -> dict[str, Int[np.ndarray, ' rank']]:
    """Rank of the best right answer for each query, from 1, and how many are right.

    Args:
        motions: Embeddings of all clips.
        captions: Embeddings of all captions.
        members: Clips of the pool, the queries among them first.
        chosen: The caption of each.
        queries: Clips that are asked for.
        alike: Which clips say the same.
        random: Shuffles the captions of `shuffled_text`.
    """
    score = motions[members] @ captions.meaning[chosen].T
    same = alike[np.ix_(members, members)]
    np.fill_diagonal(same, val=True)
    wrong = random.permutation(len(members))
    count = len(queries)
    return {
        'motion_to_text': _best(score, same)[:count],
        'text_to_motion': _best(score.T, same)[:count],
        'right_answers': same.sum(axis=1)[:count],
        'shuffled_text': _best(score[:, wrong], same)[:count],
    }


def _best(
    score: Float[np.ndarray, 'query answer'], same: Bool[np.ndarray, 'query answer']
) -> Int[np.ndarray, ' query']:
    best = np.where(same, score, -np.inf).max(axis=1, keepdims=True)
    # A wrong answer that is as good counts as better: who says the same of all knows nothing.
    return 1 + ((score >= best) & ~same).sum(axis=1)


def _recalls(
    repeats: list[dict[str, Int[np.ndarray, ' rank']]], pool: int
) -> dict[str, dict[str, Any]]:
    """Recall at each rank: mean and 95 % interval over repeats, and the median rank."""
    table: dict[str, dict[str, Any]] = {}
    for way in ('motion_to_text', 'text_to_motion', 'shuffled_text'):
        row: dict[str, Any] = {}
        for rank in _possible(pool):
            shares = [float((found[way] <= rank).mean()) for found in repeats]
            row[f'r{rank}'] = round(float(np.mean(shares)), 3)
            if len(repeats) > 1:
                row[f'r{rank}_95'] = np.percentile(shares, [2.5, 97.5]).round(3).tolist()
        row['median_rank'] = float(np.median(np.concatenate([found[way] for found in repeats])))
        table[way] = row
    right = np.concatenate([found['right_answers'] for found in repeats])
    table['chance'] = {f'r{rank}': _chance(right, rank, pool) for rank in _possible(pool)}
    return table


def _possible(pool: int) -> list[int]:
    return [rank for rank in RANKS if rank < pool]


def _chance(right: Int[np.ndarray, ' query'], rank: int, pool: int) -> float:
    """Recall of answers in random order: not all of the first `rank` are wrong."""
    wrong = [
        math.comb(pool - int(count), rank) / math.comb(pool, rank) for count in right.tolist()
    ]
    return round(1.0 - float(np.mean(wrong)), 3)
