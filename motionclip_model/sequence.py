"""Several commands one after the other as one motion without a jump.

All parts share one latent sequence. At every step of the flow each part's velocity is computed
on its own stretch and a second of its neighbours', and where stretches overlap the velocities
are cross-faded (as MultiDiffusion, Bar-Tal et al. 2023, joins pictures). One pass of the decoder
then writes the whole motion, so that no seam is left to be smoothed.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from motionclip_model import features
from motionclip_model.errors import MotionClipError, TextError
from motionclip_model.generation import (
    GUIDANCE,
    MODE_SEEDS,
    STEPS,
    Velocity,
    guided_velocity,
    integrate,
    noise,
)
from motionclip_model.model import MAX_SECONDS, MIN_SECONDS, MotionClip
from motionclip_model.motion import Motion
from motionclip_model.network import STRIDE, MotionClipNetwork
from motionclip_model.text_encoder import TextEmbedding

MAX_PARTS = 20
"""Commands in a sequence."""

OVERLAP_SECONDS = 0.8
"""How far a part looks into its neighbours [s]."""

_SEAM = re.compile(r',? ?\b(?:and )?(?:then|after that|afterwards)\b', re.IGNORECASE)


class Stretch(NamedTuple):
    """Latents of a part: `first` to `last` its own, `begin` to `end` with its neighbours'."""

    begin: int
    first: int
    last: int
    end: int


def split_commands(text: str) -> list[str]:
    """Find the commands in a text, in the order in which they are to be done.

    They are divided by semicolons, line breaks, and "then", "after that" or "afterwards", with
    or without a comma or "and": "walk forward, then wave and then bow" are three.

    Raises:
        TextError: More than `MAX_PARTS`.
    """
    # Single spaces first: with runs of them the search would take long.
    lines = [' '.join(line.split()) for line in re.split(r'[;\r\n]', text)]
    parts = [part.strip(' ,.') for line in lines for part in _SEAM.split(line)]
    parts = [part for part in parts if part]
    if len(parts) > MAX_PARTS:
        raise TextError(
            f'the text holds {len(parts)} commands, at most {MAX_PARTS} are allowed; make '
            'several motions',
            text,
        )
    return parts or [text]


def shared_seconds(suggested: Sequence[float], total: float | None) -> list[float]:
    """Durations of the parts [s].

    Args:
        suggested: What the texts suggest [s].
        total: What they are to add up to [s]; None leaves them as they are.

    Raises:
        MotionClipError: A total that gives a part a length that the model has not learned.
    """
    if total is None:
        return list(suggested)
    count = len(suggested)
    if not count * MIN_SECONDS <= total <= count * MAX_SECONDS:
        raise MotionClipError(
            f'{total:g} s is no length for {count} commands; choose {count * MIN_SECONDS:g} to '
            f'{count * MAX_SECONDS:g} s'
        )
    # What all parts have beyond the least is scaled, or what they lack of the most.
    bound = MIN_SECONDS if total <= sum(suggested) else MAX_SECONDS
    room = sum(suggested) - count * bound
    share = (total - count * bound) / room if room else 0.0
    even = 0.0 if room else (total - count * bound) / count
    return [bound + share * (each - bound) + even for each in suggested]


@torch.no_grad()
def generate_sequence(
    model: MotionClip,
    texts: TextEmbedding,
    seconds: Sequence[float] | None = None,
    seed: int | None = None,
    guidance: float = GUIDANCE,
    steps: int = STEPS,
) -> Motion:
    """Make one motion that does one thing after the other.

    Args:
        model: A trained model with a prior.
        texts: One row for each part; see `MotionClip.encode_text`.
        seconds: Duration of each part [s]; by default what each text suggests.
        seed: Another seed gives another motion; None takes, of a few, the one whose parts the
            motion encoder finds nearest to their texts.
        guidance: See `motionclip_model.generation.GUIDANCE`.
        steps: See `motionclip_model.generation.STEPS`.

    Raises:
        MotionClipError: A duration that the model has not learned, or a model without a prior.
    """
    network = model.network
    if not isinstance(network, MotionClipNetwork):
        raise MotionClipError(
            'this checkpoint decodes one token at a time and cannot join several commands; '
            'give it one command, or take another checkpoint'
        )
    if seconds is None:
        seconds = model.predict_seconds(texts.meaning).tolist()
    for value in seconds:
        if not MIN_SECONDS <= value <= MAX_SECONDS:
            raise MotionClipError(
                f'{value} s is not a length that the model has learned; choose '
                f'{MIN_SECONDS:g} to {MAX_SECONDS:g} s for each command'
            )
    parts = stretches(seconds)
    draws = MODE_SEEDS if seed is None else (seed,)
    found = [_rows(network, texts, parts, draw, guidance, steps) for draw in draws]
    rows = (
        found[0] if len(found) == 1 else max(found, key=lambda r: _fit(network, texts, parts, r))
    )
    frames = round(sum(seconds) * features.FPS) + 1
    return features.decode(rows[0, :frames].cpu())


def stretches(seconds: Sequence[float]) -> list[Stretch]:
    """Divide a latent sequence among parts of some durations [s]."""
    rate = features.FPS / STRIDE
    ends = [0.0]
    for value in seconds:
        ends.append(ends[-1] + value)
    frames = round(ends[-1] * features.FPS) + 1
    count = -(-frames // STRIDE)
    bounds = [*(round(end * rate) for end in ends[:-1]), count]
    reach = round(OVERLAP_SECONDS * rate)
    return [
        Stretch(max(0, first - reach), first, last, min(count, last + reach))
        for first, last in pairwise(bounds)
    ]


def fade(part: Stretch) -> Float[Tensor, ' latent']:
    """How much a part has to say about each latent of its stretch.

    One inside, falling to nothing over the overlap on both sides of a seam; the weights of two
    neighbours add up to one.
    """
    places = torch.arange(part.begin, part.end) + 0.5
    weight = torch.ones(len(places))
    for seam, reach, sign in (
        (part.first, part.first - part.begin, 1.0),
        (part.last, part.end - part.last, -1.0),
    ):
        if reach:
            ramp = (0.5 + sign * (places - seam) / (2.0 * reach)).clamp(0.0, 1.0)
            weight = weight * ramp * ramp * (3.0 - 2.0 * ramp)
    return weight


def joined_velocity(
    network: MotionClipNetwork, texts: TextEmbedding, parts: Sequence[Stretch], guidance: float
) -> Velocity:
    """The flow of a whole sequence, cross-faded from the flows of its parts."""
    device = texts.meaning.device
    valid = torch.nn.utils.rnn.pad_sequence(
        [torch.ones(part.end - part.begin, dtype=torch.bool) for part in parts], batch_first=True
    ).to(device)
    own = guided_velocity(network.prior, texts, valid, guidance)
    weights = [fade(part).to(device)[:, None] for part in parts]
    total = torch.zeros(parts[-1].end, 1, device=device)
    for part, weight in zip(parts, weights, strict=True):
        total[part.begin : part.end] += weight

    def velocity(state: Tensor, time: float) -> Tensor:
        windows = [state[0, part.begin : part.end] for part in parts]
        found = own(torch.nn.utils.rnn.pad_sequence(windows, batch_first=True), time)
        joined = torch.zeros_like(state[0])
        for part, weight, each in zip(parts, weights, found, strict=True):
            joined[part.begin : part.end] += weight * each[: part.end - part.begin]
        return (joined / total)[None]

    return velocity


def _rows(
    network: MotionClipNetwork,
    texts: TextEmbedding,
    parts: Sequence[Stretch],
    seed: int,
    guidance: float,
    steps: int,
) -> Float[Tensor, '1 frame width']:
    state, valid = noise([seed], [parts[-1].end], network.config.latent_width)
    device = texts.meaning.device
    velocity = joined_velocity(network, texts, parts, guidance)
    state = integrate(velocity, state.to(device), steps)
    return network.written(state, valid.to(device))


def _fit(
    network: MotionClipNetwork,
    texts: TextEmbedding,
    parts: Sequence[Stretch],
    rows: Float[Tensor, '1 frame width'],
) -> float:
    """Mean cosine of the parts' motions to their texts."""
    normal = network.normalise(rows)[0].to(texts.meaning.dtype)
    tokens = [
        network.motion_encoder(
            normal[None, STRIDE * part.first : STRIDE * part.last],
            torch.ones(1, STRIDE * (part.last - part.first), dtype=torch.bool, device=rows.device),
        )
        for part in parts
    ]
    return float((torch.cat(tokens) * texts.meaning).sum(-1).mean())
