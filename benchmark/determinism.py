"""How equal motions are that are made twice: here, and on processors that can do less.

    python benchmark/determinism.py [--json FILE]

Each row is a process that makes the same commands in other surroundings than the first one, for
both models and two robots. Other machines are imitated by keeping each library from the
instructions that it found; a processor that can do more than this one cannot be imitated.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml
from reporting.measured import save

from motionclip_model.model import MotionClip

ROOT = Path(__file__).resolve().parent.parent
PAIRS = ('base/g1', 'base/talos', 'open/g1', 'open/talos')
THREADS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'NUMBA_NUM_THREADS')

SURROUNDINGS: tuple[tuple[str, Mapping[str, str], tuple[str, ...]], ...] = (
    ('a second process', {'PYTHONHASHSEED': '2', 'TZ': 'Asia/Kathmandu', 'LC_ALL': 'C'}, ()),
    ('commands in reverse order', {}, ('--backwards',)),
    ('one thread everywhere', dict.fromkeys(THREADS, '1'), ('--threads', '1')),
    ('two threads everywhere', dict.fromkeys(THREADS, '2'), ('--threads', '2')),
    ('PyTorch without AVX', {'ATEN_CPU_CAPABILITY': 'default'}, ()),
    ("MKL's kernels for every AVX2", {'MKL_CBWR': 'AVX2'}, ()),
    ("MKL's kernels for every processor", {'MKL_CBWR': 'COMPATIBLE'}, ()),
    ("OpenBLAS' kernels for Haswell", {'OPENBLAS_CORETYPE': 'Haswell'}, ()),
    ("OpenBLAS' kernels for Nehalem", {'OPENBLAS_CORETYPE': 'Nehalem'}, ()),
    ('NumPy without AVX', {'NPY_DISABLE_CPU_FEATURES': 'X86_V3'}, ()),
    ('Numba for any x86-64', {'NUMBA_CPU_NAME': 'generic', 'NUMBA_CPU_FEATURES': ''}, ()),
    (
        'the least of each',
        {
            'ATEN_CPU_CAPABILITY': 'default',
            'MKL_CBWR': 'COMPATIBLE',
            'OPENBLAS_CORETYPE': 'Nehalem',
            'NPY_DISABLE_CPU_FEATURES': 'X86_V3',
            'NUMBA_CPU_NAME': 'generic',
            'NUMBA_CPU_FEATURES': '',
        },
        (),
    ),
)
"""What is said of each process, its environment, and its arguments."""


class Difference(NamedTuple):
    """How far two processes are apart.

    Attributes:
        equal: Whether every byte is the same, those of reports and recordings too.
        rotations: Largest difference between entries of the person's rotation matrices.
        positions: Largest difference between joint positions [rad].
        usual: 99th percentile of the same [rad].
    """

    equal: bool
    rotations: float
    positions: float
    usual: float


def made(
    file: Path, environment: Mapping[str, str], arguments: tuple[str, ...]
) -> dict[str, np.ndarray]:
    """Make the commands in a process of its own.

    Raises:
        CalledProcessError: It failed; what it said is on the standard error.
    """
    clean = {name: value for name, value in os.environ.items() if name not in THREADS}
    pairs = [part for pair in PAIRS for part in ('--pair', pair)]
    subprocess.run(
        [sys.executable, ROOT / 'test' / 'reproducing.py', file, *pairs, *arguments],
        env={**clean, 'PYTHONPATH': str(ROOT), **environment}, check=True,
    )  # fmt: skip
    with np.load(file) as arrays:
        return dict(arrays)


def difference(first: Mapping[str, np.ndarray], second: Mapping[str, np.ndarray]) -> Difference:
    """Compare what two processes made."""

    def off(kind: str) -> np.ndarray:
        names = [name for name in first if name.endswith(kind)]
        return np.concatenate([np.abs(first[name] - second[name]).ravel() for name in names])

    equal = all(values.tobytes() == second[name].tobytes() for name, values in first.items())
    positions = off('/positions')
    return Difference(
        equal,
        float(off('/joint_rotations').max()),
        float(positions.max()),
        float(np.quantile(positions, 0.99)),
    )


def leads(name: str) -> list[float]:
    """How far the most typical of a few draws is ahead of the second, in cosines."""
    model = MotionClip.load(name)
    texts = yaml.safe_load((ROOT / 'benchmark' / 'commands.yaml').read_text())
    found = []
    for text in (each[0] for each in texts.values()):
        meaning = model.encode_text([text])
        four = type(meaning)(*(part.expand(4, *part.shape[1:]) for part in meaning))
        motions = model.generate_many(four, [3.0] * 4, range(4))
        cosines = (model.encode_motions(motions) @ meaning.meaning[0]).sort().values
        found.append(float(cosines[-1] - cosines[-2]))
    return found


def in_a_batch(name: str) -> float:
    """Largest difference of rotations between a motion alone and the same among seven others."""
    model = MotionClip.load(name)
    texts = ['a person bows', 'wave', 'a person walks forward', 'jump'] * 2
    together = model.generate_many(model.encode_text(texts), [3.0] * 8, range(8))
    alone = [
        model.generate(model.encode_text([text]), 3.0, seed) for seed, text in enumerate(texts)
    ]
    return max(
        float(np.abs(a.joint_rotations - b.joint_rotations).max())
        for a, b in zip(together, alone, strict=True)
    )


def measure() -> dict[str, Any]:
    """Measure everything."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        # Machine code for other processors is no use to anyone afterwards.
        apart = {'NUMBA_CACHE_DIR': f'{folder}/numba'}
        first = made(Path(folder, 'first.npz'), {}, ())
        for name, environment, arguments in SURROUNDINGS:
            own = {**environment, **(apart if 'NUMBA_CPU_NAME' in environment else {})}
            found = difference(first, made(Path(folder, 'other.npz'), own, arguments))
            rows.append({'surroundings': name, **found._asdict()})
            print(f'{name:36}{found}', flush=True)
    torch.set_num_threads(1)
    ahead = [lead for name in ('base', 'open') for lead in leads(name)]
    figures = {
        'pairs': list(PAIRS),
        'instructions': torch.backends.cpu.get_cpu_capability(),
        'rows': rows,
        'in_a_batch': max(map(in_a_batch, ('base', 'open'))),
        'leads': {'commands': len(ahead), 'least': min(ahead), 'median': float(np.median(ahead))},
    }
    print(f'in a batch: {figures["in_a_batch"]:.2g}, leads: {figures["leads"]}')
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path)
    asked = parser.parse_args()
    figures = measure()
    if asked.json is not None:
        save(asked.json, figures)


if __name__ == '__main__':
    main()
