"""The surface of a body: SMPL's own mesh where its files are, else points on capsules.

SMPL's files may not be redistributed, so they are never part of this package. Without them the
person is made of a capsule for each bone and a few ellipsoids, and the fixed points on these
stand in for the vertices of the mesh, in losses as in pictures.
"""

import importlib
import os
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from motionclip_model import skeleton
from motionclip_model.errors import ConfigError, DependencyError
from motionclip_model.limbs import LIMBS
from motionclip_model.smpl_file import read_body_arrays

SMPL_FOLDER_VARIABLE = 'SMPL_MODEL_DIR'
"""Environment variable that names the folder with the files of SMPL, SMPL-H or SMPL-X."""

_SMPL_FILES = (
    'neutral/model.npz',
    '*_NEUTRAL.npz',
    '*_neutral.npz',
    '*_NEUTRAL.pkl',
    '*_neutral.pkl',
    'basic[mM]odel_neutral_*.pkl',
)


class Body(nn.Module):
    """What gives a skeleton a surface.

    Attributes:
        name: For people, and for what is kept of a body's pictures.
        faces: [face, 3] vertices of each triangle; None where points span no mesh.
    """

    name: str
    faces: Int[np.ndarray, 'face 3'] | None

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
        raise NotImplementedError


class CapsuleBody(Body):
    """Fixed points on the limbs of the licence-free person.

    Attributes:
        name: "capsules".
        faces: None: the points span no mesh.
    """

    name = 'capsules'
    faces = None
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
        """Place the points in the world; see `Body`."""
        pose = skeleton.forward_kinematics(joint_rotations, root_position)
        placed = torch.cat([pose.rotations.mT, pose.positions[..., None, :]], dim=-2)
        return self.carriers.to(placed.dtype) @ placed.flatten(-3, -2)


class SmplBody(Body):
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
            path: npz or pkl file as distributed for SMPL, SMPL-H and SMPL-X.

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
        arrays = read_body_arrays(path, names)
        vertices, joints = (*arrays['weights'].shape, 0, 0)[:2]
        wanted = {
            'v_template': (vertices, 3),
            'posedirs': (vertices, 3, 9 * (joints - 1)),
            'J_regressor': (joints, vertices),
            'weights': (vertices, joints),
            'kintree_table': (2, joints),
            'f': (arrays['f'].size // 3, 3),
        }
        body = skeleton.BODY_JOINT_COUNT
        if any(
            arrays[name].shape != shape or arrays[name].dtype.kind not in 'fiu'
            for name, shape in wanted.items()
        ) or (tuple(arrays['kintree_table'][0, 1:body]) != skeleton.PARENTS[1:body]):
            raise ConfigError(f'{path}: not a body with the joints of SMPL, SMPL-H or SMPL-X')
        faces = arrays['f']
        if faces.ndim != 2 or not (faces.min(initial=0) >= 0 and faces.max(initial=0) < vertices):
            raise ConfigError(f'{path}: its triangles are not of its {vertices} vertices')
        parents = arrays['kintree_table'][0].astype(np.int64)
        parents[0] = -1
        self.faces = faces.astype(np.int32)
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
        """Place the mesh in the world; see `Body`.

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
    """Find the neutral body in a folder of SMPL, SMPL-H or SMPL-X.

    Raises:
        ConfigError: There is none.
    """
    place = Path(source)
    if place.is_file():
        return place
    found = [path for pattern in _SMPL_FILES for path in sorted(place.rglob(pattern))]
    if not found:
        raise ConfigError(
            f'{place}: no body model; put the neutral one of SMPL (SMPL_NEUTRAL.pkl), SMPL-H '
            '(neutral/model.npz) or SMPL-X (SMPLX_NEUTRAL.npz) there'
        )
    return found[0]
