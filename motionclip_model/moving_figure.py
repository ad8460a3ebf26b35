"""A person in a notebook: a stick figure that moves, seen from in front of its right side."""

from xml.etree.ElementTree import Element, SubElement

import numpy as np
from jaxtyping import Float

from motionclip_model import skeleton
from motionclip_model.notebook import (
    CAPTION_HEIGHT,
    COLOURS,
    FAINT,
    INK,
    MARGIN,
    RULE,
    card,
    write,
)

WIDTH, HEIGHT = 320.0, 260.0
"""Size of the card [px]."""

UNITS = 200.0
"""Places are whole numbers of half centimetres: so many of them in a metre [1/m]."""

MOST_POSES = 1000
"""Longer motions are drawn with fewer poses a second."""

_FASTEST = 20.0  # poses a second; the browser moves the limbs from one to the next
_FEWEST = 8.0  # poses a second below which a picture says that it leaves some out
_TURN = np.radians(-42.0)  # of the camera around the person, from straight in front
_TALL = 1.95  # [m] of room above the floor, if nothing goes higher
_HEAD_TOP = np.array([0.0, 0.08, 0.02])  # from the head's joint [m]
_FURTHEST = 500.0  # [m]


def _chain(tip: str, start: str) -> tuple[int, ...]:
    """Joints from one to a later one of the same limb."""
    joints = [skeleton.JOINT_INDEX[tip]]
    while joints[-1] != skeleton.JOINT_INDEX[start]:
        joints.append(skeleton.PARENTS[joints[-1]])
    return tuple(joints[::-1])


def _side(side: str) -> tuple[tuple[int, ...], ...]:
    return _chain(f'{side}_foot', 'pelvis'), _chain(f'{side}_hand', 'spine3')


_HEAD = skeleton.JOINT_INDEX['head']
_TOP = skeleton.JOINT_COUNT  # of the head: no joint, but drawn like one

PARTS = (
    ('left', COLOURS[0], 11.0, _side('left')),
    ('trunk', INK, 13.0, (_chain('head', 'pelvis'),)),
    ('head', INK, 34.0, ((_HEAD, _TOP),)),
    ('right', COLOURS[1], 11.0, _side('right')),
)
"""Parts of the body from back to front: name, colour, width [half centimetres], limbs."""


def moving_figure(
    joint_rotations: Float[np.ndarray, 'frame 24 3 3'],
    root_position: Float[np.ndarray, 'frame 3'],
    fps: float,
) -> Element:
    """Draw a person who moves, over and over, on a floor with a mark at every metre.

    The picture goes along with the person. It needs no script.

    Args:
        joint_rotations: Rotation of each joint to its parent, the pelvis' to the world.
        root_position: Of the pelvis in the world, z up [m].
        fps: Frames per second.

    Returns:
        An SVG card.
    """
    frames = len(root_position)
    stride = max(1, int(np.ceil(fps / _FASTEST - 1e-9)), -(-frames // MOST_POSES))
    # Of a long motion most frames are not drawn; to place all their joints takes a second.
    seen = _seen(skeleton.forward_kinematics(joint_rotations[::stride], root_position[::stride]))
    count, rate = len(seen), fps / stride
    along = _calm(seen[:, 0, 0], max(1, round(rate)))
    shifted = seen - np.stack([along, np.zeros(count)], axis=-1)[:, None]
    places = np.rint(shifted).astype(int).tolist()
    seconds = (count - 1) / rate
    drawn_rate = f', {rate:.1f}/s drawn' if rate < fps and rate < _FEWEST else ''
    caption = f'{(frames - 1) / fps:.1f} s, {frames} frames ({fps:g}/s{drawn_rate})'
    picture = card(WIDTH, HEIGHT, caption)
    stage = _stage(picture, float(seen[..., 1].min()), float(seen[..., 1].max()))
    _floor(stage, along, seconds)
    for name, colour, width, limbs in PARTS:
        look = {'class': name, 'stroke': colour, 'stroke-width': f'{width:g}'}
        drawn = [_strokes(place, limbs) for place in places]
        line = SubElement(stage, 'path', look, d=drawn[0])
        _animate(line, 'animate', 'd', drawn, seconds)
    _progress(picture, seconds)
    right = WIDTH - MARGIN
    write(picture, right, MARGIN + 10, 'left', 'end', style=f'fill:{COLOURS[0]}')
    write(picture, right, MARGIN + 25, 'right', 'end', style=f'fill:{COLOURS[1]}')
    return picture


def _seen(pose: skeleton.Pose) -> Float[np.ndarray, 'pose place 2']:
    """Place the joints, and the top of the head, on the screen: right and down [1/UNITS m]."""
    top = pose.positions[:, _HEAD] + pose.rotations[:, _HEAD] @ _HEAD_TOP
    points = np.concatenate([pose.positions, top[:, None]], axis=1)
    ahead = (pose.rotations[0, 0] @ [0.0, 0.0, 1.0])[:2]
    heading = np.arctan2(ahead[1], ahead[0]) + _TURN + np.pi / 2
    right = np.array([np.cos(heading), np.sin(heading), 0.0])
    seen = np.stack([points @ right, -points[..., 2]], axis=-1)
    return UNITS * np.clip(seen, -_FURTHEST, _FURTHEST)


def _calm(path: Float[np.ndarray, ' pose'], window: int) -> Float[np.ndarray, ' pose']:
    """Average a path over so many poses around each, so that the picture does not sway."""
    padded = np.pad(path, (window // 2, (window - 1) // 2), mode='edge')
    return np.convolve(padded, np.full(window, 1.0 / window), mode='valid')


def _stage(picture: Element, highest: float, lowest: float) -> Element:
    """Return a group in half centimetres, on whose line y = 0 the floor is."""
    highest, lowest = min(highest, -_TALL * UNITS), max(lowest, 0.0)
    top, bottom = 2 * MARGIN, HEIGHT - CAPTION_HEIGHT - 2 * MARGIN
    scale = (bottom - top) / (lowest - highest)
    floor = bottom - lowest * scale
    return SubElement(
        picture, 'g', transform=f'translate({WIDTH / 2:g} {floor:.2f}) scale({scale:.4f})'
    )


def _floor(stage: Element, along: Float[np.ndarray, ' pose'], seconds: float) -> None:
    """Draw the floor, and a mark at every metre that passes by as the picture goes along."""
    wide = 10 * UNITS
    SubElement(stage, 'line', x1=f'{-wide:g}', x2=f'{wide:g}', stroke=RULE)
    start = np.floor(along.min() / UNITS) * UNITS - wide
    reach = {'x1': f'{start:g}', 'x2': f'{along.max() + wide:.0f}', 'y1': '7', 'y2': '7'}
    marks = SubElement(stage, 'line', reach, stroke=RULE, style='stroke-linecap:butt')
    marks.attrib |= {'stroke-width': '12', 'stroke-dasharray': f'3 {UNITS - 3:g}'}
    moved = [f'{-place:.0f}' for place in along]
    marks.set('transform', f'translate({moved[0]})')
    _animate(marks, 'animateTransform', 'transform', moved, seconds, type='translate')


def _strokes(place: list[list[int]], limbs: tuple[tuple[int, ...], ...]) -> str:
    """Path data of the limbs of a pose, from joint to joint."""
    parts = []
    for first, *others in limbs:
        x, y = place[first]
        parts.append(f'M{x} {y}l')
        for joint in others:
            new_x, new_y = place[joint]
            parts.append(f'{new_x - x} {new_y - y} ')
            x, y = new_x, new_y
    return ''.join(parts).rstrip()


def _progress(picture: Element, seconds: float) -> None:
    """Draw how much of the motion has been seen."""
    whole = WIDTH - 2 * MARGIN
    place = {'x': f'{MARGIN:g}', 'y': f'{HEIGHT - CAPTION_HEIGHT - 2:g}', 'width': f'{whole:g}'}
    bar = SubElement(picture, 'rect', place, height='2', fill=FAINT)
    _animate(bar, 'animate', 'width', ['0', f'{whole:g}'], seconds)


def _animate(
    part: Element, kind: str, name: str, values: list[str], seconds: float, **look: str
) -> None:
    """Let an attribute go through values in even steps, again and again."""
    if seconds > 0.0:
        look |= {'attributeName': name, 'values': ';'.join(values)}
        SubElement(part, kind, look, dur=f'{seconds:.3f}s', repeatCount='indefinite')
