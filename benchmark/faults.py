"""What happens when something breaks: faults put into running nodes, over real DDS.

    python benchmark/faults.py [--kills 50] [--real 8] [--seed 0] [--json FILE]

Kills generator, simulator, recorder and the client that sent the goal at random moments, freezes
the simulator, fills disk and shared memory, sets the clock back, has two nodes command one robot,
starts the generator again and deactivates it in mid-motion. After each fault the robot must come
to rest where it was told to be without a jump, the recording must hold everything up to its last
second, and the next command must be executed. The generator moves by an analytic wave, and by the
model in the rounds of `--real`.
"""

import os

os.environ.setdefault('ROS_DOMAIN_ID', '101')  # tests have 1 to 100
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from lasting.breaking import FAULTS, KILLED, kill
from lasting.lab import GENERATOR, REAL, Graph, Lab
from reporting.measured import save

from motionclip_model.errors import MotionClipError
from motionclip_ros.nodes.running import prepare_environment


class Round(NamedTuple):
    """A fault and what came of it.

    Attributes:
        fault: Which.
        seconds: Until the next command was served: starts of processes are part of it [s].
        complaints: What was wrong.
        broken: Whether the processes are of no use any more.
        late: Commands that were said again because joint states had come too late.
    """

    fault: str
    seconds: float
    complaints: list[str]
    broken: bool = False
    late: int = 0


@contextmanager
def lab(generator: str, *options: str) -> Iterator[Lab]:
    """Start a robot, a recorder and a generator, and end what is left of them."""
    with tempfile.TemporaryDirectory(prefix='faults-') as folder:
        graph = Graph(Path(folder))
        try:
            made = Lab(graph, generator, *options)
            made.start('simulator', 'recorder', 'generator')
            made.perform()
            yield made
        finally:
            graph.close()


def attempt(fault: str, made: Lab, work: Callable[[], list[str]]) -> Round:
    """Do a round; whatever goes wrong is part of the finding."""
    began, broken, late = time.monotonic(), False, made.late
    try:
        complaints = work()
    except (MotionClipError, subprocess.TimeoutExpired, pytest.fail.Exception) as error:
        complaints, broken = [' '.join(str(error).split())[:300]], True
    done = Round(fault, time.monotonic() - began, complaints, broken, made.late - late)
    print(f'{fault:28}{done.seconds:7.1f} s  {"; ".join(complaints) or "well"}', flush=True)
    return done


def kills(generator: str, count: int, seed: int) -> Iterator[Round]:
    """Kill processes at random moments, each as often as the others."""
    random = np.random.default_rng(seed)
    left = random.permutation([KILLED[i % len(KILLED)] for i in range(count)]).tolist()
    while left:
        with lab(generator) as made:
            broken = False
            while left and not broken:
                name, after = left.pop(), float(random.uniform(0.0, 3.0))
                work = partial(kill, made, name, after)
                done = attempt(f'kill -9 {name}', made, work)
                broken = done.broken
                yield done


def others(takeovers: list[float]) -> Iterator[Round]:
    """Every other fault, twice; those that need the same options on the same nodes."""
    for options in dict.fromkeys(options for _, options in FAULTS.values()):
        left = [name for name in FAULTS if FAULTS[name][1] == options for _ in range(2)]
        while left:
            with lab(GENERATOR, *options) as made:
                broken = False
                while left and not broken:
                    name = left.pop(0)
                    done = attempt(name, made, partial(FAULTS[name][0], made))
                    broken = done.broken
                    yield done
                takeovers += made.takeovers


def shared_memory() -> Round:
    """Run a round in which /dev/shm is full, in a mount namespace of its own."""
    name = '/dev/shm full'
    script = (
        'mount -t tmpfs -o size=8m tmpfs /dev/shm && exec "$0" "$1" --inside-full-shared-memory'
    )
    command = ['unshare', '--mount', 'sh', '-c', script, sys.executable, __file__]
    if os.geteuid() or not shutil.which('unshare'):
        return Round(name, 0.0, ['not tried: needs root and unshare'])
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout.strip().splitlines()
    complaints = [] if done.returncode == 0 else said[-1:] or [done.stderr.strip()[-300:]]
    print(f'{name:28}{time.monotonic() - began:7.1f} s  {"; ".join(complaints) or "well"}')
    return Round(name, time.monotonic() - began, complaints)


def table(rounds: list[Round]) -> dict[str, Any]:
    """Return the table that documents show."""
    rows = []
    for fault in dict.fromkeys(each.fault for each in rounds):
        these = [each for each in rounds if each.fault == fault]
        seconds = [each.seconds for each in these]
        wrong = [complaint for each in these for complaint in each.complaints]
        rows.append(
            [
                fault, len(these), sum(not each.complaints for each in these),
                f'{np.median(seconds):.0f}', f'{max(seconds):.0f}',
                sum(each.late for each in these),
                '; '.join(dict.fromkeys(wrong)) or 'nothing',
            ]
        )  # fmt: skip
    columns = ['fault', 'rounds', 'well', 'median, s', 'longest, s', 'said again', 'wrong']
    return {'columns': columns, 'rows': rows}


def takeover(seconds: list[float]) -> dict[str, Any]:
    """Return how long a robot is without a commander, as a table."""
    times = [f'{value:.1f}' for value in (min(seconds), max(seconds))] if seconds else ['', '']
    rows = [['kill -9 of who commands, until the next one serves', *times]]
    return {'columns': ['', 'shortest, s', 'longest, s'], 'rows': rows}


def inside_full_shared_memory() -> None:
    """Fill /dev/shm, which is a small one of this process' own, and go on."""
    from lasting.breaking import fill_shared_memory

    with lab(GENERATOR) as made:
        complaints = fill_shared_memory(made)
    if complaints:
        print('; '.join(complaints))
        sys.exit(1)


def main() -> None:
    """Break things and print what came of it; exit status 1 if anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kills', type=int, default=50)
    parser.add_argument('--real', type=int, default=8, help='kills with the real generator')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--inside-full-shared-memory', action='store_true', help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    prepare_environment()
    if arguments.inside_full_shared_memory:
        inside_full_shared_memory()
        return
    real = min(arguments.real, arguments.kills)
    takeovers: list[float] = []
    rounds = list(others(takeovers))
    rounds.append(shared_memory())
    rounds += kills(GENERATOR, arguments.kills - real, arguments.seed)
    if real:
        rounds += kills(REAL, real, arguments.seed + 1)
    found = {'rounds': table(rounds), 'takeover': takeover(takeovers)}
    if arguments.json:
        save(arguments.json, found)
    sys.exit(any(each.complaints for each in rounds))


if __name__ == '__main__':
    main()
