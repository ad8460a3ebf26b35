"""A corpus is read as described; what is wrong in it is left out and named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from motionclip_model import features
from motionclip_model.data.corpus import (
    Skipped,
    cached_corpus,
    load_corpus,
    load_rows,
    save_rows,
)
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.motion import Motion


def test_splits_part_the_corpus(corpus: Path) -> None:
    train, val = load_corpus(corpus, 'train'), load_corpus(corpus, 'val')
    names = {clip.name for clip in load_corpus(corpus, 'all')}
    assert {clip.name for clip in train} | {clip.name for clip in val} == names
    assert not {clip.name for clip in train} & {clip.name for clip in val}
    assert all(clip.captions and clip.licence != 'unknown' for clip in train)


def test_mirror_images_come_last_with_their_words_swapped(corpus: Path) -> None:
    plain = load_corpus(corpus, 'all')
    both = load_corpus(corpus, 'all', mirror=True)
    half = len(both) // 2
    assert [clip.name for clip in both[: len(plain)]] == [clip.name for clip in plain]
    for clip, image in zip(both[:half], both[half:], strict=True):
        assert image.name == f'mirror:{clip.name}'
        assert image.derived
        assert np.allclose(
            image.rows[:, features.YAW_RATE], -clip.rows[:, features.YAW_RATE], atol=1e-3
        )


def test_moments_of_standing_are_added_for_training_only(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('motionclip_model.data.corpus.still_part', lambda motion: motion[:30])
    plain = load_corpus(corpus, 'all')
    assert not [clip for clip in plain if clip.derived]
    both = load_corpus(corpus, 'all', mirror=True)
    still = [clip for clip in both if clip.action == 'stand still']
    assert len(still) == 2 * len(plain) == len(both) // 2
    for clip, source in zip(still, plain, strict=False):
        assert clip.name == f'still:{source.name}'
        assert clip.licence == source.licence
        assert 'a person stands still' in clip.captions


def test_rows_are_kept_to_half_precision(corpus: Path, tmp_path: Path) -> None:
    clips = load_corpus(corpus, 'all')
    save_rows(clips, tmp_path / 'rows.npz')
    kept = load_rows(tmp_path / 'rows.npz')
    assert [clip.captions for clip in kept] == [clip.captions for clip in clips]
    for ours, theirs in zip(kept, clips, strict=True):
        assert np.allclose(ours.rows, theirs.rows, atol=0.02)


def test_a_damaged_cache_is_named(tmp_path: Path) -> None:
    (tmp_path / 'rows.npz').write_bytes(b'PK nonsense')
    with pytest.raises(MotionError, match='not a readable npz'):
        load_rows(tmp_path / 'rows.npz')


def write_texts(folder: Path, *entries: dict[str, object] | str) -> None:
    lines = [entry if isinstance(entry, str) else json.dumps(entry) for entry in entries]
    (folder / 'texts.jsonl').write_text('\n'.join(lines) + '\n')


@pytest.fixture
def walk(clips: dict[str, Path], tmp_path: Path) -> dict[str, object]:
    """An entry of a corpus in `tmp_path` that is all right."""
    shutil.copy(clips['walk'], tmp_path / 'walk.npz')
    return {'path': 'walk.npz', 'captions': ['a person walks']}


@pytest.mark.parametrize(
    ('line', 'place', 'reason'),
    [
        ('not json', 'texts.jsonl:1', 'not a JSON object with path and captions'),
        ('[]', 'texts.jsonl:1', 'not a JSON object with path and captions'),
        ('{"path": "a.npz"}', 'texts.jsonl:1', 'not a JSON object with path and captions'),
        ('{"path": "../a.npz", "captions": ["x"]}', 'texts.jsonl:1', 'is not inside the corpus'),
        ('{"path": "/etc/a.npz", "captions": ["x"]}', 'texts.jsonl:1', 'not inside the corpus'),
        ('{"path": "a.npz", "captions": [" "]}', 'texts.jsonl:1', 'no captions'),
        (
            '{"path": "a.npz", "captions": ["x"], "caption_sources": ["a", "b"]}',
            'texts.jsonl:1',
            'not equally many',
        ),
        (
            '{"path": "a.npz", "captions": ["x"], "start_s": 3, "end_s": 2}',
            'texts.jsonl:1',
            'no time span',
        ),
        ('{"path": "gone.npz", "captions": ["x"]}', 'gone.npz', 'no such file'),
        ('{"path": "noise.npz", "captions": ["x"]}', 'noise.npz', 'not a readable npz file'),
        ('{"path": "walk.npz", "captions": ["x"], "start_s": 99}', 'walk.npz', '0.00 s of motion'),
        (
            '{"path": "walk.npz", "captions": ["x"], "end_s": 0.01}',
            'walk.npz',
            'at least 0.25 s are needed',
        ),
        ('{"path": "words.txt", "captions": ["x"]}', 'words.txt', 'read from .npz (AMASS)'),
    ],
)
def test_what_is_wrong_is_left_out_and_named(
    tmp_path: Path, walk: dict[str, object], line: str, place: str, reason: str
) -> None:
    (tmp_path / 'noise.npz').write_bytes(b'PK nonsense')
    write_texts(tmp_path, line, walk)
    skipped: list[Skipped] = []
    found = load_corpus(tmp_path, 'all', skipped=skipped)
    assert [clip.captions for clip in found] == [('a person walks',)]
    assert [entry.path for entry in skipped] == [place]
    assert reason in skipped[0].reason
    write_texts(tmp_path, line)
    with pytest.raises(MotionError, match=r"split 'all' is left; 1 skipped, first .+: "):
        load_corpus(tmp_path, 'all')


def test_clips_of_one_file_have_names_of_their_own(
    tmp_path: Path, walk: dict[str, object]
) -> None:
    write_texts(tmp_path, walk | {'end_s': 1.0}, walk | {'start_s': 1.0, 'end_s': 2.0})
    found = load_corpus(tmp_path, 'all')
    assert [clip.name for clip in found] == ['walk.npz@0-1', 'walk.npz@1-2']


def test_frame_rates_may_differ(tmp_path: Path, walk: dict[str, object]) -> None:
    motion = Motion.load(tmp_path / 'walk.npz')
    motion.resampled(120.0).save(tmp_path / 'fast.npz')
    write_texts(tmp_path, walk, walk | {'path': 'fast.npz'})
    ours, theirs = load_corpus(tmp_path, 'all')
    assert np.allclose(ours.rows[:40], theirs.rows[:40], atol=0.02)


def test_a_bvh_file_may_stand_for_an_amass_file(
    bvh_files: dict[str, Path], tmp_path: Path
) -> None:
    shutil.copy(bvh_files['daz'], tmp_path / 'jump.bvh')
    write_texts(tmp_path, {'path': 'jump.bvh', 'captions': ['a person jumps forward']})
    (clip,) = load_corpus(tmp_path, 'all')
    assert clip.action == 'jump'
    assert clip.seconds > 0.25


@pytest.mark.parametrize(
    ('licence', 'sources', 'kept'),
    [
        ('CC0 1.0', ['own sentences', 'KIT-ML'], ('a',)),
        ('CMU mocap: free for all uses, no direct resale', ['KIT-ML', 'CMU index'], ('b',)),
        ('CC0 1.0', ['KIT-ML', 'KIT-ML'], None),
        ('CC BY-NC 4.0', ['own sentences', 'own sentences'], None),
        ('', ['own sentences', 'own sentences'], None),
    ],
)
def test_commercial_use_takes_only_what_allows_it(
    tmp_path: Path,
    walk: dict[str, object],
    licence: str,
    sources: list[str],
    kept: tuple[str, ...] | None,
) -> None:
    shutil.copy(tmp_path / 'walk.npz', tmp_path / 'other.npz')
    other = walk | {'path': 'other.npz', 'captions': ['a', 'b'], 'caption_sources': sources}
    write_texts(tmp_path, walk | {'licence': 'CC0'}, other | {'licence': licence})
    skipped: list[Skipped] = []
    found = load_corpus(tmp_path, 'all', licence='commercial', skipped=skipped)
    assert [clip.captions for clip in found[1:]] == ([kept] if kept else [])
    assert [entry.path for entry in skipped] == ([] if kept else ['other.npz'])
    assert len(load_corpus(tmp_path, 'all')) == 2


def test_the_choice_of_licences_is_checked(corpus: Path) -> None:
    with pytest.raises(MotionClipError, match="'free' is not one of any, commercial"):
        load_corpus(corpus, 'all', licence='free')


def test_a_cache_is_made_anew_when_the_corpus_changes(
    tmp_path: Path, walk: dict[str, object]
) -> None:
    cache = tmp_path / 'cache.npz'
    write_texts(tmp_path, walk)
    assert len(cached_corpus(tmp_path, 'all', cache)) == 1
    (tmp_path / 'walk.npz').rename(tmp_path / 'away.npz')
    assert len(cached_corpus(tmp_path, 'all', cache)) == 1
    (tmp_path / 'away.npz').rename(tmp_path / 'walk.npz')
    write_texts(tmp_path, walk | {'captions': ['someone strolls']})
    assert cached_corpus(tmp_path, 'all', cache)[0].captions == ('someone strolls',)
    assert len(cached_corpus(tmp_path, 'all', cache, mirror=True)) == 2
    cache.write_bytes(b'PK nonsense')
    assert len(cached_corpus(tmp_path, 'all', cache)) == 1


def test_a_folder_without_texts_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(MotionError, match=r'no texts\*\.jsonl'):
        load_corpus(tmp_path, 'all')


def test_splits_must_be_described(corpus: Path, tmp_path: Path) -> None:
    shutil.copy(corpus / 'texts.jsonl', tmp_path)
    with pytest.raises(MotionClipError, match=r'splits\.json'):
        load_corpus(tmp_path, 'train')
    (tmp_path / 'splits.json').write_text(json.dumps({'train': []}))
    with pytest.raises(MotionClipError, match=r'splits\.json'):
        load_corpus(tmp_path, 'train')
    with pytest.raises(MotionClipError, match='not one of train, val, all'):
        load_corpus(corpus, 'test')


def test_a_corpus_may_have_more_splits(corpus: Path, tmp_path: Path) -> None:
    shutil.copytree(corpus, tmp_path / 'corpus')
    path = tmp_path / 'corpus' / 'splits.json'
    splits = json.loads(path.read_text())
    path.write_text(json.dumps(splits | {'test': splits['val'][:1]}))
    assert [clip.name for clip in load_corpus(path.parent, 'test')] == splits['val'][:1]
