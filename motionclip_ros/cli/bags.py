"""Commands that work on recordings."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from motionclip_model import __version__
from motionclip_ros.cli import completing
from motionclip_ros.cli.app import (
    Json,
    Namespace,
    RecordedRobot,
    app,
    print_json,
    require_ros,
    say,
)
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import working

BagFolder = Annotated[Path, typer.Argument(metavar='BAG', help='Folder of a recording.')]


@app.command(rich_help_panel=Panel.RECORDINGS)
def repair(bag: BagFolder, json_output: Json = False) -> None:
    """Make a recording readable whose recorder was killed, in its place.

    All messages up to the last second before the end are kept.

    Example: motionclip repair out/demo/bag
    """
    with working('reading'):
        from motionclip_ros.repairing import repair as repaired

        counts = repaired(bag)
    if json_output:
        print_json({'repaired': counts is not None, 'topics': counts})
    elif counts is None:
        say(f'{bag} is whole')
    else:
        say(f'{bag}: {sum(counts.values())} messages of {len(counts)} topics saved')


@app.command(rich_help_panel=Panel.RECORDINGS)
def verify(
    bag: BagFolder,
    model: Annotated[
        str | None,
        typer.Option(
            '--model',
            '-m',
            help='Checkpoint.',
            show_default='the one recorded',
            autocompletion=completing.models,
        ),
    ] = None,
    robot: RecordedRobot = None,
    namespace: Namespace = None,
    json_output: Json = False,
) -> None:
    """Make all motions and stops of a recording again and compare them bit for bit.

    Exit status: 0 the same, 1 different, 2 unusable: no report, another model or robot.

    Example: motionclip verify out/demo/bag
    """
    with working('loading') as work:
        from motionclip_ros.verification import verify as verified

        found = verified(bag, model, robot, namespace, work)
    same = not any(each.differences for each in found)
    if json_output:
        motions = [
            {
                'same': not each.differences,
                'recorded_with': each.provenance.facts(),
                'differences': [difference._asdict() for difference in each.differences],
            }
            for each in found
        ]
        print_json({'same': same, 'version': __version__, 'motions': motions})
    else:
        for each in found:
            _tell(each)
    raise typer.Exit(int(not same))


def _tell(verification: Any) -> None:
    """Say what came of one motion."""
    provenance, differences = verification.provenance, verification.differences
    for difference in differences:
        say(f'{difference.what}: {difference.how}')
    what = 'stop' if provenance.is_stop else f'{provenance.text!r}, seed {provenance.seed}'
    verdict = 'not the same' if differences else 'every bit is the same'
    version = provenance.sources.version
    other = f' (recorded with version {version}, this is {__version__})'
    say(f'{what}: {verdict}{other if differences and version != __version__ else ""}')


@app.command(rich_help_panel=Panel.RECORDINGS)
def replay(
    bag: BagFolder,
    rate: Annotated[
        float, typer.Option(min=0.1, max=1.0, help='Part of the recorded speed.')
    ] = 1.0,
    topic: Annotated[
        list[str] | None,
        typer.Option(
            '--topic',
            help='What to play, once for each.',
            show_default='trajectory, base, human motion, report',
        ),
    ] = None,
    namespace: Namespace = None,
    robot: RecordedRobot = None,
    ros: Annotated[
        list[str] | None, typer.Argument(help="After --: ROS 2's own arguments, -r FROM:=TO say.")
    ] = None,
) -> None:
    """Publish what was recorded again over ROS 2, for a robot or RViz.

    Commands only a robot that has the recording's joints and is where it begins, and nothing
    that breaks its limits.

    Example: motionclip replay out/demo/bag --rate 0.5

    Example: motionclip replay out/demo/bag --topic joint_states
    """
    require_ros()
    # A JSON string is a YAML string, also where the text looks like a number.
    arguments = ['-p', f'bag:={json.dumps(str(bag))}', '-p', f'rate:={rate}']
    if namespace:
        arguments += ['-p', f'namespace:={json.dumps(namespace)}']
    if robot:
        arguments += ['-p', f'robot:={json.dumps(robot)}']
    if topic:
        arguments += ['-p', f'topics:={json.dumps(topic)}']
    node = [sys.executable, '-m', 'motionclip_ros.nodes.player', '--ros-args', *arguments]
    # In the place of this process, so that signals and the exit status are the node's own.
    os.execv(sys.executable, [*node, *(ros or [])])
