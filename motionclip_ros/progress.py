"""How far long work is, for whoever watches: a bar on standard error, or nothing at all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

_Item = TypeVar('_Item')

OnPart = Callable[[int, int], None]
"""Told how many parts of a piece of work are done, and how many there are."""


def unheard(done: int, total: int) -> None:
    """Tell nobody how far something is."""


def standard_error() -> Console:
    """Return where all goes that is not the result; lines are not wrapped."""
    return Console(stderr=True, soft_wrap=True)


class Work:
    """A piece of work that is being watched; call it with what is done, and how much there is."""

    def __init__(self, progress: Progress, what: str):
        """Put the work on a bar; `working` is the usual way in."""
        self._progress, self._task = progress, progress.add_task(what, total=None)

    def __call__(self, done: int, total: int) -> None:
        """Say how much is done."""
        self._progress.update(self._task, completed=done, total=total)

    def stage(self, what: str) -> None:
        """Begin the next part of the work, whose length is not known yet."""
        self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=None)

    def line(self, text: str, style: str = '') -> None:
        """Print a line above the bar, also where there is none."""
        self._progress.console.print(text, style=style, highlight=False, markup=False)


@contextmanager
def working(what: str) -> Iterator[Work]:
    """Show what is done inside, and how far it is, while it lasts.

    Nothing is shown where standard error is no terminal, so that logs stay readable.

    Args:
        what: A word or two: "loading".

    Yields:
        To be told how far it is.
    """
    console = standard_error()
    progress = Progress(
        SpinnerColumn(),
        TextColumn('{task.description}', markup=False),
        BarColumn(24),
        _Count(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,  # results stay apart from what is told about them
        # Asked of the stream itself: with FORCE_COLOR a console takes every file for a terminal.
        disable=not console.file.isatty(),
    )
    with progress:
        yield Work(progress, what)


def followed(items: Iterable[_Item], total: int, on_part: OnPart) -> Iterator[_Item]:
    """Pass items on, and tell how many of them are done with.

    Args:
        items: As many as `total`.
        total: Their number.
        on_part: Told before the first, and after each.

    Yields:
        The items.
    """
    on_part(0, total)
    for number, item in enumerate(items, start=1):
        yield item
        on_part(number, total)


class _Count(ProgressColumn):
    """Done and all, and how fast it goes, once it is known how much there is."""

    def render(self, task: Task) -> Text:
        if task.total is None:
            return Text()
        speed = f'  {task.speed:.1f}/s' if task.speed else ''
        return Text(f'{task.completed:.0f}/{task.total:.0f}{speed}')
