"""The surface moves with the body, whichever model makes it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from smpl_cases import body_arrays

from motionclip_model import skeleton
from motionclip_model.body import CapsuleBody, SmplBody, load_body, smpl_file
from motionclip_model.errors import ConfigError
from motionclip_model.limbs import LIMBS
from motionclip_model.motion import Motion


def random_pose(seed: int, count: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """Rotations of all joints, hands at rest, and places of the pelvis."""
    random = np.random.default_rng(seed)
    rotations = (
        Rotation.from_quat(random.normal(size=(count * 24, 4)))
        .as_matrix()
        .reshape(count, 24, 3, 3)
    )
    rotations[:, skeleton.BODY_JOINT_COUNT :] = np.eye(3)
    return torch.from_numpy(rotations).float(), torch.from_numpy(random.normal(size=(count, 3)))


def save_capsules_as_smpl(path: Path) -> None:
    """Write the licence-free person in the layout of SMPL-H's files: 52 joints."""
    arrays = body_arrays(52)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **{**arrays, 'posedirs': np.zeros_like(arrays['posedirs'])})


def test_points_lie_on_the_flesh_of_their_limb() -> None:
    for limb in LIMBS:
        capsule = limb.surface()[:12]
        along = np.clip(capsule @ limb.end / (limb.end @ limb.end), 0.0, 1.0)
        distance = np.linalg.norm(capsule - along[:, None] * limb.end, axis=1)
        assert np.allclose(distance, limb.radius)


def test_the_surface_turns_and_moves_with_the_person() -> None:
    rotations, position = random_pose(0)
    body = CapsuleBody()
    before = body(rotations, position.float())
    turn = torch.from_numpy(Rotation.from_euler('xyz', [0.3, -1.2, 2.0]).as_matrix()).float()
    turned = torch.cat([(turn @ rotations[:, 0])[:, None], rotations[:, 1:]], dim=1)
    moved = (turn @ position.float()[..., None])[..., 0] + torch.tensor([1.0, 2.0, 3.0])
    after = body(turned, moved)
    expected = (turn @ before[..., None])[..., 0] + torch.tensor([1.0, 2.0, 3.0])
    assert torch.allclose(after, expected, atol=1e-5)


def test_a_bent_elbow_moves_the_forearm_alone() -> None:
    rotations = torch.eye(3).repeat(24, 1, 1)
    body = CapsuleBody()
    before = body(rotations, torch.zeros(3))
    elbow = skeleton.JOINT_INDEX['left_elbow']
    rotations[elbow] = torch.from_numpy(Rotation.from_rotvec([0.0, 1.0, 0.0]).as_matrix())
    moved = (body(rotations, torch.zeros(3)) - before).norm(dim=-1) > 1e-4
    owners = np.concatenate([[limb.parent] * len(limb.surface()) for limb in LIMBS])
    below = [elbow, skeleton.JOINT_INDEX['left_wrist']]
    assert not moved[~np.isin(owners, below)].any()
    assert moved[np.isin(owners, below)].float().mean() > 0.9


def test_the_surface_tells_every_joint_which_way_it_counts() -> None:
    rotations, position = random_pose(1, 1)
    rotations.requires_grad_()
    CapsuleBody()(rotations, position.float()).square().sum().backward()
    gradient = rotations.grad[0].flatten(1).norm(dim=1)
    ends = [j for j in range(24) if j not in skeleton.PARENTS]
    assert (np.delete(gradient.numpy(), ends) > 0.0).all()


def test_a_real_person_stands_on_the_floor_under_a_metre_ninety(clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['walk'])
    vertices = CapsuleBody().double()(
        torch.from_numpy(motion.joint_rotations), torch.from_numpy(motion.root_position)
    )
    heights = vertices[..., 2]
    assert heights.min() > -0.1
    assert 1.5 < (heights.max() - heights.min()) < 1.9


def test_smpl_files_move_as_their_skeleton_says(tmp_path: Path) -> None:
    pytest.importorskip('smplx')
    save_capsules_as_smpl(tmp_path / 'smplh' / 'neutral' / 'model.npz')
    body = load_body(tmp_path)
    assert body.name == 'smpl 323'
    rotations, position = random_pose(2)
    expected = CapsuleBody()(rotations, position.float())
    found = body(rotations, position.float())
    assert torch.allclose(found[:, : expected.shape[1]], expected, atol=1e-5)
    sequence = body(rotations.expand(2, 5, 24, 3, 3), position.float().expand(2, 5, 3))
    assert torch.allclose(sequence[1], found, atol=1e-5)


def test_a_folder_without_a_body_says_what_belongs_there(tmp_path: Path) -> None:
    (tmp_path / 'model.txt').write_bytes(b'')
    with pytest.raises(ConfigError, match='put the neutral one') as caught:
        load_body(tmp_path)
    assert '\n' not in str(caught.value)


def test_another_skeleton_is_refused(tmp_path: Path) -> None:
    pytest.importorskip('smplx')
    path = tmp_path / 'model.npz'
    save_capsules_as_smpl(path)
    with np.load(path) as file:
        arrays = dict(file)
    arrays['kintree_table'][0, 5] = 0
    np.savez(path, **arrays)
    with pytest.raises(ConfigError, match='not a body with the joints'):
        SmplBody(path)


def test_the_environment_names_the_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv('SMPL_MODEL_DIR', raising=False)
    assert load_body().name == 'capsules'
    save_capsules_as_smpl(tmp_path / 'SMPLH_NEUTRAL.npz')
    assert smpl_file(tmp_path).name == 'SMPLH_NEUTRAL.npz'
    pytest.importorskip('smplx')
    monkeypatch.setenv('SMPL_MODEL_DIR', str(tmp_path))
    assert load_body().name == 'smpl 323'
