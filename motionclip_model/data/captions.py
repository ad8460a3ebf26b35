"""Words of a clip: sentences for terse descriptions, and what a mirror does to them."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_ALIASES = {
    'slash': 'sword attack',
    'dance-short': 'dance',
    'walk-back': 'walk backward',
    'idle': 'stand still',
}
_PLAIN_STYLES = ('', 'normal', 'neutral', 'game', 'game, realistic', 'cartoon')
_SWAP = {
    'left': 'right',
    'right': 'left',
    'clockwise': 'counterclockwise',
    'counterclockwise': 'clockwise',
    'counter-clockwise': 'clockwise',
    'anticlockwise': 'clockwise',
    'anti-clockwise': 'clockwise',
}
_SIDE = re.compile(
    # "What is left", "all right", "nothing left": no side is meant.
    r"(?<!what's )(?<!what is )(?<!all )(?<!thing )"
    r'(?<![a-z])'
    r'((?:counter|anti)-?clockwise|clockwise|left|right)'
    r'(?=(?:wards?|most|hand|handed|hander|y|ie|s)?\b)'
    # "A right angle", "right away", "right now", "right before".
    r'(?![ -](?:angle|away|now|before|after)s?d?\b)',
    re.IGNORECASE,
)


def mirrored_caption(caption: str) -> str:
    """Swap the words for left and right, as a mirror swaps what they describe.

    Done twice it gives the caption back, but for the spelling of "anticlockwise", which becomes
    "counterclockwise".
    """

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        for style in (str.lower, str.upper, str.capitalize):
            if word == style(word):
                return style(_SWAP[word.lower()])
        return word

    return _SIDE.sub(swap, caption)


def sentences(description: str) -> list[str]:
    """Sentences in plain words for a CMU trial description.

    Args:
        description: Such as "walk" or "dance - small jetes, pirouette".

    Returns:
        Sentences, or the description itself where the table has none.
    """
    found = _phrases().get(_key(description))
    if found is None:
        return [description]
    head, _, rest = description.strip().partition(' - ')
    return [phrase.format(rest=rest or head) for phrase in found.sentences]


def action_of(descriptions: Sequence[str]) -> str:
    """What a clip is about, in the same words for every collection.

    Args:
        descriptions: Trial descriptions or sentences for one clip.

    Returns:
        The action of the first CMU trial description, else of the first sentence with a word
        that says what is done, else "other".
    """
    for description in descriptions:
        found = _phrases().get(_key(description))
        if found is not None:
            return found.action
    words, pattern = _action_words()
    for description in descriptions:
        match = pattern.search(description.lower())
        if match:
            return words[match.group(1)]
    return 'other'


def same_action(content: str) -> str:
    """Name of an action that collections call differently."""
    return _ALIASES.get(content, content)


def command(content: str, style: str) -> list[str]:
    """The bare action as someone in a hurry says it, where it is done in no special way.

    Args:
        content: Name of the action, such as "wave-right-hand".
        style: How it is done; only words for "plainly" and for how a clip was made pass.
    """
    return [content.replace('-', ' ')] if content and style in _PLAIN_STYLES else []


class _Phrases(NamedTuple):
    action: str
    sentences: list[str]


def _key(description: str) -> str:
    """The description, or its part before " - ", as it stands in the table."""
    key = description.strip().lower()
    return key if key in _phrases() else key.partition(' - ')[0]


@cache
def _phrases() -> dict[str, _Phrases]:
    return {
        str(description): _Phrases(str(action), [str(phrase) for phrase in phrases])
        for action, table in _table('cmu_phrases.yaml').items()
        for description, phrases in table.items()
    }


@cache
def _action_words() -> tuple[dict[str, str], re.Pattern[str]]:
    words = {
        str(word): str(action)
        for action, found in _table('action_words.yaml').items()
        for word in found
    }
    # Longer ones first, so that "stands up" is not taken for a mere "stand".
    choice = '|'.join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return words, re.compile(rf'\b({choice})(?:s|es|d|ed|ing)?\b')


def _table(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(Path(__file__).with_name(name).read_text()))
