"""Commands that work on recordings."""

from pathlib import Path
from typing import Annotated

import typer

from motionclip_ros.cli.app import Json, app, print_json, say

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
