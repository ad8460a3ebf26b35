"""Small pictures for notebooks: SVG cards without scripts, inside an `<img>`.

An image brings its own colours, light or dark, that no page's style can disturb, and notebooks
that are not trusted show it where they strip SVG from their pages.
"""

import base64
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import numpy as np

MARGIN = 12.0
"""Around what a card shows [px]."""

CAPTION_HEIGHT = 30.0
"""Of the strip at the foot of a card [px]."""

_STYLE = """
svg{--paper:#fbfbfc;--edge:#d5d8de;--ink:#33383f;--faint:#7b828c;--rule:#c3c8d0;
--c0:#2f78c4;--c1:#d4761c;--c2:#2c9466;--c3:#9355bb;--c4:#c8473f;--c5:#857028}
@media(prefers-color-scheme:dark){svg{--paper:#1d2025;--edge:#3b4048;--ink:#dfe3e8;
--faint:#969da8;--rule:#4a505a;--c0:#64a8ef;--c1:#f0993f;--c2:#55c393;--c3:#bd8be0;
--c4:#f0796f;--c5:#c4ac5c}}
text{font:12px system-ui,sans-serif;fill:var(--ink)}
.faint{fill:var(--faint)}
path,line{fill:none;stroke-linecap:round;stroke-linejoin:round}
"""

COLOURS = tuple(f'var(--c{index})' for index in range(6))
"""Colours that can be told apart, on light and on dark cards."""

INK, FAINT, RULE = 'var(--ink)', 'var(--faint)', 'var(--rule)'

_NOT_XML = re.compile('[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def card(width: float, height: float, caption: str) -> Element:
    """Begin a picture.

    Args:
        width: Of the card [px].
        height: Of the card, caption and all [px].
        caption: What it shows, in one line at its foot.

    Returns:
        The root element; what is added is drawn on top.
    """
    size = {'width': f'{width:g}', 'height': f'{height:g}'}
    box = f'0 0 {width:g} {height:g}'
    root = Element('svg', size, xmlns='http://www.w3.org/2000/svg', viewBox=box)
    SubElement(root, 'title').text = printable(caption)
    SubElement(root, 'style').text = _STYLE
    frame = {'x': '0.5', 'y': '0.5', 'width': f'{width - 1:g}', 'height': f'{height - 1:g}'}
    SubElement(root, 'rect', frame, rx='6', fill='var(--paper)', stroke='var(--edge)')
    write(root, MARGIN, height - MARGIN, caption)
    return root


def write(
    parent: Element, x: float, y: float, text: str, anchor: str = 'start', **look: str
) -> None:
    """Add a line of text whose baseline starts, has its middle, or ends at a place [px]."""
    place = {'x': f'{x:.1f}', 'y': f'{y:.1f}', 'text-anchor': anchor}
    SubElement(parent, 'text', place, **look).text = printable(text)


def printable(text: str) -> str:
    """Replace what no XML document can hold, and what is no part of a line."""
    return _NOT_XML.sub('\ufffd', text)


def as_html(picture: Element) -> str:
    """Return a card as HTML that stands alone."""
    data = base64.b64encode(ElementTree.tostring(picture)).decode()
    look = {'width': picture.attrib['width'], 'height': picture.attrib['height']}
    image = Element('img', look, alt=str(picture.findtext('title')))
    image.set('src', f'data:image/svg+xml;base64,{data}')
    return ElementTree.tostring(image, encoding='unicode')


def round_values(low: float, high: float, count: int) -> list[float]:
    """Return about so many round numbers, in steps of 1, 2 or 5, from `low` to `high`."""
    least = (high - low) / count
    power = 10.0 ** np.floor(np.log10(least))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least)
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    # Adding zero makes a minus zero plain.
    return [float(number * step) + 0.0 for number in np.arange(first, last + 1)]
