"""Child processes that never outlive their parent's work."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, Self

from motionclip_model.errors import MotionClipError

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

    def __enter__(self) -> Self:
        """Let SIGTERM and SIGHUP leave this block as Ctrl-C does."""
        self._logs.mkdir(parents=True, exist_ok=True)
        self._handlers = {
            number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop all."""
        self.stop()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def start(self, module: str, arguments: Sequence[str] = ()) -> None:
        """Run `python -m module arguments`, out of reach of the terminal's Ctrl-C."""
        name = module.rpartition('.')[2]
        with self.log(name).open('wb') as log:
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
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            for process in self._running.values():
                if process.poll() is None:
                    process.send_signal(number)
            deadline = time.monotonic() + _PATIENCE
            for process in self._running.values():
                try:
                    process.wait(max(deadline - time.monotonic(), 0.0))
                except subprocess.TimeoutExpired:
                    continue
        self._running.clear()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
