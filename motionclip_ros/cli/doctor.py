"""The command that looks at the machine."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from motionclip_ros.cli.app import Json, app, console, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import working

if TYPE_CHECKING:
    from motionclip_ros.doctor import Finding

_COLOURS = {'works': 'green', 'fails': 'red', 'absent': 'yellow'}


@app.command(rich_help_panel=Panel.MACHINE)
def doctor(
    clip: Annotated[
        str | None,
        typer.Option(
            help='Compare a CLIP ViT-B/32, folder or hub id, with known embeddings.',
            show_default='what MOTIONCLIP_TEXT_ENCODER names',
        ),
    ] = None,
    json_output: Json = False,
) -> None:
    """Say what works on this machine and how to get what does not.

    Exit status: 0 if all works that every command needs (Python, PyTorch, text encoder,
    checkpoints, robots, retargeting) and the CLIP that was asked about; 1 if not.

    Example: motionclip doctor

    Example: motionclip doctor --clip openai/clip-vit-base-patch32 --json
    """
    findings = []
    with working('looking') as work:
        from motionclip_ros.doctor import examine

        for finding in examine(clip):
            findings.append(finding)
            work.stage(f'looked at {finding.part}')
    missing = [each.part for each in findings if each.essential and each.state != 'works']
    if json_output:
        print_json([asdict(finding) for finding in findings])
    else:
        table = Table(
            Column(no_wrap=True), Column(no_wrap=True), Column(overflow='fold'), box=None
        )
        table.show_header = False
        for finding in findings:
            table.add_row(*_row(finding))
        console.print(table)
        say(f'needed, but does not work: {", ".join(missing)}' if missing else 'ready')
    if missing:
        raise typer.Exit(1)


def _row(finding: 'Finding') -> tuple[Text, Text, Text]:
    """Arrange a finding: what it is, and below that what it means and what to do."""
    colour = _COLOURS[finding.state]
    text = Text(finding.found)
    if finding.meaning:
        text.append(f'\n{finding.meaning}', 'dim')
    if finding.remedy:
        text.append('\nto do: ', 'dim').append(finding.remedy, 'cyan')
    return Text(finding.state, colour), Text(finding.part, 'bold'), text
