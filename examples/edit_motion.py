"""Change what a motion means: a walk, more tired.

    python examples/edit_motion.py

prints how fast and how upright the walk is before and after, and writes both, which
`motionclip render FILE` draws. The change is a difference of two meanings, "tired" - "normal",
added to that of the walk; a motion can stand wherever a text does, and `strength` scales it.
"""

import sys
from pathlib import Path

import numpy as np

from motionclip_model import skeleton
from motionclip_model.instruction import generate_motion
from motionclip_model.latent import Term, edited
from motionclip_model.model import MotionClip


def main(out: str | Path = 'out/examples/edit_motion', *, strength: float = 1.0) -> None:
    """Make a walk and the same walk tired."""
    model = MotionClip.load('base')
    walk = generate_motion(model, 'walk', seconds=4.0, seed=0)
    # A recorded motion, `Motion.load(...)`, is edited in the same way.
    terms = [Term(1, walk), Term(-1, 'normal'), Term(1, 'tired')]
    tired = model.generate(edited(model, terms, strength)[None], seconds=4.0, seed=0)
    for name, motion in {'walk': walk, 'tired': tired}.items():
        way = np.linalg.norm(np.ptp(motion.root_position[:, :2], axis=0))
        head = motion.pose.positions[:, skeleton.JOINT_INDEX['head'], 2].mean()
        print(f'{name}: {way / motion.seconds:.2f} m/s, head at {head:.2f} m')
        motion.save(Path(out) / f'{name}.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
