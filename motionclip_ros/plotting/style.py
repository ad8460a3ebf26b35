"""How plots look: colours, type, axes; without pyplot and its state."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from warnings import catch_warnings, filterwarnings

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

WIDTH = 12.0
"""Width of every figure [inch]; 100 dots make an inch."""


class Colour(NamedTuple):
    """A colour on white paper, and the one that takes its place on a dark page."""

    light: str
    dark: str


COLOURS = {
    'ink': Colour('#1b1f24', '#e6e9ee'),
    'muted': Colour('#626a75', '#a3adba'),
    'grid': Colour('#dde1e6', '#353c46'),
    'band': Colour('#e9edf2', '#262d37'),
    'paper': Colour('#ffffff', '#15191e'),
    # Okabe and Ito's colours, which the colour-blind can tell apart; lighter on a dark page.
    'blue': Colour('#0072b2', '#4aa8e0'),
    'vermilion': Colour('#d55e00', '#ff8b42'),
    'green': Colour('#009e73', '#33c79c'),
    'purple': Colour('#cc79a7', '#e39cc3'),
    'amber': Colour('#e69f00', '#f4bb45'),
    'sky': Colour('#56b4e9', '#93d0f5'),
}
"""Figures are drawn with the light ones; a page knows both."""

INK, MUTED, GRID, BAND, PAPER = (
    COLOURS[name].light for name in ('ink', 'muted', 'grid', 'band', 'paper')
)
BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY = (
    COLOURS[name].light for name in ('blue', 'vermilion', 'green', 'purple', 'amber', 'sky')
)
SERIES = (BLUE, VERMILION, GREEN, PURPLE, AMBER, SKY)
MARKERS = ('o', 's', '^', 'D', 'v', 'P')
"""Things that are compared differ in shape as well as in colour."""

_SETTINGS: Any = {
    'axes.edgecolor': MUTED,
    'axes.facecolor': PAPER,
    'axes.grid': True,
    'axes.axisbelow': True,
    'axes.labelcolor': INK,
    'axes.labelsize': 10.0,
    'axes.linewidth': 0.8,
    'axes.spines.right': False,
    'axes.spines.top': False,
    'axes.titlelocation': 'left',
    'axes.titlesize': 11.0,
    'axes.titlecolor': INK,
    'figure.dpi': 100.0,
    'figure.facecolor': PAPER,
    'figure.edgecolor': PAPER,
    'figure.constrained_layout.h_pad': 0.08,
    'figure.constrained_layout.w_pad': 0.08,
    'font.family': 'DejaVu Sans',
    'font.size': 10.0,
    'grid.color': GRID,
    'grid.linewidth': 0.7,
    'legend.frameon': False,
    'legend.fontsize': 10.0,
    'legend.labelcolor': INK,
    'lines.linewidth': 1.6,
    'lines.markersize': 5.0,
    'patch.linewidth': 0.0,
    'svg.fonttype': 'none',
    # What people name a file or a command is no formula.
    'text.parse_math': False,
    'text.color': INK,
    'xtick.color': MUTED,
    'xtick.labelcolor': INK,
    'xtick.labelsize': 9.0,
    'ytick.color': MUTED,
    'ytick.labelcolor': INK,
    'ytick.labelsize': 9.0,
}


@contextmanager
def styled() -> Iterator[None]:
    """Draw and write in the house style, whatever the user has set for other plots."""
    with mpl.rc_context(), catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        # A name in a script that the font lacks shows as boxes, which is told nobody twice.
        filterwarnings('ignore', message='Glyph .* missing from font')
        yield


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """Make an empty figure that arranges its axes itself [inch]."""
    return Figure(figsize=(width, height), layout='constrained')


def tidy(axes: Axes, title: str = '', x: str = '', y: str = '', grid: str = 'both') -> None:
    """Name axes and leave the grid where it helps."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if grid != 'both':
        axes.grid(visible=False, axis='x' if grid == 'y' else 'y')


def logarithmic(axes: Axes, which: str) -> None:
    """Give axis 'x' or 'y' decades, with plain numbers beside them."""
    axes.set(**{f'{which}scale': 'log'})
    axis = axes.xaxis if which == 'x' else axes.yaxis
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter('{x:g}')
    axis.set_minor_formatter(NullFormatter())


def key(name: str, colour: str, marker: str = '', line: Any = '-', alpha: float = 1.0) -> Line2D:
    """Make an entry of a legend."""
    return Line2D([], [], color=colour, marker=marker, linestyle=line, alpha=alpha, label=name)


def legend(figure: Figure, entries: Sequence[Artist]) -> None:
    """Put one legend above all axes of a figure."""
    # Matplotlib leaves out what begins with an underscore, as names of folders may.
    labels = [
        f' {name}' if name.startswith('_') else name
        for name in (str(entry.get_label()) for entry in entries)
    ]
    figure.legend(entries, labels, loc='outside upper left', ncols=min(len(entries), 6))


def series_keys(names: Sequence[str], line: str = 'none') -> list[Line2D]:
    """Make the entries of things that are compared, in their order."""
    return [
        key(name, colour, marker, line)
        for name, colour, marker in zip(names, SERIES, MARKERS, strict=False)
    ]
