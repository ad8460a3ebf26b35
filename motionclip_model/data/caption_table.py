"""Embeddings of captions, computed once and kept in a file."""

import hashlib
import json
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from jaxtyping import Int
from torch import Tensor

from motionclip_model.data.clip import Clip
from motionclip_model.storage import write_atomically
from motionclip_model.text_encoder import TextEmbedding, TextEncoder

_CHUNK = 128
"""Captions that are encoded at a time."""


class CaptionTable:
    """Embeddings of every caption of some clips."""

    def __init__(self, clips: list[Clip], encoder: TextEncoder, cache: Path | None = None):
        """Look all different captions up in the cache, or encode them.

        Args:
            clips: Clips with captions.
            encoder: The frozen text encoder.
            cache: File that keeps the embeddings; it is made anew where captions or encoder
                have changed, or where it is damaged.
        """
        texts = sorted({caption for clip in clips for caption in clip.captions})
        self.index = {text: i for i, text in enumerate(texts)}
        arrays = None if cache is None else _read(cache, _key(texts, encoder))
        if arrays is None:
            arrays = _encode(self.index, encoder)
            if cache is not None:
                with write_atomically(cache) as file:
                    file.write(safetensors.torch.save(arrays, {'key': _key(texts, encoder)}))
        self.meaning = arrays['meaning']
        self.words = arrays['words']
        self.words_valid = arrays['words_valid']

    def rows(self, indices: Int[np.ndarray, ' text']) -> TextEmbedding:
        """Look up embeddings, cut to the longest of them."""
        valid = self.words_valid[indices]
        length = int(valid.sum(1).max())
        words = self.words[indices, :length].float()
        return TextEmbedding(self.meaning[indices], words, valid[:, :length])


def _encode(index: dict[str, int], encoder: TextEncoder) -> dict[str, Tensor]:
    # Alike lengths side by side waste little on padding.
    texts = sorted(index, key=len)
    count = len(texts)
    parts = [encoder.encode(texts[i : i + _CHUNK]) for i in range(0, count, _CHUNK)]
    longest = max(part.words.shape[1] for part in parts)
    meaning = torch.zeros(count, encoder.embedding_width)
    words = torch.zeros(count, longest, encoder.token_width, dtype=torch.float16)
    words_valid = torch.zeros(count, longest, dtype=torch.bool)
    for i, part in enumerate(parts):
        places = [index[text] for text in texts[i * _CHUNK : (i + 1) * _CHUNK]]
        length = part.words.shape[1]
        meaning[places] = part.meaning.cpu()
        words[places, :length] = part.words.cpu().half()
        words_valid[places, :length] = part.words_valid.cpu()
    return {'meaning': meaning, 'words': words, 'words_valid': words_valid}


def _key(texts: list[str], encoder: TextEncoder) -> str:
    probe = encoder.probe().numpy().tobytes()
    return hashlib.sha256(probe + json.dumps(texts).encode()).hexdigest()


def _read(cache: Path, key: str) -> dict[str, Tensor] | None:
    try:
        with safetensors.safe_open(cache, 'pt') as file:
            if (file.metadata() or {}).get('key') != key:
                return None
        arrays: dict[str, Tensor] = safetensors.torch.load_file(cache)
    except (OSError, safetensors.SafetensorError):
        return None
    return arrays
