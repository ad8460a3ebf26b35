"""Train a model on a folder of motions: the whole way, in a few steps.

    python examples/train_small_model.py my_motions

prints the losses of all three stages and what became of them, and writes a corpus (captions are
the files' names, or a .txt beside each), the run, and model.safetensors for `--model`. Six steps
learn nothing worth seeing; a model of use keeps the default steps and sizes (`motionclip train`).
Without a folder, motions of the shipped model are the data.
"""

import sys
from pathlib import Path

from motionclip_model.data.importing import import_corpus
from motionclip_model.model import MotionClip
from motionclip_model.network_config import NetworkConfig
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.trainer import Trainer

STAGE = StageConfig(steps=6, batch=4, shortest=32, longest=64)
SMALL = NetworkConfig(latent_width=16, autoencoder_width=48, encoder_width=32, encoder_layers=1,
                      prior_width=32, prior_layers=1, prior_feedforward=32, heads=2)  # fmt: skip
TEXTS = ('walk forward', 'run', 'bow', 'kick', 'jump', 'sit down', 'wave', 'raise both hands')


class Lines:
    """Prints what training reports."""

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Print the losses now and then."""
        if step % 3 == 0:
            print(f'{stage} {step}/{steps}:', {key: f'{values[key]:.2f}' for key in values})

    def note(self, text: str) -> None:
        """Print a sentence."""
        print(text)

    warn = note


def main(folder: str | Path | None = None, out: str | Path = 'out/examples/train') -> None:
    """Import, train, generate."""
    out = Path(out)
    if folder is None:
        folder, model = out / 'motions', MotionClip.load('base')
        motions = model.generate_many(model.encode_text(list(TEXTS)), seeds=[0] * len(TEXTS))
        for text, motion in zip(TEXTS, motions, strict=True):
            motion.save(folder / f'{text.replace(" ", "_")}.npz')
    imported = import_corpus(Path(folder), out / 'corpus')
    print(f'{imported.clips} clips, {len(imported.skipped)} skipped')

    config = TrainConfig(network=SMALL, autoencoder=STAGE, alignment=STAGE, prior=STAGE)
    trainer = Trainer(config, out / 'corpus', out / 'run', Lines())
    trained = MotionClip(trainer.run(), trainer.encoder)
    trained.save(out / 'model.safetensors', trainer.info())
    print(trained.generate(trained.encode_text(['walk forward']), seconds=2.0))


if __name__ == '__main__':
    main(*sys.argv[1:])
