"""Cards: what is written in them survives, and round numbers are round."""

import numpy as np
import pytest
from cards import card_of, texts
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model.notebook import as_html, card, printable, round_values, write


class Shown:
    """Shows a line of text and has another as its caption."""

    def __init__(self, caption: str, text: str):
        self.caption, self.text = caption, text

    def _repr_html_(self) -> str:
        picture = card(100.0, 50.0, self.caption)
        write(picture, 10.0, 10.0, self.text)
        return as_html(picture)


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_any_text_is_written_as_it_is(caption, text) -> None:
    picture = card_of(Shown(caption, text))
    assert texts(picture) == [printable(caption), printable(text)]
    assert picture.attrib['width'] == '100'


def test_what_no_document_can_hold_is_marked() -> None:
    assert printable('a\x00b\ud800c\ufffed\n<&>') == 'a\ufffdb\ufffdc\ufffdd\ufffd<&>'


@pytest.mark.parametrize('scheme', ['', 'prefers-color-scheme:dark'])
def test_words_stand_out_on_light_and_on_dark_cards(scheme) -> None:
    style = str(card(10.0, 10.0, '').findtext('style'))
    _, _, block = style.partition(scheme) if scheme else ('', '', style)
    colours = dict(
        part.strip().removeprefix('svg{').removeprefix('--').split(':')
        for part in block[block.index('svg{') : block.index('}')].split(';')
    )
    paper = luminance(colours['paper'])
    contrast = {
        name: (max(paper, own) + 0.05) / (min(paper, own) + 0.05)
        for name, own in ((name, luminance(value)) for name, value in colours.items())
    }
    assert contrast['ink'] > 10.0
    assert min(contrast[name] for name in contrast if name[0] == 'c') > 3.0
    assert contrast['faint'] > 3.5


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb", as WCAG defines it."""
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 12))
def test_round_values_lie_inside_and_evenly(low, length, count) -> None:
    values = round_values(low, low + length, count)
    slack = 1e-6 * max(abs(low), length)
    assert count / 2.5 - 1.0 <= len(values) <= count + 1
    assert all(low - slack <= value <= low + length + slack for value in values)
    if len(values) > 1:
        step = values[1] - values[0]
        np.testing.assert_allclose(np.diff(values), step, rtol=1e-6)
        mantissa = step / 10.0 ** np.floor(np.log10(step) + 1e-6)
        assert round(mantissa, 3) in (1.0, 2.0, 5.0)
    assert '-0' not in [f'{value:g}' for value in values]
