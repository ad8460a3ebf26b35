"""What the package depends on, as it is installed: versions, licences, and who needs it."""

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import license_expression
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = 'motionclip_ros'

EXTRAS = ('', 'ros', 'studio', 'train', 'docs', 'test')
"""The package itself, and what may be installed besides; the first that needs a thing is told."""

_SPDX = license_expression.get_spdx_licensing()

_SPELLINGS = {
    'apache 2.0': 'Apache-2.0',
    'apache 2.0 license': 'Apache-2.0',
    'apache license 2.0': 'Apache-2.0',
    'apache license, version 2.0': 'Apache-2.0',
    'apache software license': 'Apache-2.0',
    'apache-2.0': 'Apache-2.0',
    'bsd': 'BSD-3-Clause',
    '3-clause bsd license': 'BSD-3-Clause',
    'isc license (iscl)': 'ISC',
    'mit license': 'MIT',
    'mozilla public license 2.0 (mpl 2.0)': 'MPL-2.0',
    'python software foundation license': 'PSF-2.0',
}
"""What authors write of licences that have only one meaning."""


class Dependency(NamedTuple):
    """A distribution.

    Attributes:
        name: As indexes have it.
        version: The installed one.
        licence: SPDX expression; empty where nothing is known.
        needed_by: The first of `EXTRAS` that brings it along.
        needs: Names of what it needs itself.
        why: What the table says, where the licence is from there.
    """

    name: str
    version: str
    licence: str
    needed_by: str
    needs: tuple[str, ...]
    why: str


def table() -> Mapping[str, Mapping[str, str]]:
    """Licences of what says nothing of them or something wrong, with reasons."""
    return yaml.safe_load(Path(__file__).with_name('licences.yaml').read_text())['packages']


def weights() -> Mapping[str, str]:
    """Terms of the checkpoints that are part of the package."""
    return yaml.safe_load(Path(__file__).with_name('licences.yaml').read_text())['weights']


def dependencies(extras: tuple[str, ...] = EXTRAS) -> list[Dependency]:
    """List all that is installed for the package, by name."""
    known = table()
    found: dict[str, Dependency] = {}
    for extra in extras:
        for name in _closure(extra):
            if name not in found:
                found[name] = _read(name, extra, known.get(name, {}))
    return sorted(found.values())


def hashes() -> dict[str, tuple[str, ...]]:
    """Read from requirements/ which files may be installed, by the name of the package."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted((ROOT / 'requirements').glob('*.txt')):
        for entry in re.split(r'(?<!\\)\n', path.read_text()):
            name = canonicalize_name(re.split(r'==', entry)[0])
            values = re.findall(r'sha256:([0-9a-f]{64})', entry)
            found[name] = tuple(sorted({*found.get(name, ()), *values}))
    return found


def _closure(extra: str) -> Iterator[str]:
    waiting = [(PACKAGE, extra)]
    seen = set()
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            needed = _needs(name, extra)
        except metadata.PackageNotFoundError:
            continue  # another platform's, or PyTorch's for CUDA
        if name != PACKAGE:
            yield name
        waiting += needed


def _needs(name: str, extra: str) -> list[tuple[str, str]]:
    found = []
    for line in metadata.requires(name) or ():
        need = Requirement(line)
        # An extra of a distribution is what it needs anyway, and more.
        if need.marker is None or need.marker.evaluate({'extra': extra}):
            inside = canonicalize_name(need.name)
            found += [(inside, each) for each in ('', *need.extras)]
    return found


def _read(name: str, extra: str, said: Mapping[str, str]) -> Dependency:
    distribution = metadata.distribution(name)
    needs = {inside for inside, _ in _needs(name, '')}
    licence = said.get('licence') or _licence(distribution)
    return Dependency(
        name, distribution.version, licence, extra, tuple(sorted(needs)), said.get('why', '')
    )


def _licence(distribution: metadata.Distribution) -> str:
    about = distribution.metadata
    candidates = [about.get('License-Expression'), about.get('License')]
    kinds = [line.split(' :: ')[-1] for line in about.get_all('Classifier') or ()
             if line.startswith('License ::')]  # fmt: skip
    if len(kinds) == 1:
        candidates += kinds
    # Looking through the files of all distributions would take seconds.
    ros = about['Name'].startswith('ros-')
    for path in (distribution.files or ()) if ros else ():
        if path.name == 'package.xml':  # what ROS 2 packages say of themselves
            root = ElementTree.parse(str(path.locate()))
            candidates.append(' AND '.join(
                _SPELLINGS.get(str(each.text).lower(), str(each.text))
                for each in root.iter('license')
            ))  # fmt: skip
    for text in filter(None, candidates):
        expression = _SPELLINGS.get(text.strip().lower(), text.strip())
        if len(expression) < 200 and not _SPDX.validate(expression).errors:
            return str(_SPDX.parse(expression))
    return ''
