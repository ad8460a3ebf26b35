"""Commands in captions: "a person waves happily" holds "wave happily" and "wave"."""

import re
from collections import Counter
from collections.abc import Iterable

_COMMAND = re.compile(
    r'.*?\b(?:person|people|someone|somebody|figure|human|man|woman|guy|boy|girl|boxer|dancer)\s+'
    r'(?P<how>[a-z]+ly )?(?P<verb>(?!(?:is|has|was|as|his)\b)[a-z]+(?<!s)s)\b(?P<rest>.*)',
    re.IGNORECASE,
)
"""The verb stands in the third person: "a person who bows" and "a man walking" say no command."""

_CIRCUMSTANCE = re.compile(r',| and | then | like | as if | as though | in an? | with ')


def command(caption: str) -> str | None:
    """Tell the subject of a caption to do what the caption says.

    Args:
        caption: Such as "someone raises the left hand".

    Returns:
        Such as "raise the left hand"; None where there is no subject with a verb.
    """
    found = _COMMAND.fullmatch(caption.strip())
    if found is None:
        return None
    return f'{found["how"] or ""}{_imperative(found["verb"])}{found["rest"]}'.strip(' .')


def spoken_forms(captions: Iterable[str]) -> list[str]:
    """Captions and what people would say instead, each once.

    Args:
        captions: Sentences or terse descriptions.

    Returns:
        The captions, their commands, these without circumstances ("wave" for "wave with both
        arms"), and verbs that begin several commands.
    """
    plain = list(dict.fromkeys(captions))
    commands = list(dict.fromkeys(found for each in plain if (found := command(each))))
    short = [_CIRCUMSTANCE.split(each)[0].strip() for each in commands]
    first = Counter(each.partition(' ')[0] for each in commands)
    verbs = [word for word, count in first.items() if count > 1 and not word.endswith('ly')]
    return [text for text in dict.fromkeys([*plain, *commands, *short, *verbs]) if text]


def _imperative(verb: str) -> str:
    """Take the ending of the third person off."""
    if verb.endswith('ies'):
        return f'{verb[:-3]}ie' if len(verb) == 4 else f'{verb[:-3]}y'
    return verb[:-2] if re.search(r'(sh|ch|ss|x|zz|o)es$', verb) else verb[:-1]
