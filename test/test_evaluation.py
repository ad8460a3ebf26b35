"""Figures of a model: what is measured is what is said, and what is missing is said too."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model.data.corpus import Clip
from motionclip_model.errors import MotionError
from motionclip_model.evaluation import evaluate, recognition, retrieval
from motionclip_model.evaluation.actions import ACTIONS, STYLES, action_of, plain_label, style_of
from motionclip_model.evaluation.clips import read_clips, trained_combinations
from motionclip_model.evaluation.retrieval import POOL, Captions, retrieval_figures
from motionclip_model.model import MotionClip


@pytest.fixture(scope='module')
def model() -> MotionClip:
    return MotionClip.load('base')


def some_clips(count: int, styles: tuple[str, ...] = ('',)) -> list[Clip]:
    return [
        Clip(f'{i}', np.zeros((2, 140), np.float32), (f'{i}',), 'walk', 'ours', 'ours', style)
        for i, style in zip(range(count), styles * count, strict=False)
    ]


def unlike_captions(count: int, width: int = 64) -> Captions:
    random = np.random.default_rng(0)
    unit = random.standard_normal((count, width))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return Captions(np.arange(count), unit, unit)


def in_folder(folder: Path, corpus: Path, lines: list[dict[str, object]]) -> Path:
    (folder / 'amass').symlink_to(corpus / 'amass')
    (folder / 'texts.jsonl').write_text('\n'.join(map(json.dumps, lines)))
    return folder


@pytest.fixture(scope='session')
def lines(corpus: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (corpus / 'texts.jsonl').read_text().splitlines()]


def test_a_perfect_model_finds_everything_and_shuffled_words_find_nothing() -> None:
    captions = unlike_captions(60)
    figures = retrieval_figures(captions.meaning, captions, some_clips(60), None)
    pools = figures['pools']['all']
    for way in ('motion_to_text', 'text_to_motion'):
        assert pools[way]['r1'] == figures['whole_split'][way]['r1'] == 1.0
        assert pools[way]['median_rank'] == 1.0
    assert pools['shuffled_text']['r1'] < 0.2
    assert pools['chance'] == {f'r{k}': pytest.approx(k / POOL, abs=1e-3) for k in (1, 3, 5, 10)}


def test_a_model_that_says_the_same_of_everything_does_not_pass_by_its_ties() -> None:
    captions = unlike_captions(60)
    same = np.repeat(captions.meaning[:1], 60, axis=0)
    whole = retrieval_figures(same, captions, some_clips(60), None)['whole_split']
    assert whole['motion_to_text']['r10'] < 0.25
    assert whole['text_to_motion']['r10'] == 0.0
    truth = np.arange(60)
    assert not recognition._right(np.ones((60, 60)), truth).any()
    assert recognition._right(np.eye(60), truth).all()


def test_captions_that_say_the_same_are_hits_and_are_drawn_last() -> None:
    captions = unlike_captions(60)
    # Ten clips share one sentence; each finds another's.
    captions.meaning[:10] = captions.meaning[0]
    motions = captions.meaning.copy()
    figures = retrieval_figures(motions, captions, some_clips(60), None)
    assert figures['whole_split']['motion_to_text']['r1'] == 1.0
    # 51 different sentences fill a pool of 32 without a double, so that chance stays at 1 / 32.
    assert figures['pools']['all']['chance']['r1'] == pytest.approx(1 / POOL, abs=1e-3)
    few = Captions(np.arange(12), captions.meaning[:12], captions.sentence[:12])
    crowded = retrieval_figures(motions[:12], few, some_clips(12), None)
    assert crowded['pools']['all']['chance']['r1'] > 0.6


def test_clips_that_share_any_caption_say_the_same_unless_strict() -> None:
    one = unlike_captions(40)
    # Every clip has a caption of its own and one that it shares with its neighbour.
    clip = np.repeat(np.arange(40), 2)
    sentence = np.stack([one.sentence, one.sentence[np.arange(40) // 2]], axis=1).reshape(80, -1)
    captions = Captions(clip, sentence, sentence)
    alike = retrieval.clips_alike(captions)
    assert alike.sum(axis=1).min() >= 2
    assert alike[0, 1]
    assert not alike[0, 30]
    figures = retrieval_figures(one.meaning, captions, some_clips(40), None)['pools']
    assert figures['all']['chance']['r1'] > figures['strict']['chance']['r1']


@given(st.integers(2, 40), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_chance_is_what_random_order_gives(pool: int, right: int) -> None:
    right = min(right, pool)
    rank = max(1, pool // 3)
    random = np.random.default_rng(0)
    order = random.random((4000, pool)).argsort(axis=1)
    found = (order[:, :right] < rank).any(axis=1).mean()
    assert retrieval._chance(np.array([right]), rank, pool) == pytest.approx(found, abs=0.05)


def test_only_queries_of_untrained_pairs_count_as_unseen() -> None:
    captions = unlike_captions(60)
    clips = some_clips(60, ('tired', 'proud', 'proud'))
    # The model knows the tired ones alone; the proud ones are unseen.
    motions = captions.meaning.copy()
    proud = [i for i, clip in enumerate(clips) if clip.style == 'proud']
    motions[proud] = np.roll(captions.meaning[proud], 1, axis=0)
    figures = retrieval_figures(motions, captions, clips, {('walk', 'tired')})
    assert figures['unseen']['clips'] == len(proud)
    assert figures['unseen']['combinations'] == ['walk, proud']
    assert figures['unseen']['motion_to_text']['r1'] < 0.05
    everything = {('walk', 'tired'), ('walk', 'proud')}
    known = retrieval_figures(motions, captions, clips, everything)
    assert 'unseen' not in known
    assert 'unseen' in known['skipped']


def test_labels_of_all_collections_become_the_same_words() -> None:
    assert plain_label('dash') == plain_label('run') == 'run'
    assert plain_label('wave-left-hand') == 'wave the left hand'
    assert plain_label('Moon-walk') == 'moon walk'
    every = [label for labels in ACTIONS.values() for label in labels]
    assert len(every) == len(set(every))
    assert {style for labels in STYLES.values() for style in labels} >= set(STYLES)


def test_a_mirror_image_shows_the_other_side_also_where_its_label_names_none() -> None:
    clip = replace(some_clips(1)[0], action='bye', style='old')
    assert action_of(clip) == 'wave the right hand'
    assert action_of(replace(clip, name='mirror:0')) == 'wave the left hand'
    # The corpus has swapped what can be swapped.
    left = replace(clip, name='mirror:0', action='wave-left-hand')
    assert action_of(left) == 'wave the left hand'
    assert style_of(clip) == 'elderly'


def test_what_was_trained_is_first_asked_of_the_checkpoint(corpus: Path, tmp_path: Path) -> None:
    assert trained_combinations({'combinations': [['run', 'old']]}, corpus) == {('run', 'old')}
    split = trained_combinations({}, corpus)
    assert split is not None
    assert ('walk', '') in split
    assert ('walk', '') not in (trained_combinations({'held_out': [['walk', '']]}, corpus) or ())
    assert trained_combinations({}, tmp_path) is None


def test_who_was_trained_to_wave_left_has_seen_it_right_in_the_mirror(tmp_path: Path) -> None:
    line = {'path': 'a.npz', 'captions': ['x'], 'content': 'wave-left-hand', 'style': 'old'}
    (tmp_path / 'texts.jsonl').write_text(json.dumps(line))
    (tmp_path / 'splits.json').write_text(json.dumps({'train': ['a.npz'], 'val': []}))
    both = {('wave-left-hand', 'old'), ('wave-right-hand', 'old')}
    assert trained_combinations({}, tmp_path) == both
    info = {'held_out': [['wave-right-hand', 'old']]}
    assert trained_combinations(info, tmp_path) == {('wave-left-hand', 'old')}


def test_a_folder_without_splits_content_or_whole_files_is_measured(
    model: MotionClip, corpus: Path, lines: list[dict[str, object]], tmp_path: Path
) -> None:
    bare = [{'path': line['path'], 'captions': line['captions']} for line in lines[:4]]
    gone = {'path': 'amass/gone.npz', 'captions': ['a person walks']}
    figures = evaluate(model, in_folder(tmp_path, corpus, [*bare, gone]))
    assert figures['split'] == 'all'
    assert figures['clips'] == 4
    assert [entry['path'] for entry in figures['skipped']] == ['amass/gone.npz']
    assert any('splits.json' in note for note in figures['notes'])
    assert any('content' in note for note in figures['notes'])
    assert 'unseen' in figures['retrieval']['skipped']
    own, still = figures['reconstruction']['all'], figures['reconstruction']['all']['baselines']
    assert own['joint_error_cm'] < 0.5 * still['mean_pose']['joint_error_cm']
    assert own['joint_error_cm'] < 0.5 * still['first_frame']['joint_error_cm']
    assert still['first_frame']['speed_ratio'] == still['mean_pose']['speed_ratio'] == 0.0
    assert own['path_error'] < still['on_the_spot']['path_error']
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures


def test_one_clip_is_enough(
    model: MotionClip,
    corpus: Path,
    lines: list[dict[str, object]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What a model generates without clips to compare with is the same for every folder.
    monkeypatch.setattr('motionclip_model.evaluation.generation._diversity', lambda _: {})
    monkeypatch.setattr(
        'motionclip_model.evaluation.generation._directions', lambda _: {'walk': {'right': 1.0}}
    )
    figures = evaluate(model, in_folder(tmp_path, corpus, lines[:1]))
    assert figures['clips'] == 1
    assert 'fewer than two' in figures['recognition']['skipped']
    assert 'skipped' in figures['generation']


def test_a_folder_of_nothing_readable_is_one_error(tmp_path: Path, corpus: Path) -> None:
    gone = {'path': 'amass/gone.npz', 'captions': ['a person walks']}
    with pytest.raises(MotionError, match='no clip'):
        read_clips(in_folder(tmp_path, corpus, [gone]), 'val')
