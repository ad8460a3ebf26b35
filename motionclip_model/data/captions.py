"""Words of a clip: sentences for terse descriptions, and what a mirror does to them."""

import re
from functools import cache
from pathlib import Path

import yaml

_SWAP = {
    'left': 'right',
    'right': 'left',
    'clockwise': 'counterclockwise',
    'counterclockwise': 'clockwise',
}
_SWAP_PATTERN = re.compile(
    r'(?<![a-z])(counterclockwise|clockwise|left|right)(?=ward|wards|-|\b)', re.IGNORECASE
)


def mirrored_caption(caption: str) -> str:
    """Swap the words for left and right, as a mirror swaps what they describe."""

    def swap(match: re.Match[str]) -> str:
        word = match.group()
        other = _SWAP[word.lower()]
        return other.capitalize() if word[0].isupper() else other

    return _SWAP_PATTERN.sub(swap, caption)


def sentences(description: str) -> list[str]:
    """Sentences in plain words for a CMU trial description.

    Args:
        description: Such as "walk" or "dance - small jetes, pirouette".

    Returns:
        Sentences, or the description itself where the table has none.
    """
    key = description.strip().lower()
    head, _, rest = key.partition(' - ')
    found = _phrases().get(key) or _phrases().get(head)
    return [phrase.format(rest=rest or head) for phrase in found] if found else [description]


@cache
def _phrases() -> dict[str, list[str]]:
    table = yaml.safe_load(Path(__file__).with_name('cmu_phrases.yaml').read_text())
    return {str(key): [str(phrase) for phrase in phrases] for key, phrases in table.items()}
