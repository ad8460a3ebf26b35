"""Rows describe a motion wholly, and independently of where it is done."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from motionclip_model import features
from motionclip_model.motion import Motion

ACTIONS = ('walk', 'run', 'cartwheel', 'dance', 'sit')


def _moved(motion: Motion, degrees: float, shift: tuple[float, float]) -> Motion:
    turn = Rotation.from_euler('z', degrees, degrees=True).as_matrix()
    rotations = motion.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    return Motion(rotations, motion.root_position @ turn.T + [*shift, 0.0], motion.fps)


@pytest.mark.parametrize('action', ACTIONS)
def test_decoding_gives_the_motion_back_up_to_place_and_heading(
    clips: dict[str, Path], action: str
) -> None:
    motion = Motion.load(clips[action]).resampled(features.FPS)
    back = features.decode(torch.from_numpy(features.encode(motion)))
    turn = -float(features.headings(motion)[0])
    moved = _moved(motion, np.degrees(turn), (0.0, 0.0))
    shift = np.append(moved.root_position[0, :2], 0.0)
    assert np.abs(back.pose.positions - (moved.pose.positions - shift)).max() < 1e-4


@pytest.mark.parametrize(('degrees', 'shift'), [(37.0, (3.0, -2.0)), (181.0, (0.0, 9.0))])
def test_rows_do_not_depend_on_place_and_heading(
    clips: dict[str, Path], degrees: float, shift: tuple[float, float]
) -> None:
    motion = Motion.load(clips['walk'])
    rows, moved = features.encode(motion), features.encode(_moved(motion, degrees, shift))
    assert np.abs(rows - moved).max() < 1e-4


def test_a_walk_goes_where_the_hips_face(clips: dict[str, Path]) -> None:
    rows = features.encode(Motion.load(clips['walk']))
    assert rows[:, features.VELOCITY].mean(0)[0] > 0.6
    assert abs(rows[:, features.VELOCITY].mean(0)[1]) < 0.2


def test_walking_feet_touch_the_floor_in_turn(clips: dict[str, Path]) -> None:
    contacts = features.foot_contacts(Motion.load(clips['walk']))
    left, right = contacts[:, :2].max(1), contacts[:, 2:].max(1)
    assert 0.3 < left.mean() < 0.95
    assert 0.3 < right.mean() < 0.95
    assert (left + right >= 1).mean() > 0.9


def test_mirroring_swaps_turns_and_sides(clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['dance'])
    rows, mirror = features.encode(motion), features.encode(motion.mirrored())
    assert np.allclose(mirror[:, features.YAW_RATE], -rows[:, features.YAW_RATE], atol=1e-3)
    swapped = rows[:, features.CONTACTS][:, [2, 3, 0, 1]]
    assert np.allclose(mirror[:, features.CONTACTS], swapped)


def test_local_positions_agree_with_the_motion(clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['kick']).resampled(features.FPS)
    place = features.local_positions(torch.from_numpy(features.encode(motion))).numpy()
    theirs = motion.pose.positions - motion.root_position[:, None]
    assert np.allclose(place[..., 2], theirs[..., 2], atol=1e-5)
    assert np.allclose(np.linalg.norm(place, axis=-1), np.linalg.norm(theirs, axis=-1), atol=1e-5)
