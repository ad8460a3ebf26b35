"""Reads what an object shows in a notebook."""

import base64
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

PREFIX = 'data:image/svg+xml;base64,'
SVG = '{http://www.w3.org/2000/svg}'


def card_of(shown: Any) -> Element:
    """Return the picture of an object; fails unless it is XML within XML, without scripts."""
    image = ElementTree.fromstring(shown._repr_html_())
    assert image.tag == 'img'
    assert image.attrib['src'].startswith(PREFIX)
    picture = ElementTree.fromstring(base64.b64decode(image.attrib['src'][len(PREFIX) :]))
    assert picture.tag == f'{SVG}svg'
    assert image.attrib['alt'] == picture.findtext(f'{SVG}title')
    for part in picture.iter():
        assert part.tag != f'{SVG}script'
        assert not [name for name in part.attrib if name.startswith('on') or 'href' in name]
    return picture


def texts(picture: Element) -> list[str]:
    """Everything that is written in a picture, in its order."""
    return [str(part.text or '') for part in picture.iter(f'{SVG}text')]
