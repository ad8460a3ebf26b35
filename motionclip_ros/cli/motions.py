"""Commands that make motions and show them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from motionclip_model.errors import ConfigError
from motionclip_ros.cli import completing
from motionclip_ros.cli.app import (
    Json,
    Model,
    Namespace,
    RobotName,
    Seconds,
    Seed,
    app,
    print_json,
    require_ros,
    say,
)
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import Work, working

DrawnRobot = Annotated[
    str | None,
    typer.Option(
        '--robot',
        '-r',
        help='Robot of config/robots or path of a URDF.',
        show_default="the recording's, or g1",
        autocompletion=completing.robots,
    ),
]


@app.command(rich_help_panel=Panel.MOTIONS)
def generate(
    text: Annotated[
        str,
        typer.Argument(
            metavar='TEXT', help='What to do, in plain words; "then" or ";" between commands.'
        ),
    ],
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder for the results.')],
    robot: RobotName = 'g1',
    seconds: Seconds = None,
    seed: Seed = None,
    samples: Annotated[int, typer.Option(min=1, help='How many motions, of as many seeds.')] = 1,
    force: Annotated[
        bool, typer.Option('--force', help='Serve a text that asks for no known motion, too.')
    ] = False,
    model: Model = 'base',
    render: Annotated[
        bool, typer.Option('--render', help='Also motion.png and motion.mp4.')
    ] = False,
    json_output: Json = False,
) -> None:
    """Turn TEXT into motion.npz, trajectory.npz and report.json.

    With --samples the files are numbered: motion_0.npz and so on. Several commands become one
    motion without a stop; --seconds is then the length of all.

    Example: motionclip generate "a person bows" --out out/bow --render

    Example: motionclip generate "walk, then wave, then bow" --out out/greeting

    Example: motionclip generate jump --samples 3 --out out/jumps
    """
    made = []
    with working('loading') as work:
        from motionclip_ros.pipeline import Pipeline

        pipeline = Pipeline.load(model, robot)
        for sample in range(samples):
            work.stage('generating')
            work(sample, samples)
            own = seed if samples == 1 else (seed or 0) + sample
            mark = '' if samples == 1 else f'_{sample}'
            result = pipeline.generate(text, seconds, own, force)
            files = _write(result, pipeline.robot, out, mark, render, work)
            made.append((result, files))
    if json_output:
        print_json({'motions': [_facts(result, files) for result, files in made]})
        return
    for result, files in made:
        say(
            f'{result.motion.seconds:.1f} s of motion, {result.trajectory.seconds:.1f} s on the '
            f'robot; wrote {", ".join(file.name for file in files.values())} to {out}'
        )


def _write(
    result: Any, robot: Any, out: Path, mark: str, render: bool, work: Work
) -> dict[str, Path]:
    """Write a motion, its trajectory, its report, and pictures if wanted; return the files."""
    from motionclip_model.storage import write_json

    files = {
        'motion': out / f'motion{mark}.npz',
        'trajectory': out / f'trajectory{mark}.npz',
        'report': out / f'report{mark}.json',
    }
    result.motion.save(files['motion'])
    result.trajectory.save(files['trajectory'])
    write_json(files['report'], result.report)
    if render:
        from motionclip_ros.scenes import Scene
        from motionclip_ros.showing import show

        path = result.trajectory
        scene = Scene(result.text, path.seconds, result.motion, path)
        files |= {'picture': out / f'motion{mark}.png', 'film': out / f'motion{mark}.mp4'}
        for name in ('picture', 'film'):
            work.stage(f'drawing {files[name].name}')
            show(files[name], [scene], robot, work)
    return files


def _facts(result: Any, files: dict[str, Path]) -> dict[str, Any]:
    """Say what was made, for a program."""
    return {
        'text': result.text,
        'seed': result.seed,
        'seconds': result.motion.seconds,
        'trajectory_seconds': result.trajectory.seconds,
        'files': {name: str(file) for name, file in files.items()},
        'report': result.report,
    }


@app.command(rich_help_panel=Panel.MOTIONS)
def render(
    path: Annotated[
        Path,
        typer.Argument(
            metavar='PATH',
            help='Motion .npz or .bvh, trajectory .npz, recording, or folder of `generate`.',
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            '--out', '-o', help='.png, .mp4 or .gif.', show_default='beside PATH, with .png'
        ),
    ] = None,
    beside: Annotated[
        Path | None,
        typer.Option('--beside', help='The human motion to draw beside a trajectory.'),
    ] = None,
    caption: Annotated[
        str | None, typer.Option(help='Line under it.', show_default='what was asked for')
    ] = None,
    robot: DrawnRobot = None,
    namespace: Namespace = None,
    json_output: Json = False,
) -> None:
    """Draw people and robots: a contact sheet (.png) or a film (.mp4, .gif).

    Of a recording everything that the robot was told is drawn, each as long as it was executed.

    Example: motionclip render out/demo/bag --out demo.mp4

    Example: motionclip render walk_g1.npz --beside walk.bvh --out walk.gif
    """
    target = out or path.parent / f'{path.stem or "picture"}.png'
    with working('reading') as work:
        from dataclasses import replace

        from motionclip_ros.retargeting.robots.robot import load_robot
        from motionclip_ros.scenes import load_scenes
        from motionclip_ros.showing import show

        scenes, known = load_scenes(path, beside, namespace)
        if caption is not None:
            scenes = [replace(scene, caption=caption) for scene in scenes]
        moves = any(scene.trajectory is not None for scene in scenes)
        if robot is not None and not moves:
            raise ConfigError(
                f'{path} is a human motion; draw it without --robot, or put it on one first with '
                '`motionclip retarget`'
            )
        work.stage(f'drawing {target.name}')
        show(target, scenes, load_robot(robot or known or 'g1') if moves else None, work)
    if json_output:
        seconds = sum(scene.seconds for scene in scenes)
        captions = [scene.caption for scene in scenes]
        print_json({'file': str(target), 'seconds': seconds, 'captions': captions})
    else:
        say(f'wrote {target}')


@app.command(rich_help_panel=Panel.MOTIONS)
def demo(
    text: Annotated[str, typer.Argument(metavar='TEXT', help='What the robot is told.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder for the results.')] = Path(
        'out/demo'
    ),
    robot: RobotName = 'g1',
    seconds: Seconds = None,
    seed: Seed = None,
    model: Model = 'base',
    json_output: Json = False,
) -> None:
    """Say TEXT to a simulated robot over ROS 2 and record what it does.

    Example: motionclip demo "a person waves with the right hand"
    """
    require_ros()
    from motionclip_ros.demo import run_demo

    tell = print_json if json_output else None
    status = run_demo(text, out, seconds, seed, model, robot, tell)
    raise typer.Exit(status)
