"""Check that the licence of everything that is installed for the package is known and fits.

    make licences

Nothing of it is passed on with the package, whose own licence is Apache-2.0: users install it
from its authors. Fitting are licences that let anyone use it so, and that ask nothing of programs
which only import or start it.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import license_expression
from dependencies import EXTRAS, Dependency, dependencies, table

ALLOWED = frozenset({
    '0BSD', 'Apache-2.0', 'Apache-2.0 WITH LLVM-exception', 'BSD-2-Clause', 'BSD-3-Clause',
    'BSL-1.0', 'CC0-1.0', 'CNRI-Python', 'ISC', 'LicenseRef-scancode-public-domain', 'MIT',
    'MIT-CMU', 'MPL-2.0', 'PSF-2.0', 'Qhull', 'Zlib',
})  # fmt: skip
"""SPDX identifiers. MPL-2.0 binds who changes its files, which nobody here does."""

_SPDX = license_expression.get_spdx_licensing()


def complaints(
    found: Iterable[Dependency], known: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    """Say in a line each what is wrong.

    Args:
        found: What is installed.
        known: What the table says of some of it.
    """
    for each in found:
        accepted = ALLOWED | set(known.get(each.name, {}).get('accept', ()))
        if not each.licence:
            yield (
                f'{each.name} {each.version}: its metadata name no licence; read its files and '
                'add it to scripts/licences.yaml'
            )
        elif not fits(_SPDX.parse(each.licence, validate=True), accepted):
            yield (
                f'{each.name} {each.version}: {each.licence} is not among the allowed '
                'licences; do without it, or say in scripts/licences.yaml why it may be used'
            )


def fits(expression: Any, allowed: Iterable[str]) -> bool:
    """Whether a licence expression can be met by some licences alone."""
    if isinstance(expression, _SPDX.AND):
        return all(fits(part, allowed) for part in expression.args)
    if isinstance(expression, _SPDX.OR):
        return any(fits(part, allowed) for part in expression.args)
    return str(expression) in allowed


def page() -> str:
    """Tabulate everything, for the documentation."""
    titles = {'': 'The package itself', **{name: f'Extra `{name}`' for name in EXTRAS if name}}
    found = dependencies()
    head = '| | version | licence | |\n|---|---|---|---|\n'
    parts = []
    for extra, title in titles.items():
        rows = (
            f'| {each.name} | {each.version} | {each.licence} | {each.why} |'
            for each in found
            if each.needed_by == extra
        )
        parts += [f'## {title}', head + '\n'.join(rows)]
    return '\n\n'.join(parts)


def main() -> None:
    """Print a list; the exit status is 1 if something is wrong."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = dependencies()
    for each in found:
        sys.stdout.write(f'{each.name:40}{each.version:18}{each.licence}\n')
    wrong = list(complaints(found, table()))
    sys.stderr.writelines(f'{line}\n' for line in wrong)
    sys.stdout.write(f'{len(found)} distributions, {len(wrong)} to look at\n')
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
