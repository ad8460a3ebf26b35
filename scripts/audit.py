"""Ask PyPI's advisory database, or OSV's, for known flaws of everything in requirements/.

    make audit

Exit status: 0 all were looked up and none has a known flaw; 1 flaws were found; 2 the database
could not be asked about all of them.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = 'pip-audit==2.10.1'
LISTS = ('build', 'environment', 'cuda', 'interfaces')
"""Of requirements/; cpu.txt has another build of what is in cuda.txt."""

CLEAN, FOUND, NOT_ASKED = 0, 1, 2


class Answer(NamedTuple):
    """What came of asking.

    Attributes:
        status: Exit status.
        lines: What to tell.
    """

    status: int
    lines: tuple[str, ...]


def judged(report: Mapping[str, Any] | None, service: str) -> Answer:
    """Read pip-audit's report.

    Args:
        report: Its JSON; None if it came to none.
        service: Name of the database.
    """
    listed = [] if report is None else report['dependencies']
    flaws = [
        f'{each["name"]} {each["version"]}: {flaw["id"]}, mended in '
        f'{", ".join(flaw["fix_versions"]) or "no version"}'
        for each in listed
        for flaw in each.get('vulns', ())
    ]
    asked = sum('skip_reason' not in each for each in listed)
    if flaws:
        return Answer(
            FOUND, (*flaws, f'{len(flaws)} known flaws; raise the pins and run make lock')
        )
    if not listed or asked < len(listed):
        return Answer(
            NOT_ASKED,
            (
                f'the database of {service} knew {asked} of {len(listed)} packages or was not '
                'reached: nothing is said of the others; run it again where it is reachable',
            ),
        )
    return Answer(CLEAN, (f'{asked} packages, no known flaws ({service})',))


def report(program: Path, service: str) -> Mapping[str, Any] | None:
    """Let pip-audit ask about everything; None if it could not."""
    lists = [part for name in LISTS for part in ('-r', ROOT / 'requirements' / f'{name}.txt')]
    options = ['--disable-pip', '--no-deps', '--progress-spinner', 'off', '--format', 'json']
    result = subprocess.run(
        [program, *options, '--vulnerability-service', service, *lists],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    try:
        return json.loads(result.stdout)
    except ValueError:
        return None


def main() -> None:
    """Ask one database after the other until one answers."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, 'bin', 'python')
        subprocess.run([python, '-m', 'pip', 'install', '--quiet', PIP_AUDIT], check=True)
        for service in ('pypi', 'osv'):
            answer = judged(report(python.with_name('pip-audit'), service), service)
            sys.stdout.writelines(f'{line}\n' for line in answer.lines)
            if answer.status != NOT_ASKED:
                break
    sys.exit(answer.status)


if __name__ == '__main__':
    main()
