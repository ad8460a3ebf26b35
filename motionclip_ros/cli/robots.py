"""Commands that make robots known and show what is known of them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from motionclip_model.errors import MotionClipError
from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Json, app, console, print_json, say
from motionclip_ros.cli.helping import Group, Panel
from motionclip_ros.progress import followed, working

if TYPE_CHECKING:
    from motionclip_ros.retargeting.robots.robot import Robot

robot_app = typer.Typer(
    cls=Group, help='Add a robot from its URDF, list and show robots.', no_args_is_help=True
)
app.add_typer(robot_app, name='robot', rich_help_panel=Panel.ROBOTS)

_COLOURS = {'sure': 'green', 'likely': 'yellow', 'guess': 'red'}


@robot_app.command()
def add(
    urdf: Annotated[Path, typer.Argument(metavar='URDF', help='The URDF of a humanoid.')],
    name: Annotated[
        str | None,
        typer.Option(help='What --robot calls it.', show_default='the name of the file'),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option('--out', '-o', help='Folder for its files.', show_default='own robots'),
    ] = None,
    joint_limits: Annotated[
        Path | None, typer.Option(help="MoveIt's joint_limits.yaml, kept beside the robot.")
    ] = None,
    force: Annotated[
        bool, typer.Option('--force', help='Overwrite a robot of this name.')
    ] = False,
    json_output: Json = False,
) -> None:
    """Guess which link of a robot follows which human joint.

    Writes a YAML file to edit and a picture to check it by. Without --out they go where
    every --robot finds them by name: $MOTIONCLIP_ROBOTS or ~/.config/motionclip/robots.

    Example: motionclip robot add my_robot.urdf --name mine

    Example: motionclip retarget walk.npz --robot mine --out walk_mine.npz
    """
    with working('guessing'):
        from motionclip_ros.retargeting.robots.adding import add_robot

        added = add_robot(urdf, name, out, joint_limits, force)
    found = added.guess
    if json_output:
        print_json(
            {
                'name': added.config.stem,
                'config': str(added.config),
                'picture': str(added.picture),
                'joints': list(added.robot.joint_names),
                'base': added.robot.correspondence.base_kind,
                'links': [finding._asdict() for finding in found.findings],
                'human_rest_posture': dict(added.robot.correspondence.human_rest_posture),
                'collision_pairs': len(added.robot.correspondence.collision_pairs or ()),
                'notes': list(found.notes),
            }
        )
        return
    table = Table('link', 'human joint', 'role', 'how sure', 'why')
    for finding in found.findings:
        sure = f'[{_COLOURS[finding.sure]}]{finding.sure}[/]'
        table.add_row(finding.link, finding.human, finding.role, sure, finding.why)
    console.print(table)
    _print_notes(found.notes)
    called = added.config.stem if out is None else added.config
    say(f'wrote {added.config} and {added.picture}; look at the picture, then: --robot {called}')


@robot_app.command(name='list')
def list_robots(json_output: Json = False) -> None:
    """List the robots that --robot knows by name.

    Example: motionclip robot list
    """
    rows: list[dict[str, Any]] = []
    with working('reading') as work:
        from motionclip_ros.retargeting.robots.naming import known
        from motionclip_ros.retargeting.robots.robot import load_robot

        robots = known()
        for name, path in followed(robots.items(), len(robots), work):
            row: dict[str, Any] = {'name': name, 'config': str(path)}
            try:
                robot = load_robot(name)
                row |= {'joints': len(robot.joint_names), 'base': robot.correspondence.base_kind}
            except MotionClipError as error:  # one broken robot must not hide the others
                row['error'] = str(error)
            rows.append(row)
    if json_output:
        print_json(rows)
        return
    table = Table('name', 'joints', 'base')
    table.add_column('file', overflow='fold')
    for row in rows:
        where = f'[red]{escape(row["error"])}[/]' if 'error' in row else escape(row['config'])
        table.add_row(row['name'], str(row.get('joints', '')), row.get('base', ''), where)
    console.print(table)


@robot_app.command()
def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar='NAME',
            help='Name, or path of a .yaml or .urdf file.',
            autocompletion=completing.robots,
        ),
    ],
    picture: Annotated[
        Path | None, typer.Option(help='Also draw the rest pose to this .png.')
    ] = None,
    json_output: Json = False,
) -> None:
    """Show what is known of a robot: its joints, their limits and groups, what they follow.

    Example: motionclip robot show g1 --picture g1.png
    """
    with working('reading') as work:
        from motionclip_ros.retargeting.robots.robot import load_robot

        robot = load_robot(name)
        if picture is not None:
            work.stage('drawing')
            from motionclip_ros.retargeting.robots.picture import draw_correspondence

            draw_correspondence(robot, picture)
    joints = _joints(robot)
    if json_output:
        follows = {link: match.human for link, match in robot.correspondence.links.items()}
        print_json(
            {
                'name': robot.name,
                'urdf': str(robot.urdf_path),
                'config': robot.correspondence.source,
                'base': robot.correspondence.base_kind,
                'links': follows,
                'joints': joints,
                'notes': list(robot.notes),
            }
        )
        return
    _print_joints(joints)
    table = Table('link', 'follows', 'position', 'orientation')
    for link, match in robot.correspondence.links.items():
        table.add_row(link, match.human, f'{match.position:g}', f'{match.orientation:g}')
    console.print(table)
    _print_notes(robot.notes)
    say(f'{robot.correspondence.source}: {robot.correspondence.base_kind} base, {robot.urdf_path}')


def _joints(robot: 'Robot') -> list[dict[str, Any]]:
    """Describe each joint: its groups and its limits; None where there is no limit."""
    from motionclip_ros.retargeting.robots.ownership import groups

    members = {part: covered for part, covered in groups(robot).items() if covered.any()}
    limits = robot.limits
    return [
        {
            'joint': joint,
            'groups': [part for part in members if members[part][index]],
            **{
                kind: None if abs(value := float(getattr(limits, kind)[index])) == float('inf')
                else value
                for kind in ('lower', 'upper', 'velocity', 'acceleration', 'effort', 'jerk')
            },
        }
        for index, joint in enumerate(robot.joint_names)
    ]  # fmt: skip


def _print_joints(joints: list[dict[str, Any]]) -> None:
    table = Table('joint', 'part', 'from', 'to', 'speed', 'acceleration', 'torque')
    for joint in joints:
        numbers = [
            joint[kind] for kind in ('lower', 'upper', 'velocity', 'acceleration', 'effort')
        ]
        shown = ['-' if number is None else f'{number:.4g}' for number in numbers]
        table.add_row(joint['joint'], joint['groups'][0], *shown)
    console.print(table)


def _print_notes(notes: tuple[str, ...]) -> None:
    for note in notes:
        console.print(f'[yellow]note:[/] {escape(note)}', highlight=False, soft_wrap=True)
