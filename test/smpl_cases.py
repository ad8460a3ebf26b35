"""Body models in the layouts of SMPL's files, made of the licence-free person."""

import pickle
import struct
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from scipy.sparse import csc_matrix

from motionclip_model import skeleton
from motionclip_model.body import CapsuleBody
from motionclip_model.limbs import LIMBS


def body_arrays(joints: int = 24, seed: int = 0) -> dict[str, np.ndarray]:
    """A body with the joints of SMPL (24) or SMPL-H (52), whose flesh bulges as it bends."""
    rest = CapsuleBody()(torch.eye(3).expand(24, 3, 3), torch.zeros(3)).double().numpy()
    places = skeleton.forward_kinematics(np.tile(np.eye(3), (24, 1, 1)), np.zeros(3)).positions
    owners = np.concatenate([[limb.parent] * len(limb.surface()) for limb in LIMBS])
    vertices = np.concatenate([rest, places])
    regressor, weights = np.zeros((joints, len(vertices))), np.zeros((len(vertices), joints))
    # The last 24 vertices are the joints themselves; more fingers sit in the left wrist.
    own = np.array([*range(24), *[20] * (joints - 24)])
    regressor[np.arange(joints), len(rest) + own] = 1.0
    weights[np.arange(len(vertices)), np.concatenate([owners, np.arange(24)])] = 1.0
    parents = np.concatenate([skeleton.PARENTS, np.full(joints - 24, 20)])
    parents[22:24] = [20, 21]
    parents[0] = 2**32 - 1  # as SMPL's files say that there is none
    random = np.random.default_rng(seed)
    return {
        'v_template': vertices + np.array([0.1, -0.3, 0.2]),
        'posedirs': 0.01 * random.normal(size=(len(vertices), 3, 9 * (joints - 1))),
        'shapedirs': np.zeros((len(vertices), 3, 10)),
        'J_regressor': regressor,
        'weights': weights,
        'kintree_table': np.stack([parents, np.arange(joints)]).astype(np.uint32),
        'f': np.array([[0, 1, 2]], np.uint32),
    }


class Ch:
    """Stands for chumpy's array, which nobody has to install."""

    def __init__(self, x: np.ndarray):
        self.x, self._dirty_vars, self._itr = x, {'x'}, None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.x.shape

    def __getitem__(self, part: Any) -> np.ndarray:
        """A part, as NumPy has it."""
        return self.x[part]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """For NumPy."""
        return np.asarray(self.x, dtype)


def with_chumpy(monkeypatch: Any) -> None:
    """Let pickles be written as if chumpy were there, and be read by those who unpickle."""
    package, module = types.ModuleType('chumpy'), types.ModuleType('chumpy.ch')
    module.Ch, package.ch = Ch, module
    monkeypatch.setattr(Ch, '__module__', 'chumpy.ch')
    monkeypatch.setitem(sys.modules, 'chumpy', package)
    monkeypatch.setitem(sys.modules, 'chumpy.ch', module)


def pickled(model: dict[str, Any], protocol: int = 2) -> bytes:
    """Pickle as Python 3 does."""
    return pickle.dumps(model, protocol)


class _Python2(pickle._Pickler):
    """Writes texts and bytes alike, as Python 2 did."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def _write(self, content: bytes) -> None:
        if len(content) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(content)]) + content)
        else:
            self.write(pickle.BINSTRING + struct.pack('<i', len(content)) + content)

    def save_str(self, value: str) -> None:
        self._write(value.encode('latin-1'))
        self.memoize(value)

    def save_bytes(self, value: bytes) -> None:
        self._write(value)
        self.memoize(value)

    dispatch[str], dispatch[bytes] = save_str, save_bytes


def pickled_by_python2(model: dict[str, Any], path: Path) -> bytes:
    """Pickle as Python 2, with NumPy 1 and an old SciPy, did; writes to a file on the way."""
    with path.open('wb') as file:
        _Python2(file, 2).dump(model)
    content = path.read_bytes()
    for new, old in ((b'numpy._core', b'numpy.core'), (b'sparse._csc', b'sparse.csc')):
        content = content.replace(b'c' + new if new[:5] == b'numpy' else new, b'c' + old
                                  if new[:5] == b'numpy' else old)  # fmt: skip
    return content


def as_distributed(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """Put arrays into the classes in which SMPL's pickles have them."""
    made = {**arrays, 'bs_style': 'lbs', 'bs_type': 'lrotmin'}
    made['J_regressor'] = csc_matrix(arrays['J_regressor'])
    made['J_regressor_prior'] = made['J_regressor']
    for name in ('shapedirs', 'posedirs'):
        made[name] = Ch(arrays[name])
    made['v_template'] = np.asfortranarray(arrays['v_template'])
    return made
