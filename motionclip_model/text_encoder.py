"""Text to embedding: MiniLM from its PyPI wheel, or any CLIP in a local transformers folder."""

import hashlib
import unicodedata
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from motionclip_model.errors import EncoderError, TextError
from motionclip_model.minilm import NAME, load_minilm

MAX_CHARACTERS = 500
"""Longest text that is encoded; a command is a sentence, not a page."""

PROBE_TEXT = 'a person walks forward and waves'
"""A checkpoint keeps this text's embedding to know its text encoder again."""

_CLIPS = ('clip', 'clip_text_model')
"""Model types of transformers: a whole CLIP, and its text tower alone."""


class TextEmbedding(NamedTuple):
    """What a text encoder says of some texts.

    Attributes:
        meaning: [text, embedding] unit vectors.
        words: [text, word, token] hidden states of the words.
        words_valid: [text, word] which of them are not padding.
    """

    meaning: Float[Tensor, 'text embedding']
    words: Float[Tensor, 'text word token']
    words_valid: Bool[Tensor, 'text word']


def clean_text(text: str) -> str:
    """Normalise a text command and refuse what is not one.

    Args:
        text: A command in plain words.

    Returns:
        The text in Unicode normal form C with single spaces.

    Raises:
        TextError: Empty, too long, control characters, or not in Latin letters.
    """
    cleaned = ' '.join(unicodedata.normalize('NFC', text).split())
    if not cleaned:
        raise TextError('the text is empty; say what to do, like "a person waves"', text)
    if len(cleaned) > MAX_CHARACTERS:
        raise TextError(
            f'the text has {len(cleaned)} characters, at most {MAX_CHARACTERS} are allowed; '
            'describe one motion in a sentence or two',
            text,
        )
    for character in cleaned:
        if unicodedata.category(character) in ('Cc', 'Cf', 'Cs', 'Co', 'Cn'):
            raise TextError(
                f'the text holds the control or invisible character U+{ord(character):04X}; '
                'remove it',
                text,
            )
    letters = [character for character in cleaned if character.isalpha()]
    if not letters:
        raise TextError('the text holds no words; say what to do, like "a person waves"', text)
    foreign = [c for c in letters if not unicodedata.name(c, '').startswith('LATIN')]
    if foreign:
        script = unicodedata.name(foreign[0], 'unknown').split()[0].lower()
        raise TextError(
            f'the text has {script} letters ({foreign[0]}), which the text encoder does not '
            'know; write it in English',
            text,
        )
    return cleaned


class TextEncoder:
    """A frozen sentence encoder, on the CPU or a GPU.

    Attributes:
        name: Name for people, kept in checkpoints ("all-MiniLM-L6-v2", "CLIP ...").
        embedding_width: Width of `TextEmbedding.meaning`.
        token_width: Width of `TextEmbedding.words`.
        has_image_tower: Whether it is a whole CLIP, which sees pictures as well.
        model: The network, as transformers has them.
        source: What it was loaded from, as `load` takes it.
        device: Where it runs.
    """

    def __init__(
        self, name: str, model: Any, tokenizer: Any, device: str = 'cpu', source: str = ''
    ):
        """Wrap a loaded model; `load` is the usual way in."""
        self.name, self.source, self.device = name, source, device
        self.model = model.eval().requires_grad_(requires_grad=False).to(device)
        self._tokenizer = tokenizer
        self._is_clip = model.config.model_type in _CLIPS
        if device == 'cpu' and not self._is_clip:
            # Processors round differently, and what follows makes much of a little: embeddings
            # that are rounded once are the same on all of them.
            self.model.double()
        self.has_image_tower = model.config.model_type == 'clip'
        text = model.config.text_config if self.has_image_tower else model.config
        self.token_width = int(text.hidden_size)
        self.embedding_width = (
            int(model.config.projection_dim) if self._is_clip else self.token_width
        )
        self._last: tuple[list[str], TextEmbedding] | None = None
        # MiniLM was trained on 256 word pieces although BERT has 512 places.
        self._max_tokens = min(int(text.max_position_embeddings), 256)

    @classmethod
    def load(cls, source: str = 'minilm', device: str = 'cpu') -> 'TextEncoder':
        """Load a text encoder.

        Args:
            source: "minilm" for the offline default, else a local transformers folder or a
                hub id such as "openai/clip-vit-base-patch32".
            device: Where it runs.

        Raises:
            EncoderError: It is not there or is not a text encoder.
        """
        if source == 'minilm':
            return cls(NAME, *load_minilm(), device, source)
        return cls(*_load_transformer(source), device, source)

    @torch.no_grad()
    def encode(self, texts: list[str]) -> TextEmbedding:
        """Embed texts.

        Args:
            texts: Commands in plain words; see `clean_text` for what is refused.

        Raises:
            TextError: A text is unusable or has more words than the encoder reads.
        """
        # A command is asked for twice: whether it is known, and what it means.
        if self._last is not None and self._last[0] == texts:
            return self._last[1]
        batch = self._tokenizer([clean_text(text) for text in texts], padding=True)
        ids = torch.tensor(batch['input_ids'], device=self.device)
        mask = torch.tensor(batch['attention_mask'], device=self.device)
        self._refuse_unreadable(texts, ids, mask)
        if self._is_clip:
            hidden = self.model.text_model(input_ids=ids, attention_mask=mask)
            words = hidden.last_hidden_state
            meaning = self.model.text_projection(hidden.pooler_output)
        else:
            words = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask[..., None].to(words.dtype)
            meaning = (words * weight).sum(1) / weight.sum(1)
        meaning = torch.nn.functional.normalize(meaning, dim=-1)
        found = TextEmbedding(meaning.float(), words.float(), mask.bool())
        self._last = (list(texts), found)
        return found

    @cached_property
    def sha256(self) -> str:
        """Hash of its weights, hexadecimal: the same on every device, in whatever precision."""
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            if value.is_floating_point():
                value = value.float()  # as they were read
            digest.update(f'{name} {value.dtype} {tuple(value.shape)}'.encode())
            digest.update(value.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy())
        return digest.hexdigest()

    def probe(self) -> Float[Tensor, ' embedding']:
        """Embedding by which a checkpoint recognises its text encoder."""
        return self.encode([PROBE_TEXT]).meaning[0].cpu()

    def _refuse_unreadable(self, texts: list[str], ids: Tensor, mask: Tensor) -> None:
        unknown = self._tokenizer.unk_token_id
        # CLIP's byte-level tokenizer knows every character: its unk is its end token.
        counts_unknown = unknown is not None and unknown != self._tokenizer.eos_token_id
        for text, row, length in zip(texts, ids, mask.sum(1), strict=True):
            if length > self._max_tokens:
                raise TextError(
                    f'the text has {int(length)} word pieces, the text encoder reads at most '
                    f'{self._max_tokens}; shorten it',
                    text,
                )
            if counts_unknown and (row == unknown).sum() * 2 > length - 2:
                raise TextError(
                    'the text encoder knows hardly a word of this text; write it in English',
                    text,
                )


def _load_transformer(source: str) -> tuple[str, Any, Any]:
    """Load name, network and tokenizer of any text encoder that transformers knows.

    Raises:
        EncoderError: It is not there or is not a text encoder.
    """
    # Imported late: it takes seconds, and only those who use one of these should wait.
    from transformers import AutoConfig, AutoTokenizer
    from transformers.utils import logging

    # A mistake is one line of ours, not a table of theirs.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    local = Path(source).exists()
    try:
        # Who does not say no is asked, by transformers, whether a folder's own code may run.
        config = AutoConfig.from_pretrained(
            source, local_files_only=local, trust_remote_code=False
        )
        model = _load_weights(source, config, local)
        tokenizer = AutoTokenizer.from_pretrained(
            source, local_files_only=local, trust_remote_code=False
        )
        if tokenizer.pad_token_id is None:
            raise ValueError('its tokenizer has no padding')
    except Exception as error:  # those of transformers, torch and pickle have no common parent
        reason = str(error).strip().split('\n')[0].rstrip('.')
        if reason.startswith('Weights only load failed'):  # and advice to run what is in it
            reason = 'its weights are a pickle that holds more than tensors'
        raise EncoderError(
            f'cannot load a text encoder from {source!r}: {reason}; give a transformers '
            'folder (CLIP or BERT-like), a hub id, or "minilm"'
        ) from None
    return f'{config.model_type} {Path(source).name}', model, tokenizer


def _load_weights(folder: str, config: Any, local: bool) -> Any:
    """Load the network that fits a configuration, all of its weights.

    Raises:
        ValueError: It is no text encoder, or weights are missing.
    """
    from transformers import AutoModel, CLIPModel, CLIPTextModelWithProjection

    kind = config.model_type
    if kind not in _CLIPS and (
        hasattr(config, 'vision_config')
        or not hasattr(config, 'max_position_embeddings')
        or config.is_encoder_decoder
    ):
        raise ValueError(f'a model of type {kind!r} is neither CLIP nor BERT-like')
    loaders: dict[str, Any] = {'clip': CLIPModel, 'clip_text_model': CLIPTextModelWithProjection}
    model, report = loaders.get(kind, AutoModel).from_pretrained(
        folder,
        local_files_only=local,
        trust_remote_code=False,
        # Of files that are pickles, as the older ones are, tensors alone are read.
        weights_only=True,
        dtype=torch.float32,
        output_loading_info=True,
    )
    # What is not in the file is drawn at random: an encoder, but of nobody's space. Only the
    # head of BERT may be absent, which sentence encoders have no use for.
    missing = [name for name in report['missing_keys'] if not name.startswith('pooler.')]
    if missing:
        raise ValueError(f'its file lacks {len(missing)} weights, {sorted(missing)[0]} first')
    return model
