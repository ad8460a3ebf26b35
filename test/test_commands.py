"""Captions become what people would say instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.data.commands import command, spoken_forms


@pytest.mark.parametrize(
    ('caption', 'said'),
    [
        ('a person waves happily.', 'wave happily'),
        ('someone goes back', 'go back'),
        ('a human crouches', 'crouch'),
        ('a figure carries a box', 'carry a box'),
        ('someone lies down', 'lie down'),
        ('a person slowly walks on', 'slowly walk on'),
        ('The human dances.', 'dance'),
    ],
)
def test_the_verb_of_a_caption_becomes_a_command(caption: str, said: str) -> None:
    assert command(caption) == said


@pytest.mark.parametrize(
    'caption',
    ['walk', 'a person who bows', 'a man walking home', "a person's arm", 'a person is tired'],
)
def test_what_has_no_subject_and_verb_holds_no_command(caption: str) -> None:
    assert command(caption) is None


def test_forms_are_captions_commands_their_cores_and_common_verbs() -> None:
    captions = ['a person waves with both arms', 'someone waves, then bows', 'run']
    assert spoken_forms(captions) == [
        *captions,
        'wave with both arms',
        'wave, then bows',
        'wave',
    ]


@given(st.lists(st.text('aeiosx ,.', max_size=30).map(lambda rest: f'someone {rest}')))
def test_every_caption_is_a_form_and_none_is_empty_or_twice(captions: list[str]) -> None:
    forms = spoken_forms(captions)
    assert set(captions) <= set(forms)
    assert all(forms)
    assert len(set(forms)) == len(forms)
