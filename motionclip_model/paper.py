"""The networks of the paper: one token keeps a whole motion (Tevet et al. 2022).

For comparison, and for those who have much motion and a GPU. The encoder reads a motion into one
token of the text encoder's space, the decoder writes a whole motion from such a token in one
pass. Rows are ours, so that motions walk and turn; the paper's rows had no path of the root.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features, losses
from motionclip_model.body import Body, load_body
from motionclip_model.data.sampler import Batch
from motionclip_model.network import RowNetwork
from motionclip_model.text_encoder import TextEmbedding
from motionclip_model.training.stages import Gather, Losses, Stage, alone
from motionclip_model.transformer import sinusoids

WINDOW_SECONDS = 3.0
"""Length of the windows that the paper trains on, and of what it makes unasked [s]."""


@dataclass(frozen=True)
class PaperConfig:
    """Sizes of the paper's networks; stored in every checkpoint.

    Attributes:
        embedding_width: Width of the text encoder's sentence embedding, and so of the token.
        token_width: Width of the text encoder's word embeddings, which are not read.
        width: Width of both transformers.
        layers: Layers of each transformer.
        heads: Attention heads.
        feedforward: Hidden width of the feed-forward layers.
        dropout: Dropout during training.
    """

    embedding_width: int = 512
    token_width: int = 512
    width: int = 512
    layers: int = 8
    heads: int = 4
    feedforward: int = 1024
    dropout: float = 0.1


class PaperEncoder(nn.Module):
    """Motion rows to one token: what a transformer makes of a learned prefix."""

    def __init__(self, config: PaperConfig):
        """Build the transformer."""
        super().__init__()
        self.enter = nn.Linear(features.WIDTH, config.width)
        self.prefix = nn.Parameter(torch.randn(config.width))
        self.dropout = nn.Dropout(config.dropout)
        layer = nn.TransformerEncoderLayer(**_layer(config))
        self.layers = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.leave = _between(config.width, config.embedding_width)

    def forward(
        self, rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
    ) -> Float[Tensor, 'batch embedding']:
        """Summarise normalised rows.

        Returns:
            Unit vectors.
        """
        x = self.enter(rows)
        x = torch.cat([self.prefix.expand(len(x), 1, -1).to(x.dtype), x], dim=1)
        x = self.dropout(x + sinusoids(torch.arange(x.shape[1], device=x.device), x.shape[-1]))
        present = nn.functional.pad(valid, (1, 0), value=True)
        x = self.layers(x, src_key_padding_mask=~present)
        return nn.functional.normalize(self.leave(x[:, 0]).float(), dim=-1)


class PaperDecoder(nn.Module):
    """One token to motion rows: each frame's place asks the token what to show."""

    def __init__(self, config: PaperConfig):
        """Build the transformer."""
        super().__init__()
        self.enter = _between(config.embedding_width, config.width)
        self.dropout = nn.Dropout(config.dropout)
        layer = nn.TransformerDecoderLayer(**_layer(config))
        self.layers = nn.TransformerDecoder(layer, config.layers)
        self.leave = nn.Linear(config.width, features.WIDTH)

    def forward(
        self, meaning: Float[Tensor, 'batch embedding'], valid: Bool[Tensor, 'batch frame']
    ) -> Float[Tensor, 'batch frame width']:
        """Write normalised rows.

        Args:
            meaning: Unit vectors: of motions, of texts, or of anything between.
            valid: Which frames are wanted; the others are padding.
        """
        # A unit vector's numbers are far smaller than those of the places that ask it.
        memory = self.enter(meaning * math.sqrt(meaning.shape[-1]))[:, None]
        places = sinusoids(torch.arange(valid.shape[1], device=valid.device), memory.shape[-1])
        queries = self.dropout(places.to(memory.dtype).expand(len(meaning), -1, -1))
        return self.leave(self.layers(queries, memory, tgt_key_padding_mask=~valid))


class SentenceAsItIs(nn.Module):
    """Stands where a text head would: the paper aligns to the frozen embedding itself."""

    def forward(
        self,
        sentence: Float[Tensor, 'batch embedding'],
        words: Float[Tensor, 'batch word token'],
        words_valid: Bool[Tensor, 'batch word'],
    ) -> Float[Tensor, 'batch embedding']:
        """Return the sentence."""
        return sentence


class WindowLength(nn.Module):
    """Stands where a length predictor would: every motion is as long as a window."""

    def forward(self, meaning: Float[Tensor, 'batch embedding']) -> Float[Tensor, ' batch']:
        """Logarithm of the duration [log s]."""
        return meaning.new_full((len(meaning),), math.log(WINDOW_SECONDS))


class PaperNetwork(RowNetwork):
    """Encoder, decoder, and the statistics that normalise rows."""

    def __init__(self, config: PaperConfig):
        """Build the networks; the statistics start as the identity."""
        super().__init__(config.embedding_width)
        self.config = config
        self.motion_encoder = PaperEncoder(config)
        self.motion_decoder = PaperDecoder(config)
        self.text_head = SentenceAsItIs()
        self.length = WindowLength()

    def reconstruct(
        self, rows: Float[Tensor, 'batch frame width'], valid: Bool[Tensor, 'batch frame']
    ) -> Float[Tensor, 'batch frame width']:
        """Pass rows through the token and back; all in physical units."""
        token = self.motion_encoder(self.normalise(rows), valid)
        return self.restore(self.motion_decoder(token, valid).float())

    def generate(
        self,
        text: TextEmbedding,
        frames: Sequence[int],
        seeds: Sequence[int | None] = (),
        guidance: float = 1.0,
        steps: int = 1,
    ) -> Float[Tensor, 'motion frame width']:
        """Write the one motion that each meaning stands for, in physical units.

        Args:
            text: One row for each motion; its words are not read.
            frames: Frames of each motion.
            seeds: Without effect, as the two below: the decoder draws nothing.
            guidance: How strongly a prior would follow the meaning.
            steps: Steps that a prior would take.
        """
        count = torch.tensor(frames, device=text.meaning.device)
        valid = torch.arange(max(frames), device=count.device) < count[:, None]
        return self.restore(self.motion_decoder(text.meaning, valid).float())


def paper_loss(network: PaperNetwork, batch: Batch, gather: Gather = alone) -> Losses:
    """Decode each motion from its token, and bring the token to its sentence and picture.

    Nothing is contrasted over the batch, so that nothing is to gather.

    Returns:
        Mean squares: `rotation` of the 6D rotations, `velocity` of their change from frame to
        frame, `vertex` of points on the body [m^2], `root` of what the paper's rows lack, in
        deviations. Cosine distances: `text`, and `image` where there are pictures.
    """
    token = network.motion_encoder(network.normalise(batch.rows), batch.valid)
    decoded = network.restore(network.motion_decoder(token, batch.valid).float())
    turn, wanted = decoded[..., features.ROTATIONS], batch.rows[..., features.ROTATIONS]
    both = batch.valid[:, 1:] & batch.valid[:, :-1]
    root = (decoded - batch.rows) / network.row_scale
    root = torch.cat([root[..., : features.ROTATIONS.start], root[..., features.CONTACTS]], dim=-1)
    # A chain of rotations in bfloat16 would be off by centimetres at the wrist.
    with torch.autocast(decoded.device.type, enabled=False):
        apart = _surface(decoded) - _surface(batch.rows)
    values = {
        'rotation': losses.masked_mean((turn - wanted).square(), batch.valid),
        'vertex': losses.masked_mean(apart.square(), batch.valid),
        'velocity': losses.masked_mean((turn.diff(dim=1) - wanted.diff(dim=1)).square(), both),
        'root': losses.masked_mean(root.square(), batch.valid),
        'text': losses.distance(token, batch.sentence),
    }
    if batch.image is not None:
        values['image'] = losses.distance(token, batch.image)
    return values


STAGES = (
    Stage(
        'paper',
        ('motion_encoder', 'motion_decoder'),
        paper_loss,
        {
            'rotation': 100.0,
            'vertex': 100.0,
            'velocity': 100.0,
            'root': 5.0,
            'text': 1.0,
            'image': 1.0,
        },
        watched=('reconstructed', 'generated'),
    ),
)


def _layer(config: PaperConfig) -> dict[str, Any]:
    return {
        'd_model': config.width,
        'nhead': config.heads,
        'dim_feedforward': config.feedforward,
        'dropout': config.dropout,
        'activation': 'gelu',
        'batch_first': True,
    }


def _between(entry: int, leave: int) -> nn.Module:
    """CLIP's width is the transformers' own; another text encoder's needs a projection."""
    return nn.Identity() if entry == leave else nn.Linear(entry, leave)


def _surface(rows: Float[Tensor, 'batch frame width']) -> Float[Tensor, 'batch frame vertex 3']:
    """Points on the body around the pelvis, in the heading frame [m]."""
    rotations = features.joint_rotations(rows)
    return _body(str(rows.device))(rotations, torch.zeros_like(rotations[..., 0, :, 0]))


@cache
def _body(device: str) -> Body:
    return load_body().to(device)
