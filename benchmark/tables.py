"""Write the measured tables of the documentation.

    python benchmark/tables.py

The figures are in benchmark/results, where the other scripts put them:

    python benchmark/generation.py --json benchmark/results/generation.json

In a page of docs/, what stands between `<!-- table: NAME -->` and `<!-- end -->` is the table of
that name, and between `<!-- where: BENCHMARK -->` and `<!-- end -->` how its figures came about.
"""

import re
from pathlib import Path

from reporting.layout import TABLES
from reporting.measured import RESULTS, Measured

from motionclip_model.storage import write_atomically

DOCS = Path(__file__).resolve().parent.parent / 'docs'
MARKED = re.compile(r'(<!-- (table|where): ([\w ]+) -->\n).*?(<!-- end -->)', re.DOTALL)


def written(page: str) -> str:
    """Return a page with its tables as the figures have them.

    Raises:
        SystemExit: The page asks for a table or a benchmark that is not there.
    """
    return MARKED.sub(_filled, page)


def _filled(match: 're.Match[str]') -> str:
    begin, kind, name, end = match.groups()
    if kind == 'table':
        if name not in TABLES:
            raise SystemExit(f'there is no table {name!r}, but {", ".join(TABLES)}')
        benchmark, layout = TABLES[name]
        text = layout(Measured.load(benchmark).figures)
    else:
        if not (RESULTS / f'{name}.json').exists():
            raise SystemExit(f'there are no figures of {name!r} in {RESULTS}')
        text = Measured.load(name).where()
    return f'{begin}\n{text}\n\n{end}'


def main() -> None:
    """Bring every page up to date."""
    for page in sorted(DOCS.rglob('*.md')):
        text = page.read_text()
        if (new := written(text)) != text:
            with write_atomically(page) as file:
                file.write(new.encode())
            print(f'wrote the tables of {page.relative_to(DOCS.parent)}')


if __name__ == '__main__':
    main()
