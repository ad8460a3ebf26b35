"""No licence counts as commercial that does not say so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model.data.licences import Terms, is_free_caption, terms_of


@pytest.mark.parametrize(
    ('licence', 'terms'),
    [
        ('CC0 1.0', Terms.COMMERCIAL),
        ('CC0', Terms.COMMERCIAL),
        ('CC BY 4.0', Terms.COMMERCIAL),
        ('CC-BY-4.0', Terms.COMMERCIAL),
        ('Creative Commons Attribution 4.0 International', Terms.COMMERCIAL),
        ('CMU mocap: free for all uses, no direct resale', Terms.COMMERCIAL),
        ('MIT', Terms.COMMERCIAL),
        ('Apache-2.0', Terms.COMMERCIAL),
        ('CC BY-NC 4.0', Terms.NON_COMMERCIAL),
        ('cc by-nc-sa 3.0', Terms.NON_COMMERCIAL),
        ('Creative Commons Attribution-NonCommercial 4.0', Terms.NON_COMMERCIAL),
        ('CC BY-ND 4.0', Terms.NON_COMMERCIAL),
        ('AMASS: non-commercial research only', Terms.NON_COMMERCIAL),
        ('free for academic use', Terms.NON_COMMERCIAL),
        ('unknown', Terms.UNKNOWN),
        ('', Terms.UNKNOWN),
        ('permitted', Terms.UNKNOWN),
        ('not MIT', Terms.UNKNOWN),
        ('ask us', Terms.UNKNOWN),
    ],
)
def test_licences_are_told_apart(licence: str, terms: Terms) -> None:
    assert terms_of(licence) is terms
    assert terms_of(f'  {licence.upper()} ') is terms


@given(st.text(max_size=30))
def test_an_unheard_of_licence_is_never_commercial(licence: str) -> None:
    assert terms_of(f'?{licence} NonCommercial') is Terms.NON_COMMERCIAL
    assert terms_of(f'house rules {licence}') is not Terms.COMMERCIAL or 'public' in licence


def test_captions_have_terms_of_their_own() -> None:
    assert is_free_caption('')
    assert is_free_caption('own sentences from content, style and measured facts')
    assert not is_free_caption('KIT-ML')
    assert not is_free_caption('BABEL')
