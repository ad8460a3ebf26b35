"""A TAB offers what there is, through the protocol of the shells, and quickly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from motionclip_ros.cli import completing


def offered(line: str, shell: str = 'bash', **environment: str) -> list[str]:
    """What a shell would be offered behind a line; its last word is incomplete."""
    words = line.split(' ')
    variables = {
        **os.environ,
        **environment,
        '_MOTIONCLIP_COMPLETE': f'complete_{shell}',
        'COMP_WORDS': '\n'.join(words),
        'COMP_CWORD': str(len(words) - 1),
        '_TYPER_COMPLETE_ARGS': line,
        '_TYPER_COMPLETE_FISH_ACTION': 'get-args',
        '_TYPER_COMPLETE_WORD_TO_COMPLETE': words[-1],
    }
    code = (
        'import sys; from motionclip_ros.__main__ import main\n'
        'try: main()\n'
        "finally: print({'numpy', 'torch'} & set(sys.modules) or 'light', file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, '-c', code], env=variables, capture_output=True, text=True, check=False
    )
    assert result.stderr.strip().splitlines()[-1] == 'light', result.stderr
    return result.stdout.split()


def test_commands_and_options_are_offered() -> None:
    assert set(offered('motionclip ret')) == {'retarget', 'retrieve'}
    assert '--robot' in offered('motionclip retarget --ro')
    assert set(offered('motionclip robot ')) == {'add', 'list', 'show'}


def test_values_are_offered(tmp_path: Path) -> None:
    (tmp_path / 'mine.yaml').write_text('')
    assert offered('motionclip check x --robot ', MOTIONCLIP_ROBOTS=str(tmp_path)) == [
        'g1',
        'mine',
        'talos',
    ]
    assert offered('motionclip robot show ta') == ['talos']
    assert offered('motionclip generate walk --model o') == ['open']
    assert offered('motionclip retarget x --joints left_') == ['left_arm', 'left_leg']


@pytest.mark.parametrize('shell', ['zsh', 'fish'])
def test_other_shells_are_served(shell: str) -> None:
    assert any('talos' in word for word in offered('motionclip robot show ta', shell))


def test_the_last_of_several_is_completed_and_none_is_offered_twice() -> None:
    assert completing.joint_groups('legs,wai') == ['legs,waist']
    assert completing.formats('npz,') == ['npz,csv', 'npz,mujoco']


def test_for_a_path_the_shell_offers_files() -> None:
    assert offered('motionclip render ') == []
    assert completing.robots('./my_') == []


@pytest.mark.parametrize('shell', ['bash', 'zsh', 'fish'])
def test_completion_is_installed(shell: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, '-m', 'motionclip_ros', '--install-completion', shell],
        env={
            **os.environ,
            'HOME': str(tmp_path),
            '_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION': '1',
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    written = [path for path in tmp_path.rglob('*') if path.is_file()]
    assert any('_MOTIONCLIP_COMPLETE' in path.read_text() for path in written)
