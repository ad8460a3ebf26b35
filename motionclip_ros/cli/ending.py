"""How the command ends: one line for a mistake, nothing left behind by Ctrl-C."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from typer.exceptions import TyperException

from motionclip_model.errors import MotionClipError
from motionclip_ros.cli.app import app

UNUSABLE = 2
"""Exit status where nothing could be done."""

_CLOSED = 1
"""Exit status where nobody reads the output any more; Rich ends its own with the same."""

_REMEDIES = {
    errno.ENOSPC: 'make room, or write to another disk',
    errno.EFBIG: 'write to a disk that takes larger files',
    errno.EDQUOT: 'make room, or write to another disk',
    errno.EROFS: 'name a folder that can be written',
    errno.EACCES: 'name another, or change its permissions',
    errno.EPERM: 'name another, or change its permissions',
    errno.ENOENT: 'check how it is spelled',
    errno.EISDIR: 'name a file',
    errno.ENOTDIR: 'part of this path is a file; name another',
    errno.EEXIST: 'a file is in the way; name another',
    errno.ENAMETOOLONG: 'name a shorter one',
}


def main() -> None:
    """Run the command; a mistake of the user's is one line and exit status 2."""
    # Progress bars of libraries would break the one-line promise.
    os.environ.setdefault('HF_HUB_DISABLE_PROGRESS_BARS', '1')
    _make_printable(sys.stdout, sys.stderr)
    status: Any = None
    with _listening() as received:
        try:
            status = _run()
        except KeyboardInterrupt:
            status = 128 + signal.SIGINT
        except SystemExit as end:
            status = end.code
        except BaseException:
            # Libraries turn an interrupt that reaches them while they load into errors of theirs.
            if not received:
                raise
    sys.exit(128 + received[0] if received else status)


def _run() -> Any:
    try:
        status = app(standalone_mode=False, prog_name='motionclip')
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except MotionClipError as error:
        _say(str(error))
    except TyperException as error:
        _say(_usage(error))
    except BrokenPipeError:
        _discard_output()
        return _CLOSED
    except OSError as error:
        _say(_system(error))
        _discard_output()
    except MemoryError:
        _say('not enough memory for this; try something shorter')
    else:
        return status
    return UNUSABLE


def _usage(error: TyperException) -> str:
    """Say what is wrong with the command line; nothing if the help was shown instead."""
    message = ' '.join(error.format_message().split()).rstrip('.')
    if not message:
        return message
    context = getattr(error, 'ctx', None)
    place = 'motionclip' if context is None else context.command_path
    return f'{message[0].lower()}{message[1:]}; see {place} --help'


def _system(error: OSError) -> str:
    """Say what the system refused, and what to do about it."""
    what = f'{os.fsdecode(error.filename)}: ' if error.filename else ''
    reason = (error.strerror or str(error)).strip().partition('\n')[0].lower()
    remedy = _REMEDIES.get(error.errno or 0, '')
    return f'{what}{reason}' + (f'; {remedy}' if remedy else '')


def _say(text: str) -> None:
    from rich.console import Console

    if text:
        console = Console(stderr=True, soft_wrap=True)
        console.print(f'motionclip: {text}', style='red', highlight=False, markup=False)


def _discard_output() -> None:
    """Let what is still to be written to a pipe that is closed, or a full disk, go nowhere."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)


def _make_printable(*streams: Any) -> None:
    """Have what a terminal or a file's name cannot spell escaped, rather than fail."""
    for stream in streams:
        if hasattr(stream, 'reconfigure'):
            stream.reconfigure(errors='backslashreplace')


@contextmanager
def _listening() -> Iterator[list[int]]:
    """Have signals end what is done inside in such a way that it can clear up.

    Yields:
        Where the numbers of the signals are noted.
    """
    received: list[int] = []

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        received.append(number)
        # All that clears up does so for either; Ctrl-C alone is something to comment on.
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)

    handlers = {}
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # What is ignored, by nohup or for a job in the background, stays so.
        if signal.getsignal(number) is not signal.SIG_IGN:
            handlers[number] = signal.signal(number, interrupt)
    try:
        yield received
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
