"""Curves of training are those that were told, of whole runs and of broken ones."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from plotting_cases import go_on, loss_at, panel, write_run

from motionclip_model.errors import ConfigError
from motionclip_ros.plotting.run_figures import run_document
from motionclip_ros.plotting.runs import load_run
from motionclip_ros.plotting.style import SERIES, styled


@pytest.fixture
def style():
    with styled():
        yield


@pytest.mark.usefixtures('style')
def test_losses_are_drawn_as_they_were_told(tmp_path):
    run = load_run(write_run(tmp_path / 'a'), 'a')
    plot = run_document([run], 'steps').plots[0]
    training, validation = panel(plot, 'rows').lines
    steps = np.arange(10, 101, 10)
    np.testing.assert_array_equal(training.get_xdata(), steps)
    np.testing.assert_allclose(training.get_ydata(), [loss_at(s) for s in steps], rtol=1e-6)
    np.testing.assert_array_equal(validation.get_xdata(), [20, 40, 60, 80, 100])
    assert panel(plot, 'rows').get_ylabel() == 'loss [1]'


@pytest.mark.usefixtures('style')
def test_the_star_is_where_the_weighted_sum_is_lowest(tmp_path):
    run = load_run(write_run(tmp_path / 'a'), 'a')
    total, star = panel(run_document([run], 'steps').plots[0], 'weighted sum').lines
    loss = loss_at(60)
    # The weights of the stage: rows 1, position 4, velocity and path 0.5, divergence 0.001.
    wanted = loss + 4 * loss / 2 + 0.5 * 0.1 + 0.5 * 0.1 + 1e-3
    assert star.get_xdata()[0] == 60
    assert star.get_ydata()[0] == pytest.approx(wanted, rel=1e-6)
    assert min(total.get_ydata()) == star.get_ydata()[0]


@pytest.mark.usefixtures('style')
def test_pace_is_drawn_as_it_was_told(tmp_path):
    plot = run_document([load_run(write_run(tmp_path / 'a'), 'a')], 'steps').plots[-1]
    rates, norms = panel(plot, 'Learning rate').lines[0], panel(plot, 'Gradient norm').lines[0]
    np.testing.assert_allclose(rates.get_ydata(), 1e-3 * rates.get_xdata(), rtol=1e-6)
    np.testing.assert_allclose(norms.get_ydata(), [loss_at(s) for s in norms.get_xdata()], 1e-6)
    speed = panel(plot, 'Liveliness').lines[0]
    np.testing.assert_allclose(speed.get_ydata(), speed.get_xdata() / 100, rtol=1e-6)


@pytest.mark.usefixtures('style')
def test_runs_are_laid_over_each_other_in_their_own_colours(tmp_path):
    runs = [load_run(write_run(tmp_path / name, seed=i), name) for i, name in enumerate('ab')]
    plot = run_document(runs, 'steps').plots[0]
    lines = panel(plot, 'rows').lines
    for index in (0, 1):
        mine = [line for line in lines if to_hex(line.get_color()) == SERIES[index]]
        assert len(mine) == 2
        assert mine[0].get_ydata()[0] == pytest.approx(loss_at(10, index), rel=1e-6)
    shown = [text.get_text() for text in plot.figure.legends[0].get_texts()]
    assert {'a', 'b'} <= set(shown)


def test_a_resumed_run_has_each_step_once(tmp_path):
    folder = write_run(tmp_path / 'a', until=50)
    go_on(folder, 30, 100, 100, seed=7)
    curve = load_run(folder, 'a').training('autoencoder', 'rows')
    steps = np.arange(10, 101, 10)
    np.testing.assert_array_equal(curve.step, steps)
    wanted = [loss_at(s, 0 if s <= 30 else 7) for s in steps]
    np.testing.assert_allclose(curve.value, wanted, rtol=1e-6)
    assert (np.diff(curve.minutes) >= 0.0).all()


def test_event_files_of_one_second_are_read_in_the_order_of_their_numbers(tmp_path):
    folder = write_run(tmp_path / 'a', until=50)
    go_on(folder, 30, 100, 100, seed=7)
    first, second = sorted(
        (folder / 'tensorboard').iterdir(), key=lambda file: file.stat().st_size
    )
    first.rename(first.with_name('events.out.tfevents.1700000000.host.7.9'))
    second.rename(second.with_name('events.out.tfevents.1700000000.host.7.10'))
    curve = load_run(folder, 'a').training('autoencoder', 'rows')
    np.testing.assert_array_equal(curve.step, np.arange(10, 101, 10))


@pytest.mark.usefixtures('style')
@pytest.mark.parametrize('lost', [1, 7, 30, 200])
def test_a_run_that_is_being_written_is_plotted_as_far_as_it_is(tmp_path, lost):
    folder = write_run(tmp_path / 'a')
    file = next((folder / 'tensorboard').iterdir())
    file.write_bytes(file.read_bytes()[:-lost])
    run = load_run(folder, 'a')
    assert len(run.training('autoencoder', 'rows').step) >= 9
    document = run_document([run], 'time')
    assert document.headline[0].startswith('a: ')
    assert len(document.plots) == 2


def test_a_run_that_has_told_nothing_says_so(tmp_path):
    folder = write_run(tmp_path / 'a', until=9)
    with pytest.raises(ConfigError, match='has told no step yet'):
        load_run(folder, 'a')


def test_how_far_a_run_is_is_said(tmp_path):
    headline = load_run(write_run(tmp_path / 'a', steps=100, until=40), 'a').headline
    assert headline.startswith('a: 40 of 300 steps, in stage autoencoder (40 of 100)')


@pytest.mark.usefixtures('style')
def test_a_run_of_another_version_is_plotted_from_its_curves_alone(tmp_path):
    folder = write_run(tmp_path / 'a')
    (folder / 'run.json').write_text('{"config": {"novelty": 1}}')
    run = load_run(folder, 'a')
    assert [span.name for span in run.stages] == ['autoencoder']
    assert run_document([run], 'steps').plots[0].title == 'Losses of autoencoder'
