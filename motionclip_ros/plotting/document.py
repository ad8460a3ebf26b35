"""What a plot page holds, before it becomes PNG or HTML."""

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Table:
    """Numbers behind a figure.

    Attributes:
        columns: Their names, with units.
        rows: Cells, as text.
        note: What is left out of it, if anything.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ''


@dataclass(frozen=True, eq=False)
class Plot:
    """One figure.

    Attributes:
        title: What it shows.
        reading: How to read it, in a sentence or two.
        figure: The drawing, without a title of its own.
        tables: The numbers that are drawn.
    """

    title: str
    reading: str
    figure: Figure
    tables: tuple[Table, ...]


@dataclass(frozen=True, eq=False)
class Document:
    """A page of figures.

    Attributes:
        title: What was plotted.
        headline: What matters most, one line for each thing that was plotted.
        facts: Name and value of what the figures come from.
        plots: The figures.
    """

    title: str
    headline: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    plots: tuple[Plot, ...]


def number(value: float | None, digits: int = 4) -> str:
    """Write a number for a table; a dash where there is none."""
    return '-' if value is None else f'{value:.{digits}g}'


def thinned(count: int, most: int = 40) -> list[int]:
    """Choose rows of a long table: evenly spaced, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]
