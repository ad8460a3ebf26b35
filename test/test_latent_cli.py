"""The commands that refuse, join, edit, mix and find motions do what they say."""

import json
from pathlib import Path

import pytest

from motionclip_model.abstention import fit_familiarity
from motionclip_model.checkpoint import checkpoint_path
from motionclip_model.latent import meanings
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.storage import file_hash
from motionclip_ros import cli

CAPTIONS = [
    f'{who} {what}'
    for who in ('a person', 'someone')
    for what in ('walks forward', 'runs fast', 'bows deeply', 'waves', 'jumps up', 'kicks')
]


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights with a small idea of what is known."""
    model = MotionClip.load('base')
    model.known = fit_familiarity(CAPTIONS, [], model.encode_sentences)
    path = tmp_path_factory.mktemp('model') / 'model.safetensors'
    model.save(path, model.info)
    return path


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> object:
    """Run the command in this process; returns exit status, output and errors."""
    monkeypatch.setenv('COLUMNS', '200')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))

    def motionclip(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return motionclip


def test_an_unknown_command_is_refused_unless_it_is_forced(
    run, checkpoint: Path, tmp_path: Path
) -> None:
    words = ('generate', 'the theory of relativity', '-m', checkpoint, '-o', tmp_path, '-s', 1)
    status, _, error = run(*words)
    assert status == 2
    assert error.count('\n') == 1
    assert "unknown command 'the theory of relativity'" in error
    assert 'nearest known' in error
    assert '--force' in error
    assert not (tmp_path / 'motion.npz').exists()
    assert run(*words, '--force')[0] == 0
    assert (tmp_path / 'motion.npz').exists()


def test_one_unknown_command_spoils_a_sequence(run, checkpoint: Path, tmp_path: Path) -> None:
    status, _, error = run(
        'generate', 'bow, then the theory of relativity', '-m', checkpoint, '-o', tmp_path
    )
    assert status == 2
    assert "unknown command 'the theory of relativity'" in error


def test_a_sequence_has_the_length_that_is_asked_for(
    run, checkpoint: Path, tmp_path: Path
) -> None:
    status, _, error = run(
        'generate', 'walk, then bow; wave', '-s', 6, '-m', checkpoint, '-o', tmp_path
    )
    assert status == 0, error
    assert Motion.load(tmp_path / 'motion.npz').seconds == pytest.approx(6.0, abs=0.03)
    assert json.loads((tmp_path / 'report.json').read_text())['text'] == 'walk, then bow; wave'


def test_samples_differ_and_are_numbered(run, checkpoint: Path, tmp_path: Path) -> None:
    status, _, error = run(
        'generate', 'walk', '--samples', 2, '-s', 1, '-m', checkpoint, '-o', tmp_path
    )
    assert status == 0, error
    first, second = (Motion.load(tmp_path / f'motion_{i}.npz') for i in range(2))
    assert abs(first.joint_rotations - second.joint_rotations).max() > 0.05
    seeds = [json.loads((tmp_path / f'report_{i}.json').read_text())['seed'] for i in range(2)]
    assert seeds == [0, 1]


@pytest.mark.parametrize('form', ['options', 'sum', 'table'])
def test_the_same_edit_in_three_forms(run, tmp_path: Path, form: str) -> None:
    table = tmp_path / 'edits.csv'
    table.write_text('motion_source,base,v_start,v_end\ntext,walk,normal,tired\n')
    forms = {
        'options': ('walk', '--from', 'normal', '--to', 'tired'),
        'sum': ('walk - normal + tired',),
        'table': ('--csv', table),
    }
    status, out, error = run('edit', *forms[form], '-s', 2, '-o', tmp_path, '--json')
    assert status == 0, error
    base, changed = json.loads(out)
    assert (base['title'], changed['title']) == ('walk', 'walk - normal + tired')
    assert Motion.load(changed['file']).seconds == pytest.approx(2.0, abs=0.03)
    assert changed['cosine'] < 1.0


def test_edits_take_motion_files(run, clips: dict[str, Path], tmp_path: Path) -> None:
    table = tmp_path / 'edits.csv'
    (tmp_path / 'walk.npz').write_bytes(clips['walk'].read_bytes())
    table.write_text('motion_source,base,v_start,v_end\ndata,walk.npz,walk,run\n')
    status, out, error = run('edit', '--csv', table, '-o', tmp_path / 'out', '--render')
    assert status == 0, error
    assert 'walk.npz - walk + run' in out
    assert (tmp_path / 'out' / 'motions.png').stat().st_size > 50_000


def test_a_sum_takes_motion_files(run, clips: dict[str, Path], tmp_path: Path) -> None:
    words = ('edit', f'{clips["walk"]} + run - walk', '-s', 1, '-o', tmp_path, '--json')
    status, out, error = run(*words)
    assert status == 0, error
    base = json.loads(out)[0]
    assert base['title'] == clips['walk'].name
    model = MotionClip.load('base')
    walk, text = meanings(model, [Motion.load(clips['walk']), str(clips['walk'])])
    made = model.encode_motions([Motion.load(base['file'])])[0]
    assert made @ walk > made @ text + 0.2


def test_interpolation_makes_every_stop(run, clips: dict[str, Path], tmp_path: Path) -> None:
    status, out, error = run(
        'interpolate',
        'walk',
        clips['kick'],
        'bow',
        '--stops',
        5,
        '-s',
        1,
        '-o',
        tmp_path,
        '--json',
    )
    assert status == 0, error
    entries = json.loads(out)
    assert [entry['title'].split(': ')[1] for entry in entries] == [
        *('0 %', '50 %', '0 %', '50 %', '100 %')
    ]
    assert all(Path(entry['file']).exists() for entry in entries)


def test_interpolation_reads_the_papers_table(run, tmp_path: Path) -> None:
    table = tmp_path / 'ways.csv'
    table.write_text('start, end\nwalk, run\nbow, kick\n')
    status, _, error = run('interpolate', '--csv', table, '--stops', 2, '-s', 1, '-o', tmp_path)
    assert status == 0, error
    assert len(list(tmp_path.glob('stop_?_?.npz'))) == 4


def test_retrieval_lists_hits_and_what_it_skipped(
    run, clips: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / 'motions'
    folder.mkdir()
    for action in ('walk', 'kick'):
        (folder / f'{action}.npz').write_bytes(clips[action].read_bytes())
    (folder / 'broken.npz').write_text('no archive')
    status, out, error = run('retrieve', 'a person kicks', '--in', folder, '--json')
    assert status == 0, error
    found = json.loads(out)
    assert [Path(hit['path']).name for hit in found['hits']] == ['kick.npz', 'walk.npz']
    assert found['files'] == 2
    assert found['model_sha256'] == file_hash(checkpoint_path('base'))
    assert [each['path'] for each in found['skipped']] == ['broken.npz']
    status, out, _ = run('retrieve', 'a person kicks', '--in', folder, '--top', 1)
    assert 'kick.npz' in out
    assert '2 files, 1 skipped' in out


def test_several_files_are_recognised(run, clips: dict[str, Path]) -> None:
    files = [clips['walk'], clips['kick']]
    status, out, error = run('recognise', *files, '--labels', 'walk,kick', '--json')
    assert status == 0, error
    found = json.loads(out)
    assert [entry['labels'][0]['label'] for entry in found['files']] == ['walk', 'kick']
    assert found['model_sha256'] == file_hash(checkpoint_path('base'))
    assert len(found['text_encoder_sha256']) == 64


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (('edit', 'walk', '--from', 'normal'), 'both --from and --to'),
        (('edit',), 'or --csv FILE alone'),
        (('edit', 'walk +'), 'a text is missing'),
        (('edit', 'walk', '--csv', 'FILE'), '--csv FILE alone'),
        (('edit', '--csv', 'nothing.csv'), 'nothing.csv: cannot be read (no such file)'),
        (('edit', '--csv', 'FILE'), 'motion_source,base,v_start,v_end'),
        (
            ('edit', 'nothing.npz', '--from', 'a', '--to', 'b'),
            'nothing.npz: cannot be read (no such file)',
        ),
        (('interpolate',), 'two or more texts'),
        (('interpolate', 'walk'), 'at least two points'),
        (('interpolate', 'walk', 'run', 'bow', '--stops', '2'), 'as many stops'),
        (('retrieve', 'walk', '--in', 'nowhere'), 'no .npz or .bvh file'),
        (('generate', 'walk; run', '-s', '1', '-o', 'out'), 'choose 2 to 20 s'),
    ],
)
def test_mistakes_are_one_line(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'FILE').write_text('start,end\nwalk,run\n')
    status, _, error = run(*arguments)
    assert status == 2
    assert error.count('\n') == 1
    assert reason in error
