"""Recognition, edits and mixtures in the model's own space."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.errors import MotionClipError, TextError
from motionclip_model.latent import (
    PROMPTS,
    Term,
    edited,
    interpolated,
    label_embeddings,
    meanings,
    parse_terms,
    recognise,
    recognise_many,
)
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion

WORDS = st.text('abcdefg-', min_size=1, max_size=8).filter(lambda word: word.strip('-'))


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


def test_motions_are_recognised_alike_alone_and_together(
    model: MotionClip, clips: dict[str, Path]
) -> None:
    motions = [Motion.load(clips[action]) for action in ('walk', 'kick')]
    labels = ('walk', 'kick', 'bow')
    assert recognise_many(model, motions, labels) == [recognise(model, m, labels) for m in motions]


@pytest.mark.parametrize('labels', [('walk',), ('walk', 'walk'), ()])
def test_one_label_is_no_choice(
    model: MotionClip, clips: dict[str, Path], labels: tuple[str, ...]
) -> None:
    with pytest.raises(TextError, match='at least two'):
        recognise(model, Motion.load(clips['walk']), labels)


def test_an_edit_without_strength_changes_nothing(model: MotionClip) -> None:
    terms = parse_terms('walk + tired - normal')
    assert torch.allclose(edited(model, terms, 0.0), meanings(model, ['walk'])[0], atol=1e-6)


def test_adding_and_taking_the_same_changes_nothing(model: MotionClip) -> None:
    found = edited(model, parse_terms('walk + tired - tired'))
    assert torch.allclose(found, meanings(model, ['walk'])[0], atol=1e-5)


def test_an_edit_is_a_unit_vector_between_motions_and_texts(
    model: MotionClip, clips: dict[str, Path]
) -> None:
    walk = Motion.load(clips['walk'])
    found = edited(model, (Term(1, walk), Term(-1, 'walk'), Term(1, 'run')))
    assert float(found.norm()) == pytest.approx(1.0, abs=1e-5)
    run, plain = meanings(model, ['run', walk])
    assert found @ run > plain @ run + 0.2


def test_a_walk_edited_into_a_run_looks_more_like_running(model: MotionClip) -> None:
    walk, run = meanings(model, ['walk', 'run'])
    changed = edited(model, parse_terms('walk + run - walk'))
    motions = model.generate_many(
        torch.stack([walk, walk, changed, changed]), [3.0] * 4, [0, 1] * 2
    )
    likeness = model.encode_motions(motions) @ (run - walk)
    assert likeness[2:].mean() > likeness[:2].mean() + 0.1


def test_what_cancels_out_is_refused(model: MotionClip) -> None:
    with pytest.raises(MotionClipError, match='cancel out'):
        edited(model, parse_terms('walk - walk'))


@given(st.lists(st.tuples(st.sampled_from([1, -1]), WORDS), min_size=1, max_size=5))
def test_a_written_sum_is_read_back(terms: list[tuple[int, str]]) -> None:
    text = ' '.join(f'{"+" if sign > 0 else "-"} {word}' for sign, word in terms)
    assert parse_terms(text) == tuple(Term(*term) for term in terms)


def test_signs_within_words_are_no_signs() -> None:
    assert parse_terms(' do push-ups +  left-handed ') == (
        Term(1, 'do push-ups'),
        Term(1, 'left-handed'),
    )


@pytest.mark.parametrize('text', ['', ' ', '+', 'walk +', 'walk + - run', '- '])
def test_a_sum_with_a_gap_is_refused(text: str) -> None:
    with pytest.raises(TextError, match='a text is missing'):
        parse_terms(text)


@given(st.integers(2, 4), st.integers(0, 9), st.integers(0, 99))
def test_interpolation_starts_ends_and_stays_on_the_sphere(
    count: int, more: int, seed: int
) -> None:
    source = torch.Generator().manual_seed(seed)
    points = torch.nn.functional.normalize(torch.randn(count, 8, generator=source), dim=-1)
    found = interpolated(points, count + more)
    assert torch.allclose(found[[0, -1]], points[[0, -1]], atol=1e-5)
    assert torch.allclose(found.norm(dim=1), torch.ones(count + more), atol=1e-5)
    if not more:
        assert torch.allclose(found, points, atol=1e-5)


def test_interpolation_leaves_one_end_for_the_other_steadily() -> None:
    points = torch.eye(4)[:2]
    nearness = interpolated(points, 7) @ points[1]
    assert (nearness.diff() > 0.0).all()


def test_interpolation_needs_two_points_and_as_many_stops() -> None:
    for points, stops in ((1, 5), (3, 2)):
        with pytest.raises(MotionClipError, match='at least two points'):
            interpolated(torch.eye(4)[:points], stops)
