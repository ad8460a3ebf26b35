"""The `motionclip` command."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from motionclip_model import __version__
from motionclip_model.errors import MotionClipError, MotionError
from motionclip_model.storage import write_json

# What takes seconds to import (PyTorch, transformers, MuJoCo) is imported inside the commands,
# so that --help and a mistyped option answer at once.

app = typer.Typer(
    help='From a sentence to a moving humanoid: text, human motion, robot trajectory.',
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={'help_option_names': ['-h', '--help']},
)
console = Console()

Model = Annotated[
    str, typer.Option('--model', '-m', help='Shipped checkpoint or path of a .safetensors file.')
]
RobotName = Annotated[
    str, typer.Option('--robot', '-r', help='Robot of config/robots or path of a URDF.')
]
Seconds = Annotated[
    float | None,
    typer.Option(
        '--seconds', '-s', help='Length, 1 to 10 s.', show_default='what the text suggests'
    ),
]
Seed = Annotated[int, typer.Option(help='Another seed, another motion of the same meaning.')]
Json = Annotated[bool, typer.Option('--json', help='Print JSON for a program to read.')]
Corpus = Annotated[
    Path, typer.Option(help='Folder with AMASS files, texts_*.jsonl and splits.json.')
]


def _version(wanted: bool) -> None:
    if wanted:
        _say(f'motionclip {__version__}')
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option('--version', callback=_version, is_eager=True, help='Show the version.')
    ] = False,
) -> None:
    """Exit status: 0 done, 1 the robot did not do it (demo), 2 unusable input."""


@app.command()
def generate(
    text: Annotated[str, typer.Argument(help='What to do, in plain words.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder for the results.')],
    robot: RobotName = 'g1',
    seconds: Seconds = None,
    seed: Seed = 0,
    model: Model = 'base',
    render: Annotated[
        bool, typer.Option('--render', help='Also motion.png and motion.mp4.')
    ] = False,
) -> None:
    """Turn TEXT into motion.npz, trajectory.npz and report.json.

    Example: motionclip generate "a person bows" --out out/bow --render
    """
    from motionclip_ros.pipeline import Pipeline

    with console.status('loading'):
        pipeline = Pipeline.load(model, robot)
    result = pipeline.generate(text, seconds, seed)
    result.motion.save(out / 'motion.npz')
    result.trajectory.save(out / 'trajectory.npz')
    write_json(out / 'report.json', result.report)
    made = ['motion.npz', 'trajectory.npz', 'report.json']
    if render:
        from motionclip_ros.showing import show

        for name in ('motion.png', 'motion.mp4'):
            with console.status(f'drawing {name}'):
                show(out / name, result.motion, pipeline.robot, result.trajectory)
            made.append(name)
    _say(
        f'{result.motion.seconds:.1f} s of motion, {result.trajectory.seconds:.1f} s on the '
        f'robot; wrote {", ".join(made)} to {out}'
    )


@app.command()
def retarget(
    file: Annotated[Path, typer.Argument(help='Human motion: AMASS .npz or .bvh.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='Trajectory file to write.')],
    robot: RobotName = 'g1',
    json_output: Json = False,
) -> None:
    """Put a recorded human motion on a robot.

    Example: motionclip retarget walk.bvh --robot g1 --out walk_g1.npz
    """
    from motionclip_ros.retargeting.retargeter import Retargeter
    from motionclip_ros.retargeting.robot import load_robot

    motion = _load_motion(file)
    with console.status('retargeting'):
        result = Retargeter(load_robot(robot)).retarget(motion)
    result.trajectory.save(out)
    if json_output:
        _print_json(result.report)
    else:
        trajectory = result.trajectory
        _say(
            f'{len(trajectory)} points, {len(trajectory.joint_names)} joints, '
            f'{trajectory.seconds:.2f} s; {result.report["verdict"]}: '
            f'{result.report["reason"]}; wrote {out}'
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
        if _is_trajectory(file):
            from motionclip_ros.retargeting.robot import load_robot
            from motionclip_ros.retargeting.trajectory import RobotTrajectory

            trajectory = RobotTrajectory.load(file)
            show(target, None, load_robot(robot), trajectory)
        else:
            show(target, _load_motion(file), None, None)
    _say(f'wrote {target}')


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
    motion = _load_motion(file)
    with console.status('loading'):
        found = recognise(MotionClip.load(model), motion, wanted)[:top]
    if json_output:
        _print_json([entry._asdict() for entry in found])
        return
    table = Table('label', 'score', 'cosine')
    for entry in found:
        table.add_row(entry.label, f'{entry.score:.2f}', f'{entry.cosine:.2f}')
    console.print(table)


@app.command()
def train(
    corpus: Corpus,
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder of the run.')] = Path(
        'runs/base'
    ),
    config: Annotated[
        Path | None, typer.Option(help='YAML file.', show_default='config/train/base.yaml')
    ] = None,
) -> None:
    """Train a model; the same command resumes a run that was interrupted.

    Example: motionclip train --corpus data --out runs/mine
    """
    from motionclip_model.evaluate import evaluate
    from motionclip_model.model import MotionClip
    from motionclip_model.train import Trainer
    from motionclip_model.train_config import TrainConfig
    from motionclip_ros.resources import find
    from motionclip_ros.training_progress import TrainingProgress

    settings = TrainConfig.load(config or find('config/train/base.yaml'))
    path = out / 'model.safetensors'
    with TrainingProgress(console) as progress:
        trainer = Trainer(settings, corpus, out, progress)
        model = MotionClip(trainer.run(), trainer.encoder)
        progress.note('evaluating')
        # Measured is what is shipped: the weights as they come back from the file.
        model.save(path, {'data': trainer.provenance})
        figures = evaluate(MotionClip.load(path, trainer.encoder), corpus)
    model.save(path, {'data': trainer.provenance, 'figures': figures})
    write_json(out / 'figures.json', figures)
    _say(f'wrote {path} and figures.json')


@app.command()
def evaluate(
    corpus: Corpus,
    model: Model = 'base',
    split: Annotated[str, typer.Option(help='train, val or all.')] = 'val',
    out: Annotated[Path | None, typer.Option('--out', '-o', help='JSON file to write.')] = None,
) -> None:
    """Measure a model: reconstruction, retrieval, liveliness. Prints JSON.

    Example: motionclip evaluate --corpus data --out figures.json
    """
    from motionclip_model.evaluate import evaluate as measure
    from motionclip_model.model import MotionClip

    with console.status('measuring'):
        figures = measure(MotionClip.load(model), corpus, split)
    if out is not None:
        write_json(out, figures)
    _print_json(figures)


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


def main() -> None:
    """Run the command; a mistake of the user's is one line and exit status 2."""
    # Progress bars of libraries would break the one-line promise.
    os.environ.setdefault('HF_HUB_DISABLE_PROGRESS_BARS', '1')
    try:
        app()
    except MotionClipError as error:
        Console(stderr=True, soft_wrap=True).print(
            f'motionclip: {error}', style='red', highlight=False, markup=False
        )
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _say(text: str) -> None:
    """Print a line as it is: not wrapped, not coloured."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)


def _load_motion(path: Path) -> Any:
    from motionclip_model.data.bvh import load_bvh
    from motionclip_model.motion import Motion

    suffix = path.suffix.lower()
    if suffix == '.bvh':
        return load_bvh(path)
    if suffix == '.npz':
        return Motion.load(path)
    raise MotionError(f'{path}: a motion is read from .npz (AMASS) or .bvh')


def _is_trajectory(path: Path) -> bool:
    """Whether an npz file holds joint names, as trajectories do and motions do not."""
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return 'joint_names.npy' in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _print_json(value: Any) -> None:
    console.print_json(json.dumps(value))
