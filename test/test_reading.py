"""Files from outside are read within bounds; each of these once was not."""

import io
import os
import zipfile

import numpy as np
import pytest

from motionclip_model.errors import ConfigError, MotionClipError, MotionError
from motionclip_model.reading import (
    ARRAY_BYTES,
    LINE_CHARACTERS,
    array_names,
    opened,
    parse_json,
    parse_xml,
    read_arrays,
    read_bytes,
    read_json,
    read_lines,
    read_yaml,
)

pytestmark = pytest.mark.timeout(30)


def put(path, content: bytes):
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


def archive(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, 'w') as found:
        found.writestr(name, content)
    return buffer.getvalue()


def headed(**told: object) -> bytes:
    buffer = io.BytesIO()
    header = {'descr': '<f8', 'fortran_order': False, 'shape': (3,), **told}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + bytes(24)


@pytest.mark.parametrize('kind', ['pipe', 'folder', 'device', 'missing', 'name'])
def test_only_a_regular_file_is_opened(tmp_path, kind) -> None:
    path = tmp_path / 'file'
    if kind == 'pipe':
        os.mkfifo(path)
    elif kind == 'folder':
        path.mkdir()
    path = {'device': '/dev/zero', 'name': 'a\0b'}.get(kind, path)
    with pytest.raises(MotionError) as caught, opened(path, MotionError):
        pass
    assert str(caught.value).isprintable()


def test_a_file_that_is_too_large_is_not_read(tmp_path) -> None:
    path = put(tmp_path / 'file', b'1234')
    assert read_bytes(path, MotionError, 4) == b'1234'
    with pytest.raises(MotionError, match='larger than 3e-06'):
        read_bytes(path, MotionError, 3)


def test_lines_are_bounded(tmp_path) -> None:
    assert list(read_lines(put(tmp_path / 'a', b'a\n\xff'), MotionError)) == ['a\n', '\ufffd']
    path = put(tmp_path / 'b', b'a' * LINE_CHARACTERS)
    with pytest.raises(MotionError, match='a line is longer'):
        list(read_lines(path, MotionError))


@pytest.mark.parametrize(
    'text', [b'[' * 100_000, b'1' + b'0' * 400, b'18446744073709551616', b'{', b'\xff']
)
def test_json_of_no_use_is_refused(tmp_path, text) -> None:
    with pytest.raises(ValueError, match=r'\w'):
        parse_json(text)
    with pytest.raises(ConfigError, match='file'):
        read_json(put(tmp_path / 'file', text), ConfigError)
    assert parse_json(b'[18446744073709551615, -3, 1e400]')[:2] == [2**64 - 1, -3]


@pytest.mark.parametrize(
    'text',
    [
        b'!!timestamp x', b'!!bool x', b'!!int ""', b'a: 2020-99-99', b'&a [*a]', b'[' * 100_000,
        b'a: 0x' + b'f' * 20_000, b'a: 18446744073709551616',
        b'!!python/object/apply:os.getcwd []',
        b'\n'.join([b'a0: &a0 [x]', *(
            b'a%d: &a%d [%s]' % (i, i, b', '.join([b'*a%d' % (i - 1)] * 10)) for i in range(1, 9)
        )]),
        b'\n'.join([b'a0: &a0 {k: v}', *(
            b'a%d: &a%d {<<: [%s]}' % (i, i, b', '.join([b'*a%d' % (i - 1)] * 10))
            for i in range(1, 9)
        )]),
    ],
)  # fmt: skip
def test_yaml_of_no_use_is_refused(tmp_path, text) -> None:
    with pytest.raises(ConfigError, match='file: not YAML'):
        read_yaml(put(tmp_path / 'file', text))


def test_yaml_of_settings_is_read(tmp_path) -> None:
    text = b'a: &a [1, 0x10, -2]\nb: *a\nc: {d: 1.5}\n'
    assert read_yaml(put(tmp_path / 'file', text)) == {
        'a': [1, 16, -2], 'b': [1, 16, -2], 'c': {'d': 1.5},
    }  # fmt: skip
    assert read_yaml(put(tmp_path / 'empty', b'')) is None


@pytest.mark.parametrize(
    'text',
    [b'<a>' * 101 + b'</a>' * 101, b'<!DOCTYPE a><a/>', b'<a', b'', b'\xff', b'<a/><b/>', b'<a>'],
)
def test_xml_of_no_use_is_refused(text) -> None:
    with pytest.raises(ValueError, match=r'\w'):
        parse_xml(text)


def test_xml_is_read_whole() -> None:
    root = parse_xml(b'<?xml version="1.0"?><a>' + b'<b c="1"/>' * 50_000 + b'</a>')
    assert root.tag == 'a'
    assert len(root) == 50_000
    assert parse_xml(b'<a>' * 100 + b'</a>' * 100).tag == 'a'


@pytest.mark.parametrize(
    ('content', 'why'),
    [
        (headed(shape=(10**12,)), 'not the length'),
        (headed(shape=(4,)), 'not the length'),
        (headed(shape=(2,)), 'not the length'),
        (headed(shape=(-1, -3)), 'not the length'),
        (headed(descr='|O'), 'Python objects'),
        (headed(descr=[('a', '|O')]), 'Python objects'),
        (b'\x93NUMPY\x03\x00\x10\x00', 'of version 3'),
        (b'\x93NUMPY\x01\x00\xff\xff' + b'(' * 65535, 'file: not a readable npz file'),
        (b'', 'file: not a readable npz file'),
    ],
)
def test_arrays_that_are_none_are_refused(tmp_path, content, why) -> None:
    path = put(tmp_path / 'file', archive('a.npy', content))
    with pytest.raises(MotionError, match=why):
        read_arrays(path, ('a',), MotionError)
    assert array_names(path) == {'a'}
    assert array_names(put(tmp_path / 'none', content)) == set()


def test_arrays_that_unpack_to_too_much_are_refused_unread(tmp_path) -> None:
    path = tmp_path / 'file'
    entry = zipfile.ZipInfo('a.npy')
    with zipfile.ZipFile(path, 'w') as found:
        found.writestr(entry, headed())
        entry.file_size = ARRAY_BYTES + 1  # in the list of contents, which is written last
    with pytest.raises(MotionError, match='unpack to 500 MB'):
        read_arrays(path, ('a',), MotionError)


@pytest.mark.parametrize(
    'array',
    [
        np.arange(6.0).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3.0), np.zeros((0, 3)), np.array(['a', 'bc']), np.array(''), np.zeros((2, 0)),
    ],
)  # fmt: skip
def test_arrays_are_what_numpy_wrote(tmp_path, array) -> None:
    np.savez_compressed(tmp_path / 'file.npz', a=array)
    found = read_arrays(tmp_path / 'file.npz', ('a',), MotionError)['a']
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.flags.writeable) == (array.dtype, True)


def test_an_error_is_one_line_that_any_terminal_takes() -> None:
    message = str(MotionClipError('no joint a\nb\x1b[2J\u202e\ud800é脚'))
    assert message == r'no joint a b\x1b[2J\u202e\ud800é脚'
    assert len(str(MotionClipError('x' * 10**6))) <= 2000
