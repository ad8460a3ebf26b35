"""What training reads, prepared once and kept in the folder of the run."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from motionclip_model.data.caption_table import CaptionTable
from motionclip_model.data.corpus import Clip, cached_corpus
from motionclip_model.data.sampler import Sampler
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.train_config import TrainConfig


def samplers(
    config: TrainConfig, corpus: Path, cache: Path, encoder: TextEncoder, licence: str
) -> tuple[Sampler, Sampler]:
    """Read the train split, mirror images included, and the validation split.

    Args:
        config: Says what is held out.
        corpus: See `motionclip_model.data.corpus`.
        cache: Folder that keeps rows and embeddings.
        encoder: The frozen text encoder.
        licence: "any" or "commercial".

    Returns:
        What draws training and validation batches.
    """
    made = []
    for split in ('train', 'val'):
        rows = cache / f'{split}_rows.npz'
        clips = cached_corpus(corpus, split, rows, mirror=split == 'train', licence=licence)
        if split == 'train':
            clips = without(clips, config.held_out)
        captions = CaptionTable(clips, encoder, cache / f'{split}_captions.safetensors')
        made.append(Sampler(clips, captions, config.seed))
    return made[0], made[1]


def without(clips: list[Clip], held_out: Iterable[tuple[str, str]]) -> list[Clip]:
    """Leave out the clips of some pairs of action and style, mirror images by their own."""
    excluded = set(held_out)
    return [clip for clip in clips if (clip.action, clip.style) not in excluded]


def provenance(clips: list[Clip]) -> dict[str, dict[str, Any]]:
    """Say where clips come from and on what terms; clips made from others do not count."""
    found: dict[str, dict[str, Any]] = {}
    for clip in clips:
        if clip.derived:
            continue
        entry = found.setdefault(clip.dataset, {'clips': 0, 'hours': 0.0, 'licence': clip.licence})
        entry['clips'] += 1
        entry['hours'] = round(entry['hours'] + clip.seconds / 3600.0, 4)
    return found


def fingerprint(corpus: Path) -> str:
    """A number that changes with the texts and splits of a corpus."""
    found = hashlib.sha256()
    for file in [*sorted(corpus.glob('texts*.jsonl')), *sorted(corpus.glob('splits.json'))]:
        found.update(file.read_bytes())
    return found.hexdigest()
