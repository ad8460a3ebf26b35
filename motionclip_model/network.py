"""The networks of a MotionCLIP-style model, top to bottom.

Detail and meaning are two things. `Autoencoder` keeps the detail of a motion in a short
latent sequence; `MotionEncoder` reads its meaning into one token of the text encoder's space
(Tevet et al. 2022), to which `TextHead` adds what the frozen sentence embedding blurs; `Prior`
draws a latent sequence that fits a meaning, by flow matching (Lipman et al. 2023) with
classifier-free guidance (Ho and Salimans 2022).
"""

from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.autoencoder import Autoencoder
from motionclip_model.encoders import LengthPredictor, MotionEncoder, TextHead
from motionclip_model.generation import MODE_SEEDS, guided_velocity, integrate, noise
from motionclip_model.network_config import STRIDE, NetworkConfig
from motionclip_model.planting import planted
from motionclip_model.prior import Prior
from motionclip_model.text_encoder import TextEmbedding

__all__ = ['STRIDE', 'MotionClipNetwork', 'NetworkConfig', 'RowNetwork']


class RowNetwork(nn.Module):
    """What every architecture keeps beside its weights: statistics and its text encoder."""

    def __init__(self, embedding_width: int):
        """Start with statistics that change nothing.

        Args:
            embedding_width: Width of the text encoder's sentence embedding.
        """
        super().__init__()
        self.register_buffer('row_mean', torch.zeros(features.WIDTH))
        self.register_buffer('row_scale', torch.ones(features.WIDTH))
        self.register_buffer('encoder_probe', torch.zeros(embedding_width))

    row_mean: Tensor
    row_scale: Tensor
    encoder_probe: Tensor

    def normalise(self, rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch width']:
        """Bring rows to zero mean and unit deviation."""
        return (rows - self.row_mean) / self.row_scale

    def restore(self, rows: Float[Tensor, '*batch width']) -> Float[Tensor, '*batch width']:
        """Bring normalised rows back to metres, radians and rotations."""
        return rows * self.row_scale + self.row_mean


class MotionClipNetwork(RowNetwork):
    """All that is learned, and the statistics that normalise rows and latents."""

    def __init__(self, config: NetworkConfig):
        """Build the networks; the statistics start as the identity."""
        super().__init__(config.embedding_width)
        self.config = config
        self.autoencoder = Autoencoder(config)
        self.motion_encoder = MotionEncoder(config)
        self.text_head = TextHead(config)
        self.prior = Prior(config)
        self.length = LengthPredictor(config)
        self.register_buffer('latent_mean', torch.zeros(config.latent_width))
        self.register_buffer('latent_scale', torch.ones(config.latent_width))

    latent_mean: Tensor
    latent_scale: Tensor

    def reconstruct(
        self, rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
    ) -> Float[Tensor, 'batch frame width']:
        """Pass rows through the auto-encoder, without noise.

        Args:
            rows: Rows in physical units; the number of frames is a multiple of `STRIDE`.
            valid: Which frames are not padding.
        """
        latents, _ = self.autoencoder.encode(self.normalise(rows), valid)
        return self.restore(self.autoencoder.decode(latents, valid[:, ::STRIDE]))

    def written(
        self, state: Float[Tensor, 'motion latent dim'], valid: Bool[Tensor, 'motion latent']
    ) -> Float[Tensor, 'motion frame width']:
        """Write rows from where a flow ends, with feet that stand where they are said to.

        Args:
            state: Normalised latents.
            valid: Which of them are not padding.
        """
        latents = state * self.latent_scale + self.latent_mean
        rows = self.restore(self.autoencoder.decode(latents, valid))
        return planted(rows, valid.repeat_interleave(STRIDE, 1))

    def generate(
        self,
        text: TextEmbedding,
        frames: Sequence[int],
        seeds: Sequence[int | None],
        guidance: float,
        steps: int,
    ) -> Float[Tensor, 'motion frame width']:
        """Draw rows that fit meanings.

        Args:
            text: One row for each motion, `meaning` in the aligned space.
            frames: Length of each motion.
            seeds: Another seed draws another motion of the same meaning. None asks for the
                mode: of a few draws, the one that the motion encoder finds nearest to the
                meaning. (The flow from the middle of the noise is no mode: it stands still.)
            guidance: See `motionclip_model.generation.GUIDANCE`.
            steps: See `motionclip_model.generation.STEPS`.

        Returns:
            Rows in physical units; beyond a motion's length they mean nothing.
        """
        draws = [
            (i, draw)
            for i, seed in enumerate(seeds)
            for draw in (MODE_SEEDS if seed is None else (seed,))
        ]
        owner = [i for i, _ in draws]
        drawn = TextEmbedding(*(part[owner] for part in text))
        counts = [-(-frames[i] // STRIDE) for i in owner]
        state, valid = noise([draw for _, draw in draws], counts, self.config.latent_width)
        state, valid = state.to(text.meaning.device), valid.to(text.meaning.device)
        state = integrate(guided_velocity(self.prior, drawn, valid, guidance), state, steps)
        rows = self.written(state, valid)
        if len(owner) == len(frames):
            return rows
        normal = self.normalise(rows).to(text.meaning.dtype)
        token = self.motion_encoder(normal, valid.repeat_interleave(STRIDE, 1))
        fit = (token * drawn.meaning).sum(-1).tolist()
        best = [
            max((place for place, o in enumerate(owner) if o == i), key=fit.__getitem__)
            for i in range(len(frames))
        ]
        return rows[best]
