"""The command that looks at the machine."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from motionclip_ros.cli.app import Json, app, console, print_json

_COLOURS = {'works': 'green', 'fails': 'red', 'absent': 'yellow'}


@app.command()
def doctor(
    clip: Annotated[
        str | None,
        typer.Option(help='Compare a CLIP ViT-B/32, folder or hub id, with known embeddings.'),
    ] = None,
    json_output: Json = False,
) -> None:
    """Say what works on this machine and how to get what does not.

    Exit status 1 if something that is needed fails.

    Example: motionclip doctor --clip openai/clip-vit-base-patch32
    """
    from motionclip_ros.doctor import examine

    findings = []
    table = Table('part', 'state')
    table.add_column('found', overflow='fold')
    table.add_column('to do', overflow='fold')
    with console.status('looking') as status:
        for finding in examine(clip):
            findings.append(finding)
            colour = _COLOURS[finding.state]
            table.add_row(
                finding.part, f'[{colour}]{finding.state}[/]', finding.found, finding.remedy
            )
            status.update(f'looked at {finding.part}')
    if json_output:
        print_json([asdict(finding) for finding in findings])
    else:
        console.print(table)
    if any(finding.state == 'fails' for finding in findings):
        raise typer.Exit(1)
