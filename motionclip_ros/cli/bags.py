"""Commands that work on recordings."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from motionclip_model import __version__
from motionclip_ros.cli.app import Json, app, console, print_json, say

BagFolder = Annotated[Path, typer.Argument(help='Folder of a recording.')]


@app.command()
def repair(bag: BagFolder, json_output: Json = False) -> None:
    """Make a recording readable whose recorder was killed, in its place.

    All messages up to the last second before the end are kept.

    Example: motionclip repair out/demo/bag
    """
    from motionclip_ros.repairing import repair as repaired

    counts = repaired(bag)
    if json_output:
        print_json({'repaired': counts is not None, 'topics': counts})
    elif counts is None:
        say(f'{bag} is whole')
    else:
        say(f'{bag}: {sum(counts.values())} messages of {len(counts)} topics saved')


@app.command()
def verify(
    bag: BagFolder,
    model: Annotated[
        str | None,
        typer.Option('--model', '-m', help='Checkpoint.', show_default='the one recorded'),
    ] = None,
    robot: Annotated[
        str | None,
        typer.Option('--robot', '-r', help='Robot.', show_default='the one recorded'),
    ] = None,
    json_output: Json = False,
) -> None:
    """Make the last motion of a recording again and compare it bit for bit.

    Exit status: 0 the same, 1 different, 2 unusable: no report, another model or robot.

    Example: motionclip verify out/demo/bag
    """
    from motionclip_ros.verification import verify as verified

    with console.status('making it again'):
        origin, differences = verified(bag, model, robot)
    if json_output:
        print_json(
            {
                'same': not differences,
                'recorded_with': asdict(origin),
                'version': __version__,
                'differences': [difference._asdict() for difference in differences],
            }
        )
    else:
        for difference in differences:
            say(f'{difference.what}: {difference.how}')
        verdict = 'not the same' if differences else 'every bit is the same'
        other = f' (recorded with version {origin.version}, this is {__version__})'
        say(
            f'{origin.text!r}, seed {origin.seed}: {verdict}'
            f'{other if differences and origin.version != __version__ else ""}'
        )
    raise typer.Exit(int(bool(differences)))
