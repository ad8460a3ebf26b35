"""Commands that make motions and show them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from motionclip_model.storage import write_json
from motionclip_ros.cli.app import (
    Model,
    RobotName,
    Seconds,
    Seed,
    app,
    console,
    is_trajectory,
    load_motion,
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
        from motionclip_ros.showing import show

        for name in (f'motion{mark}.png', f'motion{mark}.mp4'):
            with console.status(f'drawing {name}'):
                show(out / name, result.motion, robot, result.trajectory)
            made.append(name)
    say(
        f'{result.motion.seconds:.1f} s of motion, {result.trajectory.seconds:.1f} s on the '
        f'robot; wrote {", ".join(made)} to {out}'
    )


@app.command()
def view(
    file: Annotated[Path, typer.Argument(help='motion .npz or .bvh, or trajectory .npz.')],
    out: Annotated[
        Path | None,
        typer.Option('--out', '-o', help='.png, .mp4 or .gif.', show_default='FILE with .png'),
    ] = None,
    robot: RobotName = 'g1',
) -> None:
    """Draw a motion or a trajectory.

    Example: motionclip view out/demo/trajectory.npz --out walk.mp4
    """
    from motionclip_ros.showing import show

    target = out or file.with_suffix('.png')
    with console.status(f'drawing {target}'):
        if is_trajectory(file):
            from motionclip_ros.retargeting.robots.robot import load_robot
            from motionclip_ros.retargeting.trajectory import RobotTrajectory

            trajectory = RobotTrajectory.load(file)
            show(target, None, load_robot(robot), trajectory)
        else:
            show(target, load_motion(file), None, None)
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
