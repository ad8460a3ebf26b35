"""A ROS graph of real processes and one node of the test's own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

ROOT = Path(__file__).resolve().parent.parent
GENERATOR = 'wave_generator'
SIMULATOR = 'motionclip_ros.nodes.simulator'
RECORDER = 'motionclip_ros.nodes.recorder'


class Graph:
    """Starts node processes, spins the test's node, and stops everything at the end."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.context = Context()
        rclpy.init(context=self.context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = Node('tester', context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._running: dict[str, subprocess.Popen] = {}

    def start(self, module: str, *arguments: str, as_: str = '') -> subprocess.Popen:
        """Run a node; its output goes to `log(module)`, or to that of another name."""
        name = as_ or module
        with self._log_path(name).open('wb') as log:
            process = subprocess.Popen(
                [sys.executable, '-m', module, '--ros-args', *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
        self._running[name] = process
        return process

    def log(self, module: str) -> str:
        return self._log_path(module).read_text()

    def stop(self, module: str, number: int = signal.SIGINT) -> int:
        """Ask a node to end and return its exit status."""
        process = self._running.pop(module)
        process.send_signal(number)
        return process.wait(20.0)

    def until(self, condition: Callable[[], object], seconds: float = 40.0) -> None:
        """Spin until something is true; fail if it never is."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                logs = '\n'.join(self.log(module) for module in self._running)
                pytest.fail(f'waited {seconds} s in vain; the nodes said:\n{logs}')
            self._executor.spin_once(timeout_sec=0.05)

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def close(self) -> None:
        # Politely first: a killed process leaves its shared memory behind.
        for process in self._running.values():
            process.send_signal(signal.SIGINT)
        for process in self._running.values():
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10.0)
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def _log_path(self, module: str) -> Path:
        return self.folder / f'{module}.log'


def environment() -> dict[str, str]:
    """The test's environment, in which the package and the test modules are importable."""
    paths = [str(ROOT), str(ROOT / 'test'), os.environ.get('PYTHONPATH', '')]
    return {**os.environ, 'PYTHONPATH': os.pathsep.join(path for path in paths if path)}


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """A fresh graph on the test process' own domain."""
    made = Graph(tmp_path)
    yield made
    made.close()
