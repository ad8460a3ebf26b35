"""Find the motions of a folder that fit a sentence best.

    python examples/find_motions.py "someone is running" my_recordings

prints the files, best first, and which part of each fits. Without a folder one is filled with
five generated motions whose names say nothing.
"""

import sys
from pathlib import Path

from motionclip_model.model import MotionClip
from motionclip_model.retrieval import open_library

TEXTS = ('walk forward', 'a person runs', 'a person bows', 'kick', 'wave with the right hand')


def main(
    text: str = 'somebody greets with the right hand',
    folder: str | Path | None = None,
    out: str | Path = 'out/examples/find_motions',
) -> None:
    """Rank the motions of a folder."""
    model, out = MotionClip.load('base'), Path(out)
    if folder is None:
        folder = out / 'motions'
        motions = model.generate_many(model.encode_text(list(TEXTS)), seeds=[0] * len(TEXTS))
        for number, motion in enumerate(motions):
            motion.save(folder / f'take_{number}.npz')
            print(f'take_{number}.npz was made from: {TEXTS[number]}')
    # What the model sees in a file is kept in the second folder until the file changes.
    library = open_library(model, Path(folder), out / 'cache')
    for hit in library.rank(model, text):
        print(f'{hit.cosine:.2f}  {hit.path.name}, {hit.start_s:.1f} to {hit.end_s:.1f} s')
    for skipped in library.skipped:
        print(f'skipped {skipped.path}: {skipped.reason}')


if __name__ == '__main__':
    main(*sys.argv[1:])
