"""The documentation shows the figures that were measured, and no others."""

import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / 'benchmark'))

import tables
from reporting import measured
from reporting.layout import TABLES, markdown, shown

PAGES = sorted((ROOT / 'docs').rglob('*.md'))


def marked(kind: str) -> set[str]:
    """Names of the tables, or of the benchmarks, that pages ask for."""
    found = [tables.MARKED.findall(page.read_text()) for page in PAGES]
    return {name for page in found for _, this, name, _ in page if this == kind}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_every_page_is_what_the_figures_say(page) -> None:
    assert tables.written(page.read_text()) == page.read_text(), 'run benchmark/tables.py'


def test_every_figure_is_shown_with_where_it_was_measured() -> None:
    files = {path.stem for path in measured.RESULTS.glob('*.json')}
    assert marked('table') == set(TABLES)
    assert {benchmark for benchmark, _ in TABLES.values()} == files
    assert marked('where') == files


def test_writing_twice_changes_nothing() -> None:
    page = 'a\n<!-- table: quality -->\n<!-- end -->\nb\n'
    once = tables.written(page)
    assert '| joint error, cm |' in once
    assert tables.written(once) == once
    assert once.startswith('a\n')
    assert once.endswith('-->\nb\n')


def test_an_unknown_table_is_one_line() -> None:
    with pytest.raises(SystemExit, match="no table 'nothing', but abstention"):
        tables.written('<!-- table: nothing -->\n<!-- end -->')
    with pytest.raises(SystemExit, match="no figures of 'nothing'"):
        tables.written('<!-- where: nothing -->\n<!-- end -->')


def test_numbers_have_the_digits_that_are_worth_reading() -> None:
    row = ('text', 1234.5, 12.34, 1.234, 0.0123, 3.0, None, float('nan'))
    assert markdown(['x'], [row]).splitlines()[-1] == (
        '| text | 1,234 | 12.3 | 1.23 | 0.012 | 3 | - | - |'
    )
    assert shown('0.10') == '0.10'


def test_figures_are_kept_with_machine_day_and_command(tmp_path, monkeypatch) -> None:
    path = tmp_path / 'speed.json'
    monkeypatch.setattr(sys, 'argv', ['benchmark/speed.py', '--fast', '--json', str(path)])
    monkeypatch.setattr(measured, 'RESULTS', tmp_path)
    measured.save(path, {'ms': 1.5})
    kept = measured.Measured.load('speed')
    assert kept.figures == {'ms': 1.5}
    assert kept.command == 'python benchmark/speed.py --fast'
    assert measured.processor() in kept.machine
    assert kept.where().startswith('`python benchmark/speed.py --fast` on ')
