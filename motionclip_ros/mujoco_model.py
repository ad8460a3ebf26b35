"""A robot's URDF as a MuJoCo model: the simulation and the pictures start from here."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import mujoco
import trimesh

from motionclip_model.errors import RobotError
from motionclip_model.reading import parse_xml, read_bytes
from motionclip_ros.retargeting.robots.meshes import load_mesh, resolved

ROOT_JOINT = 'floating_base'
"""Name of the free joint between the world and the robot's root link."""

_READABLE_MESHES = ('.stl', '.obj', '.msh')


def robot_spec(urdf: str | Path, *, meshes: bool = True) -> mujoco.MjSpec:
    """Read a URDF and put a free joint between the world and its root link.

    Args:
        urdf: Path of the URDF file; for where its meshes are looked for see `meshes.resolved`.
        meshes: Keep the visual shapes (for pictures). A simulation without contacts needs
            none and loads ten times as fast.

    Returns:
        A specification with every link as a body of its own and the actuated joints under
        their URDF names. Shapes of the visual elements only; none of them collides.

    Raises:
        RobotError: The file is missing, is no URDF, or a mesh is not found.
    """
    path = Path(urdf)
    try:
        root = parse_xml(read_bytes(path, RobotError))
    except ValueError as error:
        raise RobotError(f'{path}: not a URDF ({error})') from None
    if root.tag != 'robot':
        raise RobotError(f'{path}: not a URDF, its outermost element is <{root.tag}>')
    converted: dict[str, bytes] = {}
    for link in root.iter('link'):
        _choose_shapes(link, path, meshes, converted)
    extension = ElementTree.SubElement(root, 'mujoco')
    ElementTree.SubElement(
        extension,
        'compiler',
        strippath='false',
        discardvisual='false',
        fusestatic='false',
        balanceinertia='true',
        boundmass='1e-4',
        boundinertia='1e-7',
    )
    try:
        spec = mujoco.MjSpec.from_string(
            ElementTree.tostring(root, encoding='unicode'), assets=converted
        )
    except ValueError as error:
        raise RobotError(f'{path}: {_first_line(error)}') from None
    roots = list(spec.worldbody.bodies)
    if len(roots) != 1:
        raise RobotError(f'{path}: {len(roots)} root links; a robot has exactly one')
    roots[0].add_freejoint(name=ROOT_JOINT)
    return spec


def compiled(spec: mujoco.MjSpec) -> mujoco.MjModel:
    """Compile a specification; MuJoCo's complaint becomes a one-line `RobotError`."""
    try:
        return spec.compile()
    except ValueError as error:
        raise RobotError(f'robot {spec.modelname!r}: {_first_line(error)}') from None


def actuated_joints(model: mujoco.MjModel) -> tuple[str, ...]:
    """Names of all joints with one degree of freedom, in the model's order."""
    moving = (int(mujoco.mjtJoint.mjJNT_HINGE), int(mujoco.mjtJoint.mjJNT_SLIDE))
    return tuple(model.joint(i).name for i in range(model.njnt) if model.jnt_type[i] in moving)


def _choose_shapes(
    link: ElementTree.Element, urdf: Path, meshes: bool, converted: dict[str, bytes]
) -> None:
    """Drop shapes that are not wanted, find meshes, convert what MuJoCo cannot read."""
    for kind in ('visual', 'collision'):
        for shape in link.findall(kind):
            mesh = shape.find('geometry/mesh')
            if kind == 'collision' or not meshes:
                link.remove(shape)
            elif mesh is not None:
                name = mesh.get('filename', '')
                path = resolved(urdf, name)
                if path is None:
                    raise RobotError(
                        f'{urdf}: mesh {name} not found; put its package in a folder above the '
                        'URDF or source the workspace that holds it'
                    )
                if path.suffix.lower() not in _READABLE_MESHES:
                    surface = load_mesh(path)
                    path = Path(f'{len(converted)}.stl')
                    body = trimesh.Trimesh(surface.vertices, surface.triangles, process=False)
                    converted[str(path)] = trimesh.exchange.stl.export_stl(body)
                mesh.set('filename', str(path))


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
