"""Figures of a trajectory over time: joints beside their limits, and where it is worst."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes

from motionclip_ros.plotting.courses import Course
from motionclip_ros.plotting.document import Plot, Table, number
from motionclip_ros.plotting.reports import Report
from motionclip_ros.plotting.style import (
    BLUE,
    GREEN,
    INK,
    SERIES,
    VERMILION,
    key,
    legend,
    new_figure,
    tidy,
)
from motionclip_ros.retargeting.feasibility.balance import support_margins
from motionclip_ros.retargeting.feasibility.dynamics import Loads
from motionclip_ros.retargeting.feasibility.report import torque_use
from motionclip_ros.retargeting.feasibility.self_collision import self_collision_depths

_COLUMNS = 3
_SHOWN = 12
"""Joints that get a panel; the others stand in the table."""

_BETWEEN = 4
"""Parts into which the path between two points is divided."""

_TORQUES = 4
"""Joints whose torque is drawn."""


def course_plots(course: Course, report: Report) -> list[Plot]:
    """Draw a trajectory over time.

    Args:
        course: The trajectory.
        report: Its report, which says where it is worst.
    """
    return [_time_plot(course, report), _position_plot(course), _velocity_plot(course)]


def _fine_times(times: Float[np.ndarray, ' point']) -> Float[np.ndarray, ' time']:
    """Times of the points and some between them, where the path is cubic."""
    places = np.arange((len(times) - 1) * _BETWEEN + 1) / _BETWEEN
    return np.interp(places, np.arange(len(times)), times)


def _position_plot(course: Course) -> Plot:
    """Draw the joints that come nearest to a position limit."""
    robot, limits = course.robot, course.robot.limits
    extremes, trajectory = course.examination.extremes, course.examination.trajectory
    margin = -extremes.position_excess.value
    times = _fine_times(trajectory.time_from_start)
    values = trajectory.sample(times).positions
    order = np.argsort(margin)
    units = np.where(robot.tree.prismatic, 'm', 'rad')

    def draw(axes: Axes, joint: int) -> None:
        axes.plot(times, values[:, joint], color=BLUE)
        for limit in (limits.lower[joint], limits.upper[joint]):
            axes.axhline(limit, color=VERMILION, linestyle='--', linewidth=1.3)
        _mark(
            axes,
            trajectory.time_from_start,
            trajectory.positions[:, joint],
            int(extremes.position_excess.point[joint]),
        )
        tidy(axes, f'{robot.joint_names[joint]}\nmargin {margin[joint]:.3f} {units[joint]}')

    lowest, highest = values.min(axis=0), values.max(axis=0)
    rows = [
        (
            robot.joint_names[j],
            *map(
                number,
                (
                    lowest[j],
                    highest[j],
                    limits.lower[j],
                    limits.upper[j],
                    margin[j],
                    trajectory.time_from_start[extremes.position_excess.point[j]],
                ),
            ),
        )
        for j in order
    ]
    columns = (
        'joint',
        'lowest [rad]',
        'highest [rad]',
        'lower limit [rad]',
        'upper limit [rad]',
        'margin [rad]',
        'nearest at [s]',
    )
    return _joint_panels(
        'Joint positions',
        'position [rad]',
        'nearest to a position limit',
        order,
        draw,
        Table(columns, tuple(rows)),
    )


def _velocity_plot(course: Course) -> Plot:
    """Draw the joints that use most of their velocity limit."""
    robot, limits = course.robot, course.robot.limits
    extremes, trajectory = course.examination.extremes, course.examination.trajectory
    use = extremes.uses(limits)['velocity']
    times = _fine_times(trajectory.time_from_start)
    values = trajectory.sample(times).velocities
    order = np.argsort(-use)

    def draw(axes: Axes, joint: int) -> None:
        axes.plot(times, values[:, joint], color=BLUE)
        if np.isfinite(limits.velocity[joint]):
            for sign in (-1.0, 1.0):
                axes.axhline(
                    sign * limits.velocity[joint], color=VERMILION, linestyle='--', linewidth=1.3
                )
        _mark(
            axes,
            trajectory.time_from_start,
            trajectory.velocities[:, joint],
            int(extremes.velocity.point[joint]),
        )
        tidy(axes, f'{robot.joint_names[joint]}\n{use[joint]:.0%} of the limit')

    rows = [
        (
            robot.joint_names[j],
            *map(
                number,
                (
                    extremes.velocity.value[j],
                    limits.velocity[j],
                    use[j],
                    trajectory.time_from_start[extremes.velocity.point[j]],
                ),
            ),
        )
        for j in order
    ]
    columns = ('joint', 'fastest [rad/s]', 'limit [rad/s]', 'part of limit', 'fastest at [s]')
    return _joint_panels(
        'Joint velocities',
        'velocity [rad/s]',
        'with the largest part of their velocity limit',
        order,
        draw,
        Table(columns, tuple(rows)),
    )


def _mark(axes: Axes, times: np.ndarray, values: np.ndarray, point: int) -> None:
    axes.plot(times[point], values[point], marker='o', markersize=6.0, color=INK)


def _joint_panels(
    title: str,
    y: str,
    chosen: str,
    order: np.ndarray,
    draw: Callable[[Axes, int], None],
    table: Table,
) -> Plot:
    shown = order[:_SHOWN]
    rows = -(-len(shown) // _COLUMNS)
    figure = new_figure(rows * 2.0 + 0.6)
    panels = figure.subplots(rows, _COLUMNS, sharex=True, squeeze=False)
    for axes, joint in zip(panels.ravel(), shown, strict=False):
        draw(axes, int(joint))
    for axes in panels.ravel()[len(shown) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel(y)
    for axes in panels.ravel()[max(len(shown) - _COLUMNS, 0) : len(shown)]:
        axes.set_xlabel('time [s]')
        axes.xaxis.set_tick_params(labelbottom=True)
    entries = [
        key(title.lower(), BLUE),
        key('limit', VERMILION, line='--'),
        key('nearest to it', INK, 'o', 'none'),
    ]
    legend(figure, entries)
    reading = (
        f'The {len(shown)} of {len(order)} joints {chosen}, the tightest first; all stand in the '
        'table. Between the points the path is the cubic that a controller interpolates.'
    )
    return Plot(title, reading, figure, (table,))


def _time_plot(course: Course, report: Report) -> Plot:
    """Draw torque, balance, contacts, self-collision and tracking, one below the other."""
    found = course.examination
    panels: list[tuple[str, float, Callable[[Axes], Table]]] = []
    if (loads := found.loads) is not None:
        panels.append(('Torque', 1.6, lambda axes: _torque(axes, course, loads)))
        if len(found.soles.body) and not course.robot.fixed_base:
            panels.append(('Balance', 1.6, lambda axes: _balance(axes, course, loads)))
    if len(found.soles.body):
        panels.append(('Contacts', 1.2, lambda axes: _contacts(axes, course)))
    depths = self_collision_depths(course.robot, found.state)
    if depths is not None:
        panels.append(('Self-collision', 1.0, lambda axes: _collisions(axes, course, depths)))
    if (error := course.limb_error) is not None:
        panels.append(('Limbs', 1.0, lambda axes: _limbs(axes, *error)))
    panels.append(('Base', 1.0, lambda axes: _base(axes, course)))
    heights = [height for _, height, _ in panels]
    figure = new_figure(1.25 * sum(heights) + 0.8)
    grid = figure.subplots(len(panels), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    tables = tuple(draw(axes) for axes, (_, _, draw) in zip(grid, panels, strict=True))
    for axes, name in zip(grid, (name for name, _, _ in panels), strict=True):
        axes.margins(x=0.01)
        for place in _WORST.get(name, ()):
            if place in report.figures:
                axes.axvline(report.figures[place], color=INK, linewidth=1.2, linestyle=':')
        if axes.get_legend_handles_labels()[0]:
            axes.legend(loc='upper left', bbox_to_anchor=(1.0, 1.05), fontsize=9.0)
    grid[-1].set_xlabel('time [s]')
    legend(
        figure,
        [
            key('worst, as the report says', INK, line=':'),
            key('limit or threshold', INK, line='--'),
        ],
    )
    reading = (
        'Torque as part of the motors (those that use most of it); how far the zero moment point '
        'and the centre of mass are inside the standing soles, outside below 0; which sole '
        'corners stand; how deep links are in each other; how far limbs point from the human '
        'ones, on average; how high the base is.'
    )
    return Plot('Over time', reading, figure, tables)


_WORST = {
    'Torque': ('torque_at_s',),
    'Balance': ('zmp_margin_at_s',),
    'Self-collision': ('self_collision_at_s',),
}


def _torque(axes: Axes, course: Course, loads: Loads) -> Table:
    found = course.examination
    times = found.trajectory.time_from_start[1:-1]
    use = torque_use(course.robot, loads)
    order = np.argsort(-use.max(axis=0))
    for joint, colour in zip(order[:_TORQUES], SERIES, strict=False):
        axes.plot(times, use[:, joint], color=colour, label=course.robot.joint_names[joint])
    axes.axhline(1.0, color=INK, linestyle='--', linewidth=1.2)
    tidy(axes, 'Torque', y='part of\nmotor [1]')
    rows = [
        (
            course.robot.joint_names[j],
            number(float(use[:, j].max())),
            number(float(times[use[:, j].argmax()])),
        )
        for j in order
    ]
    return Table(('joint', 'largest torque [part of motor]', 'at [s]'), tuple(rows))


def _balance(axes: Axes, course: Course, loads: Loads) -> Table:
    found = course.examination
    margins = support_margins(course.robot, loads, found.placed, found.soles, found.standing)
    times = found.trajectory.time_from_start[1:-1]
    rows = []
    for name, values, colour in (
        ('zero moment point', margins.dynamic, BLUE),
        ('centre of mass', margins.static, GREEN),
    ):
        series = np.full(len(times), np.nan)
        series[margins.held] = 100.0 * values
        axes.plot(times, series, color=colour, label=name)
        if len(values):
            rows.append(
                (
                    name,
                    number(100.0 * float(values.min())),
                    number(100.0 * float(values.mean())),
                    number(float(times[margins.held][values.argmin()])),
                )
            )
    axes.axhline(0.0, color=INK, linestyle='--', linewidth=1.2)
    tidy(axes, 'Balance', y='inside\nsoles [cm]')
    return Table(('point', 'least margin [cm]', 'mean [cm]', 'least at [s]'), tuple(rows))


def _contacts(axes: Axes, course: Course) -> Table:
    found = course.examination
    times = found.trajectory.time_from_start
    names = _corner_names(course)
    for row in range(len(names)):
        up = np.where(found.standing[:, row], float(row), np.nan)
        axes.plot(
            times,
            up,
            color=SERIES[int(found.soles.foot[row])],
            linewidth=5.0,
            solid_capstyle='butt',
        )
    axes.set_yticks(range(len(names)), names, size=8.0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    tidy(axes, 'Sole corners that stand', grid='x')
    parts = found.standing.mean(axis=0)
    rows = [(name, number(float(part))) for name, part in zip(names, parts, strict=True)]
    return Table(('sole corner', 'part of the time standing'), tuple(rows))


def _corner_names(course: Course) -> list[str]:
    """Name corners by their feet; heels come first in each."""
    names = []
    for link, foot in course.robot.correspondence.feet.items():
        heels, toes = len(foot.heel_corners), len(foot.toe_corners)
        names += [f'{link} heel {i + 1}' for i in range(heels)]
        names += [f'{link} toe {i + 1}' for i in range(toes)]
    return names


def _collisions(axes: Axes, course: Course, depths: dict[tuple[str, str], np.ndarray]) -> Table:
    times = course.examination.trajectory.time_from_start
    deepest = sorted(depths.items(), key=lambda item: -float(item[1].max()))
    for (links, depth), colour in zip(deepest[:3], SERIES, strict=False):
        axes.plot(times, 100.0 * depth, color=colour, label=' and '.join(links))
    if not deepest:
        axes.plot(times, np.zeros_like(times), color=BLUE)
    touching = course.examination.thresholds.self_collision_cm
    axes.axhline(touching, color=INK, linestyle='--', linewidth=1.2)
    tidy(axes, 'Self-collision', y='depth [cm]')
    rows = [
        (
            ' and '.join(links),
            number(100.0 * float(depth.max())),
            number(float(times[depth.argmax()])),
        )
        for links, depth in deepest
    ]
    return Table(('links', 'deepest [cm]', 'at [s]'), tuple(rows))


def _limbs(axes: Axes, times: np.ndarray, error: np.ndarray) -> Table:
    axes.plot(times, error, color=BLUE)
    tidy(axes, 'Limbs of robot and human', y='angle [deg]')
    row = (
        number(float(error.mean())),
        number(float(error.max())),
        number(float(times[error.argmax()])),
    )
    return Table(('mean [deg]', 'largest of a frame [deg]', 'at [s]'), (row,))


def _base(axes: Axes, course: Course) -> Table:
    trajectory = course.examination.trajectory
    height = trajectory.base_position[:, 2]
    axes.plot(trajectory.time_from_start, height, color=BLUE)
    tidy(axes, 'Base', y='height [m]')
    row = (number(float(height.min())), number(float(height.max())))
    return Table(('lowest base [m]', 'highest base [m]'), (row,))
