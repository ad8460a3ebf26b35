"""Sizes of the networks."""

from dataclasses import dataclass

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
