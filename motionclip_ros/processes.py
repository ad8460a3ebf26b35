"""Child processes that never outlive their parent's work."""

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from motionclip_model.errors import MotionClipError

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_PATIENCE = 10.0
"""How long a process may take to end after a polite request [s]."""


class ProcessError(MotionClipError):
    """A process ended that should still run.

    Attributes:
        status: Its exit status; negative for the signal that ended it.
    """

    def __init__(self, message: str, status: int):
        """Keep the status beside the message."""
        self.status = status
        super().__init__(message)


class Processes:
    """Python modules run side by side, their output in log files, stopped on leaving."""

    def __init__(self, log_folder: Path, environment: Mapping[str, str]):
        """Prepare; nothing runs yet.

        Args:
            log_folder: Where `<module name>.log` is written for each.
            environment: The processes' environment variables.
        """
        self._logs = log_folder
        self._environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._undisturbed, self._interrupted = False, False

    def __enter__(self) -> Self:
        """Let Ctrl-C, SIGTERM and SIGHUP leave this block, but never half way through a start."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._handlers = {number: signal.signal(number, self._interrupt) for number in _SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all."""
        try:
            self.stop()
        finally:
            for number, handler in self._handlers.items():
                signal.signal(number, handler)

    def start(self, module: str, arguments: Sequence[str] = ()) -> None:
        """Run `python -m module arguments`, out of reach of the terminal's Ctrl-C."""
        name = module.rpartition('.')[2]
        with self._deferring_signals(), self.log(name).open('wb') as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, '-m', module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )

    def log(self, name: str) -> Path:
        """Path of a process' log file."""
        return self._logs / f'{name}.log'

    def check(self) -> None:
        """Make sure that all still run.

        Raises:
            ProcessError: One has ended; the message is the last line of its log.
        """
        for name, process in self._running.items():
            status = process.poll()
            if status is not None:
                lines = self.log(name).read_text(errors='replace').split('\n')
                last = next((line.strip() for line in reversed(lines) if line.strip()), 'no word')
                raise ProcessError(f'{name} ended: {last}', status)

    def stop(self) -> None:
        """End all: ask, ask again, then insist."""
        with self._deferring_signals():
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                for process in self._running.values():
                    if process.poll() is None:
                        process.send_signal(number)
                deadline = time.monotonic() + _PATIENCE
                for process in self._running.values():
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(max(deadline - time.monotonic(), 0.0))
            self._running.clear()

    @contextlib.contextmanager
    def _deferring_signals(self) -> Iterator[None]:
        """Hold an interrupt back until the work inside is done.

        Between the birth of a process and its entry in the list, and while the last ones are
        stopped, an exception would leave one behind.
        """
        self._undisturbed = True
        try:
            yield
        finally:
            self._undisturbed = False
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self._undisturbed:
            raise KeyboardInterrupt
        self._interrupted = True
