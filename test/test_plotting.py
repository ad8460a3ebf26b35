"""The plot command: what it takes, what it refuses, and that its pages are whole."""

import json
import re

import numpy as np
import pytest
from feasibility_cases import held
from matplotlib.figure import Figure
from PIL import Image
from plotting_cases import Page, evaluation, write_run

from motionclip_ros import cli
from motionclip_ros.plotting.document import Document, Plot, Table, thinned
from motionclip_ros.plotting.style import COLOURS, legend, series_keys, styled
from motionclip_ros.plotting.writing import html, png
from motionclip_ros.retargeting.robots.robot import load_robot

NASTY = '<script>alert("$x$ & _y")</script>'


@pytest.fixture
def plot(monkeypatch, capsys):
    """Run `motionclip plot` and return exit status and output."""
    monkeypatch.setenv('COLUMNS', '400')

    def run(*arguments):
        monkeypatch.setattr('sys.argv', ['motionclip', 'plot', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out + captured.err

    return run


@pytest.fixture
def page():
    """A page of two figures whose every text is hostile."""
    with styled():
        plots = []
        for colour in ('blue', 'green'):
            figure = Figure()
            axes = figure.subplots()
            axes.plot([0, 1], [0, 1], color=COLOURS[colour].light, clip_on=True)
            axes.set_title(NASTY)
            legend(figure, series_keys([NASTY, '_hidden']))
            table = Table((NASTY, 'b'), ((NASTY, '1'),), NASTY)
            plots.append(Plot(NASTY, NASTY, figure, (table,)))
        yield Document(NASTY, (NASTY,), ((NASTY, NASTY),), tuple(plots))


def test_a_page_is_well_formed_escaped_and_needs_nothing_else(page):
    text = html(page)
    found = Page(text)
    assert 'script' not in found.seen
    assert found.seen.count('svg') == 2
    assert ''.join(found.words).count(NASTY) >= 12
    assert all(link.startswith('#') for link in found.links)
    assert 'http' not in text.replace('http-equiv', '')
    assert not re.search(r'@import|url\((?!#)', text)


def test_ids_of_a_page_stand_once_and_are_found(page):
    text = html(page)
    found = Page(text)
    assert found.ids
    assert len(set(found.ids)) == len(found.ids)
    wanted = {*re.findall(r'url\(#([^)]+)\)', text), *(link[1:] for link in found.links)}
    assert wanted
    assert wanted <= set(found.ids)


def test_figures_take_their_colours_from_the_page(page):
    text = html(page)
    _, figures = text.split('</head>')
    for name in ('ink', 'paper', 'blue', 'green'):
        assert f'var(--{name})' in figures
        assert f'--{name}: {COLOURS[name].dark}' in text
    assert not re.search(r'#[0-9a-f]{6}\b', ' '.join(re.findall(r'style="([^"]*)"', figures)))


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize('side', [0, 1])
def test_words_and_marks_stand_out_on_light_and_dark(side):
    paper = luminance(COLOURS['paper'][side])

    def contrast(name: str) -> float:
        low, high = sorted([paper, luminance(COLOURS[name][side])])
        return (high + 0.05) / (low + 0.05)

    assert contrast('ink') > 7.0
    assert contrast('muted') > 4.5
    assert min(contrast(name) for name in ('blue', 'vermilion', 'green')) > 3.0


def test_a_picture_holds_every_figure(page):
    heights = [plot.figure.get_figheight() * plot.figure.dpi for plot in page.plots]
    for plot in page.plots:
        plot.figure.set_figwidth(12.0)
    picture = np.asarray(png(page))
    assert picture.shape[0] > sum(heights)
    assert picture.shape[1:] == (1200, 3)
    for name in ('blue', 'green'):
        colour = [int(COLOURS[name].light[i : i + 2], 16) for i in (1, 3, 5)]
        assert (picture == colour).all(axis=2).sum() > 100


def test_long_tables_keep_their_ends():
    assert thinned(3) == [0, 1, 2]
    rows = thinned(1000)
    assert len(rows) == len(set(rows)) == 40
    assert (rows[0], rows[-1]) == (0, 999)


@pytest.fixture(scope='module')
def inputs(tmp_path_factory):
    """One of each kind of thing that can be plotted."""
    folder = tmp_path_factory.mktemp('inputs')
    robot = load_robot('g1')
    trajectory = held(robot, robot.neutral)
    trajectory.save(folder / 'still.npz')
    (folder / 'figures.json').write_text(json.dumps(evaluation()))
    (folder / 'other.json').write_text(json.dumps(evaluation(0.1)))
    write_run(folder / 'run')
    return folder


@pytest.mark.parametrize('name', ['still.npz', 'figures.json', 'run'])
@pytest.mark.parametrize('ending', ['png', 'html'])
def test_every_kind_becomes_a_picture_and_a_page(plot, inputs, tmp_path, name, ending):
    out = tmp_path / f'new/page.{ending}'
    status, said = plot(inputs / name, '--out', out)
    assert status == 0, said
    if ending == 'html':
        page = Page(out.read_text())
        assert page.seen.count('svg') == int(said.split()[0])
        assert page.seen.count('table') >= page.seen.count('svg')
        assert any(name.removesuffix('.npz').removesuffix('.json') in word for word in page.words)
    else:
        with Image.open(out) as picture:
            pixels = np.asarray(picture.convert('L'))
        assert pixels.shape[1] == 1200
        assert pixels.shape[0] > 300 * int(said.split()[0])
        assert 0.01 < (pixels < 200).mean() < 0.5


def test_report_of_check_is_plotted_with_verdict_and_warnings(plot, inputs, tmp_path, capsys):
    from motionclip_ros.retargeting.feasibility.report import assess_trajectory
    from motionclip_ros.retargeting.trajectory import RobotTrajectory

    report = assess_trajectory(load_robot('g1'), RobotTrajectory.load(inputs / 'still.npz'))
    report['warnings'] = ['beware <of> it']
    (tmp_path / 'check.json').write_text(json.dumps(report))
    assert plot(tmp_path / 'check.json', '--out', tmp_path / 'a.html')[0] == 0
    text = (tmp_path / 'a.html').read_text()
    assert f'check: {report["verdict"]}; {report["reason"]}' in text
    assert 'beware &lt;of&gt; it' in text


def test_what_cannot_be_plotted_is_one_line(plot, inputs, clips, tmp_path):
    (tmp_path / 'empty').mkdir()
    (tmp_path / 'broken.json').write_text('{"a": ')
    (tmp_path / 'list.json').write_text('[1, 2]')
    write_run(tmp_path / 'young', until=3)
    cases = [
        ([tmp_path / 'missing'], 'no such file or folder'),
        ([tmp_path / 'empty'], 'neither a training run nor'),
        ([tmp_path / 'young'], 'has told no step yet'),
        ([tmp_path / 'broken.json'], 'not JSON'),
        ([tmp_path / 'list.json'], 'neither an evaluation nor a retargeting report'),
        ([clips['kick']], 'no robot trajectory'),
        ([inputs / 'run', inputs / 'figures.json'], 'only things of one kind'),
        ([inputs / 'run', inputs / 'run'], 'named twice'),
    ]
    for paths, message in cases:
        status, said = plot(*paths, '--out', tmp_path / 'x.png')
        assert status == 2
        assert message in said
        assert len(said.strip().splitlines()) == 1, said
    status, said = plot(inputs / 'run', '--out', tmp_path / 'x.pdf')
    assert status == 2
    assert '.png or .html' in said
    assert not list(tmp_path.glob('x.*'))
