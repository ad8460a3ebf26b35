"""Gives bad inputs to their readers, one after the other, and says what came of each.

    python test/bad_inputs/worker.py FOLDER [KIND ...]

It is a process of its own, because a reader that crashes, waits for ever or takes all memory must
not do so to the tests. Each line that it prints is JSON; the last one names the culprit.
"""

import json
import os
import resource
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(_TESTS), str(_TESTS.parent)]

from bad_inputs.cases import Case, cases  # noqa: E402
from bad_inputs.readers import READERS  # noqa: E402
from motionclip_model.errors import MotionClipError  # noqa: E402

GROWTH = 2_000_000_000
"""Most memory that reading a bad input may take [bytes]."""

_PATIENCE = 30.0
"""Longest that one may take on any machine [s]; what is asked is measured in processor time."""


def outcome(case: Case, path: Path) -> dict[str, object]:
    """Read one, and measure it."""
    began, before = time.process_time(), peak()
    error, trace = '', ''
    try:
        READERS[case.kind](path)
    except MotionClipError as refused:
        error = str(refused) or 'no words'
    except BaseException:
        trace = traceback.format_exc()
    return {
        'error': error,
        'trace': trace,
        'seconds': time.process_time() - began,
        'growth': peak() - before,
    }


def peak() -> int:
    """Most memory that this process ever had, and the largest of its children [bytes]."""
    return 1024 * sum(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )


def listing(folder: Path) -> Iterator[str]:
    """Everything below a folder, by name alone: what is made must not be followed."""
    for place, folders, names in os.walk(folder):
        for name in (*folders, *names):
            yield os.path.relpath(os.path.join(place, name), folder)


def main() -> None:
    """Read all bad inputs."""
    outside = Path(sys.argv[1])
    os.environ['XDG_CONFIG_HOME'] = os.environ['XDG_CACHE_HOME'] = str(outside / 'home')
    warnings.simplefilter('ignore')
    limit = 1024 * int(_status('VmData')) + 2 * GROWTH
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    kinds = sys.argv[2:] or READERS
    for number, case in enumerate(case for case in cases() if case.kind in kinds):
        folder = outside / 'inside' / f'{number}'
        folder.mkdir(parents=True)
        os.chdir(folder)
        told = {'kind': case.kind, 'name': case.name}
        say(told)
        path = case.make(folder)
        signal.setitimer(signal.ITIMER_REAL, _PATIENCE)  # ends the process
        found = outcome(case, path)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        say({**told, **found})
    say({'made': sorted(listing(outside))})


def say(facts: dict[str, object]) -> None:
    """Print a line for the tests."""
    sys.stdout.write(f'{json.dumps(facts)}\n')
    sys.stdout.flush()


def _status(entry: str) -> str:
    lines = Path('/proc/self/status').read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(entry))


if __name__ == '__main__':
    main()
