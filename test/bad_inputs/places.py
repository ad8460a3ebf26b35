"""What may lie where a file should."""

import os
from collections.abc import Callable
from pathlib import Path


def _folder(path: Path, _: bytes) -> Path:
    path.mkdir(parents=True)
    return path


def _pipe(path: Path, _: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    return path


def _link_to(target: str) -> Callable[[Path, bytes], Path]:
    def make(path: Path, _: bytes) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
        return path

    return make


def _loop(path: Path, _: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    other = path.with_name(f'other{path.suffix}')
    path.symlink_to(other.name)
    other.symlink_to(path.name)
    return path


def _locked(path: Path, whole: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole)
    path.chmod(0)
    return path


def _gap(path: Path, whole: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole)
    os.truncate(path, 3_000_000_000)
    return path


PLACES: dict[str, Callable[[Path, bytes], Path]] = {
    'is missing': lambda path, _: path,
    'is a folder': _folder,
    'is a pipe': _pipe,
    'is a link to /dev/zero': _link_to('/dev/zero'),
    'is a link to /dev/null': _link_to('/dev/null'),
    'is a link to itself': _loop,
    'is a link to /etc/passwd': _link_to('/etc/passwd'),
    'may not be read': _locked,
    'has 3 GB of zeros behind it': _gap,
    'has a name too long': lambda path, _: path.with_name('x' * 5000 + path.suffix),
    'has a NUL in its name': lambda path, _: path.with_name(f'x\0{path.name}'),
}
"""By what is wrong; given path and valid content, each returns what the reader is given."""
