"""The two ways to write a page: one tall picture, or one HTML file that needs no other."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from motionclip_model.errors import ConfigError
from motionclip_model.storage import write_atomically
from motionclip_ros.plotting.document import Document, Plot, Table
from motionclip_ros.plotting.style import COLOURS, INK, MUTED, WIDTH, new_figure
from motionclip_ros.plotting.svg import svg_element

_COLUMNS = 140
"""Characters of small type that fit into a line of a picture."""

_STYLE = """
:root { color-scheme: light dark; LIGHT }
@media (prefers-color-scheme: dark) { :root { DARK } }
body { margin: 0 auto; padding: 1.5rem; max-width: 75rem; color: var(--ink);
  background: var(--paper); font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; margin: 0 }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0 }
.headline { font-size: 1.1rem; margin: .5rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: 1rem 0;
  font-size: .9rem }
dt, .note { color: var(--muted) }
dd { margin: 0 }
figure { margin: .5rem 0 }
figure p, .note { margin: .25rem 0; font-size: .9rem }
svg { width: 100%; height: auto; stroke-linejoin: round; stroke-linecap: butt }
details { margin: .5rem 0 1rem; font-size: .85rem }
summary { cursor: pointer; color: var(--muted) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums }
th, td { padding: .15rem .75rem .15rem 0; text-align: left; border-bottom: 1px solid var(--grid);
  overflow-wrap: normal }
"""


def check_ending(path: Path) -> None:
    """Refuse, before anything is measured, what no page can be written to.

    Raises:
        ConfigError: The name ends otherwise.
    """
    if path.suffix.lower() not in ('.png', '.html'):
        raise ConfigError(f'{path}: plots are written as .png or .html')


def write(document: Document, path: Path) -> None:
    """Write a page, as picture or HTML by the ending of the file's name.

    Raises:
        ConfigError: The name ends otherwise.
    """
    check_ending(path)
    if path.suffix.lower() == '.html':
        with write_atomically(path) as file:
            file.write(html(document).encode())
    else:
        picture = png(document)
        with write_atomically(path) as file:
            picture.save(file, format='PNG', optimize=True)


def png(document: Document) -> Image.Image:
    """Draw a page as one picture, figure below figure."""
    facts = '   '.join(f'{name}: {value}' for name, value in document.facts)
    parts = [
        _strip(document.title, [*document.headline], [facts]),
        *(
            part
            for plot in document.plots
            for part in (_strip('', [plot.title], [plot.reading]), _pixels(plot.figure))
        ),
    ]
    return Image.fromarray(np.concatenate(parts))


def _pixels(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return np.asarray(pixels)[..., :3].copy()


def _strip(title: str, lines: Sequence[str], small: Sequence[str]) -> np.ndarray:
    """Draw lines of text over the whole width."""
    rows: list[tuple[str, float, str, str]] = [
        (line, 17.0, 'bold', INK) for line in textwrap.wrap(title, _COLUMNS // 2)
    ]
    rows += [
        (row, 12.0, 'bold' if not title else 'normal', INK)
        for line in lines
        for row in textwrap.wrap(line, _COLUMNS * 4 // 5)
    ]
    rows += [
        (row, 9.5, 'normal', MUTED) for line in small for row in textwrap.wrap(line, _COLUMNS)
    ]
    heights = [size * 1.55 / 72 for _, size, _, _ in rows]
    figure = new_figure(sum(heights) + 0.25)
    figure.set_layout_engine('none')
    top = figure.get_figheight() - 0.18
    for (text, size, weight, colour), height in zip(rows, heights, strict=True):
        figure.text(
            0.12 / WIDTH,
            top / figure.get_figheight(),
            text,
            size=size,
            weight=weight,
            color=colour,
            va='top',
        )
        top -= height
    return _pixels(figure)


def html(document: Document) -> str:
    """Write a page as HTML; being a tree, it is escaped and closed all through."""
    page = ElementTree.Element('html', lang='en')
    head = ElementTree.SubElement(page, 'head')
    ElementTree.SubElement(head, 'meta', charset='utf-8')
    width = {'name': 'viewport', 'content': 'width=device-width, initial-scale=1'}
    ElementTree.SubElement(head, 'meta', width)
    _add(head, 'title', document.title)
    light, dark = (
        ' '.join(f'--{name}: {colour[side]};' for name, colour in COLOURS.items())
        for side in (0, 1)
    )
    _add(head, 'style', _STYLE.replace('LIGHT', light).replace('DARK', dark))
    body = ElementTree.SubElement(page, 'body')
    _add(body, 'h1', document.title)
    for line in document.headline:
        _add(body, 'p', line).set('class', 'headline')
    facts = ElementTree.SubElement(body, 'dl')
    for name, value in document.facts:
        _add(facts, 'dt', name)
        _add(facts, 'dd', value)
    for index, plot in enumerate(document.plots):
        _section(body, plot, f'plot{index}')
    return '<!DOCTYPE html>\n' + ElementTree.tostring(page, encoding='unicode', method='html')


def _section(body: ElementTree.Element, plot: Plot, prefix: str) -> None:
    section = ElementTree.SubElement(body, 'section')
    _add(section, 'h2', plot.title)
    figure = ElementTree.SubElement(section, 'figure')
    _add(ElementTree.SubElement(figure, 'figcaption'), 'p', plot.reading)
    figure.append(svg_element(plot.figure, prefix, plot.title))
    details = ElementTree.SubElement(section, 'details')
    _add(details, 'summary', 'Numbers')
    for table in plot.tables:
        _table(details, table)


def _table(parent: ElementTree.Element, table: Table) -> None:
    scroll = ElementTree.SubElement(parent, 'div', {'class': 'scroll'})
    element = ElementTree.SubElement(scroll, 'table')
    head = ElementTree.SubElement(ElementTree.SubElement(element, 'thead'), 'tr')
    for column in table.columns:
        _add(head, 'th', column).set('scope', 'col')
    body = ElementTree.SubElement(element, 'tbody')
    for row in table.rows:
        line = ElementTree.SubElement(body, 'tr')
        for cell in row:
            _add(line, 'td', cell)
    if table.note:
        _add(parent, 'p', table.note).set('class', 'note')


def _add(parent: ElementTree.Element, tag: str, text: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, tag)
    child.text = text
    return child
