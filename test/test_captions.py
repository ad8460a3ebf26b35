"""Words follow what a mirror does to a motion, and terse notes become sentences."""

import pytest

from motionclip_model.data.captions import mirrored_caption, sentences


@pytest.mark.parametrize(
    ('caption', 'mirrored'),
    [
        ('a person waves with the left hand', 'a person waves with the right hand'),
        ('Left turn, then right', 'Right turn, then left'),
        ('steps leftward and right-handed', 'steps rightward and left-handed'),
        ('turns clockwise', 'turns counterclockwise'),
        ('a bright, upright man', 'a bright, upright man'),
        ('wave-left-hand', 'wave-right-hand'),
    ],
)
def test_a_mirror_swaps_sides(caption: str, mirrored: str) -> None:
    assert mirrored_caption(caption) == mirrored
    assert mirrored_caption(mirrored) == caption


def test_terse_descriptions_become_sentences() -> None:
    assert 'a person walks forward' in sentences('Walk')
    assert any('small jetes' in text for text in sentences('dance - small jetes, pirouette'))
    assert 'a person kicks a ball' in sentences('soccer - kick ball')


def test_an_unknown_description_stays() -> None:
    assert sentences('A human is walking') == ['A human is walking']
