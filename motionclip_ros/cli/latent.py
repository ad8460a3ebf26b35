"""Commands that work in the space of text and motion."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Json, Model, app, console, load_motion, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import followed, working

if TYPE_CHECKING:
    from motionclip_model.motion import Motion
    from motionclip_ros.retargeting.imitation import Imitator


@app.command(rich_help_panel=Panel.MODEL)
def recognise(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar='FILES...',
            help='Human motions: AMASS .npz or .bvh; with --robot its trajectories.',
        ),
    ],
    labels: Annotated[
        str | None, typer.Option(help='Candidates, separated by commas: "walk,run,wave".')
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option(
            '--robot',
            '-r',
            help='Read trajectories (.npz) and bags (folders) of this robot.',
            autocompletion=completing.robots,
        ),
    ] = None,
    model: Model = 'base',
    top: Annotated[int, typer.Option(min=1, help='How many labels to show.')] = 5,
    json_output: Json = False,
) -> None:
    """Say what motions look like.

    Example: motionclip recognise motion.npz --labels "walk,run,wave"

    Example: motionclip recognise trajectory.npz --robot g1
    """
    with working('reading') as work:
        from motionclip_model.latent import DEFAULT_LABELS, recognise_many
        from motionclip_model.model import MotionClip

        wanted = DEFAULT_LABELS
        if labels is not None:
            wanted = tuple(label.strip() for label in labels.split(',') if label.strip())
        imitator = None if robot is None else _imitator(robot)
        motions = [
            load_motion(file) if imitator is None else _imitated(file, imitator)
            for file in followed(files, len(files), work)
        ]
        work.stage('looking at the motions')
        network = MotionClip.load(model)
        found = recognise_many(network, motions, wanted)
    if json_output:
        hashes = network.hashes()
        if imitator is not None:
            hashes['robot_sha256'] = imitator.robot.fingerprint
        labelled = [[entry._asdict() for entry in each[:top]] for each in found]
        named = zip(map(str, files), labelled, strict=True)
        print_json({**hashes, 'files': [{'file': f, 'labels': each} for f, each in named]})
        return
    for file, each in zip(files, found, strict=True):
        if len(files) > 1:
            say(str(file))
        table = Table('label', 'score', 'cosine')
        for entry in each[:top]:
            table.add_row(entry.label, f'{entry.score:.2f}', f'{entry.cosine:.2f}')
        console.print(table)


def _imitator(name: str) -> 'Imitator':
    from motionclip_ros.retargeting.imitation import Imitator
    from motionclip_ros.retargeting.robots.robot import load_robot

    return Imitator(load_robot(name))


def _imitated(path: Path, imitator: 'Imitator') -> 'Motion':
    """Read what a robot does, a trajectory's file or a recording, as a person's motion."""
    from motionclip_model.features import FPS
    from motionclip_ros.bag import Bag
    from motionclip_ros.retargeting.trajectory import RobotTrajectory

    trajectory = Bag(path).trajectory() if path.is_dir() else RobotTrajectory.load(path)
    return imitator.imitate_path(trajectory, FPS)


@app.command(rich_help_panel=Panel.MODEL)
def retrieve(
    text: Annotated[str, typer.Argument(metavar='TEXT', help='What is searched, in plain words.')],
    folder: Annotated[
        Path, typer.Option('--in', help='Folder with .npz and .bvh motions, searched deeply.')
    ],
    model: Model = 'base',
    top: Annotated[int, typer.Option(min=1, help='How many files to show.')] = 10,
    json_output: Json = False,
) -> None:
    """Find the motion files that fit TEXT best.

    What the model sees in a file is remembered until the file changes.

    Example: motionclip retrieve "a person waves" --in recordings --top 5
    """
    with working('loading') as work:
        from motionclip_model.model import MotionClip
        from motionclip_model.retrieval import cache_folder, open_library

        network = MotionClip.load(model)
        work.stage('looking at the files')
        library = open_library(network, folder, cache_folder(), work)
        hits = library.rank(network, text)[:top]
    if json_output:
        print_json(
            {
                **network.hashes(),
                'hits': [{**hit._asdict(), 'path': str(hit.path)} for hit in hits],
                'files': len(library.files),
                'skipped': [each._asdict() for each in library.skipped],
            }
        )
        return
    table = Table('from', 'to', 'cosine', Column('file', overflow='fold'))
    for hit in hits:
        table.add_row(
            f'{hit.start_s:.1f} s', f'{hit.end_s:.1f} s', f'{hit.cosine:.2f}', str(hit.path)
        )
    console.print(table)
    for each in library.skipped:
        say(f'skipped {each.path}: {each.reason}')
    say(f'{len(library.files)} files, {len(library.skipped)} skipped')
