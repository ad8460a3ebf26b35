"""A figure as SVG inside a page, with the page's colours."""

import io
import re
from xml.etree import ElementTree

import matplotlib as mpl
from matplotlib.figure import Figure

from motionclip_ros.plotting.style import COLOURS

_VARIABLES = {colour.light: f'var(--{name})' for name, colour in COLOURS.items()}
_COLOUR = re.compile('|'.join(_VARIABLES))
_REFERENCE = re.compile(r'(?<=#)[\w-]+(?=\)|$)')


def svg_element(figure: Figure, prefix: str, label: str) -> ElementTree.Element:
    """Write a figure for a page that holds several.

    Args:
        figure: The figure.
        prefix: Goes before every id, so that no two figures of a page share one.
        label: What a screen reader says of it.

    Returns:
        An `svg` element without namespaces, as HTML has it.
    """
    text = io.StringIO()
    with mpl.rc_context({'svg.hashsalt': prefix}):
        figure.savefig(text, format='svg', metadata={'Date': None, 'Creator': None})
    root = ElementTree.fromstring(text.getvalue())
    for element in root.iter():
        element.tag = _plain(element.tag)
        for name, value in list(element.attrib.items()):
            del element.attrib[name]
            element.set(_plain(name), _themed(_plain(name), value, prefix))
    for unwanted in [child for child in root if child.tag == 'metadata']:
        root.remove(unwanted)
    for parent in list(root.iter()):
        for style in [child for child in parent if child.tag == 'style']:
            parent.remove(style)  # it would count for the whole page
    for name in ('width', 'height', 'version'):
        root.attrib.pop(name, None)
    root.set('role', 'img')
    root.set('aria-label', label)
    return root


def _plain(name: str) -> str:
    return name.rpartition('}')[2]


def _themed(name: str, value: str, prefix: str) -> str:
    """Point at the page's colours and at this figure's own ids."""
    if name == 'id':
        return f'{prefix}-{value}'
    if name == 'href' or 'url(#' in value:
        value = _REFERENCE.sub(lambda found: f'{prefix}-{found.group()}', value)
    return _COLOUR.sub(lambda found: _VARIABLES[found.group()], value)
