"""The command that puts recorded motions on a robot: one of them, or a whole collection."""

import os
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from motionclip_model.errors import ConfigError
from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Json, RobotName, app, load_motion, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import standard_error, working

Formats = Annotated[
    str | None,
    typer.Option(
        '--format',
        help='One or more of npz, csv, mujoco, with commas between.',
        show_default='npz, or csv where OUT ends so',
        autocompletion=completing.formats,
    ),
]
Joints = Annotated[
    str | None,
    typer.Option(
        help='Joints that may move: groups (upper_body, left_arm), names or patterns, with '
        'commas between.',
        show_default='all',
        autocompletion=completing.joint_groups,
    ),
]
Posture = Annotated[
    Path | None,
    typer.Option(
        help='YAML file of "joint: angle" lines, in radians: where all other joints stay.',
        show_default='the neutral posture',
    ),
]
Limits = Annotated[
    Path | None,
    typer.Option(help="Joint limits in place of the robot's own, as MoveIt writes them."),
]
Live = Annotated[
    bool,
    typer.Option(
        '--live', help='Frame by frame, as from a live capture: only one frame ahead is known.'
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help='Processes for a folder.', show_default='one for each core'),
]
Ray = Annotated[
    str | None,
    typer.Option(help='Work on a Ray cluster: its address, or "local" to start one here.'),
]


@app.command(rich_help_panel=Panel.ROBOTS)
def retarget(
    path: Annotated[
        Path,
        typer.Argument(
            metavar='PATH', help='Human motion: AMASS .npz or .bvh; or a folder of them.'
        ),
    ],
    out: Annotated[
        Path, typer.Option('--out', '-o', help='Trajectory file, or folder, to write.')
    ],
    robot: RobotName = 'g1',
    formats: Formats = None,
    joints: Joints = None,
    posture: Posture = None,
    limits: Limits = None,
    live: Live = False,
    workers: Workers = None,
    ray: Ray = None,
    json_output: Json = False,
) -> None:
    """Put recorded human motions on a robot.

    A folder becomes a tree of the same shape, with a manifest and a summary. The same command
    goes on where an earlier run stopped. Exit status for a folder: 0 all done, 1 some files
    could not be retargeted, 2 nothing could be begun.

    Example: motionclip retarget walk.bvh --robot g1 --out walk_g1.npz

    Example: motionclip retarget AMASS --out AMASS_g1 --format npz,csv --workers 8

    Example: motionclip retarget walk.npz --joints upper_body --out arms.npz --json
    """
    from motionclip_ros.batch.settings import Settings, read_posture

    if formats is None:
        formats = 'csv' if out.suffix.lower() == '.csv' else 'npz'
    settings = Settings(
        # Absolute, because a worker on a cluster begins in another folder.
        str(Path(robot).absolute()) if Path(robot).suffix and Path(robot).is_file() else robot,
        _list(formats),
        None if limits is None else str(limits.absolute()),
        None if joints is None else _list(joints),
        () if posture is None else read_posture(posture),
        live,
    )
    if path.is_dir():
        _folder(path, out, settings, workers or len(os.sched_getaffinity(0)), ray, json_output)
    elif workers or ray:
        raise ConfigError('--workers and --ray are for folders; a file needs neither')
    else:
        _file(path, out, settings, json_output)


def _list(text: str) -> tuple[str, ...]:
    """Part what has commas between, leaving out what comes twice."""
    return tuple(dict.fromkeys(text.replace(' ', '').split(',')))


def _file(path: Path, out: Path, settings: Any, json_output: bool) -> None:
    """Retarget one motion; the first format goes to OUT, the others beside it."""
    from motionclip_ros.batch.job import save
    from motionclip_ros.batch.settings import FORMATS

    with working('retargeting'):
        motion = load_motion(path)
        retargeter = settings.retargeter()
        trajectory, report, _ = settings.retargeted(retargeter, motion)
    first, *others = settings.formats
    files = {first: out, **{name: out.with_suffix(FORMATS[name]) for name in others}}
    for name, file in files.items():
        save(name, trajectory, retargeter.robot, file)
    if json_output:
        print_json(report)
    else:
        say(
            f'{len(trajectory)} points, {len(trajectory.joint_names)} joints, '
            f'{trajectory.seconds:.2f} s; {report["verdict"]}: {report["reason"]}; wrote '
            f'{", ".join(map(str, files.values()))}'
        )


def _folder(
    path: Path, out: Path, settings: Any, workers: int, ray: str | None, json_output: bool
) -> None:
    """Retarget all motions below a folder."""
    from motionclip_ros.batch.cluster import on_ray
    from motionclip_ros.batch.local import in_processes
    from motionclip_ros.batch.run import retarget_folder

    runner = partial(in_processes, count=workers)
    if ray is not None:
        runner = partial(on_ray, address=ray, count=workers)
    counts = {'skipped': 0, 'worked': 0}
    begin = time.perf_counter()
    try:
        with working('retargeting') as work:

            def on_event(event: Any) -> None:
                counts['skipped' if event.skipped else 'worked'] += 1
                if event.error is not None:
                    work.line(f'{event.name}: {event.error}', 'red')
                work(sum(counts.values()), event.total)

            summary = retarget_folder(path, out, settings, runner, on_event)
    except KeyboardInterrupt:
        standard_error().print('stopped; the same command goes on from here')
        raise
    if json_output:
        print_json(summary)
    else:
        seconds = time.perf_counter() - begin
        verdicts = ', '.join(f'{count} {name}' for name, count in summary['verdicts'].items())
        say(
            f'{summary["done"]} of {summary["files"]} motions on the robot ({verdicts or "none"}'
            f'), {summary["failed"]} failed, {counts["skipped"]} were there; '
            f'{counts["worked"]} files in {seconds:.0f} s; see {out / "summary.json"}'
        )
    if summary['failed']:
        raise typer.Exit(1)
