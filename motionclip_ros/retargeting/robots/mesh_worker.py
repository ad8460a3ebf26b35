"""A process of its own in which meshes are read, because no file may harm the one that asks.

assimp reads forty formats, and a damaged file of some brings it down, fills the memory or keeps it
busy for ever. Here that ends this process alone. It is run as a script, for a quick start:
requests come as lines of JSON, answers go out as a line of JSON and the numbers behind it.
"""

import json
import resource
import signal
import sys
from typing import Any, BinaryIO

import coal
import numpy as np

_MEMORY = 1_500_000_000
"""Most memory that reading one mesh may take [bytes]."""

_SECONDS, _BYTES_A_SECOND = 3.0, 2_000_000
"""Processor time for a mesh: this, and a second more for so many bytes of the file."""


def main(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until there are no more.

    Args:
        requests: Lines of `[path, scale, size, whether triangles are wanted]`.
        answers: For each, `[vertices, triangles]`, counts of the numbers that follow; or a
            reason why there are none.
    """
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    for line in requests:
        path, scale, size, with_triangles = json.loads(line)
        # Ends the process: assimp hears of nothing else.
        signal.setitimer(signal.ITIMER_PROF, _SECONDS + size / _BYTES_A_SECOND)
        try:
            vertices, triangles = _read(path, scale, with_triangles)
        except Exception as error:  # Boost.Python has exceptions of its own
            answers.write(json.dumps(' '.join(str(error).split())[:200]).encode() + b'\n')
        else:
            answers.write(json.dumps([len(vertices), len(triangles)]).encode() + b'\n')
            answers.write(vertices.tobytes() + triangles.tobytes())
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        answers.flush()


def _read(path: str, scale: list[float], with_triangles: bool) -> tuple[Any, Any]:
    loaded = coal.MeshLoader(coal.BV_AABB).load(path, np.array(scale))
    vertices = np.array(loaded.vertices(), np.float64).reshape(-1, 3)
    if not np.isfinite(vertices).all():
        raise ValueError('it has vertices that are not finite')
    count = int(loaded.num_tris) if with_triangles else 0
    # One by one, which takes as long as all the rest: who needs no triangles asks for none.
    corners = (loaded.tri_indices(i) for i in range(count))
    triangles = np.array([[c[0], c[1], c[2]] for c in corners], np.int64).reshape(count, 3)
    if count and triangles.max() >= len(vertices):
        raise ValueError('it has triangles without vertices')
    return vertices, triangles


if __name__ == '__main__':
    main(sys.stdin.buffer, sys.stdout.buffer)
