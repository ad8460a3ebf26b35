"""How soon a stop is obeyed over real DDS, on a quiet machine and on one that is overloaded.

    python benchmark/stopping.py [--stops 100] [--load 4] [--json FILE]

Starts generator, simulator, recorder and recogniser as a user would, and says `stop` while the
robot moves. Counted is the time from the moment at which this process says it to the moment at
which the robot leaves what it was doing; what follows is the deceleration that the joints'
limits ask for. This process asks for priority as the nodes do: one that waits for a core before
it speaks has not said anything. Then the same beside processes that only count, more than there
are cores, and with a text being decoded at that moment.
"""

import argparse
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from node_latency import TEXTS, Talker, start
from reporting.measured import save
from std_msgs.msg import String

from motionclip_ros.messages import nanoseconds
from motionclip_ros.nodes.running import prepare_environment
from motionclip_ros.priority import ask_for_priority
from motionclip_ros.processes import Processes

WANTED = 20.0  # [ms]


def count() -> None:
    """Keep a core busy, as any program does."""
    os.setpriority(os.PRIO_PROCESS, 0, 0)
    while True:
        pass


@contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep some cores busy meanwhile."""
    running = [multiprocessing.Process(target=count, daemon=True) for _ in range(processes)]
    for process in running:
        process.start()
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.join()


def stops(talker: Talker, number: int, *, decoding: bool) -> dict[str, list[float]]:
    """Let the robot move, and stop it.

    Args:
        talker: Who speaks.
        number: How often.
        decoding: Whether another text has just been said.

    Returns:
        How long it went on with what it did [ms], and how long it then decelerated [ms].
    """
    found: dict[str, list[float]] = {'obeyed after': [], 'deceleration': []}
    rng = np.random.default_rng(0)
    while len(found['obeyed after']) < number:
        _, report = talker.say(TEXTS[len(found['obeyed after']) % len(TEXTS)])
        talker.spin(float(rng.uniform(1.0, 2.5)))
        if decoding:
            talker.text.publish(String(data=TEXTS[0]))
            talker.spin(float(rng.uniform(0.02, 0.2)))
        heard = len(talker.trajectories)
        said = time.time_ns()
        _, stopped = talker.say('stop')
        origin = stopped['provenance']['origin']
        if len(talker.trajectories) == heard + 1 and origin['kind'] == 'takeover':
            message = talker.trajectories[-1][1]
            leaves = report['provenance']['start'] + round(1e9 * origin['elapsed'])
            # The last point only says for a while where the robot is to stay.
            last = nanoseconds(message.points[-2].time_from_start)
            ends = nanoseconds(message.header.stamp) + last
            found['obeyed after'].append((leaves - said) / 1e6)
            found['deceleration'].append((ends - leaves) / 1e6)
        talker.rest()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--stops', type=int, default=100)
    parser.add_argument('--load', type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument('--json', type=Path)
    arguments = parser.parse_args()
    prepare_environment()
    rclpy.init()
    talker = Talker()
    folder = Path(tempfile.mkdtemp(prefix='stopping-'))
    found: dict[str, Any] = {}
    with Processes(folder, dict(os.environ)) as processes:
        start(talker, processes, folder / 'bag')
        ask_for_priority()  # only now: the nodes would inherit it
        stops(talker, 5, decoding=False)  # warm
        found['quiet'] = stops(talker, arguments.stops, decoding=False)
        with load(arguments.load):
            found['loaded'] = stops(talker, arguments.stops, decoding=True)
    talker.destroy_node()
    rclpy.try_shutdown()
    print(f'{platform.machine()}, {os.cpu_count()} cores; {arguments.load} processes that count')
    figures: dict[str, Any] = {'load': arguments.load, 'stops': arguments.stops, 'wanted': WANTED}
    for case, values in found.items():
        for name, each in values.items():
            middle, high, worst = np.percentile(each, [50, 99, 100])
            times = {'median': middle, 'p99': high, 'worst': worst}
            if name == 'obeyed after':
                times['in time'] = 100.0 * float(np.mean(np.array(each) <= WANTED))
            figures[f'{case}: {name}'] = times
            print(f'{case}: {name:14}', *(f'{key} {value:.1f}' for key, value in times.items()))
    if arguments.json:
        save(arguments.json, figures)


if __name__ == '__main__':
    main()
