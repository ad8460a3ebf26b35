"""Small geometry as machine code, and how to get it; importable without numba.

At these sizes the loops beat any library call. What is compiled is marked `no_type_check`:
a run-time checker's wrapper would be Python in the middle of machine code.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast, no_type_check

import numpy as np

try:
    import numba
except ImportError:  # every platform with NumPy can retarget, only slower
    numba = None  # type: ignore[assignment]

_OPTIONS: dict[str, Any] = {'error_model': 'numpy', 'nogil': True}
_Function = TypeVar('_Function', bound=Callable[..., object])


def available() -> bool:
    """Whether there is a compiler; without one the NumPy twins of the kernels are used."""
    return numba is not None


def jit(function: _Function) -> _Function:
    """Compile on first use; the machine code is kept on disk between runs.

    It runs beside other threads: a stop does not wait for a motion that is being made.
    """
    if numba is None:
        return function
    try:
        return cast(_Function, numba.njit(cache=True, **_OPTIONS)(function))
    except RuntimeError:  # no folder to keep machine code in: compile in every process
        return cast(_Function, numba.njit(**_OPTIONS)(function))


@jit
@no_type_check
def multiply(left: np.ndarray, right: np.ndarray, product: np.ndarray) -> None:
    """Multiply two 3x3 matrices."""
    for i in range(3):
        for j in range(3):
            product[i, j] = (
                left[i, 0] * right[0, j] + left[i, 1] * right[1, j] + left[i, 2] * right[2, j]
            )


@jit
@no_type_check
def rotation_vector(matrix: np.ndarray, vector: np.ndarray) -> None:
    """Write axis times angle, found through the quaternion (safe at half turns)."""
    trace = matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    if trace > 0.0:
        w = math.sqrt(1.0 + trace) / 2
        vector[0] = (matrix[2, 1] - matrix[1, 2]) / (4 * w)
        vector[1] = (matrix[0, 2] - matrix[2, 0]) / (4 * w)
        vector[2] = (matrix[1, 0] - matrix[0, 1]) / (4 * w)
    else:
        i = 0
        if matrix[1, 1] > matrix[0, 0]:
            i = 1
        if matrix[2, 2] > matrix[i, i]:
            i = 2
        j, k = (i + 1) % 3, (i + 2) % 3
        vector[i] = math.sqrt(1.0 + 2.0 * matrix[i, i] - trace) / 2
        w = (matrix[k, j] - matrix[j, k]) / (4 * vector[i])
        vector[j] = (matrix[j, i] + matrix[i, j]) / (4 * vector[i])
        vector[k] = (matrix[k, i] + matrix[i, k]) / (4 * vector[i])
    sine = math.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2)
    scale = 2.0
    if sine > 1e-12:
        scale = 2.0 * math.atan2(sine, abs(w)) / sine
    if w < 0.0:
        scale = -scale
    for i in range(3):
        vector[i] *= scale


@jit
@no_type_check
def axis_rotation(x: float, y: float, z: float, angle: float, matrix: np.ndarray) -> None:
    """Write the rotation about a unit axis by an angle [rad]."""
    c, s = math.cos(angle), math.sin(angle)
    d = 1.0 - c
    matrix[0, 0] = c + d * x * x
    matrix[1, 1] = c + d * y * y
    matrix[2, 2] = c + d * z * z
    matrix[0, 1] = d * x * y - s * z
    matrix[1, 0] = d * x * y + s * z
    matrix[0, 2] = d * x * z + s * y
    matrix[2, 0] = d * x * z - s * y
    matrix[1, 2] = d * y * z - s * x
    matrix[2, 1] = d * y * z + s * x


@jit
@no_type_check
def nearest_on_segments(ends: np.ndarray, parts: np.ndarray) -> None:
    """Write how far along each of two segments their nearest points lie, 0 to 1.

    Minimises the squared distance over the square of both parameters: the free minimum of one
    for the other clamped, then the other again (Ericson, "Real-Time Collision Detection"
    (2005), section 5.1.9).

    Args:
        ends: Starts and directions of the segments [a start, a along, b start, b along][3].
        parts: Where to write the two numbers.
    """
    aa = ab = bb = ac = bc = 0.0
    for i in range(3):
        a, b, c = ends[1, i], ends[3, i], ends[0, i] - ends[2, i]
        aa += a * a
        ab += a * b
        bb += b * b
        ac += a * c
        bc += b * c
    s = 0.0
    denominator = aa * bb - ab * ab
    if denominator > 1e-12 * aa * bb:
        s = min(max((ab * bc - ac * bb) / denominator, 0.0), 1.0)
    t = 0.0
    if bb > 0.0:
        t = (ab * s + bc) / bb
    if t < 0.0 or t > 1.0 or bb == 0.0:
        t = min(max(t, 0.0), 1.0)
        if aa > 0.0:
            s = min(max((ab * t - ac) / aa, 0.0), 1.0)
    parts[0] = s
    parts[1] = t
