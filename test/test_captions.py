"""Words follow what a mirror does to a motion, and terse notes become sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.data.captions import action_of, command, mirrored_caption, sentences

_WORDS = (
    'left', 'right', 'Left', 'RIGHT', 'lefty', 'leftmost', 'right-handed', 'lefthand', 'rights',
    'clockwise', 'counterclockwise', 'angle', 'away', 'what is', 'all', 'upright', 'bright',
    'leftover', 'lEft', 'nothing', 'hand', 'now', '-', ',', '90-degree', 'before', "what's",
)  # fmt: skip


@pytest.mark.parametrize(
    ('caption', 'mirrored'),
    [
        ('a person waves with the left hand', 'a person waves with the right hand'),
        ('Left turn, then right', 'Right turn, then left'),
        ('steps leftward and right-handed', 'steps rightward and left-handed'),
        ('turns clockwise', 'turns counterclockwise'),
        ('a bright, upright man', 'a bright, upright man'),
        ('wave-left-hand', 'wave-right-hand'),
        ('a LEFTY throws leftwards', 'a RIGHTY throws rightwards'),
        ('the leftmost of two rights', 'the rightmost of two lefts'),
        ('what is left of it', 'what is left of it'),
        ('turns left by a right angle', 'turns right by a right angle'),
        ('all right, he goes right away', 'all right, he goes right away'),
        ('nothing left, rightly so', 'nothing left, rightly so'),
    ],
)
def test_a_mirror_swaps_sides(caption: str, mirrored: str) -> None:
    assert mirrored_caption(caption) == mirrored
    assert mirrored_caption(mirrored) == caption


@given(st.lists(st.sampled_from(_WORDS), max_size=8))
def test_two_mirrors_give_the_words_back(words: list[str]) -> None:
    caption = ' '.join(words)
    assert mirrored_caption(mirrored_caption(caption)) == caption


@pytest.mark.parametrize('word', ['anticlockwise', 'counter-clockwise', 'anti-clockwise'])
def test_every_spelling_of_turning_against_the_clock_is_swapped(word: str) -> None:
    assert mirrored_caption(f'turns {word}') == 'turns clockwise'


def test_terse_descriptions_become_sentences() -> None:
    assert 'a person walks forward' in sentences('Walk')
    assert any('small jetes' in text for text in sentences('dance - small jetes, pirouette'))
    assert 'a person kicks a ball' in sentences('soccer - kick ball')


def test_an_unknown_description_stays() -> None:
    assert sentences('A human is walking') == ['A human is walking']


@pytest.mark.parametrize(
    ('descriptions', 'action'),
    [
        (['A human stands upright.', 'dance - small jetes, pirouette'], 'dance'),
        (['soccer - kick ball'], 'kick'),
        (['Run'], 'run'),
        (['a man strolls ahead and then sits down'], 'walk'),
        (['someone stands up from a chair'], 'stand up'),
        (['a person juggles'], 'other'),
    ],
)
def test_actions_have_the_same_name_in_every_collection(
    descriptions: list[str], action: str
) -> None:
    assert action_of(descriptions) == action


def test_a_plain_clip_answers_to_the_bare_command() -> None:
    assert command('wave-right-hand', 'normal') == ['wave right hand']
    assert not command('wave-right-hand', 'tired')
    assert not command('', '')
