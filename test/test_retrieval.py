"""Motion files are found by what they show."""

import os
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from motionclip_model import retrieval
from motionclip_model.errors import MotionError
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.retrieval import (
    HOP_SECONDS,
    WINDOW_SECONDS,
    cache_folder,
    open_library,
    windows,
)


@pytest.fixture(scope='module')
def model() -> MotionClip:
    return MotionClip.load('base')


@pytest.fixture
def folder(clips: dict[str, Path], bvh_files: dict[str, Path], tmp_path: Path) -> Path:
    """Four readable motions, one of them deep, and two files that are none."""
    place = tmp_path / 'motions'
    (place / 'deep' / 'down').mkdir(parents=True)
    for action in ('walk', 'kick', 'sit'):
        shutil.copy(clips[action], place / f'{action}.npz')
    shutil.copy(bvh_files['motionbuilder'], place / 'deep' / 'down' / 'run.BVH')
    (place / 'broken.npz').write_text('no archive')
    np.savez(place / 'other.npz', a=np.zeros(3))
    (place / 'notes.txt').write_text('walk')
    return place


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('a person walks', 'walk.npz'),
        ('a person kicks', 'kick.npz'),
        ('a person sits down', 'sit.npz'),
        ('a person runs', 'run.BVH'),
    ],
)
def test_the_file_that_shows_it_comes_first(
    model: MotionClip, folder: Path, tmp_path: Path, text: str, name: str
) -> None:
    hits = open_library(model, folder, tmp_path / 'cache').rank(model, text)
    assert hits[0].path.name == name
    assert [hit.cosine for hit in hits] == sorted((hit.cosine for hit in hits), reverse=True)
    assert all(-1.0 <= hit.cosine <= 1.0 for hit in hits)


def test_unreadable_files_are_listed(model: MotionClip, folder: Path, tmp_path: Path) -> None:
    library = open_library(model, folder, tmp_path / 'cache')
    assert len(library.files) == 4
    assert [each.path for each in library.skipped] == ['broken.npz', 'other.npz']
    assert all(each.reason and str(folder) not in each.reason for each in library.skipped)


def test_only_new_and_changed_files_are_looked_at(
    model: MotionClip, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    read = retrieval.load_motion
    monkeypatch.setattr(retrieval, 'load_motion', lambda p: (looked.append(p.name), read(p))[1])
    cache = tmp_path / 'cache'
    first = open_library(model, folder, cache)
    assert 'walk.npz' in looked
    looked.clear()
    again = open_library(model, folder, cache)
    assert set(looked) == {'broken.npz', 'other.npz'}
    assert again.rank(model, 'walk') == first.rank(model, 'walk')
    looked.clear()
    os.utime(folder / 'walk.npz', ns=(1, 1))
    open_library(model, folder, cache)
    assert 'walk.npz' in looked
    assert 'kick.npz' not in looked


def test_a_damaged_or_forbidden_cache_is_no_obstacle(
    model: MotionClip, folder: Path, tmp_path: Path
) -> None:
    cache = tmp_path / 'cache'
    expected = open_library(model, folder, cache).rank(model, 'walk')
    (kept,) = cache.iterdir()
    kept.write_bytes(b'nonsense')
    assert open_library(model, folder, cache).rank(model, 'walk') == expected
    (tmp_path / 'file').write_text('')
    assert open_library(model, folder, tmp_path / 'file').rank(model, 'walk') == expected


def test_another_model_looks_for_itself(
    model: MotionClip, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_library(model, folder, tmp_path / 'cache')
    monkeypatch.setitem(model.network._buffers, 'row_mean', model.network.row_mean + 1.0)
    open_library(model, folder, tmp_path / 'cache')
    assert len(list((tmp_path / 'cache').iterdir())) == 2


@pytest.mark.parametrize('content', ['nothing', 'broken'])
def test_a_folder_without_motions_is_an_error(
    model: MotionClip, tmp_path: Path, content: str
) -> None:
    if content == 'broken':
        (tmp_path / 'm.npz').write_text('no archive')
    with pytest.raises(MotionError, match=str(tmp_path)):
        open_library(model, tmp_path, tmp_path / 'cache')


@pytest.mark.parametrize('seconds', [0.5, 9.9, 10.0, 10.1, 14.9, 15.0, 33.3])
def test_windows_cover_a_motion_and_none_is_too_long(seconds: float) -> None:
    fps = 30.0
    count = round(seconds * fps) + 1
    motion = Motion(np.tile(np.eye(3), (count, 24, 1, 1)), np.zeros((count, 3)), fps)
    found = windows(motion)
    assert found[0][0] == 0
    assert found[-1][1] == count
    assert all((last - first - 1) / fps <= WINDOW_SECONDS + 1e-9 for first, last in found)
    starts = [first for first, _ in found]
    assert all(0 < later - early <= HOP_SECONDS * fps for early, later in pairwise(starts))


def test_a_part_of_a_long_motion_is_found(
    model: MotionClip, clips: dict[str, Path], tmp_path: Path
) -> None:
    kick = Motion.load(clips['kick']).resampled(30.0)
    held = np.clip(np.arange(-330, len(kick) + 330), 0, len(kick) - 1)
    Motion(kick.joint_rotations[held], kick.root_position[held], 30.0).save(tmp_path / 'long.npz')
    (hit,) = open_library(model, tmp_path, tmp_path / 'cache').rank(model, 'a person kicks')
    assert hit.start_s <= 11.0
    assert hit.end_s >= 11.0 + kick.seconds


def test_the_cache_lies_where_the_user_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('XDG_CACHE_HOME', '/some/where')
    assert cache_folder() == Path('/some/where/motionclip')
    monkeypatch.delenv('XDG_CACHE_HOME')
    assert cache_folder() == Path.home() / '.cache' / 'motionclip'
