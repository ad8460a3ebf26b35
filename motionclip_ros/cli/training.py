"""The command that trains a model."""

from pathlib import Path
from typing import Annotated

import typer

from motionclip_model.storage import write_json
from motionclip_ros.cli.app import Corpus, app, console, say


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

    Example: motionclip train --data data --out runs/mine
    """
    from motionclip_model.evaluation import evaluate
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
    say(f'wrote {path} and figures.json')
