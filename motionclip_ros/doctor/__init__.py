"""What works on this machine, and how to get what does not."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace

from motionclip_model.errors import MotionClipError
from motionclip_ros.doctor.essentials import needed
from motionclip_ros.doctor.extras import optional
from motionclip_ros.doctor.finding import ABSENT, FAILS, WORKS, Finding, first_line

__all__ = ['Finding', 'examine']

_ENCODER_VARIABLE = 'MOTIONCLIP_TEXT_ENCODER'
_CLIP_MEANING = 'models that were trained with that encoder cannot be used'


def examine(clip: str | None = None) -> Iterator[Finding]:
    """Look at everything that the commands need.

    Args:
        clip: CLIP to compare with its known embeddings: a transformers folder or hub id. By
            default what MOTIONCLIP_TEXT_ENCODER names.

    Yields:
        What was found, one after the other, as some take seconds.
    """
    for part, look in needed().items():
        yield replace(_looked(part, look, 'nothing goes without it'), essential=True)
    for part, look in optional().items():
        yield _looked(part, look, 'what needs it does not go')
    # Whoever asks about one needs it.
    yield replace(_looked('CLIP', lambda: _clip(clip), _CLIP_MEANING), essential=clip is not None)


def _looked(part: str, look: Callable[[], Finding], meaning: str) -> Finding:
    try:
        return look()
    except MotionClipError as error:
        wrong, _, remedy = str(error).partition('; ')
        return Finding(part, FAILS, wrong, meaning, remedy or 'pip install motionclip_ros again')
    except Exception as error:  # a broken library must not hide what comes after it
        found = f'{type(error).__name__}: {first_line(str(error))}'
        return Finding(part, FAILS, found, meaning, 'pip install --force-reinstall motionclip_ros')


def _clip(asked: str | None) -> Finding:
    source = asked or os.environ.get(_ENCODER_VARIABLE)
    if not source:
        return Finding(
            'CLIP',
            ABSENT,
            f'{_ENCODER_VARIABLE} names none',
            'the shipped models need none; one of your own is trained with `train --text-encoder`',
            'motionclip doctor --clip FOLDER compares one with known embeddings',
        )
    from motionclip_model.clip_reference import LEAST_COSINE, compare
    from motionclip_model.image_encoder import ImageEncoder
    from motionclip_model.text_encoder import TextEncoder

    encoder = TextEncoder.load(source)
    agreement = compare(encoder)
    text, cosine = agreement.worst
    if agreement.holds:
        towers = 'text tower alone'
        if encoder.has_image_tower:
            ImageEncoder(encoder).probe()
            towers = 'text and image tower'
        return Finding(
            'CLIP',
            WORKS,
            f'ViT-B/32, {towers}; {len(agreement.texts)} texts, least cosine {cosine:.4f}',
        )
    wrong = int((agreement.cosines < LEAST_COSINE).sum())
    return Finding(
        'CLIP',
        FAILS,
        f'{source} has the size of ViT-B/32 but is another encoder or damaged: {wrong} of '
        f'{len(agreement.texts)} known embeddings differ, most for {text!r} (cosine '
        f'{cosine:.3f}, at least {LEAST_COSINE} is needed)',
        _CLIP_MEANING,
        'take a fresh copy of openai/clip-vit-base-patch32',
    )
