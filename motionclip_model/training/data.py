"""What training reads, prepared once and kept in the folder of the run."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from motionclip_model.data.caption_table import CaptionTable
from motionclip_model.data.clip import Clip
from motionclip_model.data.corpus import cached_corpus
from motionclip_model.data.sampler import Sampler
from motionclip_model.data.texts import Skipped, texts_files
from motionclip_model.errors import DependencyError
from motionclip_model.image_encoder import load_or_make_image_embeddings
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.training.config import TrainConfig
from motionclip_model.training.journal import Journal


def samplers(
    config: TrainConfig,
    corpus: Path,
    cache: Path,
    encoder: TextEncoder,
    journal: Journal,
) -> tuple[Sampler, Sampler]:
    """Read the train split, mirror images included, and the validation split.

    Args:
        config: Says what is held out, and on what terms clips are used.
        corpus: See `motionclip_model.data.corpus`.
        cache: Folder that keeps rows and embeddings.
        encoder: The frozen text encoder.
        journal: Told what was found.

    Returns:
        What draws training and validation batches.
    """
    made = []
    for split in ('train', 'val'):
        rows, skipped = cache / f'{split}_rows.npz', list[Skipped]()
        clips = cached_corpus(
            corpus,
            split,
            rows,
            mirror=split == 'train',
            licence=config.licence,
            skipped=skipped,
        )
        if skipped:
            journal.note(f'{split}: {len(skipped)} clips skipped, first {": ".join(skipped[0])}')
        if split == 'train':
            clips = without(clips, config.held_out)
        captions = CaptionTable(clips, encoder, cache / f'{split}_captions.safetensors')
        images = None
        if encoder.has_image_tower and _wants_pictures(config):
            images = _images(clips, encoder, cache / f'{split}_images.npz', journal)
        made.append(Sampler(clips, captions, config.seed, images))
        journal.note(f'{split}: {len(clips)} clips, {len(captions.index)} captions')
    return made[0], made[1]


def _wants_pictures(config: TrainConfig) -> bool:
    return any(stage.weights.get('image', 0.0) > 0.0 for stage in config.chosen_stages())


def _images(
    clips: list[Clip], encoder: TextEncoder, cache: Path, journal: Journal
) -> Float[Tensor, 'clip view embedding'] | None:
    """Show the clips to the image tower; without OpenGL training goes on without pictures."""

    def tell(done: int, count: int) -> None:
        journal.progress('pictures', done, count)

    try:
        return load_or_make_image_embeddings(clips, encoder, cache, tell)
    except DependencyError as error:
        journal.note(f'no pictures, so the loss `image` does not count: {error}')
        return None


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
    """A number that changes with the texts and splits of a corpus.

    Raises:
        MotionError: The folder is no corpus.
    """
    found = hashlib.sha256()
    for file in [*texts_files(corpus), *sorted(corpus.glob('splits.json'))]:
        found.update(file.read_bytes())
    return found.hexdigest()
