"""People who just stand are found in clips of other things, and nobody else is."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from motionclip_model import features
from motionclip_model.data.stillness import still_part
from motionclip_model.motion import Motion
from motionclip_model.skeleton import JOINT_COUNT, OFFSETS

_STANDING_HEIGHT = -float(OFFSETS[[1, 4, 7, 10], 1].sum())


def standing(seconds: float, *, hands_down: bool = True) -> Motion:
    """Someone at attention, who does not even sway."""
    frames = round(30 * seconds)
    rotations = np.tile(np.eye(3), (frames, JOINT_COUNT, 1, 1))
    # SMPL's rest frame is y up, front +z; the world is z up.
    rotations[:, 0] = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    if hands_down:
        down = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        rotations[:, 16], rotations[:, 17] = down, down.T
    return Motion(rotations, np.tile([0.0, 0.0, _STANDING_HEIGHT], (frames, 1)), 30.0)


@settings(deadline=None, max_examples=10)
@given(seconds=st.floats(0.6, 20.0))
def test_who_stands_is_found_and_lasts_some_seconds(seconds: float) -> None:
    still = still_part(standing(seconds))
    assert still is not None
    assert 2.5 <= still.seconds <= 10.0
    assert still.mean_joint_speed < 1e-6


def test_arms_held_out_are_no_standing_still() -> None:
    assert still_part(standing(3.0, hands_down=False)) is None


@pytest.mark.parametrize('action', ['walk', 'jog', 'punch', 'wave', 'dance'])
def test_who_moves_does_not_stand_still(clips: dict[str, Path], action: str) -> None:
    assert still_part(Motion.load(clips[action])) is None


def test_a_nod_is_no_standing_still() -> None:
    motion = standing(3.0)
    angles = 0.4 * np.sin(2.0 * np.pi * np.arange(len(motion)) / motion.fps)
    cosine, sine = np.cos(angles), np.sin(angles)
    motion.joint_rotations[:, 15, 1:, 1:] = np.moveaxis(
        np.array([[cosine, -sine], [sine, cosine]]), -1, 0
    )
    assert still_part(motion) is None


def turned(angle: np.ndarray) -> np.ndarray:
    """Rotations about the body's front axis."""
    return Rotation.from_rotvec(np.outer(angle, [0.0, 0.0, 1.0])).as_matrix()


def test_legs_apart_are_no_standing_still() -> None:
    motion = standing(3.0)
    angles = np.full(len(motion), np.radians(25.0))
    motion.joint_rotations[:, 1] = turned(angles)
    motion.joint_rotations[:, 2] = turned(-angles)
    motion.root_position[:, 2] -= motion.pose.positions[:, [10, 11], 2].min()
    assert still_part(motion) is None


@settings(deadline=None, max_examples=10)
@given(amplitude=st.floats(0.02, 0.1))
def test_a_swaying_arm_is_slowed_down(amplitude: float) -> None:
    motion = standing(2.0)
    angles = amplitude * np.sin(5.0 * np.arange(len(motion)) / motion.fps)
    motion.joint_rotations[:, 16] = turned(angles) @ motion.joint_rotations[:, 16]
    still = still_part(motion)
    assert still is not None
    speed = np.linalg.norm(np.diff(still.pose.positions, axis=0), axis=-1) * features.FPS
    # The spline rounds the turning points, which takes a little more speed beside them.
    assert speed.max() < 0.22


@settings(deadline=None, max_examples=10)
@given(lead=st.floats(0.5, 1.2), speed=st.floats(0.5, 2.0))
def test_only_the_calm_moment_is_taken_and_it_sways_in_place(lead: float, speed: float) -> None:
    motion = standing(lead + 2.0)
    since = np.maximum(np.arange(len(motion)) / motion.fps - lead, 0.0)
    # A sway before the start that grows into a step.
    motion.root_position[:, 0] = 0.02 * np.sin(np.arange(len(motion)) / 6.0) + speed * since
    still = still_part(motion)
    assert still is not None
    assert np.ptp(still.root_position, axis=0).max() < 0.1
    relative = np.linalg.norm(np.diff(still.pose.positions, axis=0), axis=-1) * features.FPS
    assert relative.max() < 0.25


def test_real_recordings_hold_people_who_stand(shared: Path) -> None:
    motion = Motion.load(shared / 'data' / 'amass' / 'CMU' / '01' / '01_01_poses.npz')
    still = still_part(motion)
    assert still is not None
    assert still.mean_joint_speed < 0.06
    assert np.ptp(still.root_position[:, :2], axis=0).max() < 0.1
