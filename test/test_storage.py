"""A file is the old version or the whole new one, whatever happens."""

import json
import os
import stat

import pytest

from motionclip_model.storage import write_atomically, write_json


def test_a_new_file_holds_what_was_written(tmp_path) -> None:
    target = tmp_path / 'folder' / 'file'
    with write_atomically(target) as file:
        file.write(b'content')
    assert target.read_bytes() == b'content'


def test_an_interrupted_write_leaves_the_old_file_and_no_rest(tmp_path) -> None:
    target = tmp_path / 'file'
    target.write_bytes(b'old')

    def interrupted() -> None:
        with write_atomically(target) as file:
            file.write(b'half of the n')
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert target.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [target]


def test_the_file_appears_only_when_it_is_complete(tmp_path) -> None:
    target = tmp_path / 'file'
    with write_atomically(target) as file:
        file.write(b'all of it')
        file.flush()
        assert not target.exists()
    assert target.exists()


def test_permissions_are_those_of_an_ordinary_file(tmp_path) -> None:
    previous = os.umask(0o027)
    try:
        with write_atomically(tmp_path / 'file') as file:
            file.write(b'x')
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / 'file').stat().st_mode) == 0o640


def test_json_is_read_back_equal(tmp_path) -> None:
    value = {'name': 'wave', 'seconds': [1.5, 2.0], 'nested': {'ok': True, 'none': None}}
    write_json(tmp_path / 'report.json', value)
    assert json.loads((tmp_path / 'report.json').read_text()) == value


def test_json_that_no_reader_accepts_is_refused_and_leaves_nothing(tmp_path) -> None:
    with pytest.raises(ValueError, match='JSON'):
        write_json(tmp_path / 'report.json', {'error': float('nan')})
    assert list(tmp_path.iterdir()) == []
