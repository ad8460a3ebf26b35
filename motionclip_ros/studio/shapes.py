"""The bodies of people and robots as glTF, for a browser to draw."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import mujoco
import numpy as np
import trimesh

from motionclip_model.drawing.figures import human_spec
from motionclip_ros.mujoco_model import compiled, robot_spec
from motionclip_ros.retargeting.robots.robot import Robot

MOST_TRIANGLES = 60_000
"""What a browser without a graphics card still draws fluently."""

_SHARP = np.radians(35.0)
"""Edges with a larger angle between their faces stay edges."""


class Shape(NamedTuple):
    """What an actor looks like.

    Attributes:
        bodies: Its rigid parts; nodes of body 3 are called `b3_0`, `b3_1` and so on.
        glb: Binary glTF, every part in its own frame [m].
    """

    bodies: tuple[str, ...]
    glb: bytes


@lru_cache(maxsize=1)
def person_shape() -> Shape:
    """Shape of the capsule person, with a body for each SMPL joint that carries flesh."""
    return _shape(human_spec((64, 64)).compile())


def robot_shape(robot: Robot) -> Shape:
    """Shape of a robot by its visual meshes, with a body for each link that has one.

    Raises:
        RobotError: A mesh is not found or cannot be read.
    """
    return _shape(compiled(robot_spec(robot.urdf_path)))


def _shape(model: mujoco.MjModel) -> Shape:
    drawn = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] > 0]
    numbers = sorted({int(model.geom_bodyid[geom]) for geom in drawn})
    meshes = list(_meshes(model, drawn))
    triangles = sum(len(mesh.faces) for mesh in meshes)
    scene: Any = trimesh.Scene()
    for count, (geom, mesh) in enumerate(zip(drawn, meshes, strict=True)):
        body = numbers.index(int(model.geom_bodyid[geom]))
        part = _simplified(mesh, MOST_TRIANGLES / max(triangles, 1))
        part.visual = _looks(model.geom_rgba[geom])
        scene.add_geometry(part, node_name=f'b{body}_{count}', geom_name=f'g{count}')
    names = tuple(model.body(number).name for number in numbers)
    return Shape(names, scene.export(file_type='glb', include_normals=True))


def _meshes(model: mujoco.MjModel, geoms: list[int]) -> Iterator[trimesh.Trimesh]:
    """Triangles of each geometry in the frame of its body."""
    for geom in geoms:
        mesh = _primitive(model, geom)
        pose = np.eye(4)
        turn = np.empty(9)
        mujoco.mju_quat2Mat(turn, model.geom_quat[geom])
        pose[:3, :3], pose[:3, 3] = turn.reshape(3, 3), model.geom_pos[geom]
        mesh.apply_transform(pose)
        yield mesh


def _primitive(model: mujoco.MjModel, geom: int) -> trimesh.Trimesh:
    kind, size = mujoco.mjtGeom(int(model.geom_type[geom])), model.geom_size[geom]
    match kind:
        case mujoco.mjtGeom.mjGEOM_MESH:
            mesh = int(model.geom_dataid[geom])
            vertex, face = int(model.mesh_vertadr[mesh]), int(model.mesh_faceadr[mesh])
            return trimesh.Trimesh(
                model.mesh_vert[vertex : vertex + int(model.mesh_vertnum[mesh])],
                model.mesh_face[face : face + int(model.mesh_facenum[mesh])],
                process=False,
            )
        case mujoco.mjtGeom.mjGEOM_BOX:
            return trimesh.creation.box(2.0 * size)
        case mujoco.mjtGeom.mjGEOM_CYLINDER:
            return trimesh.creation.cylinder(size[0], 2.0 * size[1])
        case mujoco.mjtGeom.mjGEOM_CAPSULE:
            capsule: trimesh.Trimesh = trimesh.creation.capsule(2.0 * size[1], size[0], [16, 16])
            return capsule
        case _:  # spheres and ellipsoids are what is left in a person and a URDF
            round_one = trimesh.creation.icosphere(2)
            across = size if kind == mujoco.mjtGeom.mjGEOM_ELLIPSOID else np.repeat(size[0], 3)
            round_one.apply_scale(across)
            return round_one


def _simplified(mesh: trimesh.Trimesh, share: float) -> Any:
    """Leave a share of the triangles, if it is less than all, and shade what is round."""
    if share < 1.0 and len(mesh.faces) > 200:
        mesh = mesh.simplify_quadric_decimation(percent=1.0 - share)
    return trimesh.graph.smooth_shade(mesh, angle=_SHARP)


def _looks(rgba: np.ndarray) -> Any:
    kinds: Any = trimesh.visual  # its classes carry no types
    colour = [float(part) for part in rgba]
    material = kinds.material.PBRMaterial(
        baseColorFactor=colour, roughnessFactor=0.7, metallicFactor=0.1
    )
    return kinds.TextureVisuals(material=material)
