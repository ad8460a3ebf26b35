"""What every command needs."""

import os
import platform
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import motionclip_model
from motionclip_ros.doctor.finding import FAILS, WORKS, Finding

_PYTHONS = ((3, 11), (3, 12))


def needed() -> dict[str, Callable[[], Finding]]:
    """Return the looks at what is needed, by what they look at, in order."""
    return {
        'Python': _python,
        'PyTorch': _torch,
        'text encoder': _minilm,
        **{f'checkpoint {name}': partial(_checkpoint, name) for name in _checkpoints()},
        'robots': _robots,
        'retargeting': _kernel,
    }


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info[:2] in _PYTHONS:
        return Finding('Python', WORKS, version)
    wanted = ' or '.join('.'.join(map(str, each)) for each in _PYTHONS)
    return Finding(
        'Python', FAILS, f'{version} was not tested', 'anything may fail', f'use Python {wanted}'
    )


def _torch() -> Finding:
    import torch

    cores = len(os.sched_getaffinity(0))
    found = f'{torch.__version__}, {torch.get_num_threads()} threads on {cores} cores'
    return Finding('PyTorch', WORKS, found)


def _minilm() -> Finding:
    from motionclip_model.text_encoder import PROBE_TEXT, TextEncoder

    encoder = TextEncoder.load()
    encoder.encode([PROBE_TEXT])
    found = f'{encoder.name}, {encoder.embedding_width} numbers'
    return Finding('text encoder', WORKS, found)


def _checkpoints() -> list[str]:
    folder = Path(motionclip_model.__file__).with_name('weights')
    return sorted(path.stem for path in folder.glob('*.safetensors'))


def _checkpoint(name: str) -> Finding:
    from motionclip_model.checkpoint import load_network

    folder = Path(motionclip_model.__file__).with_name('weights')
    network, info = load_network(folder / f'{name}.safetensors')
    count = sum(parameter.numel() for parameter in network.parameters())
    encoder = info.get('text_encoder', 'its text encoder')
    found = f'{count / 1e6:.1f} M weights, aligned to {encoder}'
    return Finding(f'checkpoint {name}', WORKS, found)


def _robots() -> Finding:
    from motionclip_ros.resources import listing
    from motionclip_ros.retargeting.robots.robot import load_robot

    names = listing('config/robots', '.yaml')
    joints = [f'{name} ({len(load_robot(name).joint_names)} joints)' for name in names]
    return Finding('robots', WORKS, ', '.join(joints))


def _kernel() -> Finding:
    """Look at the compiled geometry, without which retargeting is right but slow."""
    from motionclip_ros.retargeting.solving import compiled

    slow = 'retargeting takes longer, and comes to the same'
    if not compiled.available():
        return Finding('retargeting', FAILS, 'not compiled: no numba', slow, 'pip install numba')
    # What the decorator returns says where machine code is kept; mypy sees the function.
    function: Any = compiled.multiply
    function(np.eye(3), np.eye(3), np.empty((3, 3)))
    statistics = function.stats
    if statistics.cache_path is None:
        return Finding(
            'retargeting',
            WORKS,
            'compiled anew in every process: the folder of the package cannot be written',
            'the first motion of each process takes longer',
            'export NUMBA_CACHE_DIR=~/.cache/numba',
        )
    fresh = 'compiled just now' if statistics.cache_misses else 'compiled before'
    return Finding('retargeting', WORKS, f'machine code, {fresh}, in {statistics.cache_path}')
