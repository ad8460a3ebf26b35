"""The side of `mesh_worker` that asks."""

import atexit
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.errors import RobotError
from motionclip_model.reading import opened

_MAX_BYTES = 200_000_000
"""Largest file that is read; meshes of robots stay below 20 MB."""

_lock = threading.Lock()
_workers: dict[int, subprocess.Popen[bytes]] = {}
"""By the process that asks: one that was forked must not talk to its parent's."""


class Surface(NamedTuple):
    """What a mesh file holds, as it is there; see `meshes.Mesh`."""

    vertices: Float[np.ndarray, 'vertex 3']
    triangles: Int[np.ndarray, 'triangle 3']


def read_surface(path: Path, scale: tuple[float, float, float], triangles: bool) -> Surface:
    """Read a mesh in another process.

    Args:
        path: The file.
        scale: Factor of each axis.
        triangles: Whether they are wanted; they take as long as all the rest.

    Raises:
        RobotError: It cannot be read.
    """
    with opened(path, RobotError) as file:
        size = os.fstat(file.fileno()).st_size
    if size > _MAX_BYTES:
        raise RobotError(f'{path}: larger than {_MAX_BYTES // 1_000_000} MB; simplify the mesh')
    request = json.dumps([str(path), scale, size, triangles]).encode() + b'\n'
    with _lock:
        worker = _worker()
        try:
            answer = _asked(worker, request)
        except (OSError, ValueError):
            _end(worker)
            raise RobotError(
                f'{path}: not a mesh that can be read (its reader crashed, or took too much time '
                'or memory); save it anew, as STL say'
            ) from None
    if isinstance(answer, str):
        raise RobotError(f'{path}: not a mesh that can be read ({answer})')
    return answer


def _worker() -> subprocess.Popen[bytes]:
    """Find the process that reads, or start it; it ends with the pipe to it."""
    worker = _workers.get(os.getpid())
    if worker is None or worker.poll() is not None:
        worker = _workers[os.getpid()] = subprocess.Popen(
            [sys.executable, '-P', str(Path(__file__).with_name('mesh_worker.py'))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for the process that asks
        )
        atexit.register(_end, worker)
    return worker


def _asked(worker: subprocess.Popen[bytes], request: bytes) -> Surface | str:
    """Ask, and read the answer.

    Raises:
        OSError: The process died before.
        ValueError: It died half way.
    """
    if worker.stdin is None or worker.stdout is None:
        raise ValueError('it has no pipes')
    worker.stdin.write(request)
    worker.stdin.flush()
    answer = json.loads(worker.stdout.readline())
    if isinstance(answer, str):
        return answer
    vertices, triangles = (
        np.frombuffer(worker.stdout.read(24 * count), kind).reshape(count, 3)
        for count, kind in zip(answer, (np.float64, np.int64), strict=True)
    )
    return Surface(vertices, triangles)


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            pipe.close()
