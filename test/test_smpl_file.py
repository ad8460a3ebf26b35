"""Pickled body models are read as arrays; a program in one is not run."""

import os
import pickle
import random
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csc_matrix
from smpl_cases import as_distributed, body_arrays, pickled, pickled_by_python2, with_chumpy
from test_body import random_pose

from motionclip_model.body import SmplBody, load_body
from motionclip_model.errors import ConfigError
from motionclip_model.smpl_file import read_body_arrays

NAMES = ('v_template', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')


@pytest.fixture
def arrays() -> dict[str, np.ndarray]:
    return body_arrays()


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize('protocol', [2, 3, 4, 5, 'Python 2'])
def test_a_pickled_model_holds_the_same_arrays(arrays, protocol, tmp_path, monkeypatch) -> None:
    with_chumpy(monkeypatch)
    path, model = tmp_path / 'SMPL_NEUTRAL.pkl', as_distributed(arrays)
    if protocol == 'Python 2':
        write(path, pickled_by_python2(model, path))
    else:
        write(path, pickled(model, protocol))
    monkeypatch.undo()  # chumpy is not there any more
    found = read_body_arrays(path, NAMES)
    for name in NAMES:
        assert found[name].dtype == arrays[name].dtype
        np.testing.assert_array_equal(found[name], arrays[name])


def test_a_pickled_body_moves_as_the_same_in_an_npz(arrays, tmp_path, monkeypatch) -> None:
    with_chumpy(monkeypatch)
    path = tmp_path / 'pickled' / 'SMPL_NEUTRAL.pkl'
    path.parent.mkdir()
    write(path, pickled_by_python2(as_distributed(arrays), path))
    np.savez(tmp_path / 'SMPL_NEUTRAL.npz', **arrays)
    rotations, position = random_pose(3)
    one, other = load_body(path.parent), SmplBody(tmp_path / 'SMPL_NEUTRAL.npz')
    assert torch.equal(one(rotations, position), other(rotations, position))


def test_the_mesh_is_where_smplx_says(arrays, tmp_path, monkeypatch) -> None:
    """Its own loader unpickles, which is safe with a file of our own."""
    smplx = pytest.importorskip('smplx')
    with_chumpy(monkeypatch)
    path = tmp_path / 'SMPL_NEUTRAL.pkl'
    write(path, pickled_by_python2(as_distributed(arrays), path))
    landmarks = dict.fromkeys(smplx.vertex_ids.vertex_ids['smplh'], 0)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        theirs = smplx.SMPL(str(path), vertex_ids=landmarks, batch_size=5)
    rotations, position = random_pose(4)
    with torch.no_grad():
        expected = theirs(
            global_orient=rotations[:, :1],
            body_pose=rotations[:, 1:],
            pose2rot=False,
        )
    found = SmplBody(path)(rotations, position)
    moved = position.float() - expected.joints[:, 0]
    assert torch.allclose(found, expected.vertices + moved[:, None], atol=1e-5)


class Call:
    """Pickles as a call of something."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        """Say what to call."""
        return self.call


def naming(module: str, name: str, argument: str) -> bytes:
    """A pickle, written by hand, that calls something."""
    return f'c{module}\n{name}\n(V{argument}\ntR.'.encode()


def array_opcodes(shape: bytes, data: bytes) -> bytes:
    """An array of eight-byte floats, by hand."""
    return (
        b'cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R'
        b'(K\x01' + shape + b'cnumpy\ndtype\nX\x02\0\0\0f8\x89\x88\x87R'
        b'(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb'
        b'\x89' + data + b'tb'
    )


def in_model(opcodes: bytes) -> bytes:
    """A pickle of a dict that has these opcodes' value in the place of each array."""
    names = b''.join(b'X' + struct.pack('<I', len(n)) + n.encode() + opcodes for n in NAMES)
    return b'\x80\x04}(' + names + b'u.'


DEEP = 10_000
HUGE = struct.pack('<Q', 2**62)
MALICIOUS = {
    'a command': naming('os', 'system', 'touch {mark}'),
    'the same by its other name': naming('posix', 'system', 'touch {mark}'),
    'getattr': naming('builtins', 'getattr', '{mark}'),
    'eval': naming('__builtin__', 'eval', "open('{mark}', 'w').close()"),
    'a name of several lines': b'\x80\x04\x8c\x04a\nb\n\x8c\x03\x1b[0\x93.',
    'a name with dots': b'\x80\x04\x8c\x02os\x8c\x06systemQ\x93\x8c\x01x\x85R.',
    'a name below an admitted module': naming('numpy', 'core.os.system', 'touch {mark}'),
    "NumPy's tests": b'cnumpy.testing._private.utils\nrunstring\n'
    b"(Vopen('{mark}', 'w').close()\n}tR.",
    'f2py': naming('numpy.f2py.crackfortran', 'myeval', "open('{mark}', 'w').close()"),
    'an array of a strange class': b'cnumpy.core.multiarray\n_reconstruct\n'
    b'csubprocess\nPopen\n(VTouch\ntR.',
    'an old instance': b'(V{mark}\nios\nsystem\n.',
    'an old object': b'(cos\nsystem\nV{mark}\no.',
    'what somebody registered': b'\x82\x01.',
    'a persistent name': b'P{mark}\n.',
    'a state for a class': b'cnumpy\nndarray\n}X\x03\0\0\0__x}sb.',
    'a state for a dict': b'}}b.',
    'an admitted class that is called': in_model(b'c__builtin__\nobject\n)R'),
    'a dict filled with a list': b']X\x01\0\0\0aK\x01s.',
    'a list filled in a dict': b'}K\x01a.',
    'a list that holds itself': b'](h\0q\0a.',
    'arrays that hold the model': b'\x80\x04}q\0(' + b''.join(
        b'X' + struct.pack('<I', len(n)) + n.encode() + b'h\0' for n in NAMES) + b'u.',
    'more numbers than there are': in_model(
        array_opcodes(b'\x8a\x08' + struct.pack('<q', 2**50) + b'\x85', b'C\x08' + bytes(8))),
    'a negative shape': in_model(array_opcodes(b'J\xff\xff\xff\xff\x85', b'C\x08' + bytes(8))),
    'a shape of truths': in_model(array_opcodes(b'\x88\x85', b'C\x08' + bytes(8))),
    'an endless shape': in_model(array_opcodes(b'(' + b'K\x01' * 99 + b't', b'C\x08' + bytes(8))),
    'bytes beyond the end': b'\x8e' + HUGE + b'.',
    'a text beyond the end': b'\x8d' + HUGE + b'.',
    'a place far away': b'Nr\xff\xff\xff\xff' + b'0.',
    'a mark for a model': b'(.',
    'nothing on the stack': b'.',
    'nothing to reduce': b'R.',
    'a deep key': b'}' + b')' + b'\x85' * DEEP + b'K\x01s.',
    'a deep model': b')' + b'\x85' * DEEP + b'.',
    'deep lists': b']' * DEEP + b'a' * (DEEP - 1) + b'.',
    'more instructions than arrays have': b'N0' * 50_000 + b'N.',
    'a long number': b'L' + b'9' * 100_000 + b'\n.',
    'no end': b'N',
    'nothing': b'',
    'something else': b'PK\x03\x04 no pickle',
}  # fmt: skip


@pytest.mark.parametrize('kind', MALICIOUS)
def test_nothing_in_a_strangers_pickle_is_run(kind, tmp_path) -> None:
    mark = tmp_path / 'mark'
    content = MALICIOUS[kind].replace(b'{mark}', os.fsencode(mark))
    with pytest.raises(ConfigError) as caught:
        SmplBody(write(tmp_path / 'model.pkl', content))
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 400
    assert not mark.exists()


def test_the_malicious_pickles_would_have_done_harm(tmp_path) -> None:
    """Else the test above would show nothing."""
    for kind in ('a command', "NumPy's tests", 'eval'):
        mark = tmp_path / kind.encode().hex()
        content = MALICIOUS[kind].replace(b'{mark}', os.fsencode(mark))
        pickle.loads(content)
        assert mark.exists(), kind


@pytest.mark.parametrize('where', ['beside', 'for an array', 'in an array', 'in a matrix'])
def test_harm_is_not_done_inside_a_model_either(arrays, where, tmp_path) -> None:
    mark, model = tmp_path / 'mark', dict(arrays)
    harm = Call(os.system, f'touch {mark}')
    if where == 'beside':
        model['comment'] = [{'deep': (harm,)}]
    elif where == 'for an array':
        model['weights'] = harm
    elif where == 'in an array':
        model['weights'] = np.array([harm, 1.0], object)
    else:
        model['J_regressor'] = csc_matrix(arrays['J_regressor'])
        model['J_regressor'].extra = harm
    path = write(tmp_path / 'model.pkl', pickled(model))
    with pytest.raises(ConfigError, match=r'posix\.system., which is'):
        SmplBody(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ('part', 'value'),
    [
        ('_shape', (10**9, 10**9)),
        ('_shape', (24, -1)),
        ('_shape', 24),
        ('indices', np.full(24, 2**31 - 1, np.int32)),
        ('indices', np.full(24, -1, np.int32)),
        ('indices', np.zeros(24)),
        ('indices', np.zeros(3, np.int32)),
        ('indptr', np.zeros(4, np.int32)),
        ('indptr', None),
        ('data', 'numbers'),
    ],
)
def test_a_matrix_that_points_elsewhere_is_refused(arrays, part, value, tmp_path) -> None:
    """In compiled code it would write over memory."""
    matrix = csc_matrix(arrays['J_regressor'])
    matrix.__dict__[part] = value
    path = write(tmp_path / 'model.pkl', pickled({**arrays, 'J_regressor': matrix}))
    with pytest.raises(ConfigError, match='J_regressor'):
        SmplBody(path)


def test_triangles_of_other_vertices_are_refused(arrays, tmp_path) -> None:
    np.savez(tmp_path / 'model.npz', **{**arrays, 'f': np.array([[0, 1, 10**6]])})
    with pytest.raises(ConfigError, match='triangles'):
        SmplBody(tmp_path / 'model.npz')


def test_damage_anywhere_is_a_line(arrays, tmp_path, monkeypatch) -> None:
    with_chumpy(monkeypatch)
    small = {name: value[:1, :1] for name, value in arrays.items()}
    path = tmp_path / 'model.pkl'
    for content in (pickled_by_python2(as_distributed(small), path), pickled(small, 4)):
        draw = random.Random(0)
        for _ in range(100):
            damaged = bytearray(content)
            for _ in range(draw.choice((1, 1, 4))):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            write(
                path, bytes(damaged[: draw.choice((len(damaged), draw.randrange(len(damaged))))])
            )
            try:
                read_body_arrays(path, NAMES)
            except ConfigError as error:
                assert '\n' not in str(error)  # noqa: PT017
