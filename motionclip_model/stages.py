"""What is learned in which order: detail, then meaning, then the way from meaning to detail.

A stage names the networks that it trains and turns a batch into named losses with weights;
the training loop knows nothing else of it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from motionclip_model import losses
from motionclip_model.data.sampler import Batch
from motionclip_model.network import STRIDE, MotionClipNetwork

Losses = dict[str, Float[Tensor, '']]


@dataclass(frozen=True)
class Stage:
    """One part of training.

    Attributes:
        name: Name in configuration and logs.
        modules: Attributes of the network that are trained; all others stay as they are.
        loss: Turns network and batch into named losses.
        weights: How much each of these losses counts; unnamed ones are only logged.
    """

    name: str
    modules: tuple[str, ...]
    loss: Callable[[MotionClipNetwork, Batch], Losses]
    weights: dict[str, float]

    def trained(self, network: MotionClipNetwork) -> list[nn.Module]:
        """Modules that this stage trains."""
        return [getattr(network, name) for name in self.modules]

    def total(self, values: Losses) -> Float[Tensor, '']:
        """Weighted sum of the losses."""
        return torch.stack([self.weights[name] * values[name] for name in self.weights]).sum()


def autoencoder_loss(network: MotionClipNetwork, batch: Batch) -> Losses:
    """Decode what was encoded and compare."""
    normal = network.normalise(batch.rows)
    mean, log_variance = network.autoencoder.encode(normal, batch.valid)
    mean, log_variance = mean.float(), log_variance.float()
    drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
    valid = batch.valid[:, ::STRIDE]
    decoded = network.restore(network.autoencoder.decode(drawn, valid).float())
    values = losses.reconstruction(decoded, batch.rows, network.row_scale, batch.valid)
    return {**values, 'divergence': losses.divergence(mean, log_variance, valid)}


def alignment_loss(network: MotionClipNetwork, batch: Batch) -> Losses:
    """Bring each motion's token to its sentence, and learn how long a sentence lasts."""
    motion = network.motion_encoder(network.normalise(batch.rows), batch.valid)
    values = losses.alignment(motion.float(), batch.meaning)
    wanted = batch.seconds.clamp(1.0, 10.0).log()
    return {**values, 'length': (network.length(batch.meaning) - wanted).abs().mean()}


def prior_loss(network: MotionClipNetwork, batch: Batch) -> Losses:
    """Flow matching on latent sequences, with one of four conditions at random.

    Four in ten windows are told sentence and words, two in ten the sentence alone, three in
    ten the motion's own token (so that edited and mixed latents decode as well), one in ten
    nothing at all (for guidance).
    """
    choice = torch.rand(len(batch.rows), device=batch.rows.device)
    own = (choice >= 0.6) & (choice < 0.9)
    meaning = batch.meaning.clone()
    with torch.no_grad():
        normal = network.normalise(batch.rows)
        mean, log_variance = network.autoencoder.encode(normal, batch.valid)
        drawn = mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
        target = (drawn.float() - network.latent_mean) / network.latent_scale
        meaning[own] = network.motion_encoder(normal[own], batch.valid[own])
    valid = batch.valid[:, ::STRIDE]
    meaning_valid = choice < 0.9
    words_valid = batch.words_valid & (choice < 0.4)[:, None]
    # Logit-normal times look longest at the middle of the flow (Esser et al. 2024).
    time = torch.randn(len(target), device=target.device).sigmoid()
    noise = torch.randn_like(target)
    mixed = torch.lerp(noise, target, time[:, None, None])
    velocity = network.prior(mixed, valid, time, meaning, meaning_valid, batch.words, words_valid)
    error = (velocity.float() - (target - noise)).square()
    return {'flow': losses.masked_mean(error, valid)}


STAGES = (
    Stage(
        'autoencoder',
        ('autoencoder',),
        autoencoder_loss,
        {'rows': 1.0, 'position': 4.0, 'velocity': 0.3, 'path': 0.5, 'divergence': 1e-3},
    ),
    Stage(
        'alignment',
        ('motion_encoder', 'length'),
        alignment_loss,
        {'cosine': 1.0, 'contrast': 0.3, 'length': 0.2},
    ),
    Stage('prior', ('prior',), prior_loss, {'flow': 1.0}),
)
