"""Fuzz every reader, one after the other, and sum up what was found.

    python benchmark/fuzzing.py --seconds 600 --out out/fuzzing

A reader that was broken is fuzzed no further; what broke it is in the folder.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from reporting.measured import save

TESTS = Path(__file__).resolve().parent.parent / 'test'
NAMES = (
    'text', 'messages', 'yaml', 'joint_limits', 'json', 'csv', 'bvh', 'npz', 'checkpoint',
    'urdf', 'bag', 'mesh',
)  # fmt: skip


class Tried(NamedTuple):
    """What came of fuzzing a reader.

    Attributes:
        executions: Inputs that were read.
        edges: Branches of the code that were reached.
        seconds: How long it took [s].
        memory_mb: Most memory [MB].
        findings: Names of the files that broke it.
    """

    executions: int
    edges: int
    seconds: int
    memory_mb: int
    findings: tuple[str, ...]


def fuzz(name: str, seconds: int, out: Path) -> None:
    """Fuzz one reader and keep what is said of it."""
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(TESTS / 'fuzzing' / 'fuzz.py'), name]
    command += ['--seconds', str(seconds), '--out', str(folder)]
    paths = os.pathsep.join([str(TESTS.parent), os.environ.get('PYTHONPATH', '')])
    with (folder / 'log.txt').open('wb') as log:
        subprocess.run(
            command, stdout=log, stderr=log, check=False,
            env={**os.environ, 'PYTHONPATH': paths.strip(os.pathsep), 'OMP_NUM_THREADS': '1'},
        )  # fmt: skip


def read(folder: Path) -> Tried:
    """Read what libFuzzer said."""
    log = (folder / 'log.txt').read_text(errors='replace')

    def last(pattern: str) -> int:
        return max((int(number) for number in re.findall(pattern, log)), default=0)

    findings = (
        path.name for kind in ('crash', 'timeout', 'oom') for path in folder.glob(f'{kind}-*')
    )
    return Tried(
        last(r'(?:^#|stat::number_of_executed_units: +|Done )(\d+)'),
        last(r' cov: (\d+)'),
        last(r'Done \d+ runs in (\d+) second'),
        max(last(r'stat::peak_rss_mb: +(\d+)'), last(r' rss: (\d+)Mb')),
        tuple(sorted(findings)),
    )  # fmt: skip


def main() -> None:
    """Fuzz all, print a line for each, and end with 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=int, default=600)
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--read-only', action='store_true', help='sum up what is in the folder')
    parser.add_argument('--json', type=Path)
    asked = parser.parse_args()
    found = {}
    for name in NAMES:
        if not asked.read_only:
            fuzz(name, asked.seconds, asked.out)
        elif not (asked.out / name / 'log.txt').is_file():
            continue
        tried = found[name] = read(asked.out / name)
        print(
            f'{name}: {tried.executions} executions, {tried.edges} edges, {tried.seconds} s, '
            f'{tried.memory_mb} MB, findings: {", ".join(tried.findings) or "none"}',
            flush=True,
        )
    if asked.json is not None:
        # Where the files lie, and when they are summed up, says nothing of the figures.
        sys.argv[1:] = [f'--seconds={asked.seconds}', '--out=out/fuzzing']
        save(asked.json, {'readers': {name: tried._asdict() for name, tried in found.items()}})
    raise SystemExit(any(tried.findings for tried in found.values()))


if __name__ == '__main__':
    main()
