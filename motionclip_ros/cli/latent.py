"""Commands that work in the space of text and motion."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from motionclip_ros.cli.app import Json, Model, app, console, load_motion, print_json


@app.command()
def recognise(
    file: Annotated[Path, typer.Argument(help='Human motion: AMASS .npz or .bvh.')],
    labels: Annotated[
        str | None, typer.Option(help='Candidates, separated by commas: "walk,run,wave".')
    ] = None,
    model: Model = 'base',
    top: Annotated[int, typer.Option(min=1, help='How many labels to show.')] = 5,
    json_output: Json = False,
) -> None:
    """Say what a motion looks like.

    Example: motionclip recognise motion.npz --labels "walk,run,wave"
    """
    from motionclip_model.latent import DEFAULT_LABELS, recognise
    from motionclip_model.model import MotionClip

    wanted = DEFAULT_LABELS
    if labels is not None:
        wanted = tuple(label.strip() for label in labels.split(',') if label.strip())
    motion = load_motion(file)
    with console.status('loading'):
        found = recognise(MotionClip.load(model), motion, wanted)[:top]
    if json_output:
        print_json([entry._asdict() for entry in found])
        return
    table = Table('label', 'score', 'cosine')
    for entry in found:
        table.add_row(entry.label, f'{entry.score:.2f}', f'{entry.cosine:.2f}')
    console.print(table)
