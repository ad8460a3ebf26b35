"""The manifest names every clip with its terms, and all that is left out."""

import json
import shutil
from pathlib import Path

import pytest

from motionclip_model.data.corpus import load_corpus
from motionclip_model.data.manifest import make_manifest


@pytest.fixture
def mixed(corpus: Path, tmp_path: Path) -> Path:
    """The small corpus with clips of other terms, a broken file and a broken line."""
    folder = tmp_path / 'corpus'
    shutil.copytree(corpus, folder)
    lines = [json.loads(line) for line in (folder / 'texts.jsonl').read_text().splitlines()]
    lines[0]['licence'] = 'CC BY-NC 4.0'
    del lines[1]['licence']
    lines[2]['caption_sources'] = ['KIT-ML']
    (folder / lines[3]['path']).write_bytes(b'PK nonsense')
    text = '\n'.join([*map(json.dumps, lines), 'not json'])
    (folder / 'texts_more.jsonl').write_text(text + '\n')
    (folder / 'texts.jsonl').unlink()
    return folder


def test_every_clip_is_listed_or_left_out(mixed: Path) -> None:
    seen: list[tuple[int, int]] = []
    manifest = make_manifest(mixed, on_clip=lambda *at: seen.append(at))
    assert len(manifest.lines) == 9
    assert [entry.path for entry in manifest.skipped] == [
        'texts_more.jsonl:11',
        'amass/CMU/13/13_40_poses.npz',
    ]
    assert seen[-1] == (9, 10)
    assert {line.split for line in manifest.lines} == {'train', 'val'}
    assert all(line.seconds > 0.25 and line.captions > 0 for line in manifest.lines)
    terms = [(str(line.terms), line.commercial) for line in manifest.lines[:4]]
    assert terms[:3] == [('non-commercial', False), ('unknown', False), ('commercial', False)]
    assert terms[3] == ('commercial', True)


def test_the_manifest_agrees_with_what_is_loaded(mixed: Path) -> None:
    for licence in ('any', 'commercial'):
        manifest = make_manifest(mixed, licence)
        skipped = []
        clips = load_corpus(mixed, 'all', licence=licence, skipped=skipped)
        assert [line.path for line in manifest.lines] == [clip.name for clip in clips]
        assert manifest.skipped == skipped
    assert all(line.commercial for line in manifest.lines)


def test_totals_add_up(mixed: Path) -> None:
    everything = make_manifest(mixed).as_json()
    totals = everything['totals']
    assert sum(entry['clips'] for entry in totals['licences'].values()) == totals['clips'] == 9
    assert totals['licences']['unknown']['commercial'] == 0
    assert sum(totals['skipped'].values()) == len(everything['skipped']) == 2
    assert json.loads(json.dumps(everything)) == everything


def test_a_corpus_without_splits_has_a_manifest(mixed: Path) -> None:
    (mixed / 'splits.json').unlink()
    assert {line.split for line in make_manifest(mixed).lines} == {'none'}
