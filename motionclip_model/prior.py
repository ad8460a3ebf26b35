"""The way from meaning to detail: a flow over latent sequences (Lipman et al. 2023)."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model.network_config import NetworkConfig
from motionclip_model.transformer import Transformer, attention_mask, sinusoids


class Told(NamedTuple):
    """Conditions of the prior, ready for its layers.

    Attributes:
        meaning: [batch, width] what is to be shown.
        words: [batch, word, width] the words that say it.
        mask: [batch, 1, 1, token] attention mask over prefix, words and latents.
    """

    meaning: Float[Tensor, 'batch width']
    words: Float[Tensor, 'batch word width']
    mask: Float[Tensor, 'batch 1 1 token']


class Prior(nn.Module):
    """Velocity field that carries noise to a latent sequence which fits a meaning."""

    def __init__(self, config: NetworkConfig):
        """Build the transformer and the entrances of its conditions."""
        super().__init__()
        width = config.prior_width
        self.enter = nn.Linear(config.latent_width, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.meaning = nn.Linear(config.embedding_width, width)
        self.no_meaning = nn.Parameter(0.02 * torch.randn(width))
        self.words = nn.Linear(config.token_width, width)
        self.layers = Transformer(
            width, config.prior_feedforward, config.prior_layers, config.heads, config.dropout
        )
        self.leave = nn.Linear(width, config.latent_width)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def tell(
        self,
        valid: Bool[Tensor, 'batch latent'],
        meaning: Float[Tensor, 'batch embedding'],
        meaning_valid: Bool[Tensor, ' batch'],
        words: Float[Tensor, 'batch word token'],
        words_valid: Bool[Tensor, 'batch word'],
    ) -> Told:
        """Prepare what stays the same along the flow.

        Args:
            valid: Which latents are not padding.
            meaning: Unit vectors of the aligned space.
            meaning_valid: Where a meaning is given; the others are unconditional.
            words: The text encoder's word embeddings, where there is a text.
            words_valid: Which words are given.
        """
        given = self.meaning(meaning * math.sqrt(meaning.shape[-1]))
        given = torch.where(meaning_valid[:, None], given, self.no_meaning)
        present = torch.cat([torch.ones_like(valid[:, :1]), words_valid, valid], dim=1)
        return Told(given, self.words(words), attention_mask(present, given.dtype))

    def forward(
        self,
        latents: Float[Tensor, 'batch latent dim'],
        time: Float[Tensor, ' batch'],
        told: Told,
    ) -> Float[Tensor, 'batch latent dim']:
        """Velocity of the latents at a time of the flow.

        Args:
            latents: Noisy normalised latents.
            time: 0 for noise, 1 for data.
            told: The conditions; see `tell`.
        """
        length, width = latents.shape[1], self.no_meaning.shape[0]
        when = self.time(sinusoids(1000.0 * time, width).to(latents.dtype))
        condition = (told.meaning + when)[:, None]
        places = sinusoids(torch.arange(length, device=latents.device), width)
        # Every latent is told time and meaning as well as the prefix: with four layers,
        # attention to one token alone leaves little depth to act on it.
        x = self.enter(latents) + places.to(latents.dtype) + condition
        x = self.layers(torch.cat([condition, told.words, x], dim=1), told.mask)
        return self.leave(x[:, -length:])
