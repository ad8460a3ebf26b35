"""Figures of retargeting reports: limits, thresholds, joints, balance; several side by side."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.patches import Patch

from motionclip_ros.plotting.charts import Rows, draw_bars, draw_dots
from motionclip_ros.plotting.document import Plot
from motionclip_ros.plotting.reports import Report
from motionclip_ros.plotting.style import INK, MUTED, SERIES, key, legend, new_figure, tidy

_LIMITS = {
    'velocity': 'velocity',
    'acceleration': 'acceleration',
    'jerk': 'jerk',
    'torque': 'torque',
    'torque_carried': 'torque, base carried',
    'torque_loaded': 'torque, legs loaded',
}

_JOINTS = (
    ('position_margin_rad', 'Distance to position limit', 'rad'),
    ('velocity_use', 'Velocity', 'part of limit'),
    ('acceleration_use', 'Acceleration', 'part of limit'),
    ('jerk_use', 'Jerk', 'part of limit'),
    ('torque_use', 'Torque', 'part of limit'),
)

_SHARES = {
    'zmp_inside_part': 'zero moment point over the soles',
    'com_inside_part': 'centre of mass over the soles',
    'balanced_part': 'the ground can give all',
    'flight_part': 'in the air',
    'held_elsewhere_part': 'held elsewhere',
    'foot_contact_part': 'sole corners that stand',
    'self_collision_part': 'links touch',
    'torque_excess_part': 'a joint lacks torque',
}
_DISTANCES = {
    'zmp_margin_cm': 'zero moment point inside soles, least',
    'zmp_margin_mean_cm': 'the same, mean',
    'com_margin_cm': 'centre of mass inside soles, least',
    'foot_penetration_cm': 'soles below floor, most',
    'foot_floating_cm': 'standing soles above floor, mean',
    'self_collision_cm': 'links into each other, most',
    'link_position_error_cm': 'links from their targets, mean',
}
_SPEEDS = {
    'foot_slide_m_s': 'standing soles, mean',
    'foot_slide_max_m_s': 'standing soles, most',
    'human_foot_slide_m_s': "the human's own, mean",
}
_ANGLES = {
    'limb_direction_error_deg': 'limbs, mean',
    'limb_direction_error_max_deg': 'limbs, most',
    'foot_tilt_deg': 'standing soles tilt, mean',
    'foot_tilt_max_deg': 'standing soles tilt, most',
}


class _Threshold(NamedTuple):
    """A figure, the threshold that it is compared with, and how it is told."""

    label: str
    figure: str
    threshold: str
    unit: str
    refuses: bool


_THRESHOLDS = (
    _Threshold('times slower', 'stretch', 'max_stretch', '', refuses=True),
    _Threshold('limbs astray', 'limb_direction_error_deg', 'max_limb_error_deg', 'deg', True),
    _Threshold(
        'lacks torque', 'torque_excess_slowed_part', 'max_torque_excess_part', 'of time', True
    ),
    _Threshold('self-collision', 'self_collision_cm', 'max_self_collision_cm', 'cm', True),
    _Threshold('links touch', 'self_collision_cm', 'self_collision_cm', 'cm', False),
    _Threshold('unbalanced', 'unbalanced', 'min_zmp_inside_part', 'of standing', False),
    _Threshold('soles slide', 'foot_slide_m_s', 'max_foot_slide_m_s', 'm/s', False),
    _Threshold('soles sink', 'foot_penetration_cm', 'max_foot_penetration_cm', 'cm', False),
    _Threshold('soles float', 'foot_floating_cm', 'max_foot_floating_cm', 'cm', False),
)
_WIDEST = 3.0
"""Bars of figures this many times their threshold leave the panel; their number stands beside."""


def report_plots(reports: Sequence[Report]) -> list[Plot]:
    """Draw reports, beside each other where there are several."""
    return [_limit_plot(reports), _joint_plot(reports), _measure_plot(reports)]


def _names(reports: Sequence[Report]) -> list[Patch]:
    if len(reports) == 1:
        return []
    pairs = zip(reports, SERIES, strict=False)
    return [Patch(color=colour, label=report.name) for report, colour in pairs]


def _limit_plot(reports: Sequence[Report]) -> Plot:
    """Draw what is used of each limit, and of what the verdict and the warnings go by."""
    limited = {
        key: name
        for key, name in _LIMITS.items()
        if any(f'{key}_use' in report.figures for report in reports)
    }
    uses = Rows(
        [_limit_label(key, name, reports) for key, name in limited.items()],
        {
            report.name: [report.figures.get(f'{name}_use') for name in limited]
            for report in reports
        },
    )
    known = [row for row in _THRESHOLDS if any(_measured(r, row) is not None for r in reports)]
    parts = Rows(
        [_threshold_label(row, reports) for row in known],
        {report.name: [_part(report, row) for row in known] for report in reports},
    )
    figure = new_figure(1.6 + len(known) * (0.3 + 0.1 * len(reports)))
    left, right = figure.subplots(1, 2)
    for axes, rows, title, x in (
        (left, uses, 'Joint limits', 'largest, as part of the limit [1]'),
        (right, parts, 'Thresholds of the verdict', 'as part of the threshold [1]'),
    ):
        draw_bars(axes, rows)
        tidy(axes, title, x, grid='x')
        axes.axvline(1.0, color=INK, linewidth=1.2, linestyle='--')
        widest = max(
            (v for values in rows.values.values() for v in values if v is not None), default=1.0
        )
        axes.set_xlim(0.0, min(max(1.15, widest * 1.05), _WIDEST))
    legend(figure, [*_names(reports), key('limit or threshold', INK, line='--')])
    reading = (
        'Left of the dashed line is inside. Beyond a limit the motion is slowed, but a joint may '
        'lack torque for a moment; beyond a threshold it is refused (r) or carries a warning (w). '
        'A bar that leaves its panel is longer than drawn; the table has its length.'
    )
    tables = (uses.table('limit', 'part of limit'), parts.table('threshold', 'part of threshold'))
    return Plot('Limits and thresholds', reading, figure, tables)


def _limit_label(key: str, name: str, reports: Sequence[Report]) -> str:
    """Name a limit; of a single report with the joint and the time where it is nearest."""
    where = reports[0].where.get(f'{key}_joint')
    if len(reports) > 1 or where is None:
        return name
    at = reports[0].figures.get(f'{key}_at_s')
    return f'{name}\n{where}' + ('' if at is None else f', {at:.2f} s')


def _measured(report: Report, row: _Threshold) -> float | None:
    """The figure that a threshold is compared with."""
    figures = report.figures
    if row.figure == 'stretch':
        return figures.get('time_stretch', 1.0) * figures.get('stretch_needed', 1.0)
    if row.figure == 'unbalanced':
        inside = figures.get('zmp_inside_part')
        return None if inside is None else 1.0 - inside
    return figures.get(row.figure)


def _allowed(report: Report, row: _Threshold) -> float:
    found: float = getattr(report.thresholds, row.threshold)
    return 1.0 - found if row.figure == 'unbalanced' else found


def _part(report: Report, row: _Threshold) -> float | None:
    value, allowed = _measured(report, row), _allowed(report, row)
    return None if value is None or allowed <= 0.0 else value / allowed


def _threshold_label(row: _Threshold, reports: Sequence[Report]) -> str:
    label = f'{row.label} ({"r" if row.refuses else "w"})'
    value = _measured(reports[0], row)
    if len(reports) > 1 or value is None:
        return label
    return f'{label}\n{value:.2g} of {_allowed(reports[0], row):.2g} {row.unit}'.rstrip()


def _joint_plot(reports: Sequence[Report]) -> Plot:
    """Draw each joint's margins, the joint that is nearest to a position limit first."""
    tables = {report.name: report.written.joints for report in reports}
    least: dict[str, float] = {}
    for joints in tables.values():
        for joint, entry in joints.items():
            margin = entry.get('position_margin_rad')
            least[joint] = min(least.get(joint, 1e9), 1e9 if margin is None else margin)
    order = sorted(least, key=lambda joint: least[joint])
    panels = [
        (name, title, unit, rows)
        for name, title, unit in _JOINTS
        for rows in [
            Rows(
                order,
                {
                    report: [joints.get(joint, {}).get(name) for joint in order]
                    for report, joints in tables.items()
                },
            )
        ]
        # A limit that nothing bounds is used by none.
        if any(value for values in rows.values.values() for value in values)
    ]
    figure = new_figure(1.4 + 0.21 * len(order) + 0.04 * len(order) * len(reports))
    grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, title, unit, rows) in zip(grid, panels, strict=True):
        draw_dots(axes, rows)
        tidy(axes, title, f'{"margin" if unit == "rad" else "largest"} [{unit}]', grid='both')
        limit = 0.0 if name == 'position_margin_rad' else 1.0
        axes.axvline(limit, color=INK, linewidth=1.2, linestyle='--')
        axes.margins(x=0.06)
        if name != 'position_margin_rad':
            axes.set_xlim(left=0.0)
    legend(figure, [*_names(reports), key('limit', INK, line='--')])
    reading = (
        'One row a joint, nearest to a position limit first. Left of its dashed line a position '
        'is outside; right of it the others are. Torques are those that the verdict counts.'
    )
    listed = tuple(
        rows.table('joint', f'{title.lower()}, {unit}') for _, title, unit, rows in panels
    )
    return Plot('Joints', reading, figure, listed)


def _measure_plot(reports: Sequence[Report]) -> Plot:
    """Draw what has no limit of a joint: shares of the time, distances, speeds, angles."""
    groups = (
        ('Parts of the time', 'part [1]', _SHARES),
        ('Distances', 'distance [cm]', _DISTANCES),
        ('Sliding', 'speed [m/s]', _SPEEDS),
        ('Angles', 'angle [deg]', _ANGLES),
    )
    thick = 0.2 + 0.09 * len(reports)
    figure = new_figure(2.0 + thick * (len(_SHARES) + len(_ANGLES)))
    heights = (len(_SHARES), len(_ANGLES))
    panels = figure.subplots(2, 2, height_ratios=heights).ravel()
    tables = []
    for axes, (title, x, names) in zip(panels, groups, strict=True):
        rows = Rows(
            list(names.values()),
            {report.name: [report.figures.get(name) for name in names] for report in reports},
        )
        draw_bars(axes, rows)
        tidy(axes, title, x, grid='x')
        axes.axvline(0.0, color=MUTED, linewidth=1.0)
        if all(value is None for values in rows.values.values() for value in values):
            axes.text(0.5, 0.5, 'not measured', color=MUTED, ha='center', transform=axes.transAxes)
        tables.append(rows.table(title.lower(), x.partition('[')[2].rstrip(']')))
    panels[0].set_xlim(0.0, 1.03)
    if told_apart := _names(reports):
        legend(figure, told_apart)
    reading = (
        'Balance, contacts and tracking. A margin of the zero moment point or the centre of mass '
        'below 0 is outside the standing soles: a balance controller has to help. Rows without a '
        'bar were not measured, or are 0.'
    )
    return Plot('Balance, contacts and tracking', reading, figure, tuple(tables))
