"""One thread for the networks, so that their sums are taken in one order."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep PyTorch on the CPU to the calling thread.

    Threads share out a sum by their number, and its last digits with it. The networks are small
    besides: threads that wait for each other at every layer gain a third on an idle machine and
    lose a factor of ten beside a simulator on two cores.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
