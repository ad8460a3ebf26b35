"""One thread for linear algebra: at the sizes of a robot, several only wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def _libraries() -> ThreadpoolController:
    # Found once: looking through all loaded libraries takes longer than a short clip.
    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep BLAS and LAPACK to the calling thread.

    Their threads spin while they wait. Beside other busy processes a solve of milliseconds
    then takes seconds.
    """
    with _libraries().limit(limits=1, user_api='blas'):
        yield
