"""How long a command takes from one process to the other, over real DDS.

    python benchmark/node_latency.py [--commands 200] [--flood 1000] [--json FILE]

Starts generator and simulator as a user would, sends texts and waits for the trajectory in this
process. Prints medians and 99th percentiles, stage by stage, the time from start to the first
heartbeat, processor time while idle, and what a flood of texts does to memory.
"""

import os

os.environ.setdefault('ROS_DOMAIN_ID', '87')
os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from motionclip_model.storage import write_json
from motionclip_ros import topics
from motionclip_ros.nodes.running import FLOOD, LATCHED, RELIABLE, prepare_environment
from motionclip_ros.processes import Processes

TEXTS = (
    'a person walks forward',
    'a person waves with the right hand',
    'a person bows',
    'a person raises both arms',
    'walk + tired - normal',
)
SECONDS = 4.0
PATIENCE = 60.0  # [s]
REMAP = ('-r', f'motionclip:~/joint_trajectory:={topics.JOINT_TRAJECTORY}')


class Talker(Node):  # type: ignore[misc]
    """Says texts and hears what becomes of them."""

    def __init__(self) -> None:
        """Listen to everything that the generator says."""
        super().__init__('node_latency')
        self.trajectories: list[float] = []
        self.reports: list[dict[str, Any]] = []
        self.outcomes: list[dict[str, str]] = []
        self.heartbeats: list[DiagnosticArray] = []
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
        self.create_subscription(
            DiagnosticArray, topics.DIAGNOSTICS, self.heartbeats.append, RELIABLE
        )
        self.executor_ = SingleThreadedExecutor()
        self.executor_.add_node(self)

    def _on_trajectory(self, message: JointTrajectory) -> None:
        self.trajectories.append(time.perf_counter())

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


def latencies(talker: Talker, count: int) -> dict[str, list[float]]:
    """Send texts one after the other; milliseconds of each stage and of the whole way."""
    found: dict[str, list[float]] = {}
    for number in range(count):
        told, heard = len(talker.outcomes), len(talker.trajectories)
        began = time.perf_counter()
        talker.text.publish(String(data=TEXTS[number % len(TEXTS)]))
        talker.until(lambda told=told: len(talker.outcomes) > told)
        if talker.outcomes[-1]['outcome'] != 'executed':
            found.setdefault('refused', []).append(0.0)
            continue
        talker.until(lambda heard=heard: len(talker.trajectories) > heard)
        talker.until(lambda number=number: talker.reports)
        stages = talker.reports[-1]['latency_ms']
        whole = 1e3 * (talker.trajectories[heard] - began)
        found.setdefault('whole way', []).append(whole)
        for name, value in stages.items():
            found.setdefault(name, []).append(value)
        work = sum(stages[name] for name in ('encode', 'decode', 'retarget'))
        found.setdefault('all but encode, decode, retarget', []).append(whole - work)
    return found


def generator_process(name: str = 'motionclip_ros.nodes.generator') -> int:
    """Find the generator among this process' children."""
    children = Path(f'/proc/{os.getpid()}/task/{os.getpid()}/children').read_text().split()
    for child in children:
        if name.encode() in Path(f'/proc/{child}/cmdline').read_bytes():
            return int(child)
    raise LookupError(name)


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


def flood(talker: Talker, process: int, count: int) -> dict[str, Any]:
    """Send texts as fast as they can be sent, and account for each of them."""
    before, told = memory_mb(process), len(talker.outcomes)
    for number in range(count):
        text = TEXTS[number % len(TEXTS)] if number < count - 1 else 'a person claps'
        talker.text.publish(String(data=text))
        talker.executor_.spin_once(timeout_sec=0.0)
    talker.until(lambda: len(talker.outcomes) - told >= count)
    outcomes = [outcome['outcome'] for outcome in talker.outcomes[told:]]
    return {
        'texts': count,
        'outcomes': {name: outcomes.count(name) for name in sorted(set(outcomes))},
        'last': talker.outcomes[-1],
        'memory_growth_mb': memory_mb(process) - before,
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
    logs = Path(tempfile.mkdtemp(prefix='node_latency-'))
    with Processes(logs, dict(os.environ)) as processes:
        processes.start('motionclip_ros.nodes.simulator', ('--ros-args',))
        talker.spin(4.0)
        began = time.perf_counter()
        processes.start(
            'motionclip_ros.nodes.generator',
            ('--ros-args', *REMAP, '-p', f'seconds:={SECONDS}'),
        )
        talker.until(lambda: talker.heartbeats)
        started = time.perf_counter() - began
        process = generator_process()
        talker.spin(2.0)
        idle = processor_seconds(process)
        talker.spin(10.0)
        idle = (processor_seconds(process) - idle) / 10.0
        latencies(talker, 10)  # warm
        stages = latencies(talker, arguments.commands)
        flooded = flood(talker, process, arguments.flood)
    talker.destroy_node()
    rclpy.try_shutdown()
    print(f'{platform.machine()}, {os.cpu_count()} cores; motions of {SECONDS:g} s')
    print(f'start to first heartbeat: {started:.1f} s; idle: {100 * idle:.1f} % of a core')
    print(f'{"ms":36}{"median":>9}{"p99":>9}{"n":>6}')
    for name, values in stages.items():
        print(f'{name:36}{np.median(values):9.1f}{np.percentile(values, 99):9.1f}{len(values):6}')
    print(json.dumps(flooded, indent=1))
    if arguments.json:
        write_json(
            arguments.json, {'start_s': started, 'idle': idle, 'ms': stages, 'flood': flooded}
        )


if __name__ == '__main__':
    main()
