"""The command that tells whether a robot may play a trajectory."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from motionclip_ros.cli.app import Json, RobotName, app, console, load_motion, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import working


@app.command(rich_help_panel=Panel.ROBOTS)
def check(
    file: Annotated[Path, typer.Argument(metavar='FILE', help='Trajectory .npz, from anywhere.')],
    robot: RobotName = 'g1',
    motion: Annotated[
        Path | None,
        typer.Option('--motion', help='What the human did, .npz or .bvh, to compare with.'),
    ] = None,
    limits: Annotated[
        Path | None,
        typer.Option(help="Joint limits in place of the robot's own, as MoveIt writes them."),
    ] = None,
    thresholds: Annotated[
        Path | None,
        typer.Option(
            help='YAML file with what is asked of a trajectory.',
            show_default='config/feasibility.yaml',
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option('--out', '-o', help='Write the trajectory here, slowed as far as needed.'),
    ] = None,
    json_output: Json = False,
) -> None:
    """Tell what FILE asks of a robot, and whether it may play it.

    Exit status: 0 it may, slowed if it says so; 1 it may not; 2 unusable input.
    `motionclip plot FILE` draws the same over time.

    Example: motionclip check walk_g1.npz --robot g1 --motion walk.bvh

    Example: motionclip check wave.npz --out wave_slowed.npz --json
    """
    with working('checking'):
        from motionclip_ros.retargeting.feasibility.report import assess_trajectory
        from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
        from motionclip_ros.retargeting.robots.robot import load_robot
        from motionclip_ros.retargeting.trajectory import RobotTrajectory

        trajectory = RobotTrajectory.load(file)
        human = None if motion is None else load_motion(motion)
        asked = None if thresholds is None else Thresholds.load(thresholds)
        report = assess_trajectory(load_robot(robot, limits), trajectory, human, asked)
    refused = report['verdict'] == 'refuse'
    if out is not None and not refused:
        trajectory.slowed(report['stretch_needed']).save(out)
    if json_output:
        print_json(report)
    else:
        console.print(_table(report))
        for line in [*report['warnings'], *report['notes']]:
            say(f'  - {line}')
        say(f'{report["verdict"]}: {report["reason"]}')
        if out is not None:
            say('nothing written' if refused else f'wrote {out}')
    raise typer.Exit(int(refused))


def _table(report: dict[str, Any]) -> Table:
    """Put the figures that matter most into a table; those that were not measured are dashes."""
    table = Table('figure', 'value', 'where', 'at', title=f'{report["seconds"]:.2f} s')

    def row(name: str, figure: str, form: str, where: Any = None, at: str | None = None) -> None:
        value, time = report[figure], report.get(at or '')
        table.add_row(
            name,
            '-' if value is None else form.format(value),
            '' if value is None or where is None else str(where),
            '' if time is None else f'{time:.2f} s',
        )

    row(
        'position margin',
        'position_margin_rad',
        '{:.3f} rad',
        report['position_margin_joint'],
        'position_margin_at_s',
    )
    uses = {'velocity': 'velocity', 'acceleration': 'acceleration', 'jerk': 'jerk'}
    uses |= {
        'torque': f'torque, {report["torque_support"]}',
        'torque_carried': 'torque, base carried',
        'torque_loaded': 'torque, legs loaded',
    }
    for key, name in uses.items():
        row(name, f'{key}_use', '{:.0%} of limit', report[f'{key}_joint'], f'{key}_at_s')
    row(
        'self-collision',
        'self_collision_cm',
        '{:.1f} cm deep',
        ' - '.join(report['self_collision_links'] or ()),
        'self_collision_at_s',
    )
    row('  frames with one', 'self_collision_part', '{:.0%}')
    row('standing soles slide', 'foot_slide_m_s', '{:.3f} m/s')
    row("  the human's", 'human_foot_slide_m_s', '{:.3f} m/s')
    row('  float', 'foot_floating_cm', '{:.1f} cm')
    row('  tilt', 'foot_tilt_deg', '{:.1f} deg')
    row('deepest sole', 'foot_penetration_cm', '{:.1f} cm')
    row('balanced while standing', 'zmp_inside_part', '{:.0%}')
    row('  least margin', 'zmp_margin_cm', '{:.1f} cm', None, 'zmp_margin_at_s')
    row('  as if held still', 'com_inside_part', '{:.0%}')
    row('in the air', 'flight_part', '{:.0%}')
    row('limb direction error', 'limb_direction_error_deg', '{:.1f} deg')
    row('link position error', 'link_position_error_cm', '{:.1f} cm')
    row('rms jerk', 'jerk_rms_rad_s3', '{:.0f} rad/s^3')
    return table
