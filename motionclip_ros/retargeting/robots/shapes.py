"""The shapes that a URDF gives a robot's links, as points in the carrying joint's frame."""

import xml.etree.ElementTree as ElementTree
from typing import NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Float, Int

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.meshes import Mesh, load_mesh, mesh_path
from motionclip_ros.retargeting.robots.robot import Robot

_ROUND = np.linspace(0.0, 2.0 * np.pi, 16, endpoint=False)


class Shape(NamedTuple):
    """One shape of a link.

    Attributes:
        link: Its link.
        body: Joint that carries the link; -1 is the base.
        vertices: In that joint's frame [m].
        triangles: Indices of the vertices.
    """

    link: str
    body: int
    vertices: Float[np.ndarray, 'vertex 3']
    triangles: Int[np.ndarray, 'triangle 3']


def shapes(robot: Robot, kinds: tuple[str, ...] = ('collision', 'visual')) -> list[Shape]:
    """Collect the shapes of every link.

    Args:
        robot: A robot.
        kinds: Which elements to look at; the first that a link has shapes of counts.

    Returns:
        The shapes whose meshes are there and readable.
    """
    found = []
    for link in robot.urdf.root.findall('link'):
        for kind in kinds:
            here = [shape for part in link.findall(kind) if (shape := _shape(robot, link, part))]
            if here:
                found += here
                break
    return found


def missing_meshes(robot: Robot) -> list[str]:
    """Name the meshes that are nowhere."""
    uris = [mesh.get('filename', '') for mesh in robot.urdf.root.iter('mesh')]
    return sorted({uri for uri in uris if mesh_path(robot, uri) is None})


def _shape(robot: Robot, link: ElementTree.Element, part: ElementTree.Element) -> Shape | None:
    geometry = part.find('geometry')
    mesh = None if geometry is None else _mesh(robot, geometry)
    if mesh is None or not len(mesh.vertices):
        return None
    origin = part.find('origin')
    place, turn = np.zeros(3), np.eye(3)
    if origin is not None:
        place = np.array(origin.get('xyz', '0 0 0').split(), float)
        turn = pinocchio.rpy.rpyToMatrix(np.array(origin.get('rpy', '0 0 0').split(), float))
    name = link.get('name', '')
    frame = robot.frame(name)
    vertices = mesh.vertices @ turn.T + place
    return Shape(name, frame.body, vertices @ frame.rotation.T + frame.position, mesh.triangles)


def _mesh(robot: Robot, geometry: ElementTree.Element) -> Mesh | None:
    for element in geometry:
        sizes = {key: float(element.get(key, '0')) for key in ('radius', 'length')}
        if element.tag == 'mesh':
            path = mesh_path(robot, element.get('filename', ''))
            scale = [float(x) for x in element.get('scale', '1 1 1').split()]
            try:
                return load_mesh(path, (scale[0], scale[1], scale[2])) if path else None
            except RobotError:
                return None  # a shape that cannot be read is as good as none
        if element.tag == 'box':
            half = np.array(element.get('size', '0 0 0').split(), float) / 2
            return _hull(np.array(np.meshgrid(*np.c_[-half, half])).reshape(3, -1).T)
        if element.tag in ('cylinder', 'capsule'):
            ring = np.c_[np.cos(_ROUND), np.sin(_ROUND)] * sizes['radius']
            half_length = sizes['length'] / 2
            levels = [np.c_[ring, np.full(len(ring), z)] for z in (-half_length, half_length)]
            return _hull(np.concatenate(levels))
        if element.tag == 'sphere':
            rings = [
                np.c_[
                    np.cos(_ROUND) * np.cos(a), np.sin(_ROUND) * np.cos(a), np.full(16, np.sin(a))
                ]
                for a in np.radians([-67.5, -45, -22.5, 0, 22.5, 45, 67.5])
            ]
            poles = [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]
            return _hull(np.concatenate([poles, *rings]) * sizes['radius'])
    return None


def _hull(points: Float[np.ndarray, 'vertex 3']) -> Mesh:
    """Span a convex body's surface over its points."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(points)
    except (QhullError, ValueError):
        return Mesh(points, np.zeros((0, 3), np.int64))  # flat or without size
    corners = points[hull.simplices]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inward = (normal * hull.equations[:, :3]).sum(axis=1) < 0.0
    triangles = np.where(inward[:, None], hull.simplices[:, ::-1], hull.simplices)
    return Mesh(points, triangles.astype(np.int64))
