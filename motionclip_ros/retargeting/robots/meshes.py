"""Where the meshes of a URDF lie, and their vertices, whatever their format."""

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable
from urllib.parse import unquote

import numpy as np
from jaxtyping import Float, Int

from motionclip_model.errors import RobotError
from motionclip_model.reading import opened, parse_xml, read_bytes
from motionclip_ros.retargeting.robots.mesh_reader import read_surface


class Mesh(NamedTuple):
    """A surface of triangles.

    Attributes:
        vertices: [m].
        triangles: Indices of the vertices, counter-clockwise seen from outside.
    """

    vertices: Float[np.ndarray, 'vertex 3']
    triangles: Int[np.ndarray, 'triangle 3']


@runtime_checkable
class _HasUrdf(Protocol):
    @property
    def urdf_path(self) -> Path:
        """The URDF file."""


def mesh_path(robot: _HasUrdf, uri: str) -> Path | None:
    """Find the file of a robot's mesh.

    Args:
        robot: A robot (anything with `urdf_path`).
        uri: What the URDF says: `package://`, `file://`, an absolute or a relative path.

    Returns:
        The file, or None if it is nowhere.
    """
    return resolved(robot.urdf_path, uri)


def resolved(urdf: Path, uri: str) -> Path | None:
    """Find a mesh of a URDF file; see `mesh_path`.

    A package is looked for in the folders above the URDF (this covers packages inside
    installed distributions), by folder name and by what their package.xml says; then in
    ROS_PACKAGE_PATH and AMENT_PREFIX_PATH. Last, the end of the path is tried beside the URDF:
    a robot that was copied out of its package often keeps its `meshes` folder.
    """
    for candidate in _candidates(urdf.resolve(), uri.strip()):
        if candidate.is_file():
            return candidate
    return None


def _candidates(urdf: Path, uri: str) -> Iterator[Path]:
    folders = list(urdf.parents)
    scheme, _, rest = uri.rpartition('://')
    rest = unquote(rest) if scheme else uri
    if scheme not in ('', 'file', 'package', 'model'):
        return  # nothing is downloaded
    if scheme in ('', 'file'):
        yield folders[0] / rest
    else:
        package, _, inside = rest.partition('/')
        for folder in folders:
            yield folder / rest
            if _package_name(folder) == package:
                yield folder / inside
        for folder in _paths('ROS_PACKAGE_PATH'):
            yield from (folder / rest, folder.parent / rest)
            yield from (nested / rest for nested in sorted(folder.glob('*/')))
        for folder in _paths('AMENT_PREFIX_PATH'):
            yield folder / 'share' / rest
    parts = Path(rest).parts
    for count in range(len(parts) - 1, 0, -1):
        yield from (folder.joinpath(*parts[-count:]) for folder in folders[:2])


def _paths(variable: str) -> list[Path]:
    return [Path(part) for part in os.environ.get(variable, '').split(os.pathsep) if part]


@lru_cache(maxsize=256)
def _package_name(folder: Path) -> str | None:
    """Return the name in a folder's package.xml, which need not be the folder's own."""
    try:
        return parse_xml(read_bytes(folder / 'package.xml', RobotError)).findtext('name')
    except (RobotError, ValueError):
        return None


@lru_cache(maxsize=256)
def load_mesh(path: Path, scale: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Mesh:
    """Read a mesh of any format that assimp knows (STL, DAE, OBJ and more).

    Args:
        path: The file.
        scale: Factor of each axis, from the URDF.

    Returns:
        Its vertices and triangles.

    Raises:
        RobotError: It cannot be read.
    """
    surface = read_surface(path, scale, triangles=True)
    return Mesh(_z_up(path, surface.vertices), surface.triangles)


@lru_cache(maxsize=256)
def load_vertices(
    path: Path, scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
) -> Float[np.ndarray, 'vertex 3']:
    """Read the vertices of a mesh alone; see `load_mesh`."""
    return _z_up(path, read_surface(path, scale, triangles=False).vertices)


def _z_up(path: Path, vertices: Float[np.ndarray, 'vertex 3']) -> Float[np.ndarray, 'vertex 3']:
    """Turn what has y up; nobody may write to what the caches hand out again."""
    if path.suffix.lower() == '.dae' and _is_y_up(path):
        vertices = vertices @ np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
        vertices.setflags(write=False)
    return vertices


def _is_y_up(path: Path) -> bool:
    """Whether a Collada file says, as is its default, that y is up; a link's z is."""
    with opened(path, RobotError) as file:
        head = file.read(20_000)
    return b'<up_axis>Z_UP' not in head and b'<up_axis>X_UP' not in head
