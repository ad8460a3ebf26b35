"""What the names of links and joints give away: the side, the limb, the part."""

import re
from collections.abc import Collection

_SIDES = {'left': 'right', 'l': 'r'}
_SIDE_WORD = re.compile(r'left|right|[lr]', re.IGNORECASE)
_LIMB_WORDS = {
    'leg': ('hip', 'leg', 'thigh', 'femur', 'knee', 'shin', 'calf', 'shank', 'tibia', 'ankle',
            'foot', 'sole'),
    'arm': ('shoulder', 'arm', 'clavicle', 'elbow', 'wrist', 'hand', 'gripper', 'finger'),
}  # fmt: skip
_BEND_WORDS = {'leg': ('knee',), 'arm': ('elbow',)}
_FINGER_WORDS = ('finger', 'thumb', 'index', 'pinky', 'little', 'gripper', 'knuckle')
_HEAD_WORDS = ('head', 'neck', 'skull', 'cervical')


def mirror(name: str, known: Collection[str]) -> tuple[str, str] | None:
    """Find the name of the same thing on the other side.

    One word for a side is swapped at a time, and the result must exist: this tells the R of
    R_HIP_P (right) from that of WAIST_R (roll) without a list of naming schemes.

    Args:
        name: A link or joint.
        known: All names of its kind.

    Returns:
        `left` or `right`, and the other side's name; None on the midline.
    """
    words = sorted(_SIDE_WORD.finditer(name), key=lambda word: -len(word.group()))
    for word in words:
        here = word.group().lower()
        is_left = here in _SIDES
        other = _SIDES[here] if is_left else next(k for k, v in _SIDES.items() if v == here)
        cased = other.upper() if word.group().isupper() else other
        cased = cased.capitalize() if word.group().istitle() else cased
        swapped = name[: word.start()] + cased + name[word.end() :]
        if swapped in known and swapped != name:
            return 'left' if is_left else 'right', swapped
    return None


def limb_votes(names: Collection[str]) -> dict[str, int]:
    """Count the names that speak of a leg and those that speak of an arm."""
    return {
        limb: sum(_speaks(name, words) for name in names) for limb, words in _LIMB_WORDS.items()
    }


def is_bend(kind: str, *names: str) -> bool:
    """Whether a name says knee (of a leg) or elbow (of an arm)."""
    return any(_speaks(name, _BEND_WORDS[kind]) for name in names)


def is_finger(*names: str) -> bool:
    """Whether a name says finger, thumb or gripper."""
    return any(_speaks(name, _FINGER_WORDS) for name in names)


def finger(name: str) -> str | None:
    """Tell the fingers that lie at either edge of a hand: `index` or `little`."""
    if _speaks(name, ('index', 'fore_finger', 'forefinger')):
        return 'index'
    return 'little' if _speaks(name, ('little', 'pinky')) else None


def is_toe(*names: str) -> bool:
    """Whether a name says toe."""
    return any(_speaks(name, ('toe',)) for name in names)


def is_head(*names: str) -> bool:
    """Whether a name says head or neck."""
    return any(_speaks(name, _HEAD_WORDS) for name in names)


def _speaks(name: str, words: tuple[str, ...]) -> bool:
    return any(word in name.lower() for word in words)
