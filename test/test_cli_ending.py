"""However a command ends, it leaves nothing half done, and says at most one line."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from motionclip_model.errors import ConfigError
from motionclip_ros import cli
from motionclip_ros.cli import ending

COMMAND = (sys.executable, '-m', 'motionclip_ros')
GENERATE = ('generate', 'bow', '--seconds', '2', '--render', '--out')


def start(arguments: Sequence[object], folder: Path) -> 'subprocess.Popen[bytes]':
    """Run the command in a session of its own, with its temporary files in a folder."""
    (folder / 'tmp').mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env={**os.environ, 'TMPDIR': str(folder / 'tmp')},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def is_loaded(pid: int, library: str) -> bool:
    """Whether a process has begun to map a library."""
    try:
        return library in Path(f'/proc/{pid}/maps').read_text()
    except OSError:
        return False


def wait_until(process: 'subprocess.Popen[bytes]', moment: str | float, out: Path) -> None:
    """Wait for a moment: so long after the start, or as soon as something is there."""
    deadline = time.monotonic() + 120
    signs = {
        'importing': lambda: is_loaded(process.pid, 'libtorch'),
        'written': lambda: (out / 'report.json').exists(),
        'drawing': lambda: (out / 'motion.png').exists(),
    }
    if isinstance(moment, float):
        time.sleep(moment)
        return
    while not signs[moment]():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def session(leader: int) -> list[int]:
    """All living processes of a session."""
    found = []
    for folder in Path('/proc').iterdir():
        if folder.name.isdigit():
            try:
                state, _, _, sid = (folder / 'stat').read_text().rpartition(')')[2].split()[:4]
            except OSError:
                continue
            if int(sid) == leader and state != 'Z':
                found.append(int(folder.name))
    return found


def complete(path: Path) -> bool:
    """Whether a file is all that it is meant to be."""
    content = path.read_bytes()
    if path.suffix == '.json':
        return bool(json.loads(content))
    if path.suffix == '.npz':
        return content[:2] == b'PK' and b'PK\x05\x06' in content[-64:]
    return path.suffix == '.png' and content[-8:-4] == b'IEND'


# Before a tenth of a second or so it is the interpreter that starts, not yet this program.
@pytest.mark.parametrize(
    ('moment', 'number', 'status'),
    [
        (0.3, signal.SIGINT, 130),
        (0.6, signal.SIGINT, 130),
        (1.0, signal.SIGINT, 130),
        (2.0, signal.SIGINT, 130),
        ('importing', signal.SIGINT, 130),
        ('written', signal.SIGINT, 130),
        ('drawing', signal.SIGINT, 130),
        ('importing', signal.SIGTERM, 143),
        pytest.param('drawing', signal.SIGTERM, 143, marks=pytest.mark.nightly),
        pytest.param('drawing', signal.SIGHUP, 129, marks=pytest.mark.nightly),
    ],
)
def test_an_interrupt_is_clean_at_any_moment(
    tmp_path: Path, moment: str | float, number: signal.Signals, status: int
) -> None:
    out = tmp_path / 'out'
    process = start([*GENERATE, out], tmp_path)
    wait_until(process, moment, out)
    os.killpg(process.pid, number)  # as the terminal does it
    printed, said = process.communicate(timeout=120)
    # Python ends itself by the signal where a library has met it first; shells show the same.
    assert process.returncode in (status, 128 - status)
    assert (printed, said) == (b'', b'')
    assert not session(process.pid)
    assert not list((tmp_path / 'tmp').iterdir())
    assert all(complete(path) for path in out.rglob('*'))


@pytest.mark.parametrize(
    'arguments',
    [['robot', 'list'], ['robot', 'list', '--json'], ['robot', 'show', 'g1', '--json']],
)
def test_a_closed_pipe_is_not_worth_a_word(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    # Buffered, as it is for most: what little there is to say is written at the very end.
    variables = {name: each for name, each in os.environ.items() if name != 'PYTHONUNBUFFERED'}
    run = subprocess.run(
        [*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, env=variables, check=False
    )
    os.close(writer)
    assert (run.returncode, run.stderr) == (1, b'')


def test_a_full_disk_is_one_line() -> None:
    with Path('/dev/full').open('wb') as full:
        run = subprocess.run(
            [*COMMAND, 'robot', 'list', '--json'], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == 2
    assert run.stderr.count(b'\n') == 1
    assert b'no space left on device; make room' in run.stderr


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / 'out' / 'g1.png'
    run = subprocess.run(
        [*COMMAND, 'robot', 'show', 'g1', '--picture', out],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 2, run.stderr
    assert run.stderr.decode() == (
        f'motionclip: {out}: file too large; write to a disk that takes larger files\n'
    )
    assert not list(out.parent.iterdir())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> object:
    """Run the command in this process; return its status, what it printed and what it said."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, 'argv', ['motionclip', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        return int(caught.value.code or 0), *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ('arguments', 'line'),
    [
        (['generate', 'walk', '--out', 'x', '--sed', 3],
         'no such option: --sed (Possible options: --render, --seconds, --seed); see motionclip '
         'generate --help'),
        (['generate', 'walk'],
         "missing option '--out' / '-o'; see motionclip generate --help"),
        (['generat'], "no such command 'generat'. Did you mean 'generate', 'render'?; see "
         'motionclip --help'),
        (['robot', 'show', 'g1', '--picture'],
         "option '--picture' requires an argument; see motionclip --help"),
        (['check', '.'], None),
        (['check', 'gone.npz', '--json'], 'gone.npz: cannot be read (no such file)'),
        (['recognise', 'gone.npz', '--json'], None),
        (['render', 'gone.npz', '--json'], 'gone.npz: cannot be read (no such file)'),
        (['render', '.', '--json'], None),
        (['retarget', 'gone.bvh', '--out', 'x', '--json'], None),
        (['repair', 'gone', '--json'], None),
        (['verify', 'gone', '--json'], None),
        (['robot', 'show', 'r2d2', '--json'], None),
        (['robot', 'add', 'gone.urdf', '--json'], None),
        (['data', 'manifest', '--data', 'gone', '--json'], None),
        (['data', 'import', 'gone', '--out', 'x', '--json'], None),
        (['retrieve', 'walk', '--in', 'gone', '--json'], None),
        (['evaluate', '--data', 'gone', '--json'], None),
        (['train', '--data', 'gone', '--out', 'x', '--json'], None),
        (['generate', ' ', '--out', 'x', '--json'], None),
        (['edit', 'walk +', '--out', 'x', '--json'], None),
        (['interpolate', 'walk', '--out', 'x', '--json'], None),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_on_standard_error(
    told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], line: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    status, printed, said = told(*arguments)
    assert (status, printed) == (2, '')
    assert said.startswith('motionclip: ')
    assert said.count('\n') == 1
    assert line is None or said == f'motionclip: {line}\n'
    assert not [path for path in tmp_path.rglob('*') if path.is_file()]


def test_render_refuses_what_it_would_not_draw(told, clips, tmp_path: Path) -> None:
    walk, out = clips['walk'], ('--out', tmp_path / 'x.png')
    for option, value, reason in (
        ('--beside', walk, 'is no trajectory file'),
        ('--namespace', 'left', 'is no recording'),
        ('--robot', 'g1', 'is a human motion'),
    ):
        status, _, said = told('render', walk, option, value, *out)
        assert status == 2
        assert reason in said
    assert not list(tmp_path.iterdir())


def test_render_and_retarget_tell_a_program_what_they_wrote(told, clips, tmp_path: Path) -> None:
    picture = tmp_path / 'x.png'
    status, printed, _ = told('render', clips['kick'], '--caption', 'é', '-o', picture, '--json')
    found = json.loads(printed)
    assert status == 0
    assert found['file'] == str(picture)
    assert found['captions'] == ['é']
    assert found['seconds'] > 0


def test_generate_tells_a_program_what_it_wrote(told, tmp_path: Path) -> None:
    status, printed, said = told(
        'generate', 'wave', '--samples', 2, '--seconds', 1, '--out', tmp_path / 'o', '--json'
    )
    found = json.loads(printed)['motions']
    assert (status, said) == (0, '')
    assert [each['seed'] for each in found] == [0, 1]
    for each in found:
        assert set(each['files']) == {'motion', 'trajectory', 'report'}
        assert all(Path(file).is_file() for file in each['files'].values())
        assert json.loads(Path(each['files']['report']).read_text()) == each['report']


def test_an_import_tells_a_program_what_came_in(told, bvh_files, tmp_path: Path) -> None:
    source = tmp_path / 'mine'
    source.mkdir()
    (source / 'jump.bvh').write_bytes(bvh_files['daz'].read_bytes())
    (source / 'broken run.bvh').write_text('HIERARCHY\n')
    status, printed, _ = told(
        'data', 'import', source, '--out', tmp_path / 'o', '--licence', 'CC0', '--json'
    )
    found = json.loads(printed)
    assert status == 0
    assert (found['clips'], found['kind']) == (1, 'motions')
    assert [each['path'] for each in found['skipped']] == ['motions/mine/broken run.npz']
    assert Path(found['texts']).is_file()


def test_signals_are_left_as_they_were(told) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    told('--version')
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_that_a_library_turns_into_its_own_error_is_one(
    told, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    def broken(**_: object) -> None:
        try:
            signal.raise_signal(number)
        except BaseException as error:
            raise ImportError('numpy could not be imported') from error

    monkeypatch.setattr(ending, 'app', broken)
    assert told('generate') == (128 + number, '', '')


def test_a_mistake_of_ours_is_not_hidden(told, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise KeyError('ours')

    monkeypatch.setattr(ending, 'app', broken)
    with pytest.raises(KeyError):
        told('generate')


def test_a_name_that_cannot_be_spelled_is_escaped(told, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise ConfigError(os.fsdecode(b'caf\xe9.npz: no such file'))

    monkeypatch.setattr(ending, 'app', broken)
    status, _, said = told('check')
    assert status == 2
    assert said == 'motionclip: caf\\udce9.npz: no such file\n'
