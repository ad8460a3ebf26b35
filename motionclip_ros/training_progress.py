"""A progress bar for training."""

from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column


class TrainingProgress:
    """Shows steps and losses of each stage; notes stand above the bar.

    Where the output is no terminal, the notes alone are printed, a line each.
    """

    def __init__(self, console: Console):
        """Prepare the bar; it appears with the first step."""
        self._progress = Progress(
            TextColumn('{task.description}', table_column=Column(min_width=12)),
            BarColumn(20),
            TextColumn('{task.completed}/{task.total}', table_column=Column(no_wrap=True)),
            TimeRemainingColumn(),
            TextColumn('{task.fields[losses]}', table_column=Column(no_wrap=True, ratio=1)),
            console=console,
            expand=True,
        )
        self._tasks: dict[str, TaskID] = {}
        self._warning = ''

    def __enter__(self) -> Self:
        """Nothing is drawn before there is something to tell."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop drawing."""
        if self._tasks:
            self._progress.stop()

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Move the bar of a stage."""
        if stage not in self._tasks:
            self._warning = ''
            self._progress.start()
            self._tasks[stage] = self._progress.add_task(stage, total=steps, losses='')
        losses = ' '.join(f'{name} {value:.3f}' for name, value in values.items())
        self._progress.update(
            self._tasks[stage], completed=step, losses=f'{self._warning}{losses}'
        )

    def note(self, text: str) -> None:
        """Print a sentence above the bar."""
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print a warning above the bar, and mark the bar of this stage."""
        self._warning = '[yellow]see warning[/yellow] '
        self._progress.console.print(
            f'warning: {text}', style='yellow', highlight=False, markup=False, soft_wrap=True
        )
