"""How well commands are told from texts that ask for no motion, with the texts that are mistaken.

    python benchmark/abstention.py [CHECKPOINT]

The texts are those of benchmark/abstention.yaml, 100 of each kind.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import yaml

from motionclip_model.abstention import background_sentences
from motionclip_model.model import MotionClip

TEXTS = Path(__file__).with_suffix('.yaml')


def main() -> None:
    """Print figures and mistakes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint', nargs='?', default='base')
    torch.set_num_threads(1)
    model = MotionClip.load(parser.parse_args().checkpoint)
    if model.known is None:
        raise SystemExit('this checkpoint does not say what it knows; it refuses nothing')
    texts = yaml.safe_load(TEXTS.read_text())
    fitted = {text for topic in background_sentences().values() for text in topic}
    seen = fitted & {*texts['known'], *texts['unknown']}
    if seen:
        raise SystemExit(f'abstention was fitted on {", ".join(sorted(seen))}')
    known, unknown = (np.array(model.familiarity(texts[name])) for name in ('known', 'unknown'))
    needed = model.known.needed
    above = (known[:, None] > unknown).mean() + 0.5 * (known[:, None] == unknown).mean()
    print(f'area under the ROC curve  {above:.4f}')
    print(f'score that is needed      {needed:.3f}')
    print(f'known texts refused       {(known < needed).sum()} of {len(known)}')
    for score, text in sorted(zip(known, texts['known'], strict=True)):
        if score < needed:
            print(f'    {score:.2f}  {text}')
    print(f'unknown texts accepted    {(unknown >= needed).sum()} of {len(unknown)}')
    for score, text in sorted(zip(unknown, texts['unknown'], strict=True), reverse=True):
        if score >= needed:
            print(f'    {score:.2f}  {text}')


if __name__ == '__main__':
    main()
