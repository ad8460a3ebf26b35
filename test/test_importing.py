"""Collections in their publishers' layouts become a corpus, whatever some files lack."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from motionclip_model.data.corpus import load_corpus
from motionclip_model.data.importing import import_corpus, recognise_source
from motionclip_model.data.texts import read_splits
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.motion import Motion


@pytest.fixture
def amass(clips: dict[str, Path], tmp_path: Path) -> Path:
    """An AMASS folder with CMU in it, in the air and at 120 frames/s as the original is."""
    folder = tmp_path / 'AMASS'
    for name in ('walk', 'kick'):
        motion = Motion.load(clips[name]).resampled(120.0)
        raised = Motion(motion.joint_rotations, motion.root_position + 0.5, 120.0)
        raised.save(folder / 'CMU' / clips[name].parent.name / clips[name].name)
    (folder / 'CMU' / '07' / '07_09_poses.npz').write_bytes(b'PK nonsense')
    return folder


def label(text: str, category: list[str] | None, **span: float) -> dict[str, object]:
    return {'raw_label': text, 'proc_label': text.lower(), 'act_cat': category} | span


@pytest.fixture
def babel(tmp_path: Path) -> Path:
    """BABEL's JSON files with a few sequences."""
    folder = tmp_path / 'babel_v1.0_release'
    folder.mkdir()

    def sequence(name: str, seq: object, frame: object) -> dict[str, object]:
        path = f'CMU/CMU/{name}_poses.npz'
        return {'babel_sid': 1, 'url': '', 'feat_p': path, 'seq_ann': seq, 'frame_ann': frame}

    spans = [
        label('walk forward', ['walk'], start_t=0, end_t=1.5),
        label('swing arms', ['swing body part'], start_t=0, end_t=1.5),
        label('transition', ['transition'], start_t=1.5, end_t=2.0),
    ]
    whole = {'labels': [label('kick a ball', ['kick'])]}
    train = {
        '1': sequence('07/07_01', {'labels': [label('walk', ['walk'])]}, {'labels': spans}),
        '2': sequence('07/07_09', whole, None),
        '3': sequence('99/99_99', whole, None),
        '4': sequence('07/07_01', None, None),
        '5': {'url': ''},
    }
    extra = {'6': {'feat_p': 'CMU/CMU/10/10_03_poses.npz', 'seq_anns': [whole, whole]}}
    (folder / 'train.json').write_text(json.dumps(train))
    (folder / 'extra_val.json').write_text(json.dumps(extra))
    return folder


def test_babel_becomes_a_corpus(babel: Path, amass: Path, tmp_path: Path) -> None:
    out = tmp_path / 'corpus'
    seen = []
    found = import_corpus(babel, out, amass=amass, on_file=lambda *at: seen.append(at))
    assert (found.kind, found.clips, found.files) == ('babel', 2, 2)
    assert seen[-1] == (3, 3)
    walk, kick = load_corpus(out, 'all')
    assert walk.captions[:2] == ('walk forward', 'swing arms')
    assert (walk.action, walk.dataset, walk.seconds) == ('walk', 'BABEL/CMU', pytest.approx(1.55))
    assert kick.captions[0] == 'kick a ball'
    assert read_splits(out)['val'] == ['amass/CMU/10/10_03_poses.npz']
    reasons = dict(found.skipped)
    assert reasons['train.json:3'] == 'not in the AMASS folder'
    assert reasons['train.json:4'] == 'no labels'
    assert reasons['train.json:5'] == 'not laid out as in BABEL'
    assert 'not a readable npz' in reasons['amass/CMU/07/07_09_poses.npz']
    listed = (out / f'skipped_{found.texts.stem[6:]}.jsonl').read_text().splitlines()
    assert len(listed) == len(found.skipped) == 4
    with pytest.raises(MotionError, match='no clip'):
        load_corpus(out, 'all', licence='commercial')


def test_an_import_goes_on_where_it_stopped(babel: Path, amass: Path, tmp_path: Path) -> None:
    out = tmp_path / 'corpus'
    import_corpus(babel, out, amass=amass)
    walk, kick = (out / f'amass/CMU/{name}_poses.npz' for name in ('07/07_01', '10/10_03'))
    before = walk.stat().st_mtime_ns
    kick.unlink()
    again = import_corpus(babel, out, amass=amass)
    assert walk.stat().st_mtime_ns == before
    assert kick.exists()
    assert again.clips == 2


def test_imported_motions_stand_on_the_floor_at_our_pace(
    babel: Path, amass: Path, tmp_path: Path, clips: dict[str, Path]
) -> None:
    import_corpus(babel, tmp_path / 'corpus', amass=amass)
    motion = Motion.load(tmp_path / 'corpus/amass/CMU/07/07_01_poses.npz')
    assert motion.fps == 30.0
    assert motion.seconds == pytest.approx(Motion.load(clips['walk']).seconds, abs=0.04)
    assert abs(motion.pose.positions[:, [10, 11], 2].min()) < 0.03


@pytest.fixture
def humanml3d(tmp_path: Path) -> Path:
    """The repository of HumanML3D with its texts unpacked, three rows long."""
    folder = tmp_path / 'HumanML3D'
    texts = folder / 'HumanML3D' / 'texts'
    texts.mkdir(parents=True)
    rows = [
        './pose_data/CMU/07/07_01_poses.npy,10,50,000021.npy',
        './pose_data/CMU/10/10_03_poses.npy,0,40,000022.npy',
        './pose_data/humanact12/humanact12/P11G01.npy,0,-1,000023.npy',
        './pose_data/CMU/10/10_03_poses.npy,0,40,000024.npy',
    ]
    header = 'source_path,start_frame,end_frame,new_name'
    (folder / 'index.csv').write_text('\n'.join([header, *rows]) + '\n')
    (texts / '000021.txt').write_text(
        'a person walks forward.#a/DET person/NOUN#0.0#0.0\n'
        'the man starts with his left leg.#the/DET man/NOUN#0.0#1.0\n'
        'someone is walking#someone/NOUN#nan#nan\n'
    )
    (texts / 'M000021.txt').write_text('a person walks forward.#a/DET#0.0#0.0\n')
    (texts / '000022.txt').write_text('a person kicks a ball.#a/DET#0.0#0.0\n')
    for split, names in {'train': '000021\nM000021', 'val': '', 'test': '000022\n000024'}.items():
        (texts.parent / f'{split}.txt').write_text(f'{names}\n')
    return folder


def test_humanml3d_becomes_a_corpus(
    humanml3d: Path, amass: Path, tmp_path: Path, clips: dict[str, Path]
) -> None:
    out = tmp_path / 'corpus'
    found = import_corpus(humanml3d, out, amass=amass)
    assert (found.kind, found.clips, found.files) == ('humanml3d', 3, 2)
    whole, part = load_corpus(out, 'train')
    assert whole.captions == ('a person walks forward.', 'someone is walking')
    assert whole.action == 'walk'
    assert part.captions == ('the man starts with his left leg.',)
    assert (whole.seconds, part.seconds) == pytest.approx((2.05, 1.05))
    (kick,) = load_corpus(out, 'test')
    assert kick.action == 'kick'
    assert dict(found.skipped) == {
        '000023': 'of HumanAct12, which is not part of AMASS',
        '000024': '000024.txt is missing',
    }
    copied = Motion.load(out / 'amass/HumanML3D/000021.npz')
    source = Motion.load(clips['walk'])[15:]
    assert np.allclose(copied.joint_rotations[:50], source.joint_rotations[:50], atol=0.02)


def test_frames_of_humanml3d_are_counted_behind_the_lead_in(
    humanml3d: Path, amass: Path, tmp_path: Path, clips: dict[str, Path]
) -> None:
    motion = Motion.load(clips['walk'])
    motion.resampled(110.0).save(amass / 'TotalCapture' / 's1' / 'walking2_poses.npz')
    index = humanml3d / 'index.csv'
    rows = index.read_text().replace('CMU/07/07_01', 'TotalCapture/s1/walking2')
    index.write_text(rows.replace('10,50,', '0,20,'))
    import_corpus(humanml3d, tmp_path / 'corpus', amass=amass)
    copied = Motion.load(tmp_path / 'corpus/amass/HumanML3D/000021.npz')
    # Every fifth of 110 frames/s: the 20 frames of the lead-in and of the clip are 10 / 11 s each.
    whole = motion.resampled(110.0)[100:201].resampled(30.0)
    assert copied.seconds == pytest.approx(whole.seconds, abs=0.04)
    assert np.allclose(copied.joint_rotations[:25], whole.joint_rotations[:25], atol=0.02)


def test_a_folder_of_files_becomes_a_corpus(bvh_files: dict[str, Path], tmp_path: Path) -> None:
    source = tmp_path / 'mine'
    for name in ('walkFast_02', 'b/49_06', 'c/A5 - pick up box_poses'):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bvh_files['daz'], source / f'{name}.bvh')
    (source / 'walkFast_02.txt').write_text('a person walks fast\n\nsomeone hurries\n')
    found = import_corpus(source, tmp_path / 'corpus', licence='CC0 1.0')
    assert dict(found.skipped) == {'b/49_06.bvh': 'no words in its name; describe it in 49_06.txt'}
    captions = {clip.captions for clip in load_corpus(tmp_path / 'corpus', 'all')}
    assert captions == {('a person walks fast', 'someone hurries'), ('pick up box',)}
    assert len(load_corpus(tmp_path / 'corpus', 'val', licence='commercial')) == 1


def test_trials_of_cmu_are_looked_up_in_their_index(
    bvh_files: dict[str, Path], tmp_path: Path
) -> None:
    source = tmp_path / 'cmu'
    (source / '13').mkdir(parents=True)
    for name in ('13/13_19', '13/13_20'):
        shutil.copy(bvh_files['daz'], source / f'{name}.bvh')
    (source / 'cmu-mocap-index-text.txt').write_text(
        'Subject #13 (various everyday behaviors)\n13_18\tboxing\n13_19\tforward jump\n'
        '13_20\tUnknown\n'
    )
    found = import_corpus(source, tmp_path / 'corpus')
    assert [entry.path for entry in found.skipped] == ['13/13_20.bvh']
    (clip,) = load_corpus(tmp_path / 'corpus', 'all')
    assert clip.action == 'jump'
    assert 'a person jumps forward' in clip.captions


def test_imports_add_up_in_one_folder(
    babel: Path, humanml3d: Path, amass: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'corpus'
    import_corpus(babel, out, amass=amass)
    import_corpus(humanml3d, out, amass=amass)
    import_corpus(babel, out, amass=amass)
    assert len(load_corpus(out, 'all')) == 5
    splits = read_splits(out)
    paths = [path for split in splits.values() for path in split]
    assert len(paths) == len(set(paths)) == 4


def test_what_is_no_source_is_refused(babel: Path, corpus: Path, tmp_path: Path) -> None:
    empty = tmp_path / 'empty'
    empty.mkdir()
    with pytest.raises(MotionError, match='neither BABEL'):
        recognise_source(empty)
    with pytest.raises(MotionError, match='no such folder'):
        recognise_source(tmp_path / 'gone')
    with pytest.raises(MotionError, match='is a corpus already'):
        recognise_source(corpus)
    with pytest.raises(MotionClipError, match='--amass'):
        import_corpus(babel, tmp_path / 'out')
    with pytest.raises(MotionClipError, match="'kit' is not one of"):
        import_corpus(babel, tmp_path / 'out', kind='kit')
    (babel / 'train.json').write_text('[1, 2]')
    with pytest.raises(MotionError, match='not a JSON file of BABEL'):
        import_corpus(babel, tmp_path / 'out', amass=corpus / 'amass')
