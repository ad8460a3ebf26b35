"""What the aligned space is good for besides generation: naming what a motion shows."""

from typing import NamedTuple

import torch

from motionclip_model.errors import TextError
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion

PROMPTS = ('{}', 'a person: {}', 'someone does this: {}', 'the motion is {}')
"""A label stands in each of these sentences and the embeddings are averaged."""

DEFAULT_LABELS: tuple[str, ...] = (
    'walk forward',
    'walk backward',
    'walk and turn left',
    'walk and turn right',
    'run',
    'wave with the left hand',
    'wave with the right hand',
    'wave with both hands',
    'raise the left hand',
    'raise the right hand',
    'raise both hands',
    'bow',
    'kick',
    'punch',
    'jump',
    'dance',
    'sit down',
    'stand still',
)

_TEMPERATURE = 0.06
"""Same as in training, so that scores read as probabilities."""


class Recognition(NamedTuple):
    """A label with its probability among the labels and its cosine to the motion."""

    label: str
    score: float
    cosine: float


def label_embeddings(model: MotionClip, labels: list[str]) -> torch.Tensor:
    """Embed labels with prompt ensembling (Radford et al. 2021, section 3.1.4).

    Returns:
        [label, embedding] unit vectors.
    """
    sentences = [prompt.format(label) for label in labels for prompt in PROMPTS]
    meaning = model.encode_text(sentences).meaning
    return torch.nn.functional.normalize(
        meaning.unflatten(0, (len(labels), len(PROMPTS))).mean(1), dim=-1
    )


def recognise(
    model: MotionClip, motion: Motion, labels: tuple[str, ...] = DEFAULT_LABELS
) -> list[Recognition]:
    """Say which label fits a motion best.

    Args:
        model: A trained model.
        motion: What is to be named.
        labels: Candidates in plain words; at least two.

    Returns:
        All labels, best first; the scores add up to 1.

    Raises:
        TextError: Fewer than two labels, or a label that cannot be encoded.
    """
    if len(labels) < 2:
        raise TextError('recognition chooses between labels; give at least two', ','.join(labels))
    cosine = (model.encode_motions([motion]) @ label_embeddings(model, list(labels)).T)[0]
    score = torch.softmax(cosine / _TEMPERATURE, dim=0)
    return [
        Recognition(labels[int(i)], float(score[i]), float(cosine[i]))
        for i in torch.argsort(cosine, descending=True)
    ]
