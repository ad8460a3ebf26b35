"""Long work given up half-way: it asks now and then whether anybody still wants it.

Who begins the work says how to answer; who does it says when, and need not know of the other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_CHECK: ContextVar[Callable[[], None] | None] = ContextVar('interruption', default=None)


@contextmanager
def interruptible(check: Callable[[], None]) -> Iterator[None]:
    """Have long work in this thread asked now and then whether it shall go on.

    Args:
        check: Raises what shall come out of the work that nobody wants any more.
    """
    token = _CHECK.set(check)
    try:
        yield
    finally:
        _CHECK.reset(token)


def still_wanted() -> None:
    """Go on with long work, unless who began it has changed its mind; then what it raises."""
    if (check := _CHECK.get()) is not None:
        check()
