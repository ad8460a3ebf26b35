"""The networks of a MotionCLIP-style model, top to bottom.

Detail and meaning are two things. `Autoencoder` keeps the detail of a motion in a short
latent sequence; `MotionEncoder` reads its meaning into one token of the text encoder's space
(Tevet et al. 2022), to which `TextHead` adds what the frozen sentence embedding blurs; `Prior`
draws a latent sequence that fits a meaning, by flow matching (Lipman et al. 2023) with
classifier-free guidance (Ho and Salimans 2022).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.transformer import Transformer, attention_mask

STRIDE = 4
"""Frames a latent stands for: two halvings of the frame rate."""


@dataclass(frozen=True)
class NetworkConfig:
    """Sizes of the networks; stored in every checkpoint.

    Attributes:
        embedding_width: Width of the text encoder's sentence embedding.
        token_width: Width of the text encoder's word embeddings.
        latent_width: Width of one latent of the sequence.
        autoencoder_width: Channels of the convolutions.
        autoencoder_blocks: Residual blocks at each frame rate.
        encoder_width: Width of the motion encoder.
        encoder_layers: Transformer layers of the motion encoder.
        head_width: Width of the text head.
        head_layers: Transformer layers of the text head; 0 leaves the text encoder's sentence
            embedding as it is.
        prior_width: Width of the prior.
        prior_layers: Transformer layers of the prior.
        prior_feedforward: Hidden width of the prior's feed-forward layers.
        heads: Attention heads of all transformers.
        dropout: Dropout of all transformers during training.
    """

    embedding_width: int = 384
    token_width: int = 384
    latent_width: int = 32
    autoencoder_width: int = 224
    autoencoder_blocks: int = 2
    encoder_width: int = 192
    encoder_layers: int = 3
    head_width: int = 192
    head_layers: int = 1
    prior_width: int = 256
    prior_layers: int = 4
    prior_feedforward: int = 960
    heads: int = 4
    dropout: float = 0.1


class ResidualBlock(nn.Module):
    """Two convolutions around a skip; starts as the identity."""

    def __init__(self, width: int, dilation: int):
        """Build the block.

        Args:
            width: Channels in and out.
            dilation: Spacing of the first convolution's taps [frames].
        """
        super().__init__()
        self.wide = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)  # type: ignore[arg-type]

    def forward(
        self, x: Float[Tensor, 'batch width frame'], mask: Float[Tensor, 'batch 1 frame']
    ) -> Float[Tensor, 'batch width frame']:
        """Add what the convolutions see; padding stays zero."""
        hidden = nn.functional.silu(self.wide(nn.functional.silu(x)))
        return (x + self.mix(hidden)) * mask


class Autoencoder(nn.Module):
    """Motion rows to a latent sequence at a quarter of the frame rate, and back."""

    def __init__(self, config: NetworkConfig):
        """Build encoder and decoder as mirror images."""
        super().__init__()
        width, blocks = config.autoencoder_width, config.autoencoder_blocks

        def level() -> nn.ModuleList:
            return nn.ModuleList(ResidualBlock(width, 3**i) for i in range(blocks))

        self.enter = nn.Conv1d(features.WIDTH, width, 3, padding=1)
        self.down_levels = nn.ModuleList(level() for _ in range(2))
        self.down = nn.ModuleList(nn.Conv1d(width, width, 2, stride=2) for _ in range(2))
        self.to_latent = nn.Conv1d(width, 2 * config.latent_width, 3, padding=1)
        self.from_latent = nn.Conv1d(config.latent_width, width, 3, padding=1)
        self.up_levels = nn.ModuleList(level() for _ in range(3))
        self.leave = nn.Conv1d(width, features.WIDTH, 3, padding=1)

    def encode(
        self, rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
    ) -> tuple[Float[Tensor, 'batch latent dim'], Float[Tensor, 'batch latent dim']]:
        """Read normalised rows.

        Args:
            rows: Normalised rows; the number of frames is a multiple of `STRIDE`.
            valid: Which frames are not padding.

        Returns:
            Mean and logarithm of the variance of each latent.
        """
        mask = valid[:, None].to(rows.dtype)
        x = self.enter(rows.transpose(1, 2) * mask) * mask
        for blocks, down in zip(self.down_levels, self.down, strict=True):
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, mask)
            mask = mask[..., ::2]
            x = down(x) * mask
        mean, log_variance = self.to_latent(nn.functional.silu(x)).transpose(1, 2).chunk(2, -1)
        return mean, log_variance.clamp(-12.0, 4.0)

    def decode(
        self, latents: Float[Tensor, 'batch latent dim'], valid: Bool[Tensor, 'batch latent']
    ) -> Float[Tensor, 'batch frame width']:
        """Write normalised rows, `STRIDE` for each latent.

        Args:
            latents: Latent sequence.
            valid: Which latents are not padding.
        """
        mask = valid[:, None].to(latents.dtype)
        x = self.from_latent(latents.transpose(1, 2) * mask) * mask
        for level, blocks in enumerate(self.up_levels):
            if level:
                mask = mask.repeat_interleave(2, -1)
                x = x.repeat_interleave(2, -1)
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, mask)
        return self.leave(nn.functional.silu(x)).transpose(1, 2)


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
    ) -> 'Told':
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
        told: 'Told',
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


class MotionClipNetwork(nn.Module):
    """All that is learned, and the statistics that normalise rows and latents."""

    def __init__(self, config: NetworkConfig):
        """Build the networks; the statistics start as the identity."""
        super().__init__()
        self.config = config
        self.autoencoder = Autoencoder(config)
        self.motion_encoder = MotionEncoder(config)
        self.text_head = TextHead(config)
        self.prior = Prior(config)
        self.length = LengthPredictor(config)
        self.register_buffer('row_mean', torch.zeros(features.WIDTH))
        self.register_buffer('row_scale', torch.ones(features.WIDTH))
        self.register_buffer('latent_mean', torch.zeros(config.latent_width))
        self.register_buffer('latent_scale', torch.ones(config.latent_width))
        self.register_buffer('encoder_probe', torch.zeros(config.embedding_width))

    row_mean: Tensor
    row_scale: Tensor
    latent_mean: Tensor
    latent_scale: Tensor
    encoder_probe: Tensor

    def normalise(self, rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch width']:
        """Bring rows to zero mean and unit deviation."""
        return (rows - self.row_mean) / self.row_scale

    def restore(self, rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch width']:
        """Bring normalised rows back to metres, radians and rotations."""
        return rows * self.row_scale + self.row_mean


def sinusoids(position: Tensor, width: int) -> Float[Tensor, 'position width']:
    """Sinusoidal code of positions or times (Vaswani et al. 2017, section 3.5)."""
    half = width // 2
    rates = torch.exp(-math.log(10000.0) * torch.arange(half, device=position.device) / half)
    angles = position[:, None].float() * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
