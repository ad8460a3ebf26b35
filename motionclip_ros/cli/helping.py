"""What `--help` looks like: commands in panels, prose that fills the line, examples to copy."""

from enum import StrEnum
from typing import Any

from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

EXAMPLE = 'Example: '
"""How a paragraph of a command's docstring begins that is a line to type."""


class Panel(StrEnum):
    """Where a command stands in `motionclip --help`, in this order."""

    MOTIONS = 'Make motions and see them'
    ROBOTS = 'Robots'
    RECORDINGS = 'Recordings'
    MODEL = 'Model and data'
    MACHINE = 'This machine'


class Group(TyperGroup):
    """Commands in the order of their panels, each with its examples below all else."""

    def __init__(self, **settings: Any):
        """Arrange what the docstrings say."""
        super().__init__(**settings)
        for command in self.commands.values():
            if isinstance(command, TyperCommand):
                command.help, examples = arranged(command.help or '')
                command.epilog = _shown(examples)

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands, panel by panel, in alphabetical order in each."""
        panels = list(Panel)

        def place(name: str) -> tuple[int, str]:
            panel = getattr(self.commands[name], 'rich_help_panel', None)
            return (panels.index(panel) if panel in panels else len(panels)), name

        return sorted(self.commands, key=place)


def arranged(docstring: str) -> tuple[str, list[str]]:
    """Part the prose of a docstring from its examples.

    Args:
        docstring: Paragraphs with empty lines between.

    Returns:
        The prose, a line for each paragraph, which the terminal wraps; and the examples.
    """
    paragraphs = [' '.join(each.split()) for each in docstring.split('\n\n') if each.strip()]
    prose = [each for each in paragraphs if not each.startswith(EXAMPLE)]
    examples = [each.removeprefix(EXAMPLE) for each in paragraphs if each.startswith(EXAMPLE)]
    return '\n\n'.join(prose), examples


def _shown(examples: list[str]) -> str:
    """Lay examples out for below the options, each on a line of its own."""
    if not examples:
        return ''
    lines = [f'[dim]$[/] [cyan]{escape(example)}[/]' for example in examples]
    return '\n'.join(['[bold]Examples[/]' if len(lines) > 1 else '[bold]Example[/]', *lines])
