"""Texts that ask for no known motion are told from commands."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors.torch
import torch

from motionclip_model.abstention import (
    PREFIX,
    REFUSED,
    Familiarity,
    background_sentences,
    fit_familiarity,
    load_familiarity,
)
from motionclip_model.data.corpus import load_corpus
from motionclip_model.errors import CheckpointError, UnknownTextError
from motionclip_model.text_encoder import TextEncoder

CAPTIONS = [
    f'{who} {what}'
    for who in ('a person', 'someone')
    for what in (
        'walks forward',
        'walks backward',
        'turns left while walking',
        'runs fast',
        'waves with the right hand',
        'raises both arms',
        'bows deeply',
        'kicks with the left leg',
        'jumps up',
        'dances happily',
        'sits down on a chair',
        'punches with the fist',
    )
]
HELD_OUT = [
    'a figure strolls ahead',
    'a figure hops in place',
    'a human lifts the left hand',
    'a human goes back some steps',
    'somebody boxes in the air',
    'somebody takes a seat',
    'a person greets with a bow',
    'a person sprints away',
    'someone turns to the right on the spot',
    'someone swings the hand to say hello',
]


@pytest.fixture(scope='module')
def encoder() -> TextEncoder:
    return TextEncoder.load()


@pytest.fixture(scope='module')
def known(encoder: TextEncoder) -> Familiarity:
    return fit_familiarity(CAPTIONS, HELD_OUT, lambda texts: encoder.encode(texts).meaning)


@pytest.mark.parametrize(
    'text', ['wave', 'jump!', 'please walk backwards', 'could you bow?', 'kick', 'raise your arms']
)
def test_commands_are_familiar(known: Familiarity, encoder: TextEncoder, text: str) -> None:
    known.check([text], encoder.encode([text]).meaning)


@pytest.mark.parametrize(
    'text',
    [
        'stock prices fell',
        'what time is it',
        'the theory of relativity',
        'a person thinks about taxes',
        'the printer is out of paper',
        'Maria Gonzalez',
        'fry the onions in butter',
    ],
)
def test_what_asks_for_no_motion_is_refused(
    known: Familiarity, encoder: TextEncoder, text: str
) -> None:
    with pytest.raises(UnknownTextError, match='nearest known') as caught:
        known.check(['walk', text], encoder.encode(['walk', text]).meaning)
    assert repr(text) in str(caught.value)
    assert caught.value.score < known.needed
    assert len(caught.value.nearest) == 3


def test_few_of_the_sentences_that_are_known_are_refused(
    known: Familiarity, encoder: TextEncoder
) -> None:
    score = known.score(encoder.encode(CAPTIONS).meaning)
    assert ((score >= 0.0) & (score <= 1.0)).all()
    assert (score < known.needed).float().mean() <= 2 * REFUSED


def test_sentences_of_the_background_are_refused(known: Familiarity, encoder: TextEncoder) -> None:
    texts = [text for topic in background_sentences().values() for text in topic[:3]]
    assert (known.score(encoder.encode(texts).meaning) < known.needed).float().mean() > 0.95


def test_what_is_near_to_the_background_is_less_familiar(
    known: Familiarity, encoder: TextEncoder
) -> None:
    sentence = encoder.encode(['wave']).meaning
    nearer = replace(known, background=torch.cat([known.background, sentence.expand(5, -1)]))
    assert nearer.score(sentence)[0] < 0.5 * known.score(sentence)[0]


def test_suggestions_are_known_and_near(known: Familiarity, encoder: TextEncoder) -> None:
    found = known.nearest(encoder.encode(['greet by moving the right hand']).meaning[0], 4)
    assert any('wave' in phrase for phrase in found)
    assert len(set(found)) == len(found)


def test_order_and_number_of_texts_change_nothing(
    known: Familiarity, encoder: TextEncoder
) -> None:
    sentences = encoder.encode(['wave', 'the price of tea', 'bow']).meaning
    together = known.score(sentences)
    alone = torch.cat([known.score(sentence[None]) for sentence in sentences])
    assert torch.allclose(together, alone, atol=1e-6)


def test_fitting_twice_gives_the_same(known: Familiarity, encoder: TextEncoder) -> None:
    again = fit_familiarity(CAPTIONS, HELD_OUT, lambda texts: encoder.encode(texts).meaning)
    assert torch.equal(known.known, again.known)
    assert known.facts() == again.facts()


def test_a_handful_of_captions_is_enough(corpus: Path, encoder: TextEncoder) -> None:
    texts = [text for clip in load_corpus(corpus, 'train') for text in clip.captions]
    found = fit_familiarity(texts, [], lambda some: encoder.encode(some).meaning)
    assert len(found.phrases) == len(found.known)
    found.check(texts[:1], encoder.encode(texts[:1]).meaning)


def test_a_checkpoint_keeps_it(known: Familiarity, encoder: TextEncoder, tmp_path: Path) -> None:
    path = tmp_path / 'm.safetensors'
    header = {'motionclip': json.dumps({'familiarity': known.facts()})}
    safetensors.torch.save_file(known.tensors(), path, header)
    again = load_familiarity(path)
    assert again is not None
    assert again.phrases == known.phrases
    sentences = encoder.encode(['wave', 'the price of tea', 'bow']).meaning
    assert torch.allclose(again.score(sentences), known.score(sentences), atol=1e-6)


def test_a_checkpoint_may_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / 'm.safetensors'
    safetensors.torch.save_file({'a': torch.zeros(1)}, path, {'motionclip': '{}'})
    assert load_familiarity(path) is None


@pytest.mark.parametrize('damage', ['tensor', 'number', 'phrases'])
def test_a_damaged_checkpoint_says_so(known: Familiarity, tmp_path: Path, damage: str) -> None:
    tensors, facts = known.tensors(), known.facts()
    if damage == 'tensor':
        del tensors[f'{PREFIX}known']
    elif damage == 'number':
        facts['slope'] = 'steep'
    else:
        facts['phrases'] = facts['phrases'][1:]
    path = tmp_path / 'm.safetensors'
    header = {'motionclip': json.dumps({'familiarity': facts})}
    safetensors.torch.save_file(tensors, path, header)
    with pytest.raises(CheckpointError):
        load_familiarity(path)
