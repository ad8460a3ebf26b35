"""Files of figures: what was measured, where, when and by which command."""

import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from motionclip_model.storage import write_json

RESULTS = Path(__file__).resolve().parent.parent / 'results'
"""The figures that the documentation shows, a file for each benchmark."""


class Measured(NamedTuple):
    """A run of a benchmark.

    Attributes:
        machine: What it ran on, in words.
        date: Day, as 2026-01-31.
        command: What was typed.
        figures: All that was measured; its form is the benchmark's own.
    """

    machine: str
    date: str
    command: str
    figures: Mapping[str, Any]

    @classmethod
    def load(cls, benchmark: str) -> Self:
        """Read the figures that the documentation shows of a benchmark."""
        return cls(**json.loads((RESULTS / f'{benchmark}.json').read_text()))

    def where(self) -> str:
        """Say in a line how the figures came about."""
        return f'`{self.command}` on {self.machine}, {self.date}.'


def save(path: Path, figures: Mapping[str, Any]) -> None:
    """Write figures with where, when and how they were measured.

    Args:
        path: File to write; `benchmark/results/NAME.json` is what the documentation shows.
        figures: Numbers, texts, lists and mappings; no NaN.
    """
    arguments = [name for name in sys.argv[1:] if not names_file(name, path)]
    command = shlex.join(['python', f'benchmark/{Path(sys.argv[0]).name}', *arguments])
    today = datetime.date.today().isoformat()
    write_json(path, Measured(machine(), today, command, dict(figures))._asdict())


def names_file(argument: str, path: Path) -> bool:
    """Whether an argument only says where the figures go."""
    return argument == '--json' or argument.removeprefix('--json=') == str(path)


def machine() -> str:
    """Name the processor and say how many cores there are."""
    return f'{processor()}, {os.cpu_count()} cores'


def processor() -> str:
    """Name the processor as far as the system tells."""
    try:
        lines = Path('/proc/cpuinfo').read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(':')[1].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
