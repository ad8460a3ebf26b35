"""A corpus is read as described, or refused in one line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from motionclip_model import features
from motionclip_model.data.corpus import load_corpus, load_rows, save_rows
from motionclip_model.errors import MotionClipError, MotionError


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


@pytest.mark.parametrize(
    ('line', 'reason'),
    [
        ('not json', 'texts.jsonl:1: not a JSON object'),
        ('{"path": "a.npz"}', 'texts.jsonl:1: not a JSON object with path and captions'),
        ('{"path": "../../etc/a.npz", "captions": ["x"]}', 'outside the corpus'),
        ('{"path": "/etc/a.npz", "captions": ["x"]}', 'outside the corpus'),
        ('{"path": "a.npz", "captions": []}', 'no captions'),
        ('{"path": "gone.npz", "captions": ["x"]}', 'gone.npz: no such file'),
    ],
)
def test_malformed_texts_are_refused(tmp_path: Path, line: str, reason: str) -> None:
    (tmp_path / 'texts.jsonl').write_text(line + '\n')
    with pytest.raises(MotionError, match=reason):
        load_corpus(tmp_path, 'all')


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
