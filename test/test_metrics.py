"""Figures mean what they are called."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionclip_model.metrics import (
    drift,
    foot_skate,
    forward_speed,
    joint_position_error,
    path_error,
    rotation_error,
    speed_ratio,
    turned,
)
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


def test_angles_are_those_between_the_joints(walk: Motion) -> None:
    rotations = walk.joint_rotations.copy()
    bend = Rotation.from_euler('x', 42, degrees=True).as_matrix()
    rotations[:, 4] = rotations[:, 4] @ bend
    # Where the whole body faces is no error of its joints.
    rotations[:, 0] = Rotation.from_euler('z', 70, degrees=True).as_matrix() @ rotations[:, 0]
    bent = Motion(rotations, walk.root_position, walk.fps)
    assert rotation_error(bent, walk) == pytest.approx(42.0 / 21)
    assert rotation_error(walk, walk) < 0.1


def test_feet_skate_when_the_body_glides_and_stand_when_it_walks(walk: Motion) -> None:
    still = np.repeat(walk.joint_rotations[:1], len(walk), axis=0)
    path = np.repeat(walk.root_position[:1], len(walk), axis=0)
    path[:, 2] -= Motion(still, path, walk.fps).pose.positions[0, [10, 11], 2].min()
    assert foot_skate(Motion(still, path, walk.fps)) < 1e-9
    path[:, 0] += 0.9 * np.arange(len(walk)) / walk.fps
    assert foot_skate(Motion(still, path, walk.fps)) == pytest.approx(0.9)
    assert foot_skate(Motion(still, path + np.array([0.0, 0.0, 1.0]), walk.fps)) == 0.0
    assert foot_skate(walk) < 0.5 * foot_skate(Motion(still, path, walk.fps))


def test_forward_is_where_the_hips_face_and_left_is_above_zero(walk: Motion) -> None:
    speed = forward_speed(walk)
    assert 0.5 < speed < 2.0
    turn = Rotation.from_euler('z', 130, degrees=True).as_matrix()
    rotations = walk.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    assert forward_speed(Motion(rotations, walk.root_position @ turn.T, walk.fps)) == (
        pytest.approx(speed)
    )
    backward = Motion(walk.joint_rotations[::-1], walk.root_position[::-1], walk.fps)
    assert forward_speed(backward) == pytest.approx(-speed, abs=0.02)
    yaw = np.linspace(0.0, np.radians(200.0), len(walk))
    rotations[:, 0] = (
        Rotation.from_euler('z', yaw[:, None]).as_matrix() @ walk.joint_rotations[:1, 0]
    )
    around = Motion(rotations, walk.root_position, walk.fps)
    assert turned(around) == pytest.approx(200.0)
    assert turned(around.mirrored()) == pytest.approx(-200.0)


def test_drift_is_the_farthest_way_and_not_the_last(walk: Motion) -> None:
    path = np.zeros((len(walk), 3))
    path[len(walk) // 2] = [0.3, 0.4, 2.0]
    assert drift(Motion(walk.joint_rotations, path, walk.fps)) == pytest.approx(0.5)
