"""Write requirements/*.txt: what is installed, each with the hashes of the files that may be.

    make lock

constraints.txt says which version of each package was tested, setup.py which packages are needed;
uv finds what those need in turn, and the index says which files there are. Kept are the hashes of
those that fit CPython 3.11 and 3.12 on Linux, x86-64.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Iterable, Mapping
from distutils.core import run_setup  # the one of setuptools
from pathlib import Path
from typing import Any

import setuptools  # noqa: F401  (replaces distutils)
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / 'requirements'
UV = 'uv==0.13.9'

EXTRAS = ('docs', 'ros', 'studio', 'test', 'train')
"""Of setup.py, those that `make environment` installs."""

INTERFACES = ('motionclip_interfaces', 'stand_ins/tf2_msgs', 'stand_ins/control_msgs')
"""Packages that `make interfaces` builds."""

MARKERS = (
    "python_full_version >= '3.11.5' and python_full_version < '3.13'"
    " and sys_platform == 'linux' and platform_machine == 'x86_64'"
)

WITHOUT_WHEELS = ('empy',)
"""Built from source, by the setuptools of build.txt."""

CPU_TORCH = {
    '6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b',
    '4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2',
}
"""PyTorch's own builds 2.13.0+cpu for CPython 3.11 and 3.12, which are not on PyPI."""

_PYTHONS = re.compile(r'py3([0-9]|1[0-2])?|cp311|cp312')
_WHICH = re.compile(r"python_full_version (?:<|>=) '3\.12(?:\.\d+)?'")
_STABLE = re.compile(r'cp3([0-9]|1[0-2])')

Files = dict[str, set[str]]
"""`name==version` (and a marker) -> hashes."""


def main() -> None:
    """Write all files."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    LOCKS.mkdir(exist_ok=True)
    pins, cuda = pinned()
    with tempfile.TemporaryDirectory() as folder:
        uv = install_uv(Path(folder))
        everything = locked(uv, wanted(), pins)
        tools = locked(uv, build_requirements(), pins)
        builders = locked(uv, project('pyproject.toml')['build-system']['requires'], pins)
    apart = {line for line in everything if name_of(line) in cuda | {'torch'}}
    torch = next(line for line in apart if name_of(line) == 'torch')
    write('environment', {k: v for k, v in everything.items() if k not in apart})
    write('cuda', {line: everything[line] for line in apart})
    write('cpu', {f'{torch}+cpu': CPU_TORCH})
    write('interfaces', tools)
    write('build', builders)


def pinned() -> tuple[str, set[str]]:
    """Read constraints.txt, and which of its packages only a build for CUDA needs."""
    text = (ROOT / 'constraints.txt').read_text()
    after = text[text.index('# What torch needs besides') :]
    return text, {name_of(line) for line in after.splitlines() if '==' in line}


def name_of(line: str) -> str:
    """Name of a package from a line about it."""
    return canonicalize_name(re.split(r'[^\w.-]', line.partition('==')[0])[0])


def wanted() -> list[str]:
    """Requirements of the package and of its extras."""
    found = run_setup(str(ROOT / 'setup.py'), stop_after='init')
    extras = [found.extras_require[name] for name in EXTRAS]
    return [*found.install_requires, *(line for lines in extras for line in lines)]


def project(path: str) -> dict[str, Any]:
    """Read a pyproject.toml."""
    return tomllib.loads((ROOT / path).read_text())


def build_requirements() -> list[str]:
    """What the interface packages are built with."""
    paths = (f'{name}/pyproject.toml' for name in INTERFACES)
    return sorted({line for path in paths for line in project(path)['build-system']['requires']})


def install_uv(folder: Path) -> Path:
    """Install the resolver away from everything else."""
    venv.create(folder / 'uv', with_pip=True)
    command = [folder / 'uv/bin/python', '-m', 'pip', 'install', '--quiet', UV]
    subprocess.run(command, check=True)
    return folder / 'uv/bin/uv'


def locked(uv: Path, requirements: Iterable[str], pins: str) -> Files:
    """Find all that is needed, and the hashes of its files."""
    folder = Path(tempfile.mkdtemp(dir=uv.parent))
    listed = ''.join(f'  """{line}""",\n' for line in requirements)
    (folder / 'pyproject.toml').write_text(
        '[project]\nname = "wanted"\nversion = "0"\nrequires-python = ">=3.11.5,<3.13"\n'
        f'dependencies = [\n{listed}]\n[tool.uv]\nenvironments = ["{MARKERS}"]\n'
    )
    (folder / 'constraints.txt').write_text(pins)
    exceptions = [part for name in WITHOUT_WHEELS for part in ('--no-binary', name)]
    command = [
        *(uv, 'pip', 'compile', '--quiet', '--universal', '--python-version', '3.11.5'),
        *('--only-binary', ':all:', *exceptions, '--constraint', 'constraints.txt'),
        *('--no-annotate', '--no-header', '--format', 'pylock.toml', '--generate-hashes'),
        *('--output-file', 'pylock.toml', 'pyproject.toml'),
    ]
    subprocess.run(command, cwd=folder, check=True)
    found = tomllib.loads((folder / 'pylock.toml').read_text())
    return {line(package): hashes(package) for package in found['packages']}


def line(package: Mapping[str, Any]) -> str:
    """Write name and version, and for which Python if not for both."""
    marker = _WHICH.findall(package.get('marker', ''))
    return f'{package["name"]}=={package["version"]}' + ''.join(f' ; {each}' for each in marker)


def hashes(package: Mapping[str, Any]) -> set[str]:
    """Choose the files that one of our Pythons may install."""
    files = [each for each in package.get('wheels', ()) if fits(each['url'].rpartition('/')[2])]
    if not files:
        files = [package['sdist']]
    return {each['hashes']['sha256'] for each in files}


def fits(file: str) -> bool:
    """Whether a wheel is for CPython 3.11 or 3.12 on Linux, x86-64."""
    return any(
        (
            _PYTHONS.fullmatch(tag.interpreter)
            or (tag.abi == 'abi3' and _STABLE.fullmatch(tag.interpreter))
        )
        and (tag.platform == 'any' or re.fullmatch(r'(many)?linux.*_x86_64', tag.platform))
        for tag in parse_wheel_filename(file)[3]
    )


def write(name: str, found: Files) -> None:
    """Write one file for pip."""
    lines = ['# Written by scripts/lock.py; change setup.py or constraints.txt instead.\n']
    for each in sorted(found, key=name_of):
        kept = ''.join(f' \\\n    --hash=sha256:{value}' for value in sorted(found[each]))
        lines.append(f'{each}{kept}\n')
    path = LOCKS / f'{name}.txt'
    path.write_text(''.join(lines))
    sys.stdout.write(f'{path.relative_to(ROOT)}: {len(found)} packages\n')


if __name__ == '__main__':
    main()
