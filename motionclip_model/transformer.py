"""A plain pre-norm transformer encoder.

PyTorch's `nn.TransformerEncoder` computes the same; for the short sequences and narrow layers
of a motion its wrapper costs a third of the time of a generated motion.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model.interruption import still_wanted


class Block(nn.Module):
    """Self-attention and a perceptron, each around a skip."""

    def __init__(self, width: int, feedforward: int, heads: int, dropout: float):
        """Build one layer.

        Args:
            width: Numbers in a token; a multiple of `heads`.
            feedforward: Hidden width of the perceptron.
            heads: Attention heads.
            dropout: Share of values dropped in training, of the attention as well.
        """
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.attention = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.before_perceptron = nn.LayerNorm(width)
        self.up = nn.Linear(width, feedforward)
        self.down = nn.Linear(feedforward, width)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, 'batch token width'], mask: Float[Tensor, 'batch 1 1 token']
    ) -> Float[Tensor, 'batch token width']:
        """Let every token look at all that the mask lets through."""
        query, key, value = (
            self.attention(self.before_attention(x))
            .unflatten(-1, (3, self.heads, -1))
            .permute(2, 0, 3, 1, 4)
        )
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, mask, self.dropout.p if self.training else 0.0
        )
        x = x + self.dropout(self.mix(seen.transpose(1, 2).flatten(2)))
        hidden = self.dropout(nn.functional.gelu(self.up(self.before_perceptron(x))))
        return x + self.dropout(self.down(hidden))


class Transformer(nn.Module):
    """Blocks and a last norm."""

    def __init__(self, width: int, feedforward: int, layers: int, heads: int, dropout: float):
        """Build all layers; see `Block`."""
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(width, feedforward, heads, dropout) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(
        self, x: Float[Tensor, 'batch token width'], mask: Float[Tensor, 'batch 1 1 token']
    ) -> Float[Tensor, 'batch token width']:
        """Pass tokens through all layers; `mask` is an `attention_mask`."""
        for block in self.blocks:
            still_wanted()
            x = block(x, mask)
        return self.norm(x)


def attention_mask(
    valid: Bool[Tensor, 'batch token'], dtype: torch.dtype
) -> Float[Tensor, 'batch 1 1 token']:
    """What is added to attention scores: nothing where a token is valid, minus infinity elsewhere.

    Made once for all layers: a mask of booleans is converted in each of them.
    """
    mask = torch.zeros(valid.shape, dtype=dtype, device=valid.device)
    return mask.masked_fill(~valid, -torch.inf)[:, None, None]


def sinusoids(position: Tensor, width: int) -> Float[Tensor, 'position width']:
    """Sinusoidal code of positions or times (Vaswani et al. 2017, section 3.5)."""
    half = width // 2
    rates = torch.exp(-math.log(10000.0) * torch.arange(half, device=position.device) / half)
    angles = position[:, None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
