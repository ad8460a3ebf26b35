"""Commands that make motions and show them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from motionclip_model.storage import write_json
from motionclip_ros.cli.app import (
    Model,
    Namespace,
    RobotName,
    Seconds,
    Seed,
    app,
    console,
    say,
)


@app.command()
def generate(
    text: Annotated[
        str, typer.Argument(help='What to do, in plain words; "then" or ";" between commands.')
    ],
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder for the results.')],
    robot: RobotName = 'g1',
    seconds: Seconds = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0,
            help='Another seed, another motion of the same meaning.',
            show_default='the most typical motion',
        ),
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help='How many motions, of as many seeds.')] = 1,
    force: Annotated[
        bool, typer.Option('--force', help='Serve a text that asks for no known motion, too.')
    ] = False,
    model: Model = 'base',
    render: Annotated[
        bool, typer.Option('--render', help='Also motion.png and motion.mp4.')
    ] = False,
) -> None:
    """Turn TEXT into motion.npz, trajectory.npz and report.json.

    With --samples the files are numbered: motion_0.npz and so on. Several commands become one
    motion without a stop; --seconds is then the length of all.

    Example: motionclip generate "a person bows" --out out/bow --render

    Example: motionclip generate "walk forward, then wave, then bow" --out out/greeting

    Example: motionclip generate jump --samples 3 --out out/jumps
    """
    from motionclip_ros.pipeline import Pipeline

    with console.status('loading'):
        pipeline = Pipeline.load(model, robot)
    for sample in range(samples):
        own = seed if samples == 1 else (seed or 0) + sample
        mark = '' if samples == 1 else f'_{sample}'
        result = pipeline.generate(text, seconds, own, force)
        _write(result, pipeline.robot, out, mark, render)


def _write(result: Any, robot: Any, out: Path, mark: str, render: bool) -> None:
    """Write a motion, its trajectory, its report, and pictures if wanted."""
    made = [f'motion{mark}.npz', f'trajectory{mark}.npz', f'report{mark}.json']
    result.motion.save(out / made[0])
    result.trajectory.save(out / made[1])
    write_json(out / made[2], result.report)
    if render:
        from motionclip_ros.scenes import Scene
        from motionclip_ros.showing import show

        path = result.trajectory
        scene = Scene(result.text, path.seconds, result.motion, path)
        for name in (f'motion{mark}.png', f'motion{mark}.mp4'):
            with console.status(f'drawing {name}'):
                show(out / name, [scene], robot)
            made.append(name)
    say(
        f'{result.motion.seconds:.1f} s of motion, {result.trajectory.seconds:.1f} s on the '
        f'robot; wrote {", ".join(made)} to {out}'
    )


@app.command()
def render(
    path: Annotated[
        Path,
        typer.Argument(
            help='Motion .npz or .bvh, trajectory .npz, recording, or folder of `generate`.'
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
    robot: Annotated[
        str | None,
        typer.Option(
            '--robot',
            '-r',
            help='Robot of config/robots or path of a URDF.',
            show_default="the recording's, or g1",
        ),
    ] = None,
    namespace: Namespace = None,
) -> None:
    """Draw people and robots: a contact sheet (.png) or a film (.mp4, .gif).

    Of a recording everything that the robot was told is drawn, each as long as it was executed.

    Example: motionclip render out/demo/bag --out demo.mp4

    Example: motionclip render walk_g1.npz --beside walk.bvh --out walk.gif
    """
    from dataclasses import replace

    from motionclip_ros.retargeting.robots.robot import load_robot
    from motionclip_ros.scenes import load_scenes
    from motionclip_ros.showing import show

    target = out or path.parent / f'{path.stem or "picture"}.png'
    with console.status(f'drawing {target}'):
        scenes, known = load_scenes(path, beside, namespace)
        if caption is not None:
            scenes = [replace(scene, caption=caption) for scene in scenes]
        moves = any(scene.trajectory is not None for scene in scenes)
        show(target, scenes, load_robot(robot or known or 'g1') if moves else None)
    say(f'wrote {target}')


@app.command()
def demo(
    text: Annotated[str, typer.Argument(help='What the robot is told.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder for the results.')] = Path(
        'out/demo'
    ),
    robot: RobotName = 'g1',
    seconds: Seconds = None,
    seed: Seed = 0,
    model: Model = 'base',
) -> None:
    """Say TEXT to a simulated robot over ROS 2 and record what it does.

    Example: motionclip demo "a person waves with the right hand"
    """
    from motionclip_ros.demo import run_demo

    status = run_demo(text, out, seconds=seconds, seed=seed, model=model, robot=robot)
    raise typer.Exit(status)
