"""What every test shares: shape checks, a quiet ROS environment, sample data."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import hypothesis
import jaxtyping
import pytest

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(__file__).resolve().parent / 'data'
LOG_DIR = Path(tempfile.mkdtemp(prefix='motionclip-test-'))

# Before anything is imported that reads them.
os.environ['ROS_PYTHON_CHECK_FIELDS'] = '1'
os.environ['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ['ROS_LOG_DIR'] = str(LOG_DIR)
os.environ.setdefault('AMENT_PREFIX_PATH', sys.prefix)
os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')

# Many more cases of the properties that keep a robot safe; see `envelope_cases.cases`.
hypothesis.settings.register_profile('nightly', print_blob=True)

# Shapes written in signatures are checked at every call.
jaxtyping.install_import_hook(
    ['motionclip_model', 'motionclip_ros.retargeting'], 'shape_checks.check'
)


@cache
def in_real_time(path: Path) -> bool:
    """Whether a module has tests that clocks go by, as all do that have a graph."""
    text = path.read_text()
    return "__all__ = ['graph']" in text or 'mark.real_time' in text


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what runs in real time last, when no long computation is beside it any more.

    Of that, large modules come first, so that all workers end at about the same time.
    """
    size = Counter(item.path for item in items if in_real_time(item.path))
    items.sort(key=lambda item: (in_real_time(item.path), -size[item.path]))


def pytest_sessionfinish() -> None:
    """Remove the log folder."""
    shutil.rmtree(LOG_DIR, ignore_errors=True)


@pytest.fixture(scope='session')
def clips() -> dict[str, Path]:
    """AMASS files of real motion, by what is done in them."""
    names = {
        'cartwheel': '49/49_06',
        'dance': '05/05_03',
        'jog': '35/35_20',
        'jump': '13/13_40',
        'kick': '10/10_03',
        'punch': '13/13_18',
        'run': '127/127_03',
        'sit': '13/13_01',
        'walk': '07/07_01',
        'wave': '14/14_24',
    }
    folder = DATA / 'amass' / 'CMU'
    return {action: folder / f'{name}_poses.npz' for action, name in names.items()}


@pytest.fixture(scope='session')
def corpus() -> Path:
    """A small captioned corpus: AMASS files, texts.jsonl, splits.json."""
    return DATA


@pytest.fixture(scope='session')
def bvh_files() -> dict[str, Path]:
    """One excerpt of each CMU BVH release."""
    return {
        'motionbuilder': DATA / 'bvh' / '02_03_run_motionbuilder.bvh',
        'daz': DATA / 'bvh' / '13_19_forward_jump_daz.bvh',
    }


@pytest.fixture(scope='session')
def shared() -> Path:
    """The full motion data and recorded benchmarks; tests that need them skip elsewhere."""
    folder = Path(os.environ.get('MOTIONCLIP_SHARED', ROOT.parent / 'shared'))
    if not (folder / 'data').is_dir():
        pytest.skip('the full motion data is not here; MOTIONCLIP_SHARED names its folder')
    return folder
