"""Properties of the SMPL tree and its forward kinematics."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.skeleton import JOINT_COUNT, OFFSETS, PARENTS, forward_kinematics


def random_pose(seed: int, frames: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Draw joint rotations and root positions."""
    random = np.random.default_rng(seed)
    rotations = Rotation.random(frames * JOINT_COUNT, random).as_matrix()
    return rotations.reshape(frames, JOINT_COUNT, 3, 3), random.normal(size=(frames, 3))


def test_every_parent_stands_before_its_children() -> None:
    assert PARENTS[0] == -1
    assert all(parent < joint for joint, parent in enumerate(PARENTS))


def test_the_order_is_smpls() -> None:
    assert skeleton.JOINT_NAMES[:4] == ('pelvis', 'left_hip', 'right_hip', 'spine1')
    assert skeleton.JOINT_NAMES[12:16] == ('neck', 'left_collar', 'right_collar', 'head')
    assert skeleton.JOINT_NAMES[20:] == ('left_wrist', 'right_wrist', 'left_hand', 'right_hand')


def test_the_rest_pose_is_an_upright_t_with_left_on_the_left() -> None:
    identity = np.tile(np.eye(3), (JOINT_COUNT, 1, 1))
    rest = dict(
        zip(
            skeleton.JOINT_NAMES,
            forward_kinematics(identity, np.zeros(3)).positions,
            strict=True,
        )
    )
    assert rest['head'][1] > 0.5 > 0 > rest['left_foot'][1]
    assert rest['left_wrist'][0] > 0.5
    assert rest['left_foot'][2] > 0.05
    np.testing.assert_allclose(rest['right_wrist'], rest['left_wrist'] * [-1, 1, 1])


def test_mirroring_is_its_own_inverse_and_swaps_sides() -> None:
    mirror = np.array(skeleton.MIRROR_INDEX)
    np.testing.assert_array_equal(mirror[mirror], np.arange(JOINT_COUNT))
    for name, other in zip(skeleton.JOINT_NAMES, mirror, strict=True):
        swapped = {'left': 'right', 'right': 'left'}
        side, _, part = name.partition('_')
        expected = f'{swapped[side]}_{part}' if side in swapped else name
        assert skeleton.JOINT_NAMES[other] == expected


@pytest.mark.parametrize('seed', range(3))
def test_bones_keep_their_length(seed: int) -> None:
    positions = forward_kinematics(*random_pose(seed)).positions
    bones = positions[:, 1:] - positions[:, list(PARENTS[1:])]
    lengths = np.linalg.norm(OFFSETS[1:], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(bones, axis=-1), np.tile(lengths, (5, 1)))


@pytest.mark.parametrize('seed', range(3))
def test_a_turn_of_the_pelvis_turns_the_whole_body(seed: int) -> None:
    rotations, root = random_pose(seed)
    turn = Rotation.random(rng=np.random.default_rng(seed + 100)).as_matrix()
    turned = rotations.copy()
    turned[:, 0] = turn @ turned[:, 0]
    before = forward_kinematics(rotations, root).positions - root[:, None]
    after = forward_kinematics(turned, root).positions - root[:, None]
    np.testing.assert_allclose(after, before @ turn.T, atol=1e-12)


def test_a_joint_moves_only_what_hangs_on_it() -> None:
    rotations, root = random_pose(0)
    before = forward_kinematics(rotations, root).positions
    knee = skeleton.JOINT_INDEX['left_knee']
    rotations[:, knee] = np.eye(3)
    moved = np.abs(forward_kinematics(rotations, root).positions - before).max(axis=(0, 2))
    names = {name for name, by in zip(skeleton.JOINT_NAMES, moved, strict=True) if by > 1e-9}
    assert names == {'left_ankle', 'left_foot'}


def test_torch_gives_what_numpy_gives_and_its_gradient_is_right() -> None:
    rotations, root = random_pose(1, frames=2)
    tensor = torch.tensor(rotations, requires_grad=True)
    positions = forward_kinematics(tensor, torch.tensor(root)).positions
    expected = forward_kinematics(rotations, root).positions
    np.testing.assert_allclose(positions.detach().numpy(), expected, atol=1e-12)
    assert torch.autograd.gradcheck(
        lambda value: forward_kinematics(value, torch.tensor(root)).positions, (tensor,)
    )


def test_single_precision_stays_single() -> None:
    rotations, root = random_pose(2)
    pose = forward_kinematics(rotations.astype(np.float32), root.astype(np.float32))
    assert pose.positions.dtype == pose.rotations.dtype == np.float32
