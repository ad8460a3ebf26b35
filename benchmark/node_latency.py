"""How long a command takes from one process to the other, over real DDS, with everything on.

    python benchmark/node_latency.py [--commands 200] [--flood 1000] [--json FILE]

Starts generator, simulator, recorder and recogniser as a user would, sends texts and waits for
the trajectory in this process. Prints medians and 99th percentiles, stage by stage: from rest, in
mid-motion, and of stops. Then the time from start to active, what the processes use while
nothing happens, whether the simulator keeps up, what a flood of texts does to memory, and what
the same motions take in one process alone, by which to judge the machine.
"""

import os

os.environ.setdefault('ROS_DOMAIN_ID', '87')
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

import argparse
import json
import platform
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from reporting.measured import save
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from motionclip_ros import topics
from motionclip_ros.messages import nanoseconds
from motionclip_ros.nodes.running import FLOOD, LATCHED, RELIABLE, prepare_environment
from motionclip_ros.processes import Processes

TEXTS = (
    'a person walks forward',
    'a person waves with the right hand',
    'a person bows',
    'a person raises both arms',
    'walk + tired - normal',
)
LAST = 'a person claps'
SECONDS = 4.0
PATIENCE = 60.0  # [s]
NODES = ('simulator', 'recorder', 'recogniser', 'generator')
WORK = ('encode', 'decode', 'retarget')
STAGES = ('encoding', 'decoding', 'retargeting')


class Talker(Node):  # type: ignore[misc]
    """Says texts and hears what becomes of them."""

    def __init__(self) -> None:
        """Listen to the robot and the generator."""
        super().__init__('node_latency')
        self.trajectories: list[tuple[float, JointTrajectory]] = []
        self.reports: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, str]] = []
        self.lags: list[float] = []
        self.text = self.create_publisher(String, topics.TEXT, FLOOD)
        self.create_subscription(
            JointTrajectory, topics.JOINT_TRAJECTORY, self._on_trajectory, RELIABLE
        )
        self.create_subscription(
            String, topics.REPORT, lambda m: self.reports.append(json.loads(m.data)), LATCHED
        )
        self.create_subscription(
            String, topics.OUTCOME, lambda m: self.outcomes.append(json.loads(m.data)), FLOOD
        )
        self.executor_ = SingleThreadedExecutor()
        self.executor_.add_node(self)

    def watch_the_robot(self, seconds: float) -> list[float]:
        """Return how old the robot's joint states are when they come [ms]."""
        ages: list[float] = []
        subscription = self.create_subscription(
            JointState,
            topics.JOINT_STATES,
            lambda m: ages.append((time.time_ns() - nanoseconds(m.header.stamp)) / 1e6),
            qos_profile_sensor_data,
        )
        self.spin(seconds)
        self.destroy_subscription(subscription)
        return ages

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self.trajectories.append((time.perf_counter(), message))

    def until(self, condition: Callable[[], Any]) -> None:
        """Spin until something is true.

        Raises:
            TimeoutError: It never was.
        """
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError('the graph does not answer')
            self.executor_.spin_once(timeout_sec=0.05)

    def spin(self, seconds: float) -> None:
        """Listen for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            self.executor_.spin_once(timeout_sec=left)

    def say(self, text: str) -> tuple[float, dict[str, Any]]:
        """Say a text; returns the time until its trajectory came [ms] and its report."""
        heard, reported = len(self.trajectories), len(self.reports)
        began = time.perf_counter()
        self.text.publish(String(data=text))
        self.until(lambda: len(self.trajectories) > heard and len(self.reports) > reported)
        return 1e3 * (self.trajectories[heard][0] - began), self.reports[-1]

    def rest(self) -> None:
        """Wait until the robot stands."""
        message = self.trajectories[-1][1]
        end = nanoseconds(message.header.stamp) + nanoseconds(message.points[-1].time_from_start)
        self.spin(max((end - time.time_ns()) / 1e9, 0.0) + 0.05)


def latencies(talker: Talker, count: int, *, stop: bool) -> dict[str, list[float]]:
    """Send texts one after the other; milliseconds of each stage and of the whole way.

    Args:
        talker: Who speaks.
        count: Texts.
        stop: Whether the robot is stopped before the next text; else that takes over.
    """
    found: dict[str, list[float]] = {}
    for number in range(count):
        whole, report = talker.say(TEXTS[number % len(TEXTS)])
        stages = report['latency_ms']
        work = sum(stages[name] for name in WORK)
        times = {'whole way': whole, 'all but encode, decode, retarget': whole - work, **stages}
        for name, value in times.items():
            found.setdefault(name, []).append(value)
        talker.spin(0.4)
        if stop:
            found.setdefault('stop: text to trajectory', []).append(talker.say('stop')[0])
            talker.rest()
    return found


def pids() -> dict[str, int]:
    """Find the nodes among this process' children."""
    children = Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text().split()
    names = {child: Path(f'/proc/{child}/cmdline').read_bytes().decode() for child in children}
    return {
        node: int(child)
        for child, line in names.items()
        for node in NODES
        if f'motionclip_ros.nodes.{node}' in line
    }


def memory_mb(process: int) -> float:
    """Resident memory of a process [MB]."""
    for line in Path(f'/proc/{process}/status').read_text().splitlines():
        if line.startswith('VmRSS'):
            return int(line.split()[1]) / 1024
    return 0.0


def processor_seconds(process: int) -> float:
    """Processor time that a process has used [s]."""
    fields = Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def shares(processes: dict[str, int], work: Callable[[], None]) -> dict[str, float]:
    """Return the part of a core that each process uses while something happens."""
    before = {name: processor_seconds(pid) for name, pid in processes.items()}
    began = time.perf_counter()
    work()
    passed = time.perf_counter() - began
    return {
        name: (processor_seconds(pid) - before[name]) / passed for name, pid in processes.items()
    }


def alone(count: int) -> dict[str, list[float]]:
    """Make the same motions in this process, with nothing beside it [ms]."""
    from motionclip_ros.pipeline import Pipeline

    pipeline = Pipeline.load()
    pipeline.warm_up()
    made = [pipeline.generate(TEXTS[i % len(TEXTS)], SECONDS, 0).report for i in range(count)]
    found = {name: [report['latency_ms'][name] for report in made] for name in WORK}
    found['all three'] = [sum(times) for times in zip(*found.values(), strict=True)]
    return found


def flood(talker: Talker, process: int, count: int) -> dict[str, Any]:
    """Send texts as fast as they can be sent, and account for each of them."""
    talker.rest()
    talker.spin(0.5)
    before, told = memory_mb(process), len(talker.outcomes)
    for number in range(count):
        text = TEXTS[number % len(TEXTS)] if number < count - 1 else LAST
        talker.text.publish(String(data=text))
        talker.executor_.spin_once(timeout_sec=0.0)
    talker.until(lambda: len(talker.outcomes) - told >= count)
    talker.spin(1.0)  # nothing more may come
    outcomes = [outcome['outcome'] for outcome in talker.outcomes[told:]]
    return {
        'texts': count,
        'outcomes': {name: outcomes.count(name) for name in sorted(set(outcomes))},
        'last': next(o for o in talker.outcomes[told:] if o['text'] == LAST),
        'memory_growth_mb': memory_mb(process) - before,
    }


def start(talker: Talker, processes: Processes, bag: Path) -> float:
    """Start everything; returns how long the generator took to be active [s]."""
    arguments = {
        'recorder': ('-p', f'output:={bag}'),
        'generator': ('-p', f'seconds:={SECONDS}'),
    }
    began = 0.0
    for node in NODES:
        if node == 'generator':
            talker.spin(10.0)  # the others are up, and leave it the machine
            began = time.time()
        processes.start(f'motionclip_ros.nodes.{node}', ('--ros-args', *arguments.get(node, ())))
    active: list[float] = []

    def is_active() -> bool:
        said = processes.log('generator').read_text()
        active.extend(float(at) for at in re.findall(r'\[([\d.]+)\] \[motionclip\]: ready', said))
        return bool(active)

    talker.until(is_active)
    talker.spin(2.0)
    return active[0] - began


def table(found: dict[str, list[float]]) -> Iterator[str]:
    """Write medians and 99th percentiles."""
    yield f'{"ms":36}{"median":>9}{"p99":>9}{"n":>6}'
    for name, values in found.items():
        percentiles = np.percentile(values, [50, 99])
        yield f'{name:36}{percentiles[0]:9.1f}{percentiles[1]:9.1f}{len(values):6}'


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Return the tables that documents show: what was measured, and what was wanted."""

    def cells(*values: list[float]) -> list[str]:
        whole = np.round([np.percentile(each, [50, 99]) for each in values]).astype(int)
        return [', '.join(map(str, column)) for column in whole.T]

    rest, alone = found['from rest'], found['alone']
    takeovers = found['in mid-motion']['whole way']
    outside = rest['all but encode, decode, retarget']
    latency = [
        ['text to trajectory, from rest', *cells(rest['whole way']), '250'],
        ['of this outside encoding, decoding, retargeting', *cells(outside), '60'],
        [f'{", ".join(STAGES)}, beside the other nodes', *cells(*map(rest.get, WORK)), ''],
        ['the same three in a process alone', *cells(*map(alone.get, WORK)), ''],
        [f'text to trajectory, in mid-motion ({len(takeovers)} texts)', *cells(takeovers), ''],
        ['`stop` to trajectory', *cells(rest['stop: text to trajectory']), ''],
        ['joint state, stamp to arrival', *cells(found['joint_state_age_ms']), ''],
    ]
    flooded = found['flood']
    ends = ', '.join(f'{count} {name}' for name, count in flooded['outcomes'].items())
    nodes = [
        ['start to active', f'{found["start_s"]:.1f} s', '6 s'],
        *(
            [f'idle {node}', f'{100 * part:.1f} % of a core', '2 %' if node == 'generator' else '']
            for node, part in found['idle'].items()
        ),
        [
            f'{flooded["texts"]:,} texts at once',
            f'{ends}; {flooded["memory_growth_mb"]:.1f} MB more memory',
            '5 MB',
        ],
    ]
    return {
        'latency': {
            'columns': ['', 'median [ms]', '99 % [ms]', 'wanted [ms]'],
            'rows': latency,
        },
        'nodes': {'columns': ['', 'measured', 'wanted'], 'rows': nodes},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--commands', type=int, default=200)
    parser.add_argument('--flood', type=int, default=1000)
    parser.add_argument('--json', type=Path)
    arguments = parser.parse_args()
    prepare_environment()
    rclpy.init()
    talker = Talker()
    folder = Path(tempfile.mkdtemp(prefix='node_latency-'))
    found: dict[str, Any] = {}
    with Processes(folder, dict(os.environ)) as processes:
        found['start_s'] = start(talker, processes, folder / 'bag')
        running = pids()
        found['idle'] = shares(running, lambda: time.sleep(10.0))
        latencies(talker, 5, stop=True)  # warm
        found['from rest'] = latencies(talker, arguments.commands, stop=True)
        found['in mid-motion'] = latencies(talker, arguments.commands // 4, stop=False)
        ages: list[float] = []
        found['busy'] = shares(running, lambda: ages.extend(talker.watch_the_robot(4.0)))
        found['joint_state_age_ms'] = ages
        found['flood'] = flood(talker, running['generator'], arguments.flood)
    talker.destroy_node()
    rclpy.try_shutdown()
    found['alone'] = alone(min(arguments.commands, 50))
    print(f'{platform.machine()}, {os.cpu_count()} cores; motions of {SECONDS:g} s')
    print(f'start to active: {found["start_s"]:.1f} s')
    for state in ('idle', 'busy'):
        print(f'{state}:', ', '.join(f'{n} {100 * p:.1f} %' for n, p in found[state].items()))
    for case in ('from rest', 'in mid-motion', 'alone'):
        print(f'\n{case}', *table(found[case]), sep='\n')
    print('\nthe robot', *table({'joint state: stamp to arrival': ages}), sep='\n')
    print(json.dumps(found['flood'], indent=1))
    if arguments.json:
        save(arguments.json, summary(found))


if __name__ == '__main__':
    main()
