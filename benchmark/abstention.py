"""How well commands are told from texts that ask for no motion, with the texts that are mistaken.

    python benchmark/abstention.py [CHECKPOINT] [--json FILE]

The texts are those of benchmark/abstention.yaml, 100 of each kind.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
import yaml
from reporting.measured import save

from motionclip_model.abstention import background_sentences
from motionclip_model.model import MotionClip

TEXTS = Path(__file__).with_suffix('.yaml')


def main() -> None:
    """Print figures and mistakes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('checkpoint', nargs='?', default='base')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = MotionClip.load(arguments.checkpoint)
    if model.known is None:
        raise SystemExit('this checkpoint does not say what it knows; it refuses nothing')
    texts = yaml.safe_load(TEXTS.read_text())
    fitted = {text for topic in background_sentences().values() for text in topic}
    seen = fitted & {*texts['known'], *texts['unknown']}
    if seen:
        raise SystemExit(f'abstention was fitted on {", ".join(sorted(seen))}')
    known, unknown = (np.array(model.familiarity(texts[name])) for name in ('known', 'unknown'))
    needed = model.known.needed
    above = float((known[:, None] > unknown).mean() + 0.5 * (known[:, None] == unknown).mean())
    mistakes = {
        'refused': mistaken(known < needed, known, texts['known']),
        'accepted': mistaken(unknown >= needed, unknown, texts['unknown']),
    }
    print(f'area under the ROC curve  {above:.4f}')
    print(f'score that is needed      {needed:.3f}')
    for what, found in mistakes.items():
        print(f'{"known" if what == "refused" else "unknown"} texts {what}: {len(found)}')
        for score, text in found:
            print(f'    {score:.2f}  {text}')
    if arguments.json:
        counts = {'known': len(known), 'unknown': len(unknown)}
        save(arguments.json, {'roc_area': above, 'needed': needed, **counts, **mistakes})


def mistaken(wrong: np.ndarray, scores: np.ndarray, texts: list[str]) -> list[tuple[float, str]]:
    """Pair the texts that were misjudged with their scores."""
    return sorted((float(scores[i]), texts[i]) for i in np.flatnonzero(wrong))


if __name__ == '__main__':
    main()
