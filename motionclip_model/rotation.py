"""The rotation representations of the network; all mathematics is roma's."""

import roma
import torch
from jaxtyping import Float
from torch import Tensor


def matrix_from_6d(vector: Float[Tensor, '*batch 6']) -> Float[Tensor, '*batch 3 3']:
    """Orthonormalise two columns into a rotation matrix (Zhou et al. 2019, eq. 16)."""
    return roma.special_gramschmidt(vector.unflatten(-1, (3, 2)))


def yaw_matrix(angle: Float[Tensor, '*batch']) -> Float[Tensor, '*batch 3 3']:
    """Rotation about the world's vertical axis.

    Args:
        angle: Angle, counter-clockwise seen from above [rad].
    """
    zero = torch.zeros_like(angle)
    return roma.rotvec_to_rotmat(torch.stack([zero, zero, angle], dim=-1))
