"""The one text that waits its turn: a newer one takes its place, and a stop empties it."""

import threading
from typing import NamedTuple

STOP_WORDS = ('stop', 'halt', 'freeze', 'stop now', 'stop moving', 'emergency stop')
"""Whole texts that end the present motion, in any case and with any full stop."""


def asks_to_stop(text: str) -> bool:
    """Whether a text is one of `STOP_WORDS`."""
    return ' '.join(text.lower().split()).strip(' .!') in STOP_WORDS


class Request(NamedTuple):
    """A text to be served.

    Attributes:
        text: What was said.
        number: Counts all texts that came.
    """

    text: str
    number: int


class Inbox:
    """Hands texts from the thread that hears them to the one that serves them.

    Who speaks faster than motions can be made means the last word: what still waits is
    replaced, never lost without a word.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._waiting: Request | None = None
        self._count = self._stopped_at = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, text: str) -> Request | None:
        """Leave a text; returns the one that it replaces, if one was waiting."""
        with self._changed:
            self._count += 1
            replaced, self._waiting = self._waiting, Request(text, self._count)
            self._changed.notify()
        return replaced

    def take(self) -> Request | None:
        """Wait for a text; None once the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting is not None)
            taken, self._waiting = self._waiting, None
        return None if self._closed else taken

    def stop(self) -> Request | None:
        """Call off everything so far; returns the text that was waiting, if one was."""
        with self._changed:
            self._count += 1
            self._stopped_at = self._count
            replaced, self._waiting = self._waiting, None
        return replaced

    def called_off(self, request: Request) -> bool:
        """Whether a stop came after a text, also while it was being served."""
        with self._changed:
            return request.number < self._stopped_at

    def close(self) -> None:
        """Let `take` return None from now on."""
        with self._changed:
            self._closed = True
            self._changed.notify()
