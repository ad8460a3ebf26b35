"""A picture to check a correspondence by: the robot in SMPL's rest pose beside the human.

Drawn without a GPU or a display, and from any mesh format, so that it works where a new robot
is first looked at.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from PIL import Image, ImageDraw, ImageFont

from motionclip_model import skeleton
from motionclip_model.storage import write_atomically
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.robots.shapes import shapes
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_SIZE = (1800, 1000)  # [px]
_FINE = 2  # drawn larger and scaled down, for smooth edges
_GRAIN = 0.004  # [m] finer detail is not drawn
_LABELS = 330  # [px] width of the column of labels on each side
_BACKGROUND, _INK, _FAINT = '#ffffff', '#1b1b1f', '#9a9aa6'
_COLOURS = {'left': '#c2410c', 'right': '#1d4ed8', 'middle': '#15803d'}
_LIGHT = np.array([0.3, 0.55, 0.78])  # where light comes from: right, up, towards the viewer


class _View(NamedTuple):
    """An orthographic look at z-up space.

    Attributes:
        axes: Rows are the directions to the right, up, and towards the viewer.
        scale: [px/m].
        middle: Place on the picture of `origin` [px].
        origin: [m].
    """

    axes: Float[np.ndarray, '3 3']
    scale: float
    middle: tuple[float, float]
    origin: Float[np.ndarray, '3']

    def __call__(self, points: Float[np.ndarray, '*batch 3']) -> Float[np.ndarray, '*batch 2']:
        """Place points on the picture."""
        seen = (points - self.origin) @ self.axes[:2].T
        return np.asarray(seen * [self.scale, -self.scale] + self.middle)


_FRONT = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
_SIDE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


class _Figure(NamedTuple):
    """What is drawn of a robot: triangles in space, bones, links and soles."""

    triangles: Float[np.ndarray, 'triangle 3 3']
    bones: Float[np.ndarray, 'bone 2 3']
    links: Float[np.ndarray, 'link 3']
    soles: list[Float[np.ndarray, 'corner 3']]


def draw_correspondence(robot: Robot, path: Path) -> None:
    """Draw a robot from the front and from its right, and the human skeleton.

    Args:
        robot: A robot with its correspondence.
        path: The PNG to write.
    """
    figure = _figure(robot)
    width, height = (_FINE * side for side in _SIZE)
    picture = Image.new('RGB', (width, height), _BACKGROUND)
    draw = ImageDraw.Draw(picture)
    human = _human()
    front, side, beside = _views(figure, human)
    for view in (front, side):
        _draw_body(draw, view, figure)
        for sole in figure.soles:
            draw.polygon([tuple(p) for p in view(sole)], outline='#d97706', width=2 * _FINE)
    _draw_human(draw, beside, human)
    _label(draw, robot, figure, front, side, beside, human)
    font = ImageFont.load_default(20 * _FINE)
    titles = ((front, robot.name), (side, 'from its right'), (beside, 'SMPL rest pose'))
    for view, text in titles:
        draw.text((view.middle[0], 18 * _FINE), text, _INK, font, anchor='ma')
    with write_atomically(path) as file:
        picture.resize(_SIZE).save(file, 'PNG')


def _views(figure: _Figure, human: Float[np.ndarray, 'joint 3']) -> tuple[_View, _View, _View]:
    """Place robot, robot and human side by side, as large as there is room."""
    points = np.concatenate([figure.links, figure.triangles.reshape(-1, 3), *figure.soles])
    low, high = points.min(axis=0), points.max(axis=0)
    depth, breadth, tall = high - low + 0.1
    width, height = (_FINE * side for side in _SIZE)
    room = width - 2 * _FINE * _LABELS
    # The human takes as much room as the robot's front.
    scale = min(0.78 * height / tall, room / (2 * breadth + depth))
    human_scale = scale * breadth / (np.ptp(human[:, 1]) + 0.1)
    human_scale = min(human_scale, 0.78 * height / np.ptp(human[:, 2]))
    start = _FINE * _LABELS + (room - scale * (2 * breadth + depth)) / 2
    middles = np.array([breadth / 2, breadth + depth / 2, 1.5 * breadth + depth]) * scale + start
    centres = [(low + high) / 2] * 2 + [(human.min(axis=0) + human.max(axis=0)) / 2]
    front, side, beside = (
        _View(axes, size, (float(x), height / 2), centre)
        for axes, size, x, centre in zip(
            (_FRONT, _SIDE, _FRONT), (scale, scale, human_scale), middles, centres, strict=True
        )
    )
    return front, side, beside


def _human() -> Float[np.ndarray, 'joint 3']:
    """SMPL's joints in the rest pose, x front, y left, z up."""
    pose = skeleton.forward_kinematics(
        np.tile(np.eye(3), (skeleton.JOINT_COUNT, 1, 1)), np.zeros(3)
    )
    return np.asarray(pose.positions[:, [2, 0, 1]])


def _figure(robot: Robot) -> _Figure:
    """Put the robot into the rest pose."""
    given = robot.correspondence
    state = State(np.zeros((1, 3)), robot.upright[None], robot.human_rest[None])
    turn, origin = (array[0] for array in placing.place(robot.tree, state))
    triangles = [
        _coarse(s.vertices @ turn[s.body + 1].T + origin[s.body + 1], s.triangles)
        for s in shapes(robot, ('visual', 'collision'))
    ]
    bones = np.stack([origin[1:], origin[robot.tree.parent + 1]], axis=1)
    links, rotations = robot.link_poses(tuple(given.links), state)
    soles = []
    for link, foot in given.feet.items():
        index = list(given.links).index(link)
        corners = np.array([*foot.heel_corners, *reversed(foot.toe_corners)])
        soles.append(corners @ rotations[0, index].T + links[0, index])
    none = np.zeros((0, 3, 3))
    return _Figure(np.concatenate([none, *triangles]), bones, links[0], soles)


def _coarse(
    vertices: Float[np.ndarray, 'vertex 3'], triangles: Int[np.ndarray, 'triangle 3']
) -> Float[np.ndarray, 'coarse 3 3']:
    """Join vertices that a viewer could not tell apart; meshes are finer than pictures."""
    cells = np.round(vertices / _GRAIN).astype(np.int64)
    _, first, joined = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    corners = np.unique(np.sort(joined[triangles].reshape(-1, 3), axis=1), axis=0)
    whole = (corners[:, 0] != corners[:, 1]) & (corners[:, 1] != corners[:, 2])
    return np.asarray(vertices[first][corners[whole]])


def _draw_body(draw: ImageDraw.ImageDraw, view: _View, figure: _Figure) -> None:
    """Draw the surface, farthest triangles first, or the bones where there is none."""
    corners = figure.triangles
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(normal, axis=1)
    corners, normal = corners[size > 1e-12], normal[size > 1e-12] / size[size > 1e-12, None]
    # Coarse triangles have lost which side is out: both are lit as if it faced the viewer.
    normal *= np.sign(normal @ view.axes[2])[:, None]
    light = np.clip(normal @ view.axes.T @ _LIGHT, 0.0, 1.0)
    shade = (135 + 105 * light).astype(int)
    flat = view(corners)
    for index in np.argsort((corners @ view.axes[2]).mean(axis=1)):
        grey = int(shade[index])
        draw.polygon([tuple(p) for p in flat[index]], fill=(grey, grey, min(grey + 8, 255)))
    if not len(corners):
        for bone in figure.bones:
            draw.line([tuple(p) for p in view(bone)], _FAINT, 6 * _FINE)


def _draw_human(draw: ImageDraw.ImageDraw, view: _View, human: np.ndarray) -> None:
    flat = view(human)
    for joint, parent in enumerate(skeleton.PARENTS):
        if parent >= 0:
            draw.line([tuple(flat[parent]), tuple(flat[joint])], _FAINT, 7 * _FINE)


def _label(
    draw: ImageDraw.ImageDraw,
    robot: Robot,
    figure: _Figure,
    front: _View,
    side: _View,
    beside: _View,
    human: np.ndarray,
) -> None:
    """Number the links and the human joints, and list their names at the edges."""
    font, small = (ImageFont.load_default(size * _FINE) for size in (15, 11))
    matches = list(robot.correspondence.links.items())
    for number, (_, match) in enumerate(matches):
        if match.limb_from is not None:
            parent = [name for name, _ in matches].index(match.limb_from)
            ends = front(figure.links[[number, parent]])
            draw.line([tuple(p) for p in ends], _colour(match.human), 2 * _FINE)
    columns: dict[bool, list[tuple[float, int]]] = {True: [], False: []}
    for number, (_, match) in enumerate(matches):
        on_right = match.human.startswith('left') or match.human in ('head', 'spine3')
        columns[on_right].append((float(front(figure.links[number])[1]), number))
    for on_right, column in columns.items():
        step = 0.8 * _SIZE[1] * _FINE / max(len(column), 1)
        for row, (_, number) in enumerate(sorted(column)):
            link, match = matches[number]
            colour = _colour(match.human)
            y = 0.12 * _SIZE[1] * _FINE + row * step
            x = (_SIZE[0] - _LABELS + 16 if on_right else 12) * _FINE
            role = 'in' if match.rigid_to else 'along the limb from' if match.limb_from else ''
            draw.text((x, y), f'{number + 1}  {link}', colour, font)
            where = f'{role} {match.rigid_to or match.limb_from}' if role else 'base'
            draw.text((x, y + 19 * _FINE), f'{match.human}, {where}', _INK, small)
            places = [view(figure.links[number]) for view in (front, side)]
            places.append(beside(human[skeleton.JOINT_INDEX[match.human]]))
            for place in places:
                _dot(draw, place, str(number + 1), colour, small)


def _dot(
    draw: ImageDraw.ImageDraw,
    place: Float[np.ndarray, '2'],
    text: str,
    colour: str,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    x, y = place.tolist()
    radius = 9 * _FINE
    draw.ellipse([x - radius, y - radius, x + radius, y + radius], colour, '#ffffff', _FINE)
    draw.text((x, y), text, '#ffffff', font, anchor='mm')


def _colour(human: str) -> str:
    return _COLOURS.get(human.partition('_')[0], _COLOURS['middle'])
