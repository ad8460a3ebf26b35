"""What stands before the camera: the room, and a person made of capsules or a mesh."""

import mujoco
import numpy as np
from jaxtyping import Float, Int

from motionclip_model import skeleton
from motionclip_model.limbs import LIMBS, Limb

FIELD_OF_VIEW = 40.0
"""Vertical opening of the camera [deg]."""

_SKIN = (0.80, 0.62, 0.50, 1.0)
_SHIRT = (0.25, 0.45, 0.70, 1.0)
_TROUSERS = (0.28, 0.30, 0.36, 1.0)

_TROUSERED = ('pelvis', 'spine1', 'hip', 'knee', 'ankle', 'foot')
_BARE = ('neck', 'head', 'elbow', 'wrist', 'hand')


def furnish(
    spec: mujoco.MjSpec, size: tuple[int, int], *, plain: bool = False, smooth: bool = True
) -> None:
    """Add floor, sky, lights and a picture buffer to a model with one root body.

    Args:
        spec: What stands in the room.
        size: Width and height of the pictures [px].
        plain: Leave out the tiles and the shadow: ten times as fast where a processor draws.
        smooth: Draw smooth edges, as single pictures need them; without, in half the time.
    """
    spec.visual.global_.offwidth, spec.visual.global_.offheight = size
    spec.visual.global_.fovy = FIELD_OF_VIEW
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.35, 0.35, 0.35]
    spec.visual.headlight.specular = [0.1, 0.1, 0.1]
    spec.visual.quality.shadowsize = 2048 if smooth else 1024
    if not smooth:
        spec.visual.quality.offsamples = 0
    spec.visual.map.shadowclip = 2.0
    if plain:
        spec.visual.quality.numslices, spec.visual.quality.numstacks = 16, 10
    spec.stat.extent, spec.stat.center = 2.0, [0.0, 0.0, 0.8]
    spec.add_texture(
        name='sky',
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.92, 0.95, 0.98],
        rgb2=[0.70, 0.77, 0.85],
        width=64,
        height=64 * 6,
    )
    spec.add_texture(
        name='tiles',
        type=mujoco.mjtTexture.mjTEXTURE_2D,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[0.78, 0.80, 0.82],
        rgb2=[0.78, 0.80, 0.82] if plain else [0.70, 0.72, 0.75],
        width=256,
        height=256,
    )
    floor = spec.add_material(name='floor', texrepeat=[1.0, 1.0], texuniform=True)
    floor.textures[int(mujoco.mjtTextureRole.mjTEXROLE_RGB)] = 'tiles'
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0.0, 0.0, 0.05],
        material='floor',
        contype=0,
        conaffinity=0,
    )
    # The light travels with the figure, so that the sharp part of its shadow map does.
    spec.worldbody.first_body().add_light(
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        mode=mujoco.mjtCamLight.mjCAMLIGHT_TRACK,
        pos=[1.2, -0.9, 2.2],
        dir=[-0.4, 0.3, -0.9],
        diffuse=[0.6, 0.6, 0.6],
        specular=[0.2, 0.2, 0.2],
        castshadow=not plain,
    )


def human_spec(
    size: tuple[int, int], *, plain: bool = False, smooth: bool = True
) -> mujoco.MjSpec:
    """Build the capsule person: a ball joint at each SMPL joint."""
    spec = mujoco.MjSpec()
    spec.modelname = 'human'
    bodies: list[mujoco.MjsBody] = []
    for joint, name in enumerate(skeleton.JOINT_NAMES):
        parent = skeleton.PARENTS[joint]
        outer = spec.worldbody if parent < 0 else bodies[parent]
        body = outer.add_body(name=name, pos=skeleton.OFFSETS[joint], mass=1.0, inertia=[1.0] * 3)
        if parent < 0:
            body.add_freejoint()
        else:
            body.add_joint(type=mujoco.mjtJoint.mjJNT_BALL)
        bodies.append(body)
    for limb in LIMBS:
        _add_limb(bodies[limb.parent], limb)
    furnish(spec, size, plain=plain, smooth=smooth)
    return spec


def mesh_spec(
    vertices: Float[np.ndarray, 'vertex 3'],
    faces: Int[np.ndarray, 'face 3'],
    size: tuple[int, int],
) -> mujoco.MjSpec:
    """Build a person of one mesh, whose vertices are moved from picture to picture."""
    spec = mujoco.MjSpec()
    spec.modelname = 'human'
    body = spec.worldbody.add_body(name='person', mass=1.0, inertia=[1.0] * 3)
    body.add_freejoint()
    spec.add_mesh(
        name='person',
        uservert=vertices.ravel(),
        userface=faces.ravel(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )
    body.add_geom(
        name='person',
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname='person',
        rgba=_SHIRT,
        contype=0,
        conaffinity=0,
    )
    furnish(spec, size, plain=True)
    return spec


def shape_mesh(
    model: mujoco.MjModel,
    vertices: Float[np.ndarray, 'vertex 3'],
    faces: Int[np.ndarray, 'face 3'],
) -> None:
    """Move the vertices of a mesh person; they are placed around its root [m]."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], across)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    model.mesh_vert[:] = vertices
    model.mesh_normal[:] = normals / np.maximum(lengths, 1e-12)
    # The compiler has moved the mesh to its centre of mass.
    geom = model.geom('person').id
    model.geom_pos[geom], model.geom_quat[geom] = 0.0, [1.0, 0.0, 0.0, 0.0]
    model.geom_sameframe[geom] = int(mujoco.mjtSameFrame.mjSAMEFRAME_NONE)


def _add_limb(body: mujoco.MjsBody, limb: Limb) -> None:
    """Add the capsule around a bone, and what is rounder than a capsule."""
    part = limb.part
    colour = _TROUSERS if part in _TROUSERED else _SKIN if part in _BARE else _SHIRT
    look = {'rgba': colour, 'contype': 0, 'conaffinity': 0}
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0.0, 0.0, 0.0, *limb.end],
        size=[limb.radius, 0.0, 0.0],
        **look,
    )
    if limb.rounding is not None:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_ELLIPSOID,
            pos=limb.rounding.centre,
            size=limb.rounding.half_axes,
            **look,
        )
