"""Rotations survive the network's representation."""

import pytest
import roma
import torch

from motionclip_model.rotation import matrix_from_6d, yaw_matrix


def test_the_two_first_columns_say_it_all() -> None:
    torch.manual_seed(0)
    rotations = roma.random_rotmat(50, dtype=torch.float64)
    columns = rotations[..., :2].flatten(-2)
    assert torch.allclose(matrix_from_6d(columns), rotations, atol=1e-12)


def test_any_six_numbers_give_a_rotation() -> None:
    torch.manual_seed(1)
    rotations = matrix_from_6d(torch.randn(200, 6, dtype=torch.float64))
    identity = torch.eye(3, dtype=torch.float64).expand(200, 3, 3)
    assert torch.allclose(rotations.mT @ rotations, identity, atol=1e-9)
    assert torch.allclose(torch.linalg.det(rotations), torch.ones(200, dtype=torch.float64))


@pytest.mark.parametrize(('angle', 'image'), [(0.0, (1.0, 0.0)), (torch.pi / 2, (0.0, 1.0))])
def test_yaw_turns_counter_clockwise(angle: float, image: tuple[float, float]) -> None:
    turned = yaw_matrix(torch.tensor(angle)) @ torch.tensor([1.0, 0.0, 0.0])
    assert torch.allclose(turned, torch.tensor([*image, 0.0]), atol=1e-6)
