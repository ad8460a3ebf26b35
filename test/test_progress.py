"""Bars are for people at a terminal; results and logs stay free of them."""

import io
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from motionclip_model.motion import Motion
from motionclip_ros import progress
from motionclip_ros.progress import followed, standard_error, working
from motionclip_ros.scenes import Scene
from motionclip_ros.showing import show


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


Stderr = Callable[[io.StringIO], io.StringIO]


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Stderr:
    """Put a stream in the place of standard error, once pytest has put its own there."""
    monkeypatch.setenv('TERM', 'xterm')
    monkeypatch.setenv('COLUMNS', '100')

    def replace(stream: io.StringIO) -> io.StringIO:
        monkeypatch.setattr(sys, 'stderr', stream)
        return stream

    return replace


def test_a_terminal_shows_what_is_done_and_how_far_it_is(
    stderr: Stderr, capsys: pytest.CaptureFixture[str]
) -> None:
    stream = stderr(Terminal())
    with working('loading') as work:
        work.stage('drawing walk.mp4')
        for done in range(4):
            work(done, 3)
            work._progress.refresh()
        work.line('a.npz: damaged')
        print('result')  # noqa: T201
    shown = stream.getvalue()
    assert 'drawing walk.mp4' in shown
    assert '3/3' in shown
    assert 'a.npz: damaged' in shown
    assert 'result' not in shown
    assert capsys.readouterr().out == 'result\n'


@pytest.mark.parametrize('forced', [False, True])
def test_elsewhere_only_lines_are_printed(
    stderr: Stderr, monkeypatch: pytest.MonkeyPatch, forced: bool
) -> None:
    if forced:
        monkeypatch.setenv('FORCE_COLOR', '1')
    stream = stderr(io.StringIO())
    with working('loading') as work:
        work(1, 2)
        work.line('a.npz: damaged')
    assert stream.getvalue() == 'a.npz: damaged\n'


def test_long_lines_stay_whole(stderr: Stderr) -> None:
    stream = stderr(io.StringIO())
    standard_error().print('x' * 500)
    assert stream.getvalue() == 'x' * 500 + '\n'


def test_what_passes_is_counted() -> None:
    told: list[tuple[int, int]] = []
    assert list(followed('abc', 3, lambda *each: told.append(each))) == ['a', 'b', 'c']
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(('name', 'count'), [('walk.png', 12), ('walk.gif', 13)])
def test_pictures_are_counted_as_they_are_drawn(
    tmp_path: Path, clips: dict[str, Path], name: str, count: int
) -> None:
    motion = Motion.load(clips['walk'])
    told: list[tuple[int, int]] = []
    show(tmp_path / name, [Scene('walk', 1.0, motion)], None, lambda *each: told.append(each))
    assert told == [(done, count) for done in range(count + 1)]


def test_nothing_else_draws_a_bar() -> None:
    root = Path(progress.__file__).parent
    users = {
        str(path.relative_to(root))
        for path in root.rglob('*.py')
        if 'rich.progress' in path.read_text() or '.status(' in path.read_text()
    }
    # Training shows its losses beside the bar.
    assert users == {'progress.py', 'training_progress.py'}


def test_a_command_shows_its_bar_on_a_terminal(tmp_path: Path, clips: dict[str, Path]) -> None:
    leader, follower = pty.openpty()
    code = 'from motionclip_ros.__main__ import main; main()'
    run = subprocess.Popen(
        [sys.executable, '-c', code, 'render', clips['walk'], '--out', tmp_path / 'w.png'],
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, 'TERM': 'xterm', 'COLUMNS': '100'},
    )
    os.close(follower)
    shown = b''
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    assert run.communicate()[0].decode() == f'wrote {tmp_path / "w.png"}\n'
    assert run.returncode == 0
    assert b'drawing w.png' in shown
    assert b'/12' in shown
