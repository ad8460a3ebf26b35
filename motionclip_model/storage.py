"""Files that are either the old version or the whole new one, never something between."""

import hashlib
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import numpy as np
import yaml

from motionclip_model.errors import ConfigError, MotionClipError


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


def read_arrays(
    path: str | os.PathLike[str],
    names: tuple[str, ...],
    error: type[MotionClipError],
    optional: tuple[str, ...] = (),
) -> dict[str, np.ndarray]:
    """Read some arrays of an npz file; objects are never unpickled.

    Args:
        path: The file.
        names: Arrays that it must hold.
        error: What to raise.
        optional: Arrays to read where the file has them.

    Returns:
        The arrays by name.
    """
    try:
        # Opened here, because NumPy leaves the file open when it is no archive.
        with Path(path).open('rb') as file, np.load(file, allow_pickle=False) as archive:
            found = set(archive.files)
            arrays = {name: archive[name] for name in {*names, *optional} & found}
    except FileNotFoundError:
        raise error(f'{path}: no such file') from None
    except Exception as reason:  # zip, zlib and header errors have no common parent
        # NumPy would have the user unpickle what it does not recognise.
        why = 'it is no archive of arrays' if 'pickle' in str(reason) else str(reason)
        raise error(f'{path}: not a readable npz file ({why})') from None
    missing = [name for name in names if name not in arrays]
    if missing:
        raise error(
            f'{path}: no array {", ".join(missing)}; it must hold {", ".join(names)}, this file '
            f'has {", ".join(sorted(found)) or "nothing"}'
        )
    return arrays


def read_yaml(path: str | os.PathLike[str]) -> Any:
    """Read a YAML file of a user's.

    Returns:
        What it holds; None if it is empty.

    Raises:
        ConfigError: It cannot be read, or is not YAML.
    """
    try:
        return yaml.safe_load(Path(path).read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f'{path}: not YAML ({" ".join(str(error).split())})') from None
