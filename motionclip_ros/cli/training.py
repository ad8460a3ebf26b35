"""The command that trains a model."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Corpus, Json, app, print_json, say
from motionclip_ros.cli.evaluation import measured_with
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import standard_error

if TYPE_CHECKING:
    from motionclip_model.training.trainer import Trainer
    from motionclip_ros.training_progress import TrainingProgress


@app.command(rich_help_panel=Panel.MODEL)
def train(
    corpus: Corpus,
    out: Annotated[Path, typer.Option('--out', '-o', help='Folder of the run.')] = Path(
        'runs/base'
    ),
    config: Annotated[
        Path | None, typer.Option(help='YAML file.', show_default='config/train/base.yaml')
    ] = None,
    text_encoder: Annotated[
        str, typer.Option(help='"minilm", or the folder or hub id of a CLIP.')
    ] = 'minilm',
    licence: Annotated[
        str | None,
        typer.Option(
            help='"commercial" leaves out what must not be used for profit; or "any".',
            show_default="the configuration's",
            autocompletion=completing.one_of('commercial', 'any'),
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help='Seed.', show_default="the configuration's")
    ] = None,
    devices: Annotated[
        int, typer.Option(min=1, help='GPUs of this machine; processes where it has none.')
    ] = 1,
    json_output: Json = False,
) -> None:
    """Train a model; the same command resumes a run that was interrupted.

    `motionclip plot` draws it. torchrun starts it on several machines; see docs/training.md.

    Example: motionclip train --data data --out runs/mine

    Example: motionclip train --data data --text-encoder CLIP_FOLDER --devices 8
    """
    from motionclip_model.training.config import TrainConfig
    from motionclip_model.training.state import room_on_disk
    from motionclip_model.training.trainer import Trainer
    from motionclip_ros.resources import find
    from motionclip_ros.training_progress import TrainingProgress

    settings = TrainConfig.load(config or find('config/train/base.yaml'))
    settings = replace(
        settings,
        seed=settings.seed if seed is None else seed,
        licence=licence or settings.licence,
    )
    with TrainingProgress(standard_error()) as progress:
        trainer = Trainer(
            settings, corpus, out, progress, text_encoder=text_encoder, devices=devices
        )
        network = trainer.run()
        if not trainer.is_main:
            return
        with room_on_disk(out):
            figures = _finish(trainer, network, corpus, out, progress)
    if json_output:
        print_json({'model': str(out / 'model.safetensors'), 'figures': figures})
    else:
        say(f'wrote {out / "model.safetensors"} and figures.json')


def _finish(
    trainer: 'Trainer', network: Any, corpus: Path, out: Path, progress: 'TrainingProgress'
) -> dict[str, Any]:
    """Add to a trained network what is measured once, and write the model."""
    from motionclip_model.abstention import fit_familiarity
    from motionclip_model.evaluation import evaluate
    from motionclip_model.model import MotionClip
    from motionclip_model.storage import write_json

    model = MotionClip(network, trainer.encoder)
    progress.note('learning which commands are familiar')
    captions = trainer.captions
    model.known = fit_familiarity(captions['train'], captions['val'], model.encode_sentences)
    progress.note('evaluating')
    # Measured is what is shipped: the weights as they come back from the file.
    path = out / 'model.safetensors'
    model.save(path, trainer.info())
    figures = evaluate(MotionClip.load(path, trainer.encoder), corpus)
    model.save(path, {**trainer.info(), 'figures': figures})
    figures = {**measured_with(str(path), corpus), **figures}
    write_json(out / 'figures.json', figures)
    return figures
