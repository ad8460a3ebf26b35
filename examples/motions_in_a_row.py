"""Several commands become one motion without a stop.

    python examples/motions_in_a_row.py "walk forward, then bow"

prints how the text was understood and how far the person got, and writes the motion, which
`motionclip render FILE` draws. Commands are parted by "then", "after that" or a semicolon.
"""

import sys
from pathlib import Path

import numpy as np

from motionclip_model.instruction import generate_motion, understand
from motionclip_model.model import MotionClip


def main(
    text: str = 'walk forward, then wave with the left hand, then bow',
    out: str | Path = 'out/examples/motions_in_a_row',
) -> None:
    """Generate the commands of a text in a row."""
    model = MotionClip.load('base')
    print(' -> '.join(understand(text).parts))
    motion = generate_motion(model, text, seed=0)
    walked = np.linalg.norm(motion.root_position[-1, :2] - motion.root_position[0, :2])
    print(f'{motion}, {walked:.1f} m away in the end')
    motion.save(Path(out) / 'motion.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
