"""A process of its own that makes some commands and keeps every number of what comes of them.

    python test/reproducing.py FILE.npz [--threads N] [--backwards] [--pair base/g1]...
    python test/reproducing.py --reference

`test_reproducing.py` and `benchmark/determinism.py` start it in different surroundings and compare
the files. The second form writes down what this machine makes, for others to compare with; it is
needed whenever a change means to alter the motions.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from motionclip_model.storage import write_json
from motionclip_ros.bag_export import export_bag
from motionclip_ros.pipeline import Generation, Pipeline
from motionclip_ros.provenance import Sources

COMMANDS: tuple[tuple[str, float | None, int | None], ...] = (
    ('a person waves with the right hand', 2.0, 7),
    ('a person bows', 3.0, None),
    ('walk forward, then raise both hands', 4.0, None),
)
"""Text, length [s] and seed."""

PAIRS = ('base/g1', 'open/talos')

REFERENCE = Path(__file__).with_name('data') / 'reference_positions.json'
"""Joint positions that one machine made."""

MOMENTS = 4
"""Of each trajectory that are written down there."""

START = 1_000_000_000
"""When the recordings begin [ns]."""

_TIMES = {'latency_ms', 'milliseconds'}


def numbers(generation: Generation) -> dict[str, np.ndarray]:
    """Every number of a motion and its trajectory."""
    motion, trajectory = generation.motion, generation.trajectory
    return {
        'root_position': motion.root_position,
        'joint_rotations': motion.joint_rotations,
        'time_from_start': trajectory.time_from_start,
        'positions': trajectory.positions,
        'velocities': trajectory.velocities,
        'base_position': trajectory.base_position,
        'base_quaternion_xyzw': trajectory.base_quaternion_xyzw,
    }


def without_times(report: Any) -> Any:
    """A report, but for how long things took."""
    if isinstance(report, Mapping):
        return {name: without_times(each) for name, each in report.items() if name not in _TIMES}
    return report


def messages(pipeline: Pipeline, model: str, robot: str, made: Generation) -> np.ndarray:
    """All bytes of a recording of it: topics, times and messages, in order."""
    sources = Sources(model, pipeline.model.sha256, robot, pipeline.robot.sha256, '', '')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'bag')
        export_bag(
            path, pipeline.robot, made.motion, made.trajectory, without_times(made.report),
            sources, seed=made.seed, requested_seconds=None, start=START,
        )  # fmt: skip
        (recording,) = path.glob('*.mcap')
        return np.frombuffer(recording.read_bytes(), np.uint8)


def sampled(found: Mapping[str, np.ndarray]) -> dict[str, list[list[float]]]:
    """Joint positions at a few moments of each trajectory [rad]."""
    picked = {}
    for name, values in found.items():
        if name.endswith('/positions'):
            rows = np.linspace(0, len(values) - 1, MOMENTS).round().astype(int)
            picked[name] = values[rows].tolist()
    return picked


def processor() -> str:
    """Name of this machine's processor, and which of its instructions PyTorch uses."""
    lines = Path('/proc/cpuinfo').read_text().splitlines()
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return f'{names[0]}, {torch.backends.cpu.get_cpu_capability()}'


def made(
    pairs: tuple[str, ...], threads: int | None, backwards: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Make everything, and name each array."""
    for pair in pairs:
        model, robot = pair.split('/')
        pipeline = Pipeline.load(model, robot)
        if threads is not None:
            torch.set_num_threads(threads)
        order = range(len(COMMANDS))
        for number in reversed(order) if backwards else order:
            text, seconds, seed = COMMANDS[number]
            found = pipeline.generate(text, seconds, seed)
            for name, values in numbers(found).items():
                yield f'{pair}/{number}/{name}', values
            if number == order[-1]:
                yield f'{pair}/{number}/recording', messages(pipeline, model, robot, found)
            yield f'{pair}/{number}/report', np.array(json.dumps(without_times(found.report)))


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('file', type=Path, nargs='?')
    parser.add_argument('--reference', action='store_true')
    parser.add_argument('--threads', type=int)
    parser.add_argument('--backwards', action='store_true')
    parser.add_argument('--pair', action='append')
    asked = parser.parse_args()
    pairs = tuple(asked.pair or PAIRS)
    found = dict(made(pairs, asked.threads, asked.backwards))
    if asked.reference:
        write_json(REFERENCE, {'processor': processor(), 'positions_rad': sampled(found)})
    if asked.file is not None:
        np.savez(asked.file, **found)


if __name__ == '__main__':
    main()
