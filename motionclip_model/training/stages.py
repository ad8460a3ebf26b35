"""What is learned in which order: detail, then meaning, then the way from meaning to detail.

A stage names the networks that it trains and turns a batch into named losses with weights;
the training loop knows nothing else of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from motionclip_model import losses
from motionclip_model.data.sampler import Batch
from motionclip_model.network import MotionClipNetwork
from motionclip_model.network_config import STRIDE

Losses = dict[str, Float[Tensor, '']]

Gather = Callable[[Tensor], Tensor]
"""Joins a tensor of all training processes along its first axis, gradients included."""


def alone(part: Tensor) -> Tensor:
    """The one process has the whole batch."""
    return part


@dataclass(frozen=True)
class Stage:
    """One part of training.

    Attributes:
        name: Name in configuration and logs.
        modules: Attributes of the network that are trained; all others stay as they are.
        loss: Turns network, batch and `Gather` into named losses: means over the process' own
            part of the batch, or the same value in every process.
        weights: How much each of these losses counts; unnamed ones are only logged, and one
            whose data is missing (pictures, without an image tower) does not count.
        watched: Which motions of the network must stay lively from this stage on:
            "reconstructed", "generated" or both.
        prepare: Called with the network and some batches before the stage starts.
    """

    name: str
    modules: tuple[str, ...]
    loss: Callable[[Any, Batch, Gather], Losses]
    weights: dict[str, float]
    watched: tuple[str, ...] = ()
    prepare: Callable[[Any, Iterable[Batch]], None] | None = None

    def trained(self, network: nn.Module) -> list[nn.Module]:
        """Modules that this stage trains."""
        return [getattr(network, name) for name in self.modules]

    def total(self, values: Losses) -> Float[Tensor, '']:
        """Weighted sum of the losses."""
        counted = [name for name in self.weights if name in values]
        return torch.stack([self.weights[name] * values[name] for name in counted]).sum()


def autoencoder_loss(network: MotionClipNetwork, batch: Batch, gather: Gather = alone) -> Losses:
    """Decode what was encoded and compare."""
    normal = network.normalise(batch.rows)
    mean, log_variance = network.autoencoder.encode(normal, batch.valid)
    mean, log_variance = mean.float(), log_variance.float()
    drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
    valid = batch.valid[:, ::STRIDE]
    decoded = network.restore(network.autoencoder.decode(drawn, valid).float())
    values = losses.reconstruction(decoded, batch.rows, network.row_scale, batch.valid)
    return {**values, 'divergence': losses.divergence(mean, log_variance, valid)}


def alignment_loss(network: MotionClipNetwork, batch: Batch, gather: Gather = alone) -> Losses:
    """Bring each motion's token to its sentence and to its pictures.

    The text head moves as well, but not far from the frozen text encoder (`keep`). How long a
    sentence lasts is learned beside.
    """
    motion = network.motion_encoder(network.normalise(batch.rows), batch.valid).float()
    text = network.text_head(batch.sentence, batch.words, batch.words_valid)
    label, sentence = gather(batch.label), gather(batch.sentence)
    same = (label[:, None] == label) | (sentence @ sentence.T > _SAME_SENTENCE)
    wanted = batch.seconds.clamp(1.0, 10.0).log()
    values = {
        'cosine': losses.distance(motion, text),
        'contrast': losses.contrast(gather(motion), gather(text), same),
        'keep': losses.distance(text, batch.sentence),
        'length': (network.length(text.detach()) - wanted).abs().mean(),
    }
    if batch.image is not None:
        values['image'] = losses.distance(motion, batch.image)
    return values


def prior_loss(network: MotionClipNetwork, batch: Batch, gather: Gather = alone) -> Losses:
    """Flow matching on latent sequences, each told one of four conditions at random.

    Sentence and words, the sentence alone, the motion's own token (so that edited and mixed
    latents decode as well), or nothing (for guidance). Each condition is a loss of its own;
    with weights of one they add up to the mean over the batch.
    """
    choice = torch.rand(len(batch.rows), device=batch.rows.device)
    kind = torch.bucketize(choice, torch.tensor(_KIND_BOUNDS, device=choice.device), right=True)
    own = kind == _MOTION
    with torch.no_grad():
        meaning = network.text_head(batch.sentence, batch.words, batch.words_valid).clone()
        normal = network.normalise(batch.rows)
        mean, log_variance = network.autoencoder.encode(normal, batch.valid)
        drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        target = (drawn.float() - network.latent_mean) / network.latent_scale
        if own.any():
            meaning[own] = network.motion_encoder(normal[own], batch.valid[own]).float()
    valid = batch.valid[:, ::STRIDE]
    words_valid = batch.words_valid & (kind == _WORDS)[:, None]
    # Logit-normal times look longest at the middle of the flow (Esser et al. 2024).
    time = torch.randn(len(target), device=target.device).sigmoid()
    noise = torch.randn_like(target)
    mixed = torch.lerp(noise, target, time[:, None, None])
    told = network.prior.tell(valid, meaning, kind != _NOTHING, batch.words, words_valid)
    velocity = network.prior(mixed, time, told)
    error = (velocity.float() - (target - noise)).square()
    count = valid.sum()
    return {
        f'flow_{name}': losses.masked_mean(error, part) * part.sum() / count
        for index, name in enumerate(_KINDS)
        for part in [valid & (kind == index)[:, None]]
    }


@torch.no_grad()
def measure_latents(network: MotionClipNetwork, batches: Iterable[Batch]) -> None:
    """Store mean and deviation of the latents, so that the prior sees unit variance."""
    found = []
    for batch in batches:
        latents, _ = network.autoencoder.encode(network.normalise(batch.rows), batch.valid)
        found.append(latents[batch.valid[:, ::STRIDE]])
    values = torch.cat(found)
    network.latent_mean.copy_(values.mean(0))
    network.latent_scale.copy_(values.std(0).clamp(min=1e-3))


_SAME_SENTENCE = 0.98
"""Sentences whose frozen embeddings are more alike than this say the same."""

_KINDS = ('words', 'sentence', 'motion', 'nothing')
_WORDS, _, _MOTION, _NOTHING = range(4)
_KIND_BOUNDS = (0.4, 0.6, 0.9)
"""Four in ten windows are told sentence and words, two the sentence, three the token."""

STAGES = (
    Stage(
        'autoencoder',
        ('autoencoder',),
        autoencoder_loss,
        {'rows': 1.0, 'position': 4.0, 'velocity': 0.5, 'path': 0.5, 'divergence': 1e-3},
        watched=('reconstructed',),
    ),
    Stage(
        'alignment',
        ('motion_encoder', 'text_head', 'length'),
        alignment_loss,
        {'cosine': 1.0, 'contrast': 0.7, 'keep': 0.5, 'image': 1.0, 'length': 0.2},
    ),
    Stage(
        'prior',
        ('prior',),
        prior_loss,
        dict.fromkeys((f'flow_{kind}' for kind in _KINDS), 1.0),
        watched=('generated',),
        prepare=measure_latents,
    ),
)
