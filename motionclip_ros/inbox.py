"""The one request that waits its turn: a newer one takes its place, and a stop empties it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

STOP_WORDS = ('stop', 'halt', 'freeze', 'stop now', 'stop moving', 'emergency stop')
"""Whole texts that end the present motion, in any case and with any full stop."""


def asks_to_stop(text: str) -> bool:
    """Whether a text is one of `STOP_WORDS`."""
    return ' '.join(text.lower().split()).strip(' .!') in STOP_WORDS


def _nobody(*_: Any) -> None:
    """Listen to nothing."""


@dataclass(eq=False)
class Request:
    """A text to be served, and who wants to know what becomes of it.

    Attributes:
        text: What was said.
        seconds: Length of the motion [s]; None leaves it to the text.
        seed: Which of the motions that suit; None for the most typical.
        joints: Groups, names or patterns of the joints that may move; empty for all.
        execute: Whether the robot is to move; if not, the motion is only shown.
        on_progress: Told what is being done, and how much of the whole is done (0 to 1).
        on_end: Told how it ended, once.
        called_off: Whether nobody wants it any more.
    """

    text: str
    seconds: float | None = None
    seed: int | None = None
    joints: tuple[str, ...] = ()
    execute: bool = True
    on_progress: Callable[[str, float], None] = _nobody
    on_end: Callable[[Any], None] = _nobody
    called_off: bool = field(default=False, init=False)


class Inbox:
    """Hands requests from the thread that hears them to the one that serves them.

    Who speaks faster than motions can be made means the last word: what still waits is
    replaced, never lost without a word.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: Request | None = None
        self._taken: Request | None = None
        self._closed = False
        self._changed = threading.Condition()

    def put(self, request: Request) -> Request | None:
        """Leave a request; returns the one that it replaces, if one was waiting."""
        with self._changed:
            replaced, self._waiting = self._waiting, request
            self._changed.notify()
        return replaced

    def take(self) -> Request | None:
        """Wait for a request; None once the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting is not None)
            if self._closed:
                return None
            self._taken, self._waiting = self._waiting, None
            return self._taken

    def stop(self) -> Request | None:
        """Call off everything so far; returns the request that was waiting, if one was."""
        with self._changed:
            if self._taken is not None:
                self._taken.called_off = True
            waiting, self._waiting = self._waiting, None
        return waiting

    def call_off(self, request: Request) -> bool:
        """Call one request off; returns whether it was still waiting."""
        with self._changed:
            request.called_off = True
            if self._waiting is request:
                self._waiting = None
                return True
        return False

    def close(self) -> Request | None:
        """Let `take` return None from now on, and call off everything so far."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        return self.stop()
