"""Bars, dots and whiskers stand where the evaluation says."""

import numpy as np
import pytest
from plotting_cases import bar_widths, evaluation, panel

from motionclip_model.errors import ConfigError
from motionclip_ros.plotting.evaluation_figures import evaluation_document
from motionclip_ros.plotting.evaluations import read_evaluation
from motionclip_ros.plotting.style import styled


@pytest.fixture(autouse=True)
def style():
    with styled():
        yield


def plots(*contents):
    read = [read_evaluation(c, f'e{i}', 'today', 'x.json') for i, c in enumerate(contents)]
    return {plot.title: plot for plot in evaluation_document(read).plots}


def test_recognition_is_drawn_as_measured_and_side_by_side():
    plot = plots(evaluation(0.5), evaluation(0.25))['Recognition of actions']
    widths = bar_widths(panel(plot, 'All clips'))
    assert widths[0] == 0.5
    assert widths[8] == 0.25
    assert np.isnan(widths[5])  # no linear probe
    actions = panel(plot, 'Each action')
    labels = [label.get_text() for label in actions.get_yticklabels()]
    assert labels == ['bow (1)', 'punch (2)', 'kick (4)']
    assert bar_widths(actions)[:3] == [1.0, 1.0, 0.25]


def test_confusions_count_the_clips():
    axes = plots(evaluation())['Confusions'].figure.axes[0]
    cells = {(text.get_position()): text.get_text() for text in axes.texts}
    rows = [label.get_text() for label in axes.get_yticklabels()]
    assert rows == ['kick (4)', 'punch (2)']  # bow is never confused
    assert cells == {(1, 0): '3', (0, 0): '1', (1, 1): '2'}


def test_whiskers_span_the_intervals_of_the_report():
    axes = panel(plots(evaluation())['Retrieval'], 'Motion found by text, among the first 1')
    assert bar_widths(axes) == [0.4, 0.3]
    whiskers = [part.get_segments()[0] for part in axes.collections]
    assert len(whiskers) == 1  # the whole split has no interval
    np.testing.assert_allclose(whiskers[0][:, 0], [0.25, 0.6])
    chance = axes.lines[-1]
    np.testing.assert_allclose(chance.get_xdata(), [0.03, 0.03])


def test_reconstruction_stands_beside_its_baselines():
    axes = panel(plots(evaluation())['Reconstruction'], 'Joint error')
    ours, *baselines = axes.lines
    np.testing.assert_allclose(ours.get_xdata(), [1.5, 1.5])
    assert [label.get_text() for label in axes.get_yticklabels()] == ['all (7)', 'CMU (7)']
    np.testing.assert_allclose([line.get_xdata() for line in baselines], 9.0)


def test_directions_show_range_and_what_was_wanted():
    plot = plots(evaluation())['Directions']
    (turn,) = [axes for axes in plot.figure.axes if axes.get_xlabel() == 'turned [deg]']
    span, mean = turn.lines
    np.testing.assert_allclose(span.get_xdata(), [5.0, 50.0])
    np.testing.assert_allclose(mean.get_xdata(), 30.0)
    band = turn.collections[0].get_datalim(turn.transData)
    assert (band.x0, band.x1) == (20.0, 360.0)


def test_liveliness_is_drawn_of_each_action():
    axes = panel(plots(evaluation())['Liveliness, diversity, foot skate'], 'Joint speed')
    np.testing.assert_allclose(axes.lines[0].get_xdata(), [1.1, 0.7])


def test_what_was_not_measured_is_left_out():
    content = evaluation()
    content['recognition'] = {'skipped': 'fewer than two actions'}
    del content['generation']['liveliness'], content['generation']['foot_skate_m_s']
    assert list(plots(content)) == ['Retrieval', 'Reconstruction', 'Directions']


def test_an_older_evaluation_without_names_has_no_confusions():
    content = evaluation()
    for row in content['recognition']['per_class'].values():
        del row['named']
    assert 'Confusions' not in plots(content)


def test_a_part_that_is_missing_is_named():
    content = evaluation()
    del content['generation']['directions']
    with pytest.raises(ConfigError, match=r'x\.json: .*generation\.directions'):
        plots(content)
