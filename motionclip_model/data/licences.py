"""Which terms of clips and captions allow commercial use: the one table that decides."""

import re
from enum import StrEnum

from motionclip_model.errors import MotionClipError

LICENCE_CHOICES = ('any', 'commercial')


class Terms(StrEnum):
    """What a licence allows, as far as the table knows it."""

    COMMERCIAL = 'commercial'
    NON_COMMERCIAL = 'non-commercial'
    UNKNOWN = 'unknown'


_NON_COMMERCIAL = re.compile(
    r'\bnc\b|non-?\s?commercial|research[ -](?:only|use|purposes)|academic|educational only'
    r'|\bamass\b|\bsmpl\b|\bbabel\b|\bnd\b|no-?\s?deriv'
)
"""A word of these is enough: CC BY-NC in all versions, the terms of AMASS, SMPL and BABEL."""

_COMMERCIAL = (
    re.compile(r'^cc0\b|^cc zero\b|\bpublic domain\b'),
    re.compile(
        r'^cc[ -]by(?:[ -]?\d\.\d)?$|^creative commons attribution(?: \d\.\d)?(?: int.*)?$'
    ),
    re.compile(r'^cmu mocap\b.*\bfree for all uses\b'),
    re.compile(r'^(?:the )?mit\b|^apache(?: licen[cs]e)?[ ,-]*(?:v|version )?2|^bsd\b'),
)

_FREE_CAPTIONS = ('own sentences', 'CMU index', 'CMU subject heading', 'file name')
"""Beginnings of `caption_sources` that come with the motion's own terms or are ours to give."""


def terms_of(licence: str) -> Terms:
    """Classify a licence by its text; what is not in the table is unknown."""
    text = ' '.join(licence.lower().split())
    if _NON_COMMERCIAL.search(text):
        return Terms.NON_COMMERCIAL
    if any(pattern.search(text) for pattern in _COMMERCIAL):
        return Terms.COMMERCIAL
    return Terms.UNKNOWN


def is_free_caption(source: str) -> bool:
    """Whether captions of this source may be used wherever their motion may.

    A corpus that names no source has written its captions itself. KIT-ML, for one, has no
    licence text, and BABEL's is for research.
    """
    return not source or source.startswith(_FREE_CAPTIONS)


def check_choice(licence: str) -> None:
    """Refuse a choice of licences that does not exist.

    Raises:
        MotionClipError: It is neither "any" nor "commercial".
    """
    if licence not in LICENCE_CHOICES:
        raise MotionClipError(f'licence {licence!r} is not one of {", ".join(LICENCE_CHOICES)}')
