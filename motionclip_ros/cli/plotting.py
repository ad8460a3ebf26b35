"""The command that plots training runs, evaluations and retargeting reports."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from motionclip_ros.cli.app import Json, RobotName, app, print_json, say
from motionclip_ros.cli.helping import Panel


class Over(StrEnum):
    """What training curves are drawn over."""

    STEPS = 'steps'
    TIME = 'time'


@app.command(rich_help_panel=Panel.MOTIONS)
def plot(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar='PATH...',
            help='Folder of `train` or `generate`, JSON of `evaluate`, `check`, `retarget` or '
            '`generate`, or trajectory .npz; several of one kind to compare.',
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option('--out', '-o', help='.png or .html.')],
    over: Annotated[
        Over, typer.Option(help='What curves of training are drawn over.')
    ] = Over.STEPS,
    robot: RobotName = 'g1',
    motion: Annotated[
        Path | None,
        typer.Option('--motion', help='What the human did, beside a trajectory.'),
    ] = None,
    limits: Annotated[
        Path | None,
        typer.Option(help="Joint limits in place of the robot's own, as MoveIt writes them."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Plot a training run, an evaluation or a retargeting report.

    Example: motionclip plot runs/mine runs/other --out runs.html

    Example: motionclip plot figures.json --out figures.png

    Example: motionclip plot out/kick --out kick.html
    """
    from motionclip_ros.plotting.style import styled
    from motionclip_ros.plotting.subjects import Choices, plot_document
    from motionclip_ros.plotting.writing import check_ending, write
    from motionclip_ros.progress import working

    check_ending(out)
    with working('plotting'), styled():
        document = plot_document(paths, Choices(over.value, robot, motion, limits))
        write(document, out)
    if json_output:
        print_json({'file': str(out), 'figures': len(document.plots)})
    else:
        say(f'{len(document.plots)} figures; wrote {out}')
