"""Files that are either the old version or the whole new one, never something between."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any


@contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a file beside `path` for writing and move it into place when all went well.

    Args:
        path: Final place of the file; missing folders are made.

    Yields:
        A binary file. It is flushed to disk before it is renamed, and removed on error.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Its name is chosen before there is a file, so that no interrupt finds one without a name.
    draft = target.with_name(f'.{target.name}.{secrets.token_hex(4)}')
    try:
        with draft.open('xb') as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename in (None, str(draft)):
            error.filename = str(target)  # what was asked for
        raise


def write_json(path: str | os.PathLike[str], value: Any) -> None:
    """Write a value as indented JSON."""
    with write_atomically(path) as file:
        file.write(json.dumps(value, indent=2, allow_nan=False).encode() + b'\n')


def file_hash(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()
