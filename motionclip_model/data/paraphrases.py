"""Other words for what a clip shows: the sentences of people who never saw the captions."""

import random
import re
import zlib
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from motionclip_model.data.captions import mirrored_caption
from motionclip_model.data.clip import Clip

_BANK = 64
"""Sentences for one action in one style; more would only lengthen the encoding of captions."""

_OF_A_CLIP = 6
"""Sentences that one clip gets beside its captions."""

_VERB = re.compile(r'\*(\w+)')
_DOUBLED = re.compile(r'[^aeiou][aeiou][bdgmnprt]$')


def with_paraphrases(clip: Clip) -> Clip:
    """Add sentences of the bank to a clip's captions; always the same ones for a clip."""
    bank = sentences_for(clip.action, clip.style)
    if not bank:
        return clip
    choice = random.Random(zlib.crc32(clip.name.encode()))
    added = choice.sample(bank, min(_OF_A_CLIP, len(bank)))
    return replace(clip, captions=tuple(dict.fromkeys((*clip.captions, *added))))


@cache
def sentences_for(action: str, style: str) -> tuple[str, ...]:
    """Sentences for an action in a style; none where the table does not know the action.

    Args:
        action: Name of the action, such as "wave-left-hand".
        style: How it is done; a style that the table does not know goes unmentioned.
    """
    table = _table()
    phrases = table['actions'].get(action)
    if phrases is None:
        other = table['actions'].get(mirrored_caption(action), ())
        phrases = [mirrored_caption(phrase) for phrase in other]
    manners = table['styles'].get(style, [''])
    choice = random.Random(zlib.crc32(f'{action} {style}'.encode()))
    found = {
        f'{sentence}{separator}{manner}' if manner else sentence
        for phrase in phrases
        for sentence in _framed(phrase, choice)
        for manner in choice.sample(manners, min(2, len(manners)))
        for separator in ([' ', ' ', ', '] if '?' not in sentence else [' '])
    }
    ordered = sorted(found)
    return tuple(choice.sample(ordered, min(_BANK, len(ordered))))


def _framed(phrase: str, choice: random.Random) -> list[str]:
    """A phrase as commands and as descriptions; one without a verb stays as it is."""
    if '*' not in phrase:
        return [phrase]
    frames = _table()['frames']
    forms = {
        'plain': _VERB.sub(r'\1', phrase),
        'third': _VERB.sub(lambda verb: _third_person(verb[1]), phrase),
        'progressive': _VERB.sub(lambda verb: _progressive(verb[1]), phrase),
    }
    described = {
        kind: form if kind == 'plain' else re.sub(r'\byour(self)?\b', _their, form)
        for kind, form in forms.items()
    }
    return [
        frame.format(form)
        for kind, form in described.items()
        for frame in choice.sample(frames[kind], 3)
    ]


def _their(match: re.Match[str]) -> str:
    return 'themselves' if match[1] else 'their'


def _third_person(verb: str) -> str:
    if re.search(r'(s|sh|ch|x|z|o)$', verb):
        return f'{verb}es'
    return f'{verb[:-1]}ies' if re.search(r'[^aeiou]y$', verb) else f'{verb}s'


def _progressive(verb: str) -> str:
    if verb.endswith('ie'):
        return f'{verb[:-2]}ying'
    if verb.endswith('e') and not verb.endswith('ee'):
        return f'{verb[:-1]}ing'
    return f'{verb}{verb[-1]}ing' if _DOUBLED.search(verb) else f'{verb}ing'


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix('.yaml').read_text())
    return table
