"""Train a model on a folder of motions: the whole way, in a few steps.

    python examples/train_small_model.py my_motions

prints the losses of all three stages and what the trained model makes of "walk forward", and
writes a corpus (the names of the files, or a .txt beside each, are the captions), the run and the
model. Six steps learn nothing worth seeing; for a model of use drop STEPS and the small sizes, or
run `motionclip train`. Without a folder, motions of the shipped model are the data.
"""

import sys
from pathlib import Path

from motionclip_model.data.importing import import_corpus
from motionclip_model.model import MotionClip
from motionclip_model.network_config import NetworkConfig
from motionclip_model.training.config import StageConfig, TrainConfig
from motionclip_model.training.trainer import Trainer

STEPS = 6
STAGE = StageConfig(steps=STEPS, batch=4, shortest=32, longest=64)
SMALL = NetworkConfig(latent_width=16, autoencoder_width=48, encoder_width=32, encoder_layers=1,
                      prior_width=32, prior_layers=1, prior_feedforward=32, heads=2)  # fmt: skip
TEXTS = ('walk forward', 'run', 'bow', 'kick', 'jump', 'sit down', 'wave', 'raise both hands')


class Lines:
    """Prints what training reports."""

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Print the losses now and then."""
        if step % 3 == 0:
            losses = ', '.join(f'{name} {value:.2f}' for name, value in values.items())
            print(f'{stage} {step}/{steps}: {losses}')

    def note(self, text: str) -> None:
        """Print a sentence."""
        print(text)

    warn = note


def main(folder: str | Path | None = None, out: str | Path = 'out/examples/train') -> None:
    """Import, train, generate."""
    out = Path(out)
    if folder is None:
        folder, model = out / 'motions', MotionClip.load('base')
        count = len(TEXTS)
        encoded = model.encode_text(list(TEXTS))
        motions = model.generate_many(encoded, seconds=[4.0] * count, seeds=[0] * count)
        for text, motion in zip(TEXTS, motions, strict=True):
            motion.save(folder / f'{text.replace(" ", "_")}.npz')
    imported = import_corpus(Path(folder), out / 'corpus')
    print(f'{imported.clips} clips, {len(imported.skipped)} skipped')

    config = TrainConfig(network=SMALL, autoencoder=STAGE, alignment=STAGE, prior=STAGE)
    trainer = Trainer(config, out / 'corpus', out / 'run', Lines())
    trained = MotionClip(trainer.run(), trainer.encoder)
    trained.save(out / 'model.safetensors', trainer.info())
    print(trained.generate(trained.encode_text(['walk forward']), seconds=2.0))
    print(f'wrote {out / "model.safetensors"}; say --model {out / "model.safetensors"}')


if __name__ == '__main__':
    main(*sys.argv[1:])
