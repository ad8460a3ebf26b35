"""Joint curves against their limits, as options of an ECharts chart."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from motionclip_ros.studio.takes import Take

LEFT, RIGHT = 46, 10
"""Space beside the curves [px]; the page's cursor reckons with it."""

_COLOURS = ('#2f7ed8', '#e08a1e')
_LIMIT, _MEASURED = '#c0392b', '#3a9d5d'


def joints_by_use(take: Take) -> list[str]:
    """Name the joints of a take, those first that come nearest to a limit."""
    limits, trajectory = take.robot.limits, take.trajectory
    columns = [take.robot.joint_index(name) for name in trajectory.joint_names]
    lower, upper = limits.lower[columns], limits.upper[columns]
    room = np.maximum(upper - lower, 1e-9)
    positions = trajectory.positions
    gap = np.minimum(positions - lower, upper - positions).min(axis=0) / room
    speed = 1.0 - np.abs(trajectory.velocities).max(axis=0) / limits.velocity[columns]
    order = np.argsort(np.minimum(gap, speed), kind='stable')
    return [trajectory.joint_names[column] for column in order]


def joint_curves(takes: Sequence[Take], joint: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw a joint's position [deg] and velocity [deg/s] in takes, with its limits.

    Args:
        takes: One, or several of the same robot to compare.
        joint: Name of the joint; takes without it are left out.

    Returns:
        Options of two charts over the same time.
    """
    positions: list[dict[str, Any]] = []
    velocities: list[dict[str, Any]] = []
    for take, colour, letter in zip(takes, _COLOURS, 'AB', strict=False):
        names = take.trajectory.joint_names
        if joint not in names:
            continue
        name = f'commanded {letter}' if len(takes) > 1 else 'commanded'
        times, sample = take.times, take.trajectory.sample(take.times)
        column = names.index(joint)
        positions.append(_line(name, times, np.degrees(sample.positions[:, column]), colour))
        velocities.append(_line(name, times, np.degrees(sample.velocities[:, column]), colour))
        if take.measured is not None and joint in take.measured.joint_names:
            seen = take.measured.positions[:, take.measured.joint_names.index(joint)]
            line = _line('measured', take.measured.times, np.degrees(seen), _MEASURED)
            positions.append({**line, 'lineStyle': {'type': 'dashed', 'width': 1.5}})
    robot = takes[0].robot
    index = robot.joint_index(joint)
    lower, upper = np.degrees([robot.limits.lower[index], robot.limits.upper[index]])
    fastest = float(np.degrees(robot.limits.velocity[index]))
    seconds = max(take.scene.seconds for take in takes)
    return (
        _chart('position [deg]', positions, (float(lower), float(upper)), seconds),
        _chart('velocity [deg/s]', velocities, (-fastest, fastest), seconds),
    )


def _line(name: str, times: np.ndarray, values: np.ndarray, colour: str) -> dict[str, Any]:
    pairs = np.round(np.column_stack([times, values]), 3).tolist()
    return {
        'type': 'line',
        'name': name,
        'data': pairs,
        'showSymbol': False,
        'lineStyle': {'width': 1.8},
        'color': colour,
        'animation': False,
    }


def _chart(
    title: str, series: list[dict[str, Any]], limits: tuple[float, float], seconds: float
) -> dict[str, Any]:
    values = [value for line in series for _, value in line['data']]
    # The whole range of a wide joint would flatten the curve: a limit is drawn when it is near.
    low, high = min(values, default=0.0), max(values, default=0.0)
    room = max(0.25 * (high - low), 5.0)
    low, high = low - room, high + room
    if series:
        marks = [{'yAxis': limit} for limit in limits if low <= limit <= high]
        line = {'color': _LIMIT, 'type': 'solid', 'width': 1.5}
        label = {'formatter': 'limit {c}', 'position': 'insideEndTop', 'color': _LIMIT}
        series[0]['markLine'] = {
            'symbol': 'none',
            'silent': True,
            'animation': False,
            'data': marks,
            'lineStyle': line,
            'label': label,
        }
    return {
        'grid': {'left': LEFT, 'right': RIGHT, 'top': 32, 'bottom': 22},
        'title': {
            'text': title,
            'left': 0,
            'padding': 0,
            'textStyle': {'fontSize': 12, 'fontWeight': 'normal'},
        },
        'legend': {'show': len(series) > 1, 'right': 0, 'top': 0, 'itemHeight': 8},
        'tooltip': {'trigger': 'axis'},
        'xAxis': {'type': 'value', 'min': 0, 'max': round(seconds, 3), 'axisLabel': _SECONDS},
        'yAxis': {
            'type': 'value',
            'min': float(np.floor(low)),
            'max': float(np.ceil(high)),
            'axisLabel': {'showMinLabel': False, 'showMaxLabel': False},
        },
        'series': series,
        'textStyle': {'color': '#8a94a0'},
    }


_SECONDS = {'formatter': '{value} s', 'hideOverlap': True, 'showMaxLabel': False}
