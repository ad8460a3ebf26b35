"""What every command shares: the application, its options, its ways to print."""

import importlib.util
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from motionclip_model import __version__
from motionclip_model.errors import DependencyError
from motionclip_ros.cli import completing
from motionclip_ros.cli.helping import Group

# What takes long to import (NumPy, PyTorch, MuJoCo) is imported inside the commands, so that
# --help, a TAB and a mistyped option are answered at once.

STATUSES = """[bold]Exit status[/]
    0  done
    1  not done, or only in part: the robot must not (check) or did not follow
       (demo), a file failed (retarget), a recording differs (verify), what is
       needed does not work (doctor), nobody reads the output any more
    2  nothing done: unusable input, or results that cannot be written
  130  Ctrl-C; 143 after kill, 129 where the terminal was closed

Commands that a program may read take [cyan]--json[/]. All of it is in docs/cli.md."""

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode='rich',
    context_settings={'help_option_names': ['-h', '--help']},
    epilog=STATUSES,
)


console = Console()

Model = Annotated[
    str,
    typer.Option(
        '--model',
        '-m',
        help='Shipped checkpoint or path of a .safetensors file.',
        autocompletion=completing.models,
    ),
]
RobotName = Annotated[
    str,
    typer.Option(
        '--robot',
        '-r',
        help='Robot of config/robots or path of a URDF.',
        autocompletion=completing.robots,
    ),
]
RecordedRobot = Annotated[
    str | None,
    typer.Option(
        '--robot',
        '-r',
        help='Robot.',
        show_default='the one recorded',
        autocompletion=completing.robots,
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(
        '--seconds',
        '-s',
        min=1.0,
        help='Length, 1 to 10 s for each command.',
        show_default='what the text suggests',
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        min=0,
        help='Another seed, another motion of the same meaning.',
        show_default='the most typical motion',
    ),
]
Json = Annotated[bool, typer.Option('--json', help='Print JSON for a program to read.')]
Corpus = Annotated[
    Path,
    typer.Option('--data', help='Folder with AMASS files, texts_*.jsonl and splits.json.'),
]
Namespace = Annotated[
    str | None,
    typer.Option(help='Of the robot, in a recording of several.', show_default='the only one'),
]


def _version(wanted: bool) -> None:
    if wanted:
        say(f'motionclip {__version__}')
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option('--version', callback=_version, is_eager=True, help='Show the version.')
    ] = False,
) -> None:
    """From a sentence to a moving humanoid: text, human motion, robot trajectory."""


def say(text: str) -> None:
    """Print a line as it is: not wrapped, not coloured."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def require_ros() -> None:
    """Make sure that there is a ROS 2 to talk to.

    Raises:
        DependencyError: There is none.
    """
    if importlib.util.find_spec('rclpy') is None:
        raise DependencyError(
            'ROS 2 (rclpy) is not installed; `motionclip doctor` says how to get it'
        )


def load_motion(path: Path) -> Any:
    """Read a human motion, AMASS or BVH by the name of the file."""
    from motionclip_model.data import motion_file

    return motion_file.load_motion(path)


def print_json(value: Any) -> None:
    """Print a value for a program to read, in colours where a person reads it."""
    text = json.dumps(value, indent=2)
    if console.is_terminal:
        console.print_json(text)
    else:  # colouring takes seconds for what a large corpus holds
        sys.stdout.write(f'{text}\n')
