"""Whether a text asks for a motion that the model has seen: a calibrated refusal.

Two sets of prototypes in the frozen text encoder's space describe what is known (captions of
the training clips and the commands in them) and what is not (`data/background.yaml`). A text
is as familiar as it is nearer to the first than to the second.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
import yaml
from jaxtyping import Float, Int, UInt8
from scipy.optimize import minimize
from torch import Tensor

from motionclip_model.data.commands import spoken_forms
from motionclip_model.errors import CheckpointError, UnknownTextError
from motionclip_model.reading import parse_json, require_file

Encode = Callable[[list[str]], Tensor]
"""Texts to [text, embedding] unit vectors of the frozen text encoder."""

PROTOTYPES = 800
"""Known phrases that are kept; with 180, one in thirty short commands of captions is refused."""

REFUSED = 0.02
"""Share of known texts that may be refused, by which the threshold is set."""

CAUGHT = 0.9
"""Share of the background that is refused in any case; all that counts where new texts are few."""

_NEAREST_KNOWN, _NEAREST_BACKGROUND = 3, 5
"""Means over a few neighbours: a single one may be near by a word alone."""

_MOST_TEXTS = 12_000
"""Texts that prototypes are made from; beyond, chance picks them."""

_FEWEST_NEW = 20
"""Held-out texts that were not trained on, below which a quantile of them says nothing."""

_SHIFTS = torch.tensor([0, 2, 4, 6], dtype=torch.uint8)

PREFIX = 'familiarity.'
"""Before the names of a checkpoint's tensors that are no weights of a network."""


@dataclass(frozen=True, eq=False)
class Familiarity:
    """How familiar a text has to be, and to what.

    Attributes:
        known: [known, embedding] prototypes of what the model has seen.
        phrases: One text for each of them, as a suggestion.
        background: [background, embedding] sentences that ask for no motion.
        slope: How fast the score grows with the margin between both.
        offset: Where it starts.
        needed: Least score of a text that is served.
    """

    known: Float[Tensor, 'known embedding']
    phrases: tuple[str, ...]
    background: Float[Tensor, 'background embedding']
    slope: float
    offset: float
    needed: float

    def __post_init__(self) -> None:
        """Refuse what cannot be compared.

        Raises:
            CheckpointError: Sizes disagree.
        """
        if len(self.phrases) != len(self.known) or not len(self.background):
            raise CheckpointError(
                f'{len(self.known)} known prototypes with {len(self.phrases)} phrases and '
                f'{len(self.background)} of the background cannot be compared'
            )

    def score(self, sentences: Float[Tensor, 'text embedding']) -> Float[Tensor, ' text']:
        """Probability that each text asks for something known, both kinds being as frequent.

        Args:
            sentences: Unit vectors of the frozen text encoder.
        """
        margin = _margin(sentences.cpu().float(), self.known, self.background)
        return torch.sigmoid(self.slope * margin + self.offset)

    def nearest(self, sentence: Float[Tensor, ' embedding'], count: int = 3) -> list[str]:
        """Known phrases that are most like a text, nearest first."""
        order = torch.argsort(self.known @ sentence.cpu().float(), descending=True)
        return list(dict.fromkeys(self.phrases[int(i)] for i in order))[:count]

    def check(self, texts: list[str], sentences: Float[Tensor, 'text embedding']) -> None:
        """Refuse texts that ask for nothing known.

        Args:
            texts: What was said.
            sentences: Their unit vectors of the frozen text encoder.

        Raises:
            UnknownTextError: One of them; names what is known and nearest.
        """
        for text, sentence, score in zip(texts, sentences, self.score(sentences), strict=True):
            if score < self.needed:
                raise UnknownTextError(text, float(score), self.needed, self.nearest(sentence))

    def tensors(self) -> dict[str, Tensor]:
        """What a checkpoint keeps beside the weights."""
        return {
            f'{PREFIX}known': _packed(self.known),
            f'{PREFIX}background': _packed(self.background),
        }

    def facts(self) -> dict[str, Any]:
        """What a checkpoint keeps in its header."""
        return {
            'phrases': list(self.phrases),
            'width': self.known.shape[1],
            'slope': self.slope,
            'offset': self.offset,
            'needed': self.needed,
        }


def load_familiarity(path: Path) -> Familiarity | None:
    """Read what a checkpoint says of the texts that it can serve.

    Returns:
        None where it says nothing.

    Raises:
        CheckpointError: It is damaged.
    """
    require_file(path, CheckpointError)
    try:
        with safetensors.safe_open(path, 'pt') as file:
            facts = parse_json((file.metadata() or {})['motionclip']).get('familiarity')
            if facts is None:
                return None
            known, background = (
                _unpacked(file.get_tensor(PREFIX + name), int(facts['width']))
                for name in ('known', 'background')
            )
        numbers = (float(facts[name]) for name in ('slope', 'offset', 'needed'))
        return Familiarity(known, tuple(map(str, facts['phrases'])), background, *numbers)
    except (
        AttributeError, KeyError, OSError, RuntimeError, TypeError, ValueError,
        safetensors.SafetensorError,
    ) as error:  # fmt: skip
        raise CheckpointError(
            f'{path}: damaged checkpoint (what it knows: {error}); take a complete copy'
        ) from None


def fit_familiarity(
    captions: Iterable[str], held_out: Iterable[str], encode: Encode
) -> Familiarity:
    """Learn what is familiar from captions, and from which score on.

    Args:
        captions: Sentences that the model is trained on.
        held_out: Sentences that it is not trained on; `REFUSED` of those that are new, in all
            the forms in which they may be said, may be refused.
        encode: The frozen text encoder.
    """
    texts = _sampled(spoken_forms(captions))
    points = _encoded(texts, encode)
    known, members = _prototypes(points)
    phrases = tuple(_phrase(texts, points, mean, members == i) for i, mean in enumerate(known))
    topics = background_sentences()
    every = _encoded([sentence for topic in topics.values() for sentence in topic], encode)
    # The score is set for what a checkpoint gives back.
    known, background = (_unpacked(_packed(each), each.shape[1]) for each in (known, every))
    seen = set(texts)
    new = _sampled([text for text in spoken_forms(held_out) if text not in seen])
    enough = len(new) >= _FEWEST_NEW
    held = _encoded(new, encode) if enough else points
    margin = _margin(held, known, background)
    # Each sentence is compared with the other topics only: nobody will say just what we wrote.
    sizes = torch.tensor([len(found) for found in topics.values()])
    topic = torch.arange(len(topics)).repeat_interleave(sizes)
    other = torch.cat(
        [_margin(every[topic == i], known, background[topic != i]) for i in range(len(topics))]
    )
    slope, offset = _calibrated(margin.numpy(), other.numpy())
    least = float(other.quantile(CAUGHT))
    if enough:
        least = max(least, float(margin.quantile(REFUSED)))
    needed = 1.0 / (1.0 + math.exp(-slope * least - offset))
    return Familiarity(known, phrases, background, slope, offset, needed)


def background_sentences() -> dict[str, list[str]]:
    """Sentences that ask for no human motion, by topic."""
    path = Path(__file__).with_name('data') / 'background.yaml'
    table = yaml.safe_load(path.read_text())
    return {str(topic): [str(text) for text in texts] for topic, texts in table.items()}


def _margin(texts: Tensor, known: Tensor, background: Tensor) -> Float[Tensor, ' text']:
    def nearness(others: Tensor, count: int) -> Tensor:
        return (texts @ others.T).topk(min(count, len(others)), dim=1).values.mean(1)

    return nearness(known, _NEAREST_KNOWN) - nearness(background, _NEAREST_BACKGROUND)


def _prototypes(
    points: Float[Tensor, 'text embedding'],
) -> tuple[Float[Tensor, 'known embedding'], Int[Tensor, ' text']]:
    """Means around texts that are far from each other, and to which each text belongs.

    Far from each other, because k-means gives rare actions no mean of their own beside
    thousands of walks.
    """
    chosen = _far_apart(points, PROTOTYPES)
    members = (points @ points[chosen].T).argmax(1)
    sums = torch.zeros(len(chosen), points.shape[1]).index_add_(0, members, points)
    taken = members.unique()  # equal embeddings leave a later choice without members
    members = torch.searchsorted(taken, members)
    return torch.nn.functional.normalize(sums[taken], dim=-1), members


def _far_apart(points: Float[Tensor, 'text embedding'], count: int) -> list[int]:
    """Choose points one by one, each the farthest from those before it (Gonzalez 1985)."""
    chosen = [int((points @ points.mean(0)).argmax())]
    nearest = points @ points[chosen[0]]
    while len(chosen) < min(count, len(points)):
        chosen.append(int(nearest.argmin()))
        nearest = torch.maximum(nearest, points @ points[chosen[-1]])
    return chosen


def _packed(directions: Float[Tensor, 'text embedding']) -> UInt8[Tensor, 'text byte']:
    """Two bits a number: means over neighbours need no more, and a checkpoint stays small."""
    deviation = directions.square().mean(1, keepdim=True).sqrt()
    level = ((directions / deviation).floor().clamp(-2.0, 1.0) + 2.0).to(torch.uint8)
    level = torch.nn.functional.pad(level, (0, -level.shape[1] % 4)).unflatten(1, (-1, 4))
    return (level << _SHIFTS).sum(-1).to(torch.uint8)


def _unpacked(packed: UInt8[Tensor, 'text byte'], width: int) -> Float[Tensor, 'text embedding']:
    """Unit vectors of what `_packed` kept, `width` numbers each."""
    level = ((packed[..., None] >> _SHIFTS) & 3).flatten(1)[:, :width]
    return torch.nn.functional.normalize(level.float() - 1.5, dim=-1)


def _phrase(texts: list[str], points: Tensor, mean: Tensor, chosen: Tensor) -> str:
    """The text of a group that stands for it: the nearest of the shorter half."""
    indices = chosen.nonzero()[:, 0].tolist()
    short = sorted(indices, key=lambda i: (len(texts[i]), texts[i]))[: (len(indices) + 1) // 2]
    return texts[short[int((points[short] @ mean).argmax())]]


def _calibrated(known: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Slope and offset of a logistic curve, both sides weighing the same (Platt 1999).

    His softened targets keep the curve finite where the sides do not overlap.
    """
    high, low = (len(known) + 1) / (len(known) + 2), 1 / (len(other) + 2)
    margin = np.concatenate([known, other])
    target = np.concatenate([np.full(len(known), high), np.full(len(other), low)])
    weight = np.concatenate(
        [np.full(len(known), 0.5 / len(known)), np.full(len(other), 0.5 / len(other))]
    )

    def loss(curve: np.ndarray) -> float:
        score = curve[0] * margin + curve[1]
        return float(weight @ (np.logaddexp(0.0, score) - target * score))

    slope, offset = minimize(loss, np.array([10.0, 0.0]), method='BFGS').x
    return float(slope), float(offset)


def _encoded(
    texts: list[str], encode: Encode, batch: int = 128
) -> Float[Tensor, 'text embedding']:
    """Embed many texts, those of a length together, because padding costs time."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    parts = [
        encode([texts[i] for i in order[first : first + batch]]).cpu().float()
        for first in range(0, len(order), batch)
    ]
    return torch.cat(parts)[torch.argsort(torch.tensor(order))]


def _sampled(texts: list[str]) -> list[str]:
    if len(texts) <= _MOST_TEXTS:
        return texts
    chosen = np.random.default_rng(0).choice(len(texts), _MOST_TEXTS, replace=False)
    return [texts[i] for i in np.sort(chosen)]
