"""Go from one meaning to another in even steps and make a motion at each.

    python examples/interpolate_meanings.py walk run

prints how fast the person is at each of five stops and writes the motions, which
`motionclip render FILE` draws.
"""

import sys
from pathlib import Path

import numpy as np

from motionclip_model.latent import interpolated, meanings
from motionclip_model.model import MotionClip

STOPS = 5


def main(
    first: str = 'walk', last: str = 'run', out: str | Path = 'out/examples/interpolate_meanings'
) -> None:
    """Make a motion at each stop between two texts."""
    model = MotionClip.load('base')
    points = interpolated(meanings(model, [first, last]), STOPS)
    # The same seed and length for all, so that nothing but their meaning differs.
    motions = model.generate_many(points, seconds=[4.0] * STOPS, seeds=[0] * STOPS)
    for stop, motion in enumerate(motions):
        way = np.linalg.norm(np.ptp(motion.root_position[:, :2], axis=0))
        print(f'{100 * stop / (STOPS - 1):3.0f} % {last}: {way / motion.seconds:.2f} m/s')
        motion.save(Path(out) / f'stop_{stop}.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
