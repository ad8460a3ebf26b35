"""Detail: a motion as a short sequence of latents, by convolutions."""

from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.network_config import NetworkConfig


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
        rows = rows.to(self.enter.weight.dtype)
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
        latents = latents.to(self.from_latent.weight.dtype)
        mask = valid[:, None].to(latents.dtype)
        x = self.from_latent(latents.transpose(1, 2) * mask) * mask
        for level, blocks in enumerate(self.up_levels):
            if level:
                mask = mask.repeat_interleave(2, -1)
                x = x.repeat_interleave(2, -1)
            for block in blocks:  # type: ignore[attr-defined]
                x = block(x, mask)
        return self.leave(nn.functional.silu(x)).transpose(1, 2)
