"""Reports and trajectories are drawn as they are, beside the limits of the robot."""

import numpy as np
import pytest
from feasibility_cases import held, small_clip
from plotting_cases import bar_widths, panel

from motionclip_model.errors import ConfigError
from motionclip_ros.plotting.course_figures import course_plots
from motionclip_ros.plotting.courses import take_course
from motionclip_ros.plotting.report_figures import report_plots
from motionclip_ros.plotting.reports import read_report
from motionclip_ros.plotting.style import styled
from motionclip_ros.retargeting.feasibility.report import assess_trajectory
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
from motionclip_ros.retargeting.robots.robot import load_robot


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.fixture(scope='module')
def trajectory(robot):
    return small_clip(robot, 3)


@pytest.fixture(scope='module')
def content(robot, trajectory):
    return assess_trajectory(robot, trajectory)


@pytest.fixture(autouse=True)
def style():
    with styled():
        yield


def read(content, name='r'):
    return read_report(content, name, (), 'x.json')


def drawn(*contents):
    found = report_plots([read(each, f'r{i}') for i, each in enumerate(contents)])
    return {plot.title: plot for plot in found}


def test_each_limit_is_drawn_as_reported_with_its_joint(content):
    axes = panel(drawn(content)['Limits and thresholds'], 'Joint limits')
    kinds = ('velocity', 'acceleration', 'torque', 'torque_carried', 'torque_loaded')
    assert content['jerk_use'] is None
    assert bar_widths(axes) == pytest.approx([content[f'{kind}_use'] for kind in kinds])
    label = axes.get_yticklabels()[0].get_text()
    assert content['velocity_joint'] in label
    assert f'{content["velocity_at_s"]:.2f} s' in label


def test_thresholds_are_those_that_the_report_was_judged_by(robot, trajectory):
    asked = Thresholds(max_stretch=2.5)
    content = assess_trajectory(robot, trajectory, thresholds=asked)
    axes = panel(drawn(content)['Limits and thresholds'], 'Thresholds')
    labels = [label.get_text() for label in axes.get_yticklabels()]
    row = next(i for i, label in enumerate(labels) if label.startswith('times slower'))
    assert bar_widths(axes)[row] == pytest.approx(content['stretch_needed'] / 2.5)


def test_each_joint_has_its_margins_the_tightest_first(content):
    plot = drawn(content)['Joints']
    labels = [label.get_text() for label in plot.figure.axes[0].get_yticklabels()]
    for title, name in (
        ('Distance', 'position_margin_rad'),
        ('Velocity', 'velocity_use'),
        ('Torque', 'torque_use'),
    ):
        values = panel(plot, title).lines[0].get_xdata()
        wanted = [content['joints'][joint][name] for joint in labels]
        np.testing.assert_allclose(values, wanted)
    margins = panel(plot, 'Distance').lines[0].get_xdata()
    assert (np.diff(margins) >= 0.0).all()


def test_the_largest_torque_of_a_joint_is_that_of_the_report(content):
    largest = max(joint['torque_use'] for joint in content['joints'].values())
    assert largest == pytest.approx(content['torque_use'])


def test_reports_are_compared_side_by_side(robot, content):
    still = assess_trajectory(robot, held(robot, robot.neutral))
    axes = panel(drawn(content, still)['Limits and thresholds'], 'Joint limits')
    widths = bar_widths(axes)
    assert widths[0] == pytest.approx(content['velocity_use'])
    assert widths[len(widths) // 2] == pytest.approx(still['velocity_use'])


def test_positions_and_velocities_stand_beside_the_limits_of_the_robot(robot, trajectory, content):
    course = take_course(robot, trajectory, None)
    _, positions, velocities = course_plots(course, read(content))
    tightest = content['position_margin_joint']
    axes = positions.figure.axes[0]
    joint = robot.joint_index(tightest)
    assert axes.get_title('left').startswith(tightest)
    curve, lower, upper, mark = axes.lines
    np.testing.assert_allclose(curve.get_xdata()[::4], trajectory.time_from_start)
    np.testing.assert_allclose(curve.get_ydata()[::4], trajectory.positions[:, joint], atol=1e-9)
    assert lower.get_ydata()[0] == robot.limits.lower[joint]
    assert upper.get_ydata()[0] == robot.limits.upper[joint]
    assert mark.get_xdata()[0] == pytest.approx(content['position_margin_at_s'])
    axes = velocities.figure.axes[0]
    assert axes.get_title('left').startswith(content['velocity_joint'])
    limit = robot.limits.velocity[robot.joint_index(content['velocity_joint'])]
    assert [line.get_ydata()[0] for line in axes.lines[1:3]] == [-limit, limit]
    assert len(positions.tables[0].rows) == len(robot.joint_names)


def test_curves_over_time_reach_what_the_report_says(robot):
    standing = held(robot, robot.neutral)
    content = assess_trajectory(robot, standing)
    plot = course_plots(take_course(robot, standing, None), read(content))[0]
    torque = panel(plot, 'Torque').lines[0]
    assert max(torque.get_ydata()) == pytest.approx(content['torque_use'])
    balance = panel(plot, 'Balance').lines[0]
    assert np.nanmin(balance.get_ydata()) == pytest.approx(content['zmp_margin_cm'])
    assert panel(plot, 'Torque').get_ylabel() == 'part of\nmotor [1]'
    contacts = panel(plot, 'Sole corners')
    stands = [np.isfinite(line.get_ydata()).mean() for line in contacts.lines]
    assert np.mean(stands) == pytest.approx(content['foot_contact_part'])


def test_limbs_are_compared_with_the_human(robot, clips):
    from motionclip_model.motion import Motion
    from motionclip_ros.retargeting.retargeter import Retargeter

    motion = Motion.load(clips['kick']).resampled(30.0)[:20]
    trajectory, content, _ = Retargeter(robot).retarget(motion)[:3]
    course = take_course(robot, trajectory, motion)
    assert course.limb_error[1].mean() == pytest.approx(content['limb_direction_error_deg'])


def test_what_is_no_report_of_this_version_is_named(content):
    broken = {**content, 'joints': {'knee': {'velocity_use': 'fast'}}}
    with pytest.raises(ConfigError, match=r'x\.json: .*joints\.knee\.velocity_use'):
        read(broken)
    unknown = {**content, 'thresholds': {'max_wit': 1.0}}
    with pytest.raises(ConfigError, match='max_wit'):
        read(unknown)
