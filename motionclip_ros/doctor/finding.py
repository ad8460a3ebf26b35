"""What comes of looking at one thing."""

from dataclasses import dataclass

WORKS, FAILS, ABSENT = 'works', 'fails', 'absent'


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        part: What was looked at.
        state: "works"; "fails" for what is there and broken, or is needed and missing; "absent"
            for what one can do without.
        found: What is there, or what is wrong.
        meaning: What cannot be done as long as it does not work; empty where it does.
        remedy: What to do about it, where possible one command; empty where it works.
        essential: Whether nothing goes without it.
    """

    part: str
    state: str
    found: str
    meaning: str = ''
    remedy: str = ''
    essential: bool = False


def first_line(text: str) -> str:
    """Return what a library says first."""
    return text.strip().splitlines()[0] if text.strip() else 'no reason given'
