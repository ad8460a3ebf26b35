"""Memory, threads and open files of processes over time, and whether they grow."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import theilslopes

STEADY_MEMORY = 1.0
"""Slope of the memory that still counts as flat [MB/min]."""

SHORTEST = 5.0
"""Time over which a slope of the memory means something [min]."""

WARM_UP = 0.2
"""Part of a run that does not count: caches fill."""


class Usage(NamedTuple):
    """What a process had at a moment.

    Attributes:
        minutes: Since the run began [min].
        memory: Resident [MB].
        threads: How many.
        handles: Open files, sockets, pipes.
    """

    minutes: float
    memory: float
    threads: int
    handles: int


class Trend(NamedTuple):
    """How a process' usage changed after the warm-up.

    Attributes:
        minutes: How long was looked at [min].
        memory: At the end [MB].
        slope: Of the memory [MB/min]: median of the slopes between all pairs of samples.
        threads: Most in the last third less most in the first.
        handles: The same of open files.
    """

    minutes: float
    memory: float
    slope: float
    threads: int
    handles: int

    @property
    def complaints(self) -> list[str]:
        """What is not flat."""
        found = []
        if self.minutes >= SHORTEST and self.slope > STEADY_MEMORY:
            found.append(f'memory grows by {self.slope:.2f} MB/min')
        found += [
            f'{growth} more {what}'
            for what, growth in (('threads', self.threads), ('open files', self.handles))
            if growth > 0
        ]
        return found


def usage(process: int, minutes: float) -> Usage:
    """Look at a process.

    Raises:
        OSError: It has ended.
    """
    lines = Path(f'/proc/{process}/status').read_text().splitlines()
    fields = dict(line.split(':', 1) for line in lines if ':' in line)
    return Usage(
        minutes,
        int(fields['VmRSS'].split()[0]) / 1024,
        int(fields['Threads']),
        len(os.listdir(f'/proc/{process}/fd')),
    )


def trend(samples: Sequence[Usage]) -> Trend:
    """Judge a process by what it had over time; at least ten samples."""
    kept = samples[int(WARM_UP * len(samples)) :]
    third = len(kept) // 3
    times, memory, threads, handles = np.array(kept).T

    def growth(counts: np.ndarray) -> int:
        return int(counts[-third:].max() - counts[:third].max())

    # Every thousandth pair of a long run says as much.
    step = max(len(kept) // 300, 1)
    slope = theilslopes(memory[::step], times[::step]).slope
    return Trend(
        float(times[-1] - times[0]),
        float(memory[-1]),
        float(slope),
        growth(threads),
        growth(handles),
    )


def rows(trends: Mapping[str, Trend]) -> list[list[Any]]:
    """Return a table's rows."""
    return [
        [
            name,
            f'{each.memory:.0f}',
            f'{each.slope:+.2f}',
            f'{each.threads:+d}',
            f'{each.handles:+d}',
            '; '.join(each.complaints) or 'yes',
        ]
        for name, each in trends.items()
    ]


COLUMNS = ['', 'memory, MB', 'slope, MB/min', 'threads', 'open files', 'flat']
