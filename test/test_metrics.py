"""Figures mean what they are called."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionclip_model.metrics import joint_position_error, path_error, speed_ratio
from motionclip_model.motion import Motion


@pytest.fixture
def walk(clips: dict[str, Path]) -> Motion:
    return Motion.load(clips['walk'])


def test_a_motion_equals_itself_wherever_it_is_done(walk: Motion) -> None:
    turn = Rotation.from_euler('z', 70, degrees=True).as_matrix()
    rotations = walk.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    moved = Motion(rotations, walk.root_position @ turn.T + [5.0, 2.0, 0.0], walk.fps)
    assert joint_position_error(moved, walk) < 1e-9
    assert speed_ratio(moved, walk) == pytest.approx(1.0)
    assert path_error(moved, walk) < 1e-9


def test_a_raised_arm_is_measured_in_metres(walk: Motion) -> None:
    rotations = walk.joint_rotations.copy()
    straight = Rotation.from_euler('z', 90, degrees=True).as_matrix()
    rotations[:, 20] = rotations[:, 20] @ straight  # left wrist moves only the hand joint
    bent = Motion(rotations, walk.root_position, walk.fps)
    hand = np.linalg.norm(walk.pose.positions[:, 22] - bent.pose.positions[:, 22], axis=-1)
    assert joint_position_error(bent, walk) == pytest.approx(hand.mean() / 24)


def test_a_frozen_glide_is_called_frozen(walk: Motion) -> None:
    still = np.repeat(walk.joint_rotations[:1], len(walk), axis=0)
    glide = Motion(still, walk.root_position, walk.fps)
    assert speed_ratio(glide, walk) < 1e-6
    assert path_error(glide, walk) < 1e-9


def test_half_the_way_is_half_an_error(walk: Motion) -> None:
    short = Motion(walk.joint_rotations, walk.root_position * [0.5, 0.5, 1.0], walk.fps)
    assert path_error(short, walk) == pytest.approx(0.5, abs=0.05)
