"""Whether the nodes last: random commands for a long time, and what each process uses.

    python benchmark/soak.py [--minutes 30] [--seed 0] [--json FILE]

Starts simulator, recorder and generator as a user would and says texts of many kinds, sums,
mixtures, stops, refused texts, nonsense, goals, canceled goals, and changes parameters. Memory,
threads and open files of each process are looked at every few seconds. Flat means, after the
first fifth of the run: less than 1 MB/min, and no more threads and open files in the last third
than in the first. Every request must end in exactly one outcome, and the recording must verify.
"""

import os

os.environ.setdefault('ROS_DOMAIN_ID', '215')  # tests have 1 to 100
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from lasting.asking import Asker
from lasting.usage import COLUMNS, Trend, Usage, rows, trend, usage
from reporting.measured import save
from ros_graph import RECORDER, SIMULATOR, Graph, environment

from motionclip_model.errors import MotionClipError
from motionclip_ros import topics
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.running import prepare_environment

REAL = 'motionclip_ros.nodes.generator'
SAMPLES = 400
"""About how many looks at the processes a run has; never more than two a second."""

PATIENCE = 240.0  # [s] for a start on a busy machine, and for the last outcomes


class Soaked(NamedTuple):
    """A run.

    Attributes:
        trends: What each process' usage did.
        asker: The account of all requests.
        complaints: All that was wrong.
    """

    trends: dict[str, Trend]
    asker: Asker
    complaints: list[str]


def has_goals() -> bool:
    """Whether the action GenerateMotion is installed."""
    found = importlib.util.find_spec('motionclip_interfaces')
    return getattr(found, 'origin', None) is not None


def soak(graph: Graph, generator: str, minutes: float, seed: int, pace: float = 1.0) -> Soaked:
    """Run everything.

    Args:
        graph: Where.
        generator: Module of the generator node.
        minutes: How long.
        seed: Of what is said.
        pace: How many times faster to ask than a person would.
    """
    bag = graph.folder / 'bag'
    processes = {
        'simulator': graph.start(SIMULATOR),
        'recorder': graph.start(RECORDER, '-p', f'output:={bag}'),
        'generator': graph.start(generator),
    }
    asker = Asker(graph.node, seed, has_goals())
    graph.until(lambda: 'ready' in graph.log(generator), PATIENCE)
    graph.until(lambda: f'recording /{topics.OUTCOME}' in graph.log(RECORDER), PATIENCE)
    graph.until(lambda: asker.is_heard, PATIENCE)
    # Whether generator and recorder have found each other, nobody here can see.
    graph.spin(2.0)
    samples: dict[str, list[Usage]] = {name: [] for name in processes}
    began = looked = time.monotonic()
    end, every = began + 60.0 * minutes, max(60.0 * minutes / SAMPLES, 0.5)
    due = began
    while (now := time.monotonic()) < end:
        if now >= due:
            due = now + asker.ask() / pace
        if now >= looked:
            looked = now + every
            for name, process in processes.items():
                samples[name].append(usage(process.pid, (now - began) / 60.0))
        graph.spin(max(min(due, looked) - time.monotonic(), 0.005))
    waits = time.monotonic() + PATIENCE
    while not asker.is_answered and time.monotonic() < waits:
        graph.spin(0.1)
    graph.spin(1.0)  # nothing more may come
    trends = {name: trend(each) for name, each in samples.items()}
    complaints = [f'{name}: {each}' for name in trends for each in trends[name].complaints]
    complaints += asker.complaints
    for name, module in (('generator', generator), ('recorder', RECORDER)):
        if (status := graph.stop(module)) != 0:
            complaints.append(f'{name} ended with status {status}')
    complaints += recorded(bag, asker, can_verify=generator == REAL)
    complaints += [
        f'{name}: a traceback in its log'
        for name, module in (('generator', generator), ('recorder', RECORDER))
        if 'Traceback' in graph.log(module)
    ]
    return Soaked(trends, asker, complaints)


def recorded(bag: Path, asker: Asker, can_verify: bool) -> list[str]:
    """Return what is wrong with the recording."""
    try:
        counts = Bag(bag).counts
    except MotionClipError as error:
        return [str(error)]
    if counts.get(topics.OUTCOME) != asker.told.total():
        return [f'{counts.get(topics.OUTCOME)} outcomes recorded of {asker.told.total()}']
    if can_verify:
        verifying = 'from motionclip_ros.cli import main; main()'
        done = subprocess.run(
            [sys.executable, '-c', verifying, 'verify', str(bag)],
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            said = (done.stdout + done.stderr).strip().splitlines()
            return [f'motionclip verify: {said[-1] if said else done.returncode}']
    return []


def figures(done: Soaked, minutes: float) -> dict[str, Any]:
    """Return the tables that documents show."""
    asker = done.asker
    counts = [
        ['minutes', f'{minutes:g}'],
        ['requests', asker.said.total()],
        ['outcomes', ', '.join(f'{n} {name}' for name, n in sorted(asker.outcomes.items()))],
        ['goals, and results of them', f'{asker.sent}, {asker.results}'],
        ['parameter changes', asker.kinds['parameter']],
        ['wrong', '; '.join(done.complaints) or 'nothing'],
    ]
    return {
        'usage': {'columns': COLUMNS, 'rows': rows(done.trends)},
        'requests': {'columns': ['', ''], 'rows': counts},
    }


def main() -> None:
    """Measure and print; exit status 1 if anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--minutes', type=float, default=30.0)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--json', type=Path)
    arguments = parser.parse_args()
    prepare_environment()
    with tempfile.TemporaryDirectory(prefix='soak-') as folder:
        graph = Graph(Path(folder))
        try:
            done = soak(graph, REAL, arguments.minutes, arguments.seed)
        finally:
            graph.close()
    tables = figures(done, arguments.minutes)
    for table in tables.values():
        for row in (table['columns'], *table['rows']):
            print(*(f'{cell!s:>14}' for cell in row))
    for reason, count in done.asker.failures.items():
        print(f'failed {count} times: {reason}')
    if arguments.json:
        save(arguments.json, tables)
    sys.exit(bool(done.complaints))


if __name__ == '__main__':
    main()
