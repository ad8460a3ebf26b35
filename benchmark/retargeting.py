"""Speed and quality of the retargeter on real clips, beside its peers in the same run.

    python benchmark/retargeting.py [--section speed,gmr] [--json FILE] [AMASS.npz ...]

Without clips those in test/data are used. GMR's recorded solutions, the walking clips and most
of the hard ones are in the folder of shared data ($MOTIONCLIP_SHARED, else ../shared); what
needs them is left out where it is not. Times are processor time of one thread on one core,
the best of several runs.
"""

import os

os.environ['OMP_NUM_THREADS'] = '1'
os.environ['OPENBLAS_NUM_THREADS'] = '1'
os.environ['NUMBA_NUM_THREADS'] = '1'

import argparse
from collections.abc import Sequence
from pathlib import Path

from reporting.measured import processor, save
from retargeting_peers.figures import Table
from retargeting_peers.sections import SECTIONS, Setting

from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot

ROOT = Path(__file__).resolve().parent.parent
CLIPS = ROOT / 'test' / 'data' / 'amass'


def main() -> None:
    """Measure the chosen sections, print their tables and write the figures."""
    arguments = _arguments()
    core = _hold_one_core()
    print(f'{processor()}; 1 thread on {core}')
    retargeter = Retargeter(load_robot('g1'))
    retargeter.warm_up()
    shared = Path(os.environ.get('MOTIONCLIP_SHARED', ROOT.parent / 'shared'))
    setting = Setting(
        retargeter,
        arguments.clips or sorted((CLIPS / 'CMU').rglob('*_poses.npz')),
        CLIPS,
        shared if (shared / 'data').is_dir() else None,
    )
    tables: list[Table] = []
    for name in arguments.section:
        for table in SECTIONS[name](setting):
            tables.append(table)
            print(table.text(whole=not arguments.markdown), flush=True)
    if arguments.json is not None:
        save(arguments.json, {'tables': [table.figures() for table in tables]})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clips', nargs='*', type=Path, help='AMASS npz files')
    parser.add_argument(
        '--section',
        type=_sections,
        default=tuple(SECTIONS),
        help=f'some of {",".join(SECTIONS)}; all if not given',
    )
    parser.add_argument('--json', type=Path, help='write every figure to this file')
    parser.add_argument('--markdown', action='store_true', help='print the summary rows alone')
    return parser.parse_args()


def _sections(text: str) -> Sequence[str]:
    names = text.split(',')
    if unknown := set(names) - set(SECTIONS):
        raise argparse.ArgumentTypeError(
            f'no section {", ".join(sorted(unknown))}; there are {", ".join(SECTIONS)}'
        )
    return names


def _hold_one_core() -> str:
    """Stay on one core where the system lets a process choose."""
    if not hasattr(os, 'sched_setaffinity'):
        return 'any core'
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f'core {core}'


if __name__ == '__main__':
    main()
