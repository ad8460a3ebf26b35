"""A trajectory in a notebook: the paths of the joints that move most."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicHermiteSpline

from motionclip_model.notebook import (
    CAPTION_HEIGHT,
    COLOURS,
    FAINT,
    MARGIN,
    RULE,
    card,
    round_values,
    write,
)

WIDTH, HEIGHT = 640.0, 260.0
"""Size of the card [px]."""

LEFT, RIGHT, TOP, BOTTOM = 52.0, 420.0, 26.0, HEIGHT - CAPTION_HEIGHT - 22.0
"""Edges of the plot [px]; the names stand to the right of it."""

COLUMNS = int(RIGHT - LEFT) // 2
"""Of each two pixels the lowest and the highest position are drawn, so that no peak is lost."""

_LONGEST_NAME = 28
_LEAST_RANGE = 0.1  # [rad]
_QUIET = {'class': 'faint'}


def joint_curves(
    joint_names: Sequence[str],
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
) -> Element:
    """Draw the paths of the joints that move most, and say how many others there are.

    Args:
        joint_names: Names in the order of the columns.
        times: Strictly increasing, at least two [s].
        positions: [rad].
        velocities: [rad/s].

    Returns:
        An SVG card.
    """
    ranges = np.ptp(positions, axis=0)
    chosen = np.argsort(-ranges, kind='stable')[: len(COLOURS)]
    moments, values = _traced(times, positions[:, chosen], velocities[:, chosen])
    middle, half = (values.max() + values.min()) / 2, np.ptp(values) / 2
    half = max(1.05 * half, _LEAST_RANGE / 2)
    picture = card(WIDTH, HEIGHT, _caption(joint_names, times, velocities))
    across = LEFT + (moments - times[0]) * ((RIGHT - LEFT) / (times[-1] - times[0]))
    down = BOTTOM - (values - (middle - half)) * ((BOTTOM - TOP) / (2 * half))
    _rule(picture, (times[0], times[-1]), (middle - half, middle + half))
    for rank, joint in enumerate(chosen):
        points = zip(across[:, rank].tolist(), down[:, rank].tolist(), strict=True)
        line = 'L'.join(f'{x:.1f} {y:.1f}' for x, y in points)
        colour = COLOURS[rank]
        SubElement(picture, 'path', {'stroke-width': '1.6'}, stroke=colour, d=f'M{line}')
        look = {'style': f'fill:{colour}'}
        _name(picture, rank, joint_names[joint], f'{ranges[joint]:.2f}', look)
    if others := len(joint_names) - len(chosen):
        largest = f'{ranges[chosen[-1]]:.2f}'
        _name(picture, len(chosen), f'{others} more, at most', largest, _QUIET)
    _name(picture, -1, '', 'range', _QUIET)
    return picture


def _traced(
    times: Float[np.ndarray, ' point'],
    positions: Float[np.ndarray, 'point joint'],
    velocities: Float[np.ndarray, 'point joint'],
) -> tuple[Float[np.ndarray, 'place joint'], Float[np.ndarray, 'place joint']]:
    """Moments and positions to draw through: two of each column, in their order, and the last."""
    edges = np.linspace(times[0], times[-1], COLUMNS + 1)
    moments = np.union1d(np.linspace(times[0], times[-1], 2 * COLUMNS + 1), times)
    path = CubicHermiteSpline(times, positions, velocities)(moments)
    places = []
    for first, last in pairwise(np.searchsorted(moments, edges)):
        column = path[first:last]
        found = first + np.stack([column.argmin(axis=0), column.argmax(axis=0)])
        places.append(np.sort(found, axis=0))
    places.append(np.full((1, path.shape[1]), len(moments) - 1))
    place = np.concatenate(places)
    return moments[place], np.take_along_axis(path, place, axis=0)


def _rule(picture: Element, span: tuple[float, float], room: tuple[float, float]) -> None:
    """Draw lines at round positions and marks at round times."""
    for value in round_values(*room, count=6):
        y = BOTTOM - (value - room[0]) * (BOTTOM - TOP) / (room[1] - room[0])
        ends = {'x1': f'{LEFT:g}', 'x2': f'{RIGHT:g}', 'y1': f'{y:.1f}', 'y2': f'{y:.1f}'}
        SubElement(picture, 'line', ends, stroke=RULE, style='stroke-width:0.7')
        write(picture, LEFT - 7, y + 4, f'{value:g}', 'end', **_QUIET)
    for value in round_values(*span, count=8):
        x = LEFT + (value - span[0]) * (RIGHT - LEFT) / (span[1] - span[0])
        ends = {'x1': f'{x:.1f}', 'x2': f'{x:.1f}', 'y1': f'{BOTTOM:g}', 'y2': f'{BOTTOM + 4:g}'}
        SubElement(picture, 'line', ends, stroke=FAINT)
        write(picture, x, BOTTOM + 18, f'{value:g}', 'middle', **_QUIET)
    write(picture, RIGHT + 14, BOTTOM + 18, 's', **_QUIET)
    write(picture, LEFT - 7, TOP - 8, 'rad', 'end', **_QUIET)


def _name(picture: Element, row: int, name: str, moved: str, look: Mapping[str, str]) -> None:
    """Write what a curve is, and how far the joint moves, beside the plot."""
    y = TOP + 16 + 21 * row
    write(picture, RIGHT + 14, y, _shortened(name), **look)
    write(picture, WIDTH - MARGIN, y, moved, 'end', **look)


def _caption(
    joint_names: Sequence[str],
    times: Float[np.ndarray, ' point'],
    velocities: Float[np.ndarray, 'point joint'],
) -> str:
    speeds = np.abs(velocities).max(axis=0)
    fastest = int(speeds.argmax())
    return (
        f'{times[-1]:.1f} s, {len(times)} points, {len(joint_names)} joints; fastest: '
        f'{_shortened(joint_names[fastest])} with {speeds[fastest]:.1f} rad/s'
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f'{name[: _LONGEST_NAME - 1]}…'
