"""The surface of a body: SMPL's own mesh where its files are, else points on capsules.

SMPL's files may not be redistributed, so they are never part of this package. Without them the
person is made of a capsule for each bone and a few ellipsoids, and the fixed points on these
stand in for the vertices of the mesh, in losses as in pictures.
"""

import importlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from motionclip_model import skeleton
from motionclip_model.errors import ConfigError, DependencyError
from motionclip_model.storage import read_arrays

SMPL_FOLDER_VARIABLE = 'SMPL_MODEL_DIR'
"""Environment variable that names the folder with the files of SMPL-H or SMPL-X."""

_SMPL_FILES = ('neutral/model.npz', '*_NEUTRAL.npz', '*_neutral.npz')

_RADIUS = {
    'hip': 0.08,
    'knee': 0.055,
    'ankle': 0.045,
    'foot': 0.04,
    'collar': 0.06,
    'shoulder': 0.05,
    'elbow': 0.04,
    'wrist': 0.033,
    'hand': 0.04,
    'spine1': 0.11,
    'spine2': 0.12,
    'spine3': 0.11,
    'neck': 0.05,
    'head': 0.05,
}
_ROUNDINGS = {
    'head': ((0.0, 0.07, 0.01), (0.078, 0.115, 0.095)),
    'spine1': ((0.0, -0.08, 0.01), (0.145, 0.10, 0.105)),
    'spine3': ((0.0, 0.02, 0.0), (0.155, 0.20, 0.11)),
}
"""Ellipsoids of head, hips and chest: centre from the joint and half axes [m]."""

_STATIONS = (1.0 / 6.0, 0.5, 5.0 / 6.0)
"""Shares of a bone at which four points stand around it."""


class Ellipsoid(NamedTuple):
    """A rounding in the frame of the joint that a bone starts from.

    Attributes:
        centre: [3] its middle [m].
        half_axes: [3] along the axes of that joint [m].
    """

    centre: np.ndarray
    half_axes: np.ndarray


class Limb(NamedTuple):
    """The flesh around a bone, fixed to the joint that the bone starts from.

    Attributes:
        joint: Joint at the far end of the bone.
        parent: Joint that it starts from.
        end: [3] the far end in the frame of that joint [m].
        radius: Half thickness of the capsule [m].
        rounding: What is rounder than a capsule there, if anything.
    """

    joint: int
    parent: int
    end: np.ndarray
    radius: float
    rounding: Ellipsoid | None

    @property
    def part(self) -> str:
        """Name of the part of the body, left and right alike."""
        return skeleton.JOINT_NAMES[self.joint].split('_')[-1]

    def surface(self) -> Float[np.ndarray, 'point 3']:
        """Points on the surface, in the frame of the joint that the bone starts from [m]."""
        along = self.end / np.linalg.norm(self.end)
        # Any two directions across the bone will do, as long as they are always the same.
        across = np.cross(along, np.eye(3)[np.abs(along).argmin()])
        across /= np.linalg.norm(across)
        ring = np.stack([across, np.cross(along, across)])
        ring = self.radius * np.concatenate([ring, -ring])
        points = [share * self.end + ring for share in _STATIONS]
        if self.joint not in skeleton.PARENTS:
            points.append((self.end + self.radius * along)[None])
        if self.rounding is not None:
            poles = np.diag(self.rounding.half_axes)
            points.append(self.rounding.centre + np.concatenate([poles, -poles]))
        return np.concatenate(points)


def _limb(joint: int) -> Limb:
    name = skeleton.JOINT_NAMES[joint]
    end = skeleton.OFFSETS[joint]
    rounding = None
    if name in _ROUNDINGS:
        centre, half_axes = _ROUNDINGS[name]
        rounding = Ellipsoid(end + centre, np.array(half_axes))
    return Limb(joint, skeleton.PARENTS[joint], end, _RADIUS[name.split('_')[-1]], rounding)


LIMBS = tuple(_limb(joint) for joint in range(1, skeleton.JOINT_COUNT))
"""The 23 limbs of the person that needs no licence."""


class CapsuleBody(nn.Module):
    """Fixed points on the limbs of the licence-free person.

    Attributes:
        name: "capsules".
        faces: None: the points span no mesh.
    """

    name = 'capsules'
    faces: Int[np.ndarray, 'face 3'] | None = None
    carriers: Tensor

    def __init__(self) -> None:
        """Place the points."""
        super().__init__()
        rows = []
        for limb in LIMBS:
            points = limb.surface()
            row = np.zeros((len(points), skeleton.JOINT_COUNT, 4))
            row[:, limb.parent, :3], row[:, limb.parent, 3] = points, 1.0
            rows.append(row.reshape(len(points), -1))
        # A point is its place in a joint's frame (3) and that joint's weight (1), so that one
        # product with the stacked placements of all joints puts every point into the world.
        carriers = torch.from_numpy(np.concatenate(rows)).float()
        self.register_buffer('carriers', carriers, persistent=False)

    def forward(
        self,
        joint_rotations: Float[Tensor, '*batch 24 3 3'],
        root_position: Float[Tensor, '*batch 3'],
    ) -> Float[Tensor, '*batch vertex 3']:
        """Place the surface in the world.

        Args:
            joint_rotations: Rotation of each joint to its parent, the pelvis' to the world.
            root_position: Pelvis in the world [m].

        Returns:
            Points on the surface [m].
        """
        pose = skeleton.forward_kinematics(joint_rotations, root_position)
        placed = torch.cat([pose.rotations.mT, pose.positions[..., None, :]], dim=-2)
        return self.carriers.to(placed.dtype) @ placed.flatten(-3, -2)


class SmplBody(nn.Module):
    """The mesh of SMPL, SMPL-H or SMPL-X in its mean shape, hands and face at rest.

    Attributes:
        name: "smpl" and the number of vertices.
        faces: [face, 3] vertices of each triangle.
    """

    template: Tensor
    pose_directions: Tensor
    joint_regressor: Tensor
    weights: Tensor

    def __init__(self, path: str | os.PathLike[str]):
        """Read a model file.

        Args:
            path: npz file as distributed for SMPL-H and SMPL-X.

        Raises:
            ConfigError: Missing, damaged, or no body model.
            DependencyError: The library `smplx` is not installed.
        """
        super().__init__()
        try:
            self._skin = importlib.import_module('smplx.lbs').lbs
        except ImportError:
            raise DependencyError(
                'the mesh of SMPL needs the library smplx; run: pip install smplx'
            ) from None
        names = ('v_template', 'posedirs', 'J_regressor', 'weights', 'kintree_table', 'f')
        arrays = read_arrays(path, names, ConfigError)
        vertices, joints = len(arrays['v_template']), arrays['kintree_table'].shape[-1]
        wanted = {
            'v_template': (vertices, 3),
            'posedirs': (vertices, 3, 9 * (joints - 1)),
            'J_regressor': (joints, vertices),
            'weights': (vertices, joints),
            'kintree_table': (2, joints),
        }
        body = skeleton.BODY_JOINT_COUNT
        if any(arrays[name].shape != shape for name, shape in wanted.items()) or (
            tuple(arrays['kintree_table'][0, 1:body]) != skeleton.PARENTS[1:body]
        ):
            raise ConfigError(f'{path}: not a body with the joints of SMPL, SMPL-H or SMPL-X')
        parents = arrays['kintree_table'][0].astype(np.int64)
        parents[0] = -1
        self.faces = arrays['f'].astype(np.int32)
        self.name = f'smpl {vertices}'
        directions = arrays['posedirs'].reshape(3 * vertices, -1).T
        for name, value in (
            ('template', arrays['v_template']),
            ('pose_directions', directions),
            ('joint_regressor', arrays['J_regressor']),
            ('weights', arrays['weights']),
        ):
            tensor = torch.from_numpy(np.ascontiguousarray(value, np.float32))
            self.register_buffer(name, tensor, persistent=False)
        self.register_buffer('parents', torch.from_numpy(parents), persistent=False)

    def forward(
        self,
        joint_rotations: Float[Tensor, '*batch 24 3 3'],
        root_position: Float[Tensor, '*batch 3'],
    ) -> Float[Tensor, '*batch vertex 3']:
        """Place the mesh in the world; see `CapsuleBody.forward`.

        The model's own skeleton carries the mesh, so that joints lie a little off ours.
        """
        body = joint_rotations[..., : skeleton.BODY_JOINT_COUNT, :, :].flatten(0, -4).float()
        count, joints = len(body), len(self.joint_regressor)
        rest = torch.eye(3, device=body.device).expand(count, joints - body.shape[1], 3, 3)
        vertices, placed = self._skin(
            torch.zeros(count, 1, device=body.device),
            torch.cat([body, rest], dim=1),
            self.template[None].expand(count, -1, -1),
            self.template.new_zeros(*self.template.shape, 1),
            self.pose_directions,
            self.joint_regressor,
            self.parents,
            self.weights,
            pose2rot=False,
        )
        pelvis = root_position.flatten(0, -2).float() - placed[:, 0]
        return (vertices + pelvis[:, None]).unflatten(0, joint_rotations.shape[:-3])


Body = CapsuleBody | SmplBody


def load_body(source: str | os.PathLike[str] | None = None) -> Body:
    """Load the mesh of SMPL where its files are, else the licence-free person.

    Args:
        source: Model file or folder with one; by default what the environment variable
            SMPL_MODEL_DIR names. Without either, the person of capsules.

    Raises:
        ConfigError: There is no readable model file where one was named.
        DependencyError: The library `smplx` is not installed.
    """
    named = source or os.environ.get(SMPL_FOLDER_VARIABLE)
    return SmplBody(smpl_file(named)) if named else CapsuleBody()


def smpl_file(source: str | os.PathLike[str]) -> Path:
    """Find the neutral body in a folder of SMPL-H or SMPL-X.

    Raises:
        ConfigError: There is none.
    """
    place = Path(source)
    if place.is_file():
        return place
    found = [path for pattern in _SMPL_FILES for path in sorted(place.rglob(pattern))]
    if not found:
        raise ConfigError(
            f'{place}: no body model; put the npz of SMPL-H (neutral/model.npz) or SMPL-X '
            '(SMPLX_NEUTRAL.npz) there. Pickled .pkl models are not read'
        )
    return found[0]
