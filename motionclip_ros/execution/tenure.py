"""Who of several may command a robot: the rule by which all of them find the same one."""

import time
from collections.abc import Callable
from typing import NamedTuple

LEASE = 2.0
"""Silence after which a commander counts as gone [s]."""

BEAT = 0.4
"""How often a commander says that it is there [s]."""

SETTLE = LEASE
"""How long a newcomer listens before it commands [s].

Two that start at once meet in it, on a busy machine, too. Who commands and hangs meanwhile either
speaks before it is over, or has hung for so long that it is a newcomer itself.
"""


class Commanding(NamedTuple):
    """What a commander says of itself.

    Attributes:
        identity: Its own, of all that ever were.
        name: For people.
        holds: Whether it commands the robot; else it waits for its turn.
        brakes: Whether it brings the robot to rest when it is asked to.
        since: When it began to, by its calendar [ns]; 0 if it does not.
    """

    identity: str
    name: str
    holds: bool
    brakes: bool
    since: int = 0

    @property
    def rank(self) -> tuple[bool, int, str]:
        """The smallest commands: who does already, and longest; then by identity."""
        return not self.holds, self.since, self.identity


class Tenure:
    """One commander's part in the rule, on a clock that never jumps.

    Clocks of commanders are compared only where two command that could not hear each other, as on
    both sides of a parted network: the one that began later ends. Who was silent for nearly a
    lease, frozen say, may be taken for dead by all others before its next word arrives, and is a
    newcomer again.

    Attributes:
        holds: Whether this one may command the robot.
        rival: Who comes before it, if anybody does.
    """

    def __init__(
        self,
        identity: str,
        name: str,
        *,
        brakes: bool,
        calendar: Callable[[], int] = time.time_ns,
    ):
        """Begin outside."""
        self._calendar, self._since = calendar, 0
        self._identity, self._name, self._brakes = identity, name, brakes
        self._others: dict[str, tuple[Commanding, float]] = {}
        self._entered: float | None = None
        self._spoke = 0.0
        self.holds = False
        self.rival: Commanding | None = None

    @property
    def own(self) -> Commanding:
        """What this one is."""
        since = self._since if self.holds else 0
        return Commanding(self._identity, self._name, self.holds, self._brakes, since)

    @property
    def is_known(self) -> bool:
        """Whether it is decided who commands, by the last look."""
        return self.holds or self.rival is not None

    def enter(self, now: float) -> None:
        """Want to command from now [s] on."""
        self._entered = self._spoke = now

    def speak(self, now: float) -> Commanding:
        """Return what to tell the others at a time [s]."""
        self.look(now)
        self._spoke = now
        return self.own

    def leave(self) -> None:
        """Want it no more."""
        self._entered, self.holds, self.rival = None, False, None

    def hear(self, other: Commanding, now: float) -> None:
        """Hear another at a time [s]."""
        if other.identity != self._identity:
            self._others[other.identity] = other, now

    def lose(self, identity: str) -> None:
        """Hear that another has gone."""
        self._others.pop(identity, None)

    def look(self, now: float) -> None:
        """Decide again, at a time [s]."""
        if self._entered is None:
            return
        # Who hangs hears nothing, and what a newcomer hears is what counts.
        if now - self._spoke > (LEASE - BEAT if self.holds else 1.5 * BEAT):
            self.holds, self._entered = False, now
        self._others = {
            identity: (other, heard)
            for identity, (other, heard) in self._others.items()
            if now - heard <= LEASE
        }
        first = min(
            (other for other, _ in self._others.values()),
            key=lambda other: other.rank,
            default=None,
        )
        self.rival = first if first is not None and first.rank < self.own.rank else None
        settled = now - self._entered >= SETTLE
        if self.rival is not None:
            self.holds = False
        elif settled and not self.holds:
            self.holds, self._since = True, self._calendar()
