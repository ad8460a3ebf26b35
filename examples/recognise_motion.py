"""Say what a motion looks like, in words of your own.

    python examples/recognise_motion.py my_motion.npz

prints the labels, best first, with their probabilities. Without a file (AMASS .npz or .bvh) a
motion is made and recognised again.
"""

import sys

from motionclip_model.data.motion_file import load_motion
from motionclip_model.instruction import generate_motion
from motionclip_model.latent import recognise
from motionclip_model.model import MotionClip

LABELS = ('walk forward', 'run', 'jump', 'bow', 'wave with the left hand', 'kick', 'sit down')


def main(file: str | None = None) -> None:
    """Recognise a file's motion, or a generated bow."""
    model = MotionClip.load('base')
    motion = generate_motion(model, 'bow', seed=0) if file is None else load_motion(file)
    for label, score, cosine in recognise(model, motion, LABELS):
        print(f'{100 * score:5.1f} %  {label} (cosine {cosine:.2f})')


if __name__ == '__main__':
    main(*sys.argv[1:])
