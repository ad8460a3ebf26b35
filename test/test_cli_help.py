"""Every command explains itself, with examples that can be copied and would be understood."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from motionclip_ros.cli import app
from motionclip_ros.cli.helping import EXAMPLE, Panel, arranged

ROOT = typer.main.get_command(app)
JSON = {
    'check', 'data import', 'data manifest', 'demo', 'doctor', 'edit', 'evaluate', 'generate',
    'interpolate', 'recognise', 'render', 'repair', 'retarget', 'retrieve', 'robot add',
    'robot list', 'robot show', 'train', 'verify',
}  # fmt: skip
"""What a program may want to read; `replay` becomes a ROS node."""

LEAST = 'import typer, typer.rich_utils'
"""What any help costs that is drawn in this way; the rest of ours may cost as much again."""


def commands(group: Any, name: str = '') -> Iterator[tuple[str, Any]]:
    """Every command below a group, with its words on the command line."""
    for word, command in group.commands.items():
        if hasattr(command, 'commands'):
            yield from commands(command, f'{name}{word} ')
        else:
            yield f'{name}{word}', command


COMMANDS = dict(commands(ROOT))


def examples(command: Any) -> list[str]:
    lines = (command.epilog or '').splitlines()[1:]
    return [line.split('[cyan]')[1].removesuffix('[/]').replace('\\[', '[') for line in lines]


def parse(line: str) -> str:
    """Let the options of a line be read, without running it; return its command."""
    words = shlex.split(line)
    assert words.pop(0) == 'motionclip'
    command, name, context = ROOT, [], typer.Context(ROOT)
    while hasattr(command, 'commands'):
        name.append(words.pop(0))
        command = command.commands[name[-1]]
    context = command.make_context(' '.join(name), words, parent=context)
    assert context.args == []
    return ' '.join(name)


@pytest.mark.parametrize('name', COMMANDS)
def test_a_command_has_examples_that_parse(name: str) -> None:
    found = examples(COMMANDS[name])
    assert found
    assert name in [parse(line) for line in found]


@pytest.mark.parametrize('name', COMMANDS)
def test_help_fits_a_narrow_terminal_and_examples_stay_whole(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv('COLUMNS', '80')
    monkeypatch.setenv('TERMINAL_WIDTH', '80')
    text = CliRunner().invoke(app, [*name.split(), '--help']).stdout
    lines = [line.rstrip() for line in text.splitlines()]
    assert max(map(len, lines)) <= 80
    assert EXAMPLE not in text
    for example in examples(COMMANDS[name]):
        assert f' $ {example}' in lines


def test_every_command_stands_in_a_panel() -> None:
    panels = [command.rich_help_panel for command in ROOT.commands.values()]
    assert set(panels) == set(Panel)
    listed = ROOT.list_commands(typer.Context(ROOT))
    order = [list(Panel).index(ROOT.commands[name].rich_help_panel) for name in listed]
    assert order == sorted(order)


def test_paragraphs_are_left_to_the_terminal_to_wrap() -> None:
    prose, found = arranged('One\nline.\n\nMore\nof it.\n\nExample: motionclip a\n    --b c')
    assert prose == 'One line.\n\nMore of it.'
    assert found == ['motionclip a --b c']


def test_programs_can_read_what_commands_say() -> None:
    with_json = {
        name
        for name, command in COMMANDS.items()
        if any('--json' in parameter.opts for parameter in command.params)
    }
    # `open` commands, a window or a page, have nothing to print.
    assert with_json >= JSON


def test_the_help_says_what_exit_statuses_mean() -> None:
    text = CliRunner().invoke(app, ['--help']).stdout
    for status in ('0  done', '1  not done', '2  nothing done', '130  Ctrl-C'):
        assert status in text


def processor_time(code: str) -> tuple[float, str]:
    """Least time of three fresh interpreters [s], and what heavy modules one has loaded."""
    code += (
        '\nimport resource, sys\n'
        'used = resource.getrusage(resource.RUSAGE_SELF)\n'
        "heavy = {'numpy', 'scipy', 'torch', 'mujoco', 'pinocchio', 'rclpy'} & set(sys.modules)\n"
        'print(used.ru_utime + used.ru_stime, *heavy, file=sys.stderr)\n'
    )
    run = partial(subprocess.run, [sys.executable, '-c', code], capture_output=True, text=True)
    words = [run(check=True).stderr.split() for _ in range(3)]
    return min(float(each[0]) for each in words), ' '.join(words[0][1:])


def test_the_help_is_there_at_once() -> None:
    seconds, heavy = processor_time(
        'import sys\n'
        "sys.argv = ['motionclip', '--help']\n"
        'from motionclip_ros.__main__ import main\n'
        'try: main()\n'
        'except SystemExit: pass'
    )
    assert heavy == ''
    assert seconds < 2.0 * processor_time(LEAST)[0]


def test_json_stays_json_for_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('COLUMNS', '20')
    found = CliRunner().invoke(app, ['robot', 'list', '--json'])
    assert {row['name'] for row in json.loads(found.stdout)} >= {'g1', 'talos'}
