"""Known embeddings of CLIP ViT-B/32, by which a copy of it shows that it is complete."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from motionclip_model.errors import EncoderError
from motionclip_model.reading import read_arrays
from motionclip_model.text_encoder import TextEncoder

ROWS = Path(__file__).with_name('weights') / 'clip_vitb32_rows.npz'
"""Texts and their embeddings; `clip_vitb32_rows.md` beside it says where they come from."""

LEAST_COSINE = 0.999
"""Half precision and another processor leave more than this."""


class Agreement(NamedTuple):
    """How near an encoder comes to the reference.

    Attributes:
        texts: What was encoded.
        cosines: [text] cosine of each embedding to the one that is known.
    """

    texts: tuple[str, ...]
    cosines: Float[Tensor, ' text']

    @property
    def worst(self) -> tuple[str, float]:
        """Text with the smallest cosine, and that cosine."""
        index = int(self.cosines.argmin())
        return self.texts[index], float(self.cosines[index])

    @property
    def holds(self) -> bool:
        """Whether every embedding is the known one."""
        return self.worst[1] >= LEAST_COSINE


def compare(encoder: TextEncoder, rows: Path | None = None) -> Agreement:
    """Encode the texts of the reference and compare.

    Args:
        encoder: Said to be CLIP ViT-B/32.
        rows: npz file with `texts` and `embeddings`; `ROWS` by default.

    Raises:
        EncoderError: Its embeddings have another width, or the reference is damaged.
    """
    arrays = read_arrays(rows or ROWS, ('texts', 'embeddings'), EncoderError)
    known = torch.from_numpy(arrays['embeddings'].astype(np.float32))
    if encoder.embedding_width != known.shape[1]:
        raise EncoderError(
            f'{encoder.name} is not CLIP ViT-B/32 but another encoder: its embeddings have '
            f'{encoder.embedding_width} numbers instead of {known.shape[1]}; it can be trained '
            'with, but there are no known embeddings to compare it with'
        )
    texts = tuple(str(text) for text in arrays['texts'])
    found = encoder.encode(list(texts)).meaning.cpu()
    return Agreement(texts, torch.nn.functional.cosine_similarity(found, known))
