"""Jobs in processes of this machine, each of which may die without taking others along."""

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from motionclip_ros.batch.job import Job, Outcome, failed, retarget
from motionclip_ros.batch.settings import Settings

ONE_THREAD = dict.fromkeys(
    ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', 'NUMBA_NUM_THREADS'), '1'
)
"""One process for each core uses it best, and sums come out in the same order everywhere."""

_ATTEMPTS = 2
"""A process may be killed for another's hunger for memory; a file that ends two is to blame."""


def in_processes(
    settings: Settings, expected: str, jobs: Iterable[Job], count: int
) -> Generator[tuple[Job, Outcome]]:
    """Work through the jobs.

    Args:
        settings: What to make of each file.
        expected: The `identity` that the results will be filed under.
        jobs: The files; no more are read than are worked on.
        count: How many processes.

    Yields:
        Jobs with their outcomes, in the order in which they are done.

    Raises:
        MotionClipError: The robot cannot be loaded.
    """
    others = set(multiprocessing.active_children())
    waiting = iter(jobs)
    # Of all processes, so that those that are ended in the middle of a file leave nothing behind.
    drafts = tempfile.TemporaryDirectory(prefix='motionclip-')
    workers = [_Worker(settings, expected, drafts.name) for _ in range(count)]
    busy: dict[Future[Outcome], _Worker] = {}

    def start(worker: _Worker) -> None:
        if (job := next(waiting, None)) is not None:
            busy[worker.start(job)] = worker

    try:
        for worker in workers:
            start(worker)
        while busy:
            for future in wait(busy, return_when=FIRST_COMPLETED).done:
                worker = busy.pop(future)
                job, outcome = worker.job, worker.outcome(future)
                if outcome is None:
                    busy[worker.again()] = worker
                else:
                    start(worker)  # before what it has done is written
                    yield job, outcome
    finally:
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()  # when interrupted, it may be busy for a minute
        for worker in workers:
            worker.pool.shutdown(cancel_futures=True)
        drafts.cleanup()


class _Worker:
    """A pool with a single process: when that dies, it is known whose file it was.

    Attributes:
        job: What it is working on, or was last.
        pool: The pool.
    """

    job: Job

    def __init__(self, settings: Settings, expected: str, drafts: str):
        self.pool = _new_pool(drafts)
        self._settings, self._expected, self._drafts = settings, expected, drafts
        self._attempt = 0

    def start(self, job: Job) -> 'Future[Outcome]':
        """Begin with a job."""
        self.job, self._attempt = job, 0
        return self.again()

    def again(self) -> 'Future[Outcome]':
        """Try the same job another time."""
        self._attempt += 1
        arguments = (self._settings, self._expected, self.job)
        with _quiet_birth():
            try:
                return self.pool.submit(retarget, *arguments)
            except BrokenProcessPool:  # its process is dead
                self.pool.shutdown()
                self.pool = _new_pool(self._drafts)
                return self.pool.submit(retarget, *arguments)

    def outcome(self, future: 'Future[Outcome]') -> Outcome | None:
        """Return what a finished job came to; None if it is worth another attempt."""
        try:
            return future.result()
        except BrokenProcessPool:
            if self._attempt < _ATTEMPTS:
                return None
            return failed('its process was killed twice; is the clip too long for the memory?')


def _new_pool(drafts: str) -> ProcessPoolExecutor:
    # Spawned, because a forked child would inherit threads half way through their work.
    context = multiprocessing.get_context('spawn')
    return ProcessPoolExecutor(1, mp_context=context, initializer=_begin, initargs=(drafts,))


def _begin(drafts: str) -> None:
    """Leave nothing behind: no file elsewhere, and no process when the parent is killed."""
    tempfile.tempdir = drafts
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _quiet_birth() -> Iterator[None]:
    """Let a process that is born here use one thread, and leave Ctrl-C to its parent."""
    old = {name: os.environ.get(name) for name in ONE_THREAD}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
