"""What stands before the camera: the room, and a person made of capsules."""

import mujoco
import numpy as np

from motionclip_model import skeleton

FIELD_OF_VIEW = 40.0
"""Vertical opening of the camera [deg]."""

_SKIN = (0.80, 0.62, 0.50, 1.0)
_SHIRT = (0.25, 0.45, 0.70, 1.0)
_TROUSERS = (0.28, 0.30, 0.36, 1.0)

_RADIUS = {
    'pelvis': 0.10,
    'spine1': 0.11,
    'spine2': 0.12,
    'spine3': 0.11,
    'neck': 0.05,
    'head': 0.05,
    'collar': 0.06,
    'hip': 0.08,
    'knee': 0.055,
    'ankle': 0.045,
    'foot': 0.04,
    'shoulder': 0.05,
    'elbow': 0.04,
    'wrist': 0.033,
    'hand': 0.04,
}
_ROUNDINGS = {
    'head': ((0.0, 0.07, 0.01), (0.078, 0.115, 0.095)),
    'spine1': ((0.0, -0.08, 0.01), (0.145, 0.10, 0.105)),
    'spine3': ((0.0, 0.02, 0.0), (0.155, 0.20, 0.11)),
}
"""Ellipsoids of head, hips and chest: centre from the joint and half axes [m]."""

_TROUSERED = ('pelvis', 'spine1', 'hip', 'knee', 'ankle', 'foot')
_BARE = ('neck', 'head', 'elbow', 'wrist', 'hand')


def furnish(spec: mujoco.MjSpec, size: tuple[int, int]) -> None:
    """Add floor, sky, lights and a picture buffer to a model with one root body."""
    spec.visual.global_.offwidth, spec.visual.global_.offheight = size
    spec.visual.global_.fovy = FIELD_OF_VIEW
    spec.visual.headlight.ambient = [0.35, 0.35, 0.35]
    spec.visual.headlight.diffuse = [0.35, 0.35, 0.35]
    spec.visual.headlight.specular = [0.1, 0.1, 0.1]
    spec.visual.quality.shadowsize = 2048
    spec.visual.map.shadowclip = 2.0
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
        rgb2=[0.70, 0.72, 0.75],
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
        castshadow=True,
    )


def human_spec(size: tuple[int, int]) -> mujoco.MjSpec:
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
            _add_limb(outer, name, skeleton.OFFSETS[joint])
        bodies.append(body)
    furnish(spec, size)
    return spec


def _add_limb(body: mujoco.MjsBody, name: str, offset: np.ndarray) -> None:
    """Add the capsule between a joint and its child, and what is rounder than a capsule."""
    part = name.split('_')[-1]
    colour = _TROUSERS if part in _TROUSERED else _SKIN if part in _BARE else _SHIRT
    look = {'rgba': colour, 'contype': 0, 'conaffinity': 0}
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0.0, 0.0, 0.0, *offset],
        size=[_RADIUS[part], 0.0, 0.0],
        **look,
    )
    if part in _ROUNDINGS:
        centre, size = _ROUNDINGS[part]
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_ELLIPSOID, pos=offset + centre, size=size, **look)
