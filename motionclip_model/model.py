"""`MotionClip`: text and motion in one space, and motion out of it."""

import os
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from motionclip_model import features
from motionclip_model.abstention import Familiarity, load_familiarity
from motionclip_model.checkpoint import checkpoint_path, load_network, save_network
from motionclip_model.data.sampler import pad
from motionclip_model.errors import EncoderError, MotionClipError
from motionclip_model.generation import GUIDANCE, STEPS
from motionclip_model.motion import Motion
from motionclip_model.network import MotionClipNetwork
from motionclip_model.storage import file_hash
from motionclip_model.text_encoder import TextEmbedding, TextEncoder

MIN_SECONDS, MAX_SECONDS = 1.0, 10.0
"""Durations that the prior has been trained on [s]."""

_ENCODER_VARIABLE = 'MOTIONCLIP_TEXT_ENCODER'


class MotionClip:
    """A trained model together with the text encoder that it is aligned to.

    Attributes:
        network: The networks and their statistics.
        info: What the checkpoint says of itself: data, licence, figures.
        device: Where the networks run.
        known: What the checkpoint knows of the texts that it can serve, if anything.
        sha256: Hash of the checkpoint's file, hexadecimal; empty if there is none yet.
    """

    def __init__(
        self,
        network: Any,
        encoder: TextEncoder,
        info: dict[str, Any] | None = None,
        device: str = 'cpu',
        known: Familiarity | None = None,
        sha256: str = '',
    ):
        """Join network and text encoder; `load` is the usual way in.

        Raises:
            EncoderError: The network is aligned to another text encoder.
        """
        self.network = network.eval().to(device)
        if device == 'cpu' and isinstance(network, MotionClipNetwork):
            # The detail in double precision: it costs milliseconds, and what one processor rounds
            # otherwise than another is then mostly the prior's.
            network.autoencoder.double()
        self.info = info or {}
        self.device = device
        self.known = known
        self.sha256 = sha256
        self._encoder = encoder
        _check_encoder(network, encoder, str(self.info.get('text_encoder', 'another encoder')))

    @classmethod
    def load(
        cls,
        source: str | os.PathLike[str] = 'base',
        encoder: TextEncoder | None = None,
        device: str | None = None,
    ) -> Self:
        """Load a checkpoint.

        Args:
            source: Name of a shipped checkpoint ("base") or path of a .safetensors file.
            encoder: Text encoder; by default the one that MOTIONCLIP_TEXT_ENCODER names, else
                the one that the checkpoint was trained with, where it was found then.
            device: "cpu" or "cuda"; by default the GPU where there is one.

        Raises:
            CheckpointError: Missing, truncated, or not a checkpoint of this program.
            EncoderError: The checkpoint is aligned to another text encoder.
        """
        if device is None:
            device = 'cuda' if torch.cuda.is_available() else 'cpu'
        path = checkpoint_path(source)
        network, info = load_network(path)
        if encoder is None:
            named = os.environ.get(_ENCODER_VARIABLE) or info.get('text_encoder_source')
            encoder = TextEncoder.load(named or 'minilm', device=device)
        return cls(network, encoder, info, device, load_familiarity(path), file_hash(path))

    def hashes(self) -> dict[str, str]:
        """Say by what hashes a model and its text encoder are known again."""
        return {
            'model_sha256': self.sha256,
            'text_encoder': self._encoder.name,
            'text_encoder_sha256': self._encoder.sha256,
        }

    @property
    def encoder(self) -> TextEncoder:
        """The frozen text encoder."""
        return self._encoder

    def save(self, path: str | os.PathLike[str], info: dict[str, Any]) -> None:
        """Write a checkpoint: weights in half precision, sizes and facts in the header."""
        encoder = {'text_encoder': self._encoder.name, 'text_encoder_source': self._encoder.source}
        info = {**info, **encoder}
        save_network(self.network, path, info, self.known)

    def encode_sentences(self, texts: list[str]) -> Float[Tensor, 'text embedding']:
        """Embed texts in the frozen text encoder's own space, as unit vectors."""
        return self._encoder.encode(texts).meaning.to(self.device)

    @torch.no_grad()
    def encode_text(self, texts: list[str]) -> TextEmbedding:
        """Embed texts; `meaning` is where the text head puts them among the motions."""
        found = TextEmbedding(*(part.to(self.device) for part in self._encoder.encode(texts)))
        return found._replace(meaning=self.network.text_head(*found))

    def familiarity(self, texts: list[str]) -> list[float]:
        """Probability that each text asks for a motion that the model has seen.

        1 where the checkpoint does not say what it has seen.
        """
        sentences = self.encode_sentences(texts)
        return [1.0] * len(texts) if self.known is None else self.known.score(sentences).tolist()

    def refuse_unknown(self, texts: list[str]) -> None:
        """Stop texts that ask for no motion that the model has seen.

        Raises:
            UnknownTextError: One of them does; names what is known instead.
        """
        if self.known is not None:
            self.known.check(texts, self.encode_sentences(texts))

    @torch.no_grad()
    def encode_motions(self, motions: list[Motion]) -> Float[Tensor, 'motion embedding']:
        """Read the meaning of motions, as unit vectors of the text encoder's space."""
        rows, valid = self._batch([features.encode(motion) for motion in motions])
        return self.network.motion_encoder(self.network.normalise(rows), valid)

    @torch.no_grad()
    def reconstruct(self, motions: list[Motion]) -> list[Motion]:
        """Pass motions through the auto-encoder alone, at `features.FPS`."""
        sources = [features.encode(motion) for motion in motions]
        rows, valid = self._batch(sources)
        decoded = self.network.reconstruct(rows, valid)
        return [
            features.decode(part[: len(source)])
            for part, source in zip(decoded, sources, strict=True)
        ]

    @torch.no_grad()
    def predict_seconds(
        self, meaning: Float[Tensor, 'motion embedding']
    ) -> Float[Tensor, ' motion']:
        """Duration that each meaning suggests [s], within what the prior knows."""
        return self.network.length(meaning).exp().clamp(MIN_SECONDS, MAX_SECONDS)

    def generate(
        self,
        condition: TextEmbedding | Float[Tensor, '1 embedding'],
        seconds: float | None = None,
        seed: int | None = None,
        guidance: float = GUIDANCE,
        steps: int = STEPS,
    ) -> Motion:
        """Make one motion; see `generate_many`."""
        wanted = None if seconds is None else [seconds]
        return self.generate_many(condition, wanted, [seed], guidance, steps)[0]

    @torch.no_grad()
    def generate_many(
        self,
        condition: TextEmbedding | Float[Tensor, 'motion embedding'],
        seconds: Sequence[float] | None = None,
        seeds: Sequence[int | None] | None = None,
        guidance: float = GUIDANCE,
        steps: int = STEPS,
    ) -> list[Motion]:
        """Make motions that fit meanings, all in one batch.

        Args:
            condition: Texts (see `encode_text`), or unit vectors of the aligned space such as
                motions' own, edited or interpolated ones.
            seconds: Duration of each [s]; by default what each meaning suggests.
            seeds: One for each motion: another seed gives another motion of the same meaning,
                None (the default) the mode, the most typical of a few draws.
            guidance: How strongly the meaning is followed; 1 is the plain model.
            steps: Steps of the flow from noise to motion.

        Raises:
            MotionClipError: A duration that the model has not learned.
        """
        text = (
            condition
            if isinstance(condition, TextEmbedding)
            else _wordless(condition, self.network.config.token_width)
        )
        if seconds is None:
            seconds = self.predict_seconds(text.meaning).tolist()
        for value in seconds:
            if not MIN_SECONDS <= value <= MAX_SECONDS:
                raise MotionClipError(
                    f'{value} s is not a length that the model has learned; choose '
                    f'{MIN_SECONDS:g} to {MAX_SECONDS:g} s'
                )
        frames = [round(value * features.FPS) + 1 for value in seconds]
        seeds = [None] * len(frames) if seeds is None else seeds
        rows = self.network.generate(text, frames, seeds, guidance, steps)
        return [features.decode(each[:count]) for each, count in zip(rows, frames, strict=True)]

    def _batch(self, sources: list[np.ndarray]) -> tuple[Tensor, Tensor]:
        rows, valid = pad(sources)
        return rows.to(self.device), valid.to(self.device)


def _check_encoder(network: Any, encoder: TextEncoder, wanted: str) -> None:
    config = network.config
    widths = (config.embedding_width, config.token_width)
    fits = widths == (encoder.embedding_width, encoder.token_width)
    # The probe's embedding tells encoders of the same size apart, however they are stored.
    if not fits or float(network.encoder_probe.cpu() @ encoder.probe()) < 0.999:
        raise EncoderError(
            f'this checkpoint is aligned to {wanted}, not to {encoder.name}; name the folder of '
            f'that text encoder in {_ENCODER_VARIABLE} or choose another checkpoint'
        )


def _wordless(meaning: Float[Tensor, 'motion embedding'], token_width: int) -> TextEmbedding:
    """Bare meanings as texts of one word that is not there."""
    words = torch.zeros(len(meaning), 1, token_width, device=meaning.device)
    return TextEmbedding(meaning, words, torch.zeros_like(words[..., 0], dtype=torch.bool))
