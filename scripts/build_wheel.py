"""Build wheel and sdist, the same bytes wherever and whenever it is done.

    make wheel

What goes in are the files that git knows or would add, with the modes that git gives them and the
time of the last commit (or of SOURCE_DATE_EPOCH, if that is set).
"""

import argparse
import gzip
import hashlib
import io
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_BUILD = (
    'import sys; from setuptools import build_meta; out = sys.argv[1];'
    'build_meta.build_wheel(out); build_meta.build_sdist(out)'
)


def main() -> None:
    """Write both into a folder and print their hashes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', type=Path, default=ROOT / 'dist')
    out = parser.parse_args().out
    changed = git('status', '--porcelain').splitlines()
    if changed:
        sys.stderr.write(f'warning: {len(changed)} files differ from the last commit\n')
    for path in build(ROOT, tracked(), out, source_date()):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        sys.stdout.write(f'{digest}  {path.relative_to(out)}\n')


def git(*arguments: str) -> str:
    """Ask git about this checkout."""
    result = subprocess.run(
        ['git', *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return result.stdout


def source_date() -> int:
    """Time of SOURCE_DATE_EPOCH, else of the last commit [s since 1970]."""
    return int(os.environ.get('SOURCE_DATE_EPOCH') or git('log', '-1', '--format=%ct'))


def tracked() -> list[str]:
    """Files that git knows or would add, below the root."""
    names = git('ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0')
    return sorted(name for name in set(names) if (ROOT / name).is_file())


def build(source: Path, files: Iterable[str], out: Path, moment: int) -> list[Path]:
    """Build a tree.

    Args:
        source: Folder of the tree.
        files: What belongs to it, as paths below the folder.
        out: Where the results go.
        moment: Time of everything in them [s since 1970].

    Returns:
        The wheel and the sdist.

    Raises:
        CalledProcessError: setuptools failed; what it said is on the standard error.
    """
    with tempfile.TemporaryDirectory() as folder:
        tree, made = Path(folder, 'tree'), Path(folder, 'made')
        made.mkdir()
        for name in files:
            copy(source / name, tree / name)
        environment = {**os.environ, 'SOURCE_DATE_EPOCH': str(moment), 'LC_ALL': 'C.UTF-8'}
        subprocess.run(
            [sys.executable, '-c', _BUILD, made],
            cwd=tree, env=environment, umask=0o022, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        out.mkdir(parents=True, exist_ok=True)
        (wheel,), (sdist,) = made.glob('*.whl'), made.glob('*.tar.gz')
        shutil.copyfile(wheel, out / wheel.name)
        (out / sdist.name).write_bytes(settled(sdist, moment))
    return [out / wheel.name, out / sdist.name]


def copy(source: Path, target: Path) -> None:
    """Copy a file with one of the two modes that git knows."""
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if source.stat().st_mode & stat.S_IXUSR else 0o644)


def settled(sdist: Path, moment: int) -> bytes:
    """Pack an sdist anew: names in order, of nobody, all at one moment."""
    packed, buffer = io.BytesIO(), io.BytesIO()
    with (
        tarfile.open(sdist) as old,
        tarfile.open(fileobj=packed, mode='w', format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            plain = tarfile.TarInfo(member.name)
            plain.type, plain.size, plain.mtime = member.type, member.size, moment
            plain.mode = 0o755 if member.isdir() or member.mode & stat.S_IXUSR else 0o644
            new.addfile(plain, old.extractfile(member))
    with gzip.GzipFile('', 'wb', compresslevel=6, fileobj=buffer, mtime=moment) as file:
        file.write(packed.getvalue())
    return buffer.getvalue()


if __name__ == '__main__':
    main()
