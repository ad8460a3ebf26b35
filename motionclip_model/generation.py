"""Meaning to latents: noise is carried along the prior's flow, a batch at a time.

`MotionClipNetwork.generate` puts these together.
"""

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from motionclip_model.errors import MotionClipError
from motionclip_model.prior import Prior, Told
from motionclip_model.text_encoder import TextEmbedding

GUIDANCE = 2.5
"""How strongly a meaning is followed; 1 is the plain model (Ho and Salimans 2022)."""

GUIDED = (0.2, 0.8)
"""Times of the flow at which guidance acts. At its ends it costs time and does harm: motions go
too fast and too far (Kynkäänniemi et al. 2024 saw the same in images)."""

STEPS = 10
"""Steps from noise to latents."""

MODE_SEEDS = (0, 1, 2, 3)
"""Draws among which the most typical motion is looked for."""

Velocity = Callable[[Tensor, float], Tensor]
"""Direction at a state [motion, latent, dim] and a time from 0 (noise) to 1 (latents)."""


def noise(
    seeds: Sequence[int], counts: Sequence[int], width: int
) -> tuple[Float[Tensor, 'motion latent {width}'], Bool[Tensor, 'motion latent']]:
    """Draw where each motion's flow starts.

    Drawn on the CPU and for each motion alone, so that a seed means the same motion on every
    device and in every batch.

    Args:
        seeds: One for each motion.
        counts: Latents of each motion.
        width: Numbers in a latent.

    Returns:
        Noise, and which of its latents are not padding.

    Raises:
        MotionClipError: A seed that no generator of numbers takes.
    """
    if unusable := [seed for seed in seeds if not 0 <= seed < 2**63]:
        raise MotionClipError(f'seed {unusable[0]!r:.30} is not from 0 to below 2^63')
    state = torch.zeros(len(seeds), max(counts), width)
    valid = torch.zeros(state.shape[:2], dtype=torch.bool)
    for i, (seed, count) in enumerate(zip(seeds, counts, strict=True)):
        valid[i, :count] = True
        source = torch.Generator().manual_seed(seed)
        state[i, :count] = torch.randn(count, width, generator=source)
    return state, valid


def guided_velocity(
    prior: Prior,
    text: TextEmbedding,
    valid: Bool[Tensor, 'motion latent'],
    guidance: float,
) -> Velocity:
    """The prior's flow towards meanings, with classifier-free guidance.

    Args:
        prior: The trained flow.
        text: One row for each motion.
        valid: Which latents are not padding.
        guidance: See `GUIDANCE`.
    """
    count = len(valid)
    given = torch.arange(2 * count, device=valid.device) < count
    both = TextEmbedding(*(torch.cat([part, part]) for part in text))
    pair = prior.tell(
        torch.cat([valid, valid]),
        both.meaning,
        given,
        both.words,
        both.words_valid & given[:, None],
    )
    alone = Told(*(part[:count] for part in pair))

    def velocity(state: Tensor, time: float) -> Tensor:
        first, last = GUIDED
        if not first <= time < last or guidance == 1.0:
            return prior(state, state.new_full((count,), time), alone)
        told, free = prior(
            torch.cat([state, state]), state.new_full((2 * count,), time), pair
        ).chunk(2)
        return free + guidance * (told - free)

    return velocity


def integrate(
    velocity: Velocity, state: Float[Tensor, 'motion latent dim'], steps: int
) -> Float[Tensor, 'motion latent dim']:
    """Follow a flow from time 0 to 1 by Adams-Bashforth steps of second order.

    They look at the flow once a step, where midpoint steps look twice: half the cost for the
    same error.
    """
    span = 1.0 / steps
    before = None
    for step in range(steps):
        now = velocity(state, step * span)
        state = state + span * (now if before is None else 1.5 * now - 0.5 * before)
        before = now
    return state
