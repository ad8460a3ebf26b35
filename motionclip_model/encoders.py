"""Meaning: motions and sentences as unit vectors of one space, and how long they last."""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.network_config import STRIDE, NetworkConfig
from motionclip_model.transformer import Transformer, attention_mask, sinusoids


class MotionEncoder(nn.Module):
    """Motion rows to one token in the text encoder's space; any length."""

    def __init__(self, config: NetworkConfig):
        """Build the transformer with its learned prefix token."""
        super().__init__()
        width = config.encoder_width
        self.patch = nn.Linear(STRIDE * features.WIDTH, width)
        self.prefix = nn.Parameter(0.02 * torch.randn(width))
        self.layers = Transformer(
            width, 4 * width, config.encoder_layers, config.heads, config.dropout
        )
        self.leave = nn.Linear(width, config.embedding_width)

    def forward(
        self, rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
    ) -> Float[Tensor, 'batch embedding']:
        """Summarise normalised rows; the number of frames is a multiple of `STRIDE`.

        Returns:
            Unit vectors.
        """
        masked = rows * valid[..., None]
        x = self.patch(masked.unflatten(1, (-1, STRIDE)).flatten(2))
        x = x + sinusoids(torch.arange(x.shape[1], device=x.device), x.shape[-1])
        x = torch.cat([self.prefix.expand(len(x), 1, -1), x], dim=1)
        present = nn.functional.pad(valid[:, ::STRIDE], (1, 0), value=True)
        x = self.layers(x, attention_mask(present, x.dtype))
        return nn.functional.normalize(self.leave(x[:, 0]).float(), dim=-1)


class TextHead(nn.Module):
    """A correction to the frozen sentence embedding, read from its words.

    Sentence encoders hardly tell "left" from "right", which is all the difference to a robot.
    The correction starts at zero and is held near it by the loss `keep`, so that the space
    stays the text encoder's own.
    """

    def __init__(self, config: NetworkConfig):
        """Build the transformer, or nothing where the configuration has no head."""
        super().__init__()
        self.present = config.head_layers > 0
        if not self.present:
            return
        width = config.head_width
        self.sentence = nn.Linear(config.embedding_width, width)
        self.words = nn.Linear(config.token_width, width)
        self.layers = Transformer(
            width, 2 * width, config.head_layers, config.heads, config.dropout
        )
        self.leave = nn.Linear(width, config.embedding_width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        sentence: Float[Tensor, 'batch embedding'],
        words: Float[Tensor, 'batch word token'],
        words_valid: Bool[Tensor, 'batch word'],
    ) -> Float[Tensor, 'batch embedding']:
        """Place sentences in the space that motions are aligned to.

        Returns:
            Unit vectors.
        """
        if not self.present:
            return sentence
        first = self.sentence(sentence * math.sqrt(sentence.shape[-1]))
        # The text encoder has told its words where they stand.
        x = torch.cat([first[:, None], self.words(words)], dim=1)
        present = nn.functional.pad(words_valid, (1, 0), value=True)
        x = self.layers(x, attention_mask(present, x.dtype))
        return nn.functional.normalize(sentence + self.leave(x[:, 0]).float(), dim=-1)


class LengthPredictor(nn.Module):
    """Duration that a text suggests."""

    def __init__(self, config: NetworkConfig):
        """Build a small perceptron."""
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(config.embedding_width, 64), nn.SiLU(), nn.Linear(64, 1)
        )

    def forward(self, meaning: Float[Tensor, 'batch embedding']) -> Float[Tensor, ' batch']:
        """Logarithm of the duration [log s]."""
        return self.layers(meaning * math.sqrt(meaning.shape[-1])).squeeze(-1)
