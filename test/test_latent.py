"""Recognition ranks labels by the model's own space."""

from pathlib import Path

import pytest
import torch

from motionclip_model.errors import TextError
from motionclip_model.latent import PROMPTS, label_embeddings, recognise
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion


@pytest.fixture(scope='module')
def model() -> MotionClip:
    return MotionClip.load('base')


def test_scores_are_probabilities_best_first(model: MotionClip, clips: dict[str, Path]) -> None:
    found = recognise(model, Motion.load(clips['walk']), ('walk', 'kick', 'bow'))
    assert {entry.label for entry in found} == {'walk', 'kick', 'bow'}
    assert sum(entry.score for entry in found) == pytest.approx(1.0, abs=1e-5)
    assert [e.score for e in found] == sorted((e.score for e in found), reverse=True)


def test_labels_are_means_over_prompts(model: MotionClip) -> None:
    ours = label_embeddings(model, ['walk', 'kick'])[0]
    each = model.encode_text([prompt.format('walk') for prompt in PROMPTS]).meaning
    assert torch.allclose(ours, torch.nn.functional.normalize(each.mean(0), dim=0), atol=1e-5)


@pytest.mark.parametrize(
    ('action', 'label'), [('walk', 'walk'), ('run', 'run'), ('dance', 'dance'), ('sit', 'sit')]
)
def test_plain_actions_are_recognised(
    model: MotionClip, clips: dict[str, Path], action: str, label: str
) -> None:
    labels = ('walk', 'run', 'dance', 'sit down', 'wave with the right hand', 'bow')
    assert recognise(model, Motion.load(clips[action]), labels)[0].label.startswith(label)


def test_one_label_is_no_choice(model: MotionClip, clips: dict[str, Path]) -> None:
    with pytest.raises(TextError, match='at least two'):
        recognise(model, Motion.load(clips['walk']), ('walk',))
