"""Text commands: rows of motions, sums and mixtures of meanings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.errors import TextError, UnknownTextError
from motionclip_model.instruction import (
    encode,
    generate_encoded,
    generate_motion,
    understand,
)
from motionclip_model.latent import edited, meanings, parse_terms
from motionclip_model.model import MotionClip

WORDS = st.sampled_from(['walk', 'run', 'wave with the left hand', 'sit down', 'push-ups'])


@pytest.fixture(scope='module')
def model() -> MotionClip:
    return MotionClip.load('base')


@given(st.lists(WORDS, min_size=1, max_size=4), st.sampled_from(['; ', ', then ', ' and then ']))
def test_motions_in_a_row_come_in_order(parts, seam) -> None:
    found = understand(seam.join(parts))
    assert found.parts == tuple(parts)
    assert not found.terms
    assert found.share is None


@given(WORDS, st.lists(st.tuples(st.sampled_from('+-'), WORDS), min_size=1, max_size=3))
def test_signs_between_spaces_make_a_sum(first, rest) -> None:
    text = ' '.join([first, *(f'{sign} {words}' for sign, words in rest)])
    found = understand(text)
    assert [str(term.source) for term in found.terms] == [first, *(words for _, words in rest)]
    assert [term.sign for term in found.terms[1:]] == [1 if s == '+' else -1 for s, _ in rest]
    assert found.known_by == [first]


@given(WORDS, WORDS, st.integers(0, 100))
def test_between_two_motions_lies_a_mixture(first, second, percent) -> None:
    assert understand(f'between {first} and {second}').share == 0.5
    assert understand(f'Halfway between {first} and {second}.').share == 0.5
    found = understand(f'{percent} % between {first} and {second}')
    assert found.parts == (first, second)
    assert found.share == pytest.approx(percent / 100)
    assert found.known_by == [first, second]


@pytest.mark.parametrize('text', ['', '  ', 'walk +  - run', '120 % between walk and run'])
def test_what_makes_no_sense_is_refused(text) -> None:
    with pytest.raises(TextError):
        understand(text)


def test_sums_and_mixtures_mean_what_the_latent_space_says(model) -> None:
    terms = parse_terms('walk + tired - normal')
    found = encode(model, understand('walk + tired - normal'))
    assert (found[0] - edited(model, terms)).abs().max() < 1e-6
    walk, run = meanings(model, ['walk', 'run'])
    for percent, expected in ((0, walk), (100, run)):
        found = encode(model, understand(f'{percent} % between walk and run'))
        assert (found[0] - expected).abs().max() < 1e-5
    middle = encode(model, understand('between walk and run'))[0]
    assert float(middle @ walk) == pytest.approx(float(middle @ run), abs=1e-4)


@pytest.mark.parametrize('text', ['walk + sad - calm', 'between walk and run', 'walk; bow'])
def test_every_kind_becomes_a_motion_of_the_wanted_length(model, text) -> None:
    motion = generate_encoded(model, encode(model, understand(text)), 4.0, 1)
    assert motion.seconds == pytest.approx(4.0, abs=0.1)


def test_a_text_becomes_a_motion_in_one_call(model) -> None:
    text = 'walk forward, then bow'
    motion = generate_motion(model, text, seconds=5.0, seed=3)
    parts = generate_encoded(model, encode(model, understand(text)), 5.0, 3)
    assert (motion.joint_rotations == parts.joint_rotations).all()
    assert motion.seconds == 5.0
    with pytest.raises(UnknownTextError):
        generate_motion(model, 'stock prices fell')
    assert generate_motion(model, 'stock prices fell', seconds=1.0, force=True).seconds == 1.0
