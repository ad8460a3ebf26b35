"""The shapes of a robot's links, read from its URDF: convex pieces of every rigid body."""

import xml.etree.ElementTree as ElementTree
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.transform import Rotation

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.meshes import load_vertices, mesh_path
from motionclip_ros.retargeting.robots.robot import Robot

_CONTACT_POINTS = 0.3
"""A collision shape of less than this part of the visual one's volume only marks contacts."""

_THINNEST = 1e-3  # [m] that a piece measures at least along each axis
_RINGS = 9  # of points on a sphere, from pole to pole


class Piece(NamedTuple):
    """A convex part of a link.

    Attributes:
        link: The link, as in the URDF.
        points: Corners of the convex hull, in the link's frame [m].
    """

    link: str
    points: Float[np.ndarray, 'point 3']


class Shape(NamedTuple):
    """What is known of a robot's surface.

    Attributes:
        pieces: Convex parts of the links, in the order of the URDF.
        warnings: What could not be read, one line for each.
    """

    pieces: tuple[Piece, ...]
    warnings: tuple[str, ...]


def read_shape(robot: Robot) -> Shape:
    """Read the collision geometry of every link, or the visual one where that says more.

    Some URDFs give a link no collision geometry, or mark its contact points with tiny spheres
    (the G1's feet). There the visual geometry is the body.

    Args:
        robot: The robot; meshes are looked up from its URDF.

    Returns:
        The pieces. A mesh that is missing or unreadable leaves its link without, and a warning.
    """
    pieces: list[Piece] = []
    warnings: list[str] = []
    for link in robot.urdf.root.findall('link'):
        name = link.get('name', '')
        if name not in robot.frames:  # hangs on nothing
            continue
        collision = _hulls(robot, link, 'collision', warnings)
        if link.find('collision/geometry/mesh') is None:
            visual = _hulls(robot, link, 'visual', warnings)
            if _volume(collision) < _CONTACT_POINTS * _volume(visual):
                collision = visual
        pieces += [Piece(name, points) for points in collision]
    return Shape(tuple(pieces), tuple(dict.fromkeys(warnings)))


def hull_of(points: Float[np.ndarray, 'point 3']) -> ConvexHull | None:
    """Return the convex hull, or nothing where the points enclose no volume."""
    if len(points) < 4 or np.ptp(points, axis=0).min() < _THINNEST:
        return None
    try:
        return ConvexHull(points)
    except QhullError:
        return None


def _volume(hulls: list[np.ndarray]) -> float:
    return sum(float(ConvexHull(points).volume) for points in hulls)


def _hulls(robot: Robot, link: ElementTree.Element, kind: str, warnings: list[str]) -> list[Any]:
    """Return the corners of each geometry of a link; add to the warnings what is missing."""
    found = []
    for element in link.findall(kind):
        place = f'{robot.urdf_path.name}: {kind} geometry of {link.get("name")}'
        try:
            points = _points(robot, element)
        except (OSError, ValueError, RuntimeError, RobotError) as error:
            warnings.append(f'{place} is left out: {" ".join(str(error).split())}')
            continue
        hull = hull_of(points)
        if hull is not None:
            found.append(points[hull.vertices])
    return found


def _points(robot: Robot, element: ElementTree.Element) -> Float[np.ndarray, 'point 3']:
    """Return points whose hull is a <collision> or <visual> element's shape, in the link [m]."""
    geometry = element.find('geometry')
    if geometry is None or not len(geometry):
        raise ValueError('it holds no shape')
    shape = geometry[0]
    origin = element.find('origin')
    attributes = {} if origin is None else origin.attrib
    turn = Rotation.from_euler('xyz', _numbers(attributes.get('rpy', '0 0 0'), 3)).as_matrix()
    points = _shape_points(robot, shape) @ turn.T
    return points + _numbers(attributes.get('xyz', '0 0 0'), 3)


def _shape_points(robot: Robot, shape: ElementTree.Element) -> Float[np.ndarray, 'point 3']:
    if shape.tag == 'mesh':
        return _mesh_points(robot, shape)
    if shape.tag == 'box':
        corners = np.array(np.meshgrid(*[[-0.5, 0.5]] * 3)).reshape(3, -1).T
        return corners * _numbers(shape.get('size', ''), 3)
    if shape.tag in ('sphere', 'cylinder', 'capsule'):
        radius = float(shape.get('radius', ''))
        length = 0.0 if shape.tag == 'sphere' else float(shape.get('length', ''))
        return _round_points(radius, length, capped=shape.tag != 'cylinder')
    raise ValueError(f'no shape is called {shape.tag!r}')


def _round_points(radius: float, length: float, *, capped: bool) -> Float[np.ndarray, 'point 3']:
    """Return points on a sphere, capsule or cylinder along z [m]."""
    around = np.linspace(0.0, 2 * np.pi, 2 * _RINGS, endpoint=False)
    ring = np.stack([np.cos(around), np.sin(around), np.zeros_like(around)], axis=1)
    up = np.linspace(0.0, np.pi / 2, (_RINGS + 1) // 2) if capped else np.zeros(1)
    half = np.concatenate(
        [radius * (np.cos(angle) * ring + [0.0, 0.0, np.sin(angle)]) for angle in up]
    )
    half[:, 2] += length / 2
    return np.unique(np.concatenate([half, half * [1.0, 1.0, -1.0]]).round(9), axis=0)


def _mesh_points(robot: Robot, mesh: ElementTree.Element) -> Float[np.ndarray, 'point 3']:
    name = mesh.get('filename', '')
    path = mesh_path(robot, name)
    if path is None:
        raise ValueError(f'no file {name}; put its package beside the URDF or on ROS_PACKAGE_PATH')
    x, y, z = _numbers(mesh.get('scale', '1 1 1'), 3).tolist()
    points = load_vertices(path, (x, y, z))
    if not len(points) or not np.isfinite(points).all():
        raise ValueError(f'{path} holds no vertices, or some that are not finite')
    return points


def _numbers(text: str, count: int) -> Float[np.ndarray, ' number']:
    values = np.array([float(part) for part in text.split()])
    if values.shape != (count,) or not np.isfinite(values).all():
        raise ValueError(f'{text!r} is not {count} numbers')
    return values
