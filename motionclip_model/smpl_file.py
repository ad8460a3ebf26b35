"""Files of SMPL, SMPL-H and SMPL-X: the arrays in them, whether zipped or pickled.

The pickles were written by Python 2, with SciPy's and chumpy's classes in them. Neither these
libraries nor `pickle` read them here, see `pickled_data`.
"""

import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_model.errors import ConfigError
from motionclip_model.pickled_data import Global, Made, PickleError, read_pickle
from motionclip_model.reading import read_arrays

_MAX_BYTES = 2_000_000_000  # SMPL-X with 400 shape directions is below 1 GB
_MAX_ENTRIES = 100_000_000  # a regressor of 55 joints and 10,475 vertices has 600,000

_ARRAY = {Global(f'numpy.{core}.multiarray', '_reconstruct') for core in ('core', '_core')}
_BUFFER = {Global(f'numpy.{core}.numeric', '_frombuffer') for core in ('core', '_core')}
_SCALAR = {Global(f'numpy.{core}.multiarray', 'scalar') for core in ('core', '_core')}
_DTYPE = Global('numpy', 'dtype')
_CSC = {Global(f'scipy.sparse.{module}', 'csc_matrix') for module in ('csc', '_csc')}
_CHUMPY = {Global('chumpy.ch', 'Ch'), Global('chumpy', 'Ch')}
_OBJECT = {Global('copy_reg', '_reconstructor'), Global('copyreg', '_reconstructor')}
_BYTES = Global('_codecs', 'encode')
_HARMLESS = {
    Global(module, name)
    for module in ('__builtin__', 'builtins')
    for name in ('object', 'set', 'bytes')
} | {Global('numpy', 'ndarray')}

_ADMITTED = frozenset(
    {*_ARRAY, *_BUFFER, *_SCALAR, *_CSC, *_CHUMPY, *_OBJECT, *_HARMLESS, _DTYPE, _BYTES}
)


def read_body_arrays(path: str | os.PathLike[str], names: tuple[str, ...]) -> dict[str, Any]:
    """Read arrays of a body model.

    Args:
        path: npz or, pickled, pkl.
        names: Arrays that it must hold; it may hold more.

    Returns:
        The arrays by name. Sparse ones are filled up with zeros.

    Raises:
        ConfigError: Missing, damaged, no body model, or a pickle that names anything but arrays.
    """
    if Path(path).suffix != '.pkl':
        return read_arrays(path, names, ConfigError)
    try:
        with Path(path).open('rb') as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise PickleError(f'is larger than {_MAX_BYTES // 10**9} GB')
        model = read_pickle(content, _ADMITTED)
        if not isinstance(model, dict):
            raise PickleError('holds no names')
        if missing := [name for name in names if name not in model]:
            raise PickleError(f'has no {", ".join(missing)}')
        return {name: _array(model[name], name) for name in names}
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
    except PickleError as error:
        raise ConfigError(
            f'{path}: not a body model ({error}); a pickle can hold any program, so only arrays '
            'are read. Take the file from where SMPL is given out'
        ) from None


def _array(value: Any, name: str) -> np.ndarray:
    """Make the array that is meant.

    Raises:
        PickleError: None is.
    """
    made = _instance(value)
    if isinstance(made, Made) and made.maker in _CHUMPY:
        inner = made.state.get('x') if isinstance(made.state, dict) else None
        made = _instance(inner)
    if isinstance(made, Made) and isinstance(made.maker, Global):
        if made.maker in _ARRAY:
            return _from_state(made.state, name)
        if made.maker in _BUFFER:
            return _from_buffer(made.arguments, name)
        if made.maker in _CSC:
            return _from_columns(made.state, name)
    raise PickleError(f'{name} is no array')


def _instance(value: Any) -> Any:
    """Return an object of Python 2 as one made by its class."""
    if isinstance(value, Made) and isinstance(value.maker, Global) and value.maker in _OBJECT:
        arguments = value.arguments
        if isinstance(arguments, tuple) and arguments:
            return Made(arguments[0], (), value.state)
    return value


def _from_state(state: Any, name: str) -> np.ndarray:
    """Make what an array says of itself: version, shape, type, order, bytes."""
    if not isinstance(state, tuple) or len(state) != 5:
        raise PickleError(f'{name} is a damaged array')
    _, shape, kind, fortran, data = state
    return _shaped(data, kind, shape, 'F' if fortran else 'C', name)


def _from_buffer(arguments: Any, name: str) -> np.ndarray:
    """Make what stands in a pickle of protocol 5: bytes, type, shape, order."""
    if not isinstance(arguments, tuple) or len(arguments) != 4 or arguments[3] not in ('C', 'F'):
        raise PickleError(f'{name} is a damaged array')
    data, kind, shape, order = arguments
    return _shaped(data, kind, shape, order, name)


def _shaped(data: Any, kind: Any, shape: Any, order: Any, name: str) -> np.ndarray:
    number = _number_type(kind, name)
    raw = _bytes(data)
    if not isinstance(shape, tuple) or not all(type(n) is int and n >= 0 for n in shape):
        raise PickleError(f'{name} has no shape')
    if raw is None or len(raw) != math.prod(shape) * number.itemsize or len(shape) > 8:
        raise PickleError(f'{name} has more or less numbers than its shape')
    return np.array(np.frombuffer(raw, number).reshape(shape, order=order), order='C')


def _number_type(kind: Any, name: str) -> np.dtype:
    """Make a type of numbers; no other can stand in a body model."""
    if isinstance(kind, Made) and kind.maker == _DTYPE and isinstance(kind.arguments, tuple):
        code = kind.arguments[0] if kind.arguments else None
        order = kind.state[1] if isinstance(kind.state, tuple) and len(kind.state) > 1 else '|'
        known = isinstance(code, str) and re.fullmatch('[biuf][1248]', code)
        if known and code not in ('b8', 'b4', 'b2', 'f1') and order in ('<', '>', '|', '='):
            return np.dtype(f'{order}{code}')
    raise PickleError(f'{name} is an array of something else than numbers')


def _bytes(data: Any) -> bytes | None:
    """Return bytes, however Python 2 and 3 write them."""
    if isinstance(data, Made) and data.maker == _BYTES and isinstance(data.arguments, tuple):
        data = data.arguments[0] if data.arguments else None
    if isinstance(data, str):
        try:
            return data.encode('latin-1')
        except UnicodeEncodeError:
            return None
    return bytes(data) if isinstance(data, bytes | bytearray) else None


def _from_columns(state: Any, name: str) -> np.ndarray:
    """Fill up a sparse matrix that is kept by columns."""
    if not isinstance(state, dict):
        raise PickleError(f'{name} is a damaged matrix')
    shape = state.get('_shape', state.get('shape'))
    values, rows, ends = (
        _array(state.get(part), f'{name}.{part}') for part in ('data', 'indices', 'indptr')
    )
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(type(n) is int for n in shape):
        raise PickleError(f'{name} has no shape')
    height, width = shape
    if not 0 < height * width <= _MAX_ENTRIES or min(shape) < 1:
        raise PickleError(f'{name} is a matrix of {height} x {width}')
    if rows.dtype.kind not in 'iu' or ends.dtype.kind not in 'iu':
        raise PickleError(f'{name} is a damaged matrix')
    rows, ends = rows.astype(np.int64), ends.astype(np.int64)
    if (
        values.ndim != 1
        or rows.shape != values.shape
        or ends.shape != (width + 1,)
        or (ends[0], ends[-1]) != (0, len(values))
        or (ends[1:] < ends[:-1]).any()
        or (len(rows) and not (rows.min() >= 0 and rows.max() < height))
    ):
        raise PickleError(f'{name} is a damaged matrix')
    full = np.zeros((height, width), values.dtype)
    np.add.at(full, (rows, np.repeat(np.arange(width), np.diff(ends))), values)
    return full
