"""What every command shares: the application, its options, its ways to print."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from motionclip_model import __version__
from motionclip_model.errors import MotionClipError

# What takes seconds to import (PyTorch, transformers, MuJoCo) is imported inside the commands,
# so that --help and a mistyped option answer at once.

app = typer.Typer(
    help='From a sentence to a moving humanoid: text, human motion, robot trajectory.',
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={'help_option_names': ['-h', '--help']},
)
console = Console()

Model = Annotated[
    str, typer.Option('--model', '-m', help='Shipped checkpoint or path of a .safetensors file.')
]
RobotName = Annotated[
    str, typer.Option('--robot', '-r', help='Robot of config/robots or path of a URDF.')
]
Seconds = Annotated[
    float | None,
    typer.Option(
        '--seconds', '-s', help='Length, 1 to 10 s.', show_default='what the text suggests'
    ),
]
Seed = Annotated[int, typer.Option(help='Another seed, another motion of the same meaning.')]
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
    """Exit status: 0 done, 1 not done, or only in part, 2 unusable input, 130 Ctrl-C.

    Not done: the robot did not follow (demo), must not (check), or a file failed (retarget).
    """


def main() -> None:
    """Run the command; a mistake of the user's is one line and exit status 2."""
    # Progress bars of libraries would break the one-line promise.
    os.environ.setdefault('HF_HUB_DISABLE_PROGRESS_BARS', '1')
    try:
        app()
    except MotionClipError as error:
        Console(stderr=True, soft_wrap=True).print(
            f'motionclip: {error}', style='red', highlight=False, markup=False
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def say(text: str) -> None:
    """Print a line as it is: not wrapped, not coloured."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def load_motion(path: Path) -> Any:
    """Read a human motion, AMASS or BVH by the name of the file."""
    from motionclip_model.data import motion_file

    return motion_file.load_motion(path)


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    console.print_json(json.dumps(value))
