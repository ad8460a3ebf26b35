"""Sentences in other words: grammatical, on the right side, the same every time."""

from pathlib import Path

import pytest
import yaml

from motionclip_model.data import paraphrases
from motionclip_model.data.captions import mirrored_caption
from motionclip_model.data.corpus import load_corpus
from motionclip_model.data.paraphrases import sentences_for
from motionclip_model.text_encoder import clean_text

TABLE = yaml.safe_load(Path(paraphrases.__file__).with_suffix('.yaml').read_text())


@pytest.mark.parametrize('action', TABLE['actions'])
def test_every_sentence_is_a_usable_command(action: str) -> None:
    found = sentences_for(action, 'tired')
    assert len(found) == len(set(found)) >= 12
    for sentence in found:
        assert clean_text(sentence) == sentence
        assert '*' not in sentence
        assert '{' not in sentence


def test_a_mirrored_action_is_said_with_the_other_side() -> None:
    left, right = (sentences_for(f'wave-{side}-hand', 'normal') for side in ('left', 'right'))
    assert all('right' not in sentence for sentence in left)
    assert all('left' not in sentence for sentence in right)
    assert all('right' in sentence for sentence in right)
    assert mirrored_caption('wave your left hand') == 'wave your right hand'


def test_a_style_is_said_and_a_plain_one_is_not() -> None:
    sad = TABLE['styles']['sad']
    assert all(any(manner in found for manner in sad) for found in sentences_for('bow', 'sad'))
    assert not any(manner in found for manner in sad for found in sentences_for('bow', 'normal'))


@pytest.mark.parametrize(
    ('verb', 'third', 'progressive'),
    [
        ('walk', 'walks', 'walking'),
        ('carry', 'carries', 'carrying'),
        ('wave', 'waves', 'waving'),
        ('run', 'runs', 'running'),
        ('punch', 'punches', 'punching'),
        ('go', 'goes', 'going'),
        ('lie', 'lies', 'lying'),
        ('kneel', 'kneels', 'kneeling'),
        ('play', 'plays', 'playing'),
    ],
)
def test_verbs_are_inflected(verb: str, third: str, progressive: str) -> None:
    assert paraphrases._third_person(verb) == third
    assert paraphrases._progressive(verb) == progressive


def test_training_clips_keep_their_captions_and_get_others(corpus: Path) -> None:
    plain = {clip.name: clip for clip in load_corpus(corpus, 'train')}
    richer = [clip for clip in load_corpus(corpus, 'train', mirror=True) if clip.name in plain]
    again = load_corpus(corpus, 'train', mirror=True)
    for clip in richer:
        own = plain[clip.name].captions
        assert clip.captions[: len(own)] == own
    assert sum(len(clip.captions) for clip in richer) > sum(
        len(clip.captions) for clip in plain.values()
    )
    assert [clip.captions for clip in again[: len(richer)]] == [clip.captions for clip in richer]
