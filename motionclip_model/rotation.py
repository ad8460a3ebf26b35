"""The rotation representations of the network.

roma has both functions, but importing it loads PyTorch's compiler, two seconds at every start.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def matrix_from_6d(vector: Float[Tensor, '*batch 6']) -> Float[Tensor, '*batch 3 3']:
    """Orthonormalise two columns into a rotation matrix (Zhou et al. 2019, eq. 16).

    Args:
        vector: Rows of the matrix' first two columns, one after the other.
    """
    columns = vector.unflatten(-1, (3, 2))
    first = torch.nn.functional.normalize(columns[..., 0], dim=-1)
    second = columns[..., 1] - (first * columns[..., 1]).sum(-1, keepdim=True) * first
    second = torch.nn.functional.normalize(second, dim=-1)
    return torch.stack([first, second, torch.linalg.cross(first, second)], dim=-1)


def yaw_matrix(angle: Float[Tensor, '*batch']) -> Float[Tensor, '*batch 3 3']:
    """Rotation about the world's vertical axis.

    Args:
        angle: Angle, counter-clockwise seen from above [rad].
    """
    cos, sin, zero = torch.cos(angle), torch.sin(angle), torch.zeros_like(angle)
    rows = [cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1.0]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))
