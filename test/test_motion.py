"""Motion: what it refuses, what it keeps through files, resampling and mirroring."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from motionclip_model.errors import MotionError
from motionclip_model.motion import MAX_SECONDS, Motion
from motionclip_model.skeleton import JOINT_COUNT, MIRROR_INDEX


def still(frames: int = 10, fps: float = 30.0) -> Motion:
    """A person who stands still."""
    rotations = np.tile(np.eye(3), (frames, JOINT_COUNT, 1, 1))
    return Motion(rotations, np.zeros((frames, 3)), fps)


def amass(**changes) -> dict[str, np.ndarray]:
    """The arrays of a small valid AMASS file, with changes; None leaves an array out."""
    arrays = {
        'poses': np.zeros((6, 156), np.float32),
        'trans': np.zeros((6, 3), np.float32),
        'mocap_framerate': np.array(30.0),
    }
    arrays |= changes
    return {key: value for key, value in arrays.items() if value is not None}


@pytest.mark.parametrize('action', ['walk', 'wave', 'cartwheel', 'kick'])
def test_a_real_clip_survives_saving(clips, tmp_path, action) -> None:
    motion = Motion.load(clips[action])
    motion.save(tmp_path / 'motion.npz')
    again = Motion.load(tmp_path / 'motion.npz')
    assert again.fps == motion.fps
    np.testing.assert_allclose(again.pose.positions, motion.pose.positions, atol=1e-5)


def test_real_clips_are_human(clips) -> None:
    for action, path in clips.items():
        motion = Motion.load(path)
        assert 1.0 < motion.seconds < 5.0, action
        assert 0.05 < motion.mean_joint_speed < 4.0, action
        assert -0.1 < motion.pose.positions[..., 2].min() < 0.1, action
        assert 1.0 < motion.pose.positions[..., 2].max() < 2.5, action


def test_the_waving_arm_is_the_right_one(clips) -> None:
    positions = Motion.load(clips['wave']).pose.positions
    wrists = positions[:, 20:22, 2].max(axis=0)
    shoulders = positions[:, 16:18, 2].mean(axis=0)
    raised = (positions[:, 20:22, 2] > shoulders).mean(axis=0)
    assert wrists[1] > shoulders[1] + 0.2
    assert raised[1] > 0.8
    assert raised[1] > raised[0]


@pytest.mark.parametrize('fps', [20.0, 50.0, 120.0])
def test_resampling_keeps_the_motion_and_its_time(clips, fps) -> None:
    motion = Motion.load(clips['kick'])
    resampled = motion.resampled(fps)
    assert resampled.fps == fps
    assert 0.0 <= motion.seconds - resampled.seconds < 1.0 / fps
    back = resampled.resampled(motion.fps) if fps >= motion.fps else resampled
    if fps >= motion.fps:
        error = back.pose.positions - motion.pose.positions[: len(back)]
        assert np.abs(error).max() < 5e-3


def test_resampling_passes_through_the_frames_it_came_from(clips) -> None:
    motion = Motion.load(clips['walk'])
    doubled = motion.resampled(2 * motion.fps)
    np.testing.assert_allclose(
        doubled.joint_rotations[::2], motion.joint_rotations[: (len(doubled) + 1) // 2], atol=1e-9
    )


def test_mirroring_reflects_every_joint(clips) -> None:
    motion = Motion.load(clips['wave'])
    mirrored = motion.mirrored()
    expected = motion.pose.positions[:, list(MIRROR_INDEX)] * [-1.0, 1.0, 1.0]
    np.testing.assert_allclose(mirrored.pose.positions, expected, atol=1e-9)
    np.testing.assert_allclose(mirrored.mirrored().joint_rotations, motion.joint_rotations)


def test_a_frozen_motion_has_no_speed_and_a_turning_arm_has_the_right_one() -> None:
    motion = still(61, 60.0)
    assert motion.mean_joint_speed == 0.0
    rotations = motion.joint_rotations.copy()
    angles = np.linspace(0.0, 1.0, 61)
    rotations[:, 18] = Rotation.from_rotvec(angles[:, None] * [0.0, 0.0, 1.0]).as_matrix()
    turning = Motion(rotations, motion.root_position, 60.0)
    # Wrist and hand of the left forearm turn at 1 rad/s; all other joints rest.
    expected = (np.hypot(0.25, 0.01) + np.linalg.norm([0.335, 0.0, -0.01])) / JOINT_COUNT
    assert turning.mean_joint_speed == pytest.approx(expected, rel=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.floats(1.0, 240.0))
def test_any_rotations_survive_a_file(tmp_path_factory, seed, frames, fps) -> None:
    random = np.random.default_rng(seed)
    rotations = Rotation.random(frames * JOINT_COUNT, random).as_matrix()
    rotations = rotations.reshape(frames, JOINT_COUNT, 3, 3)
    rotations[:, 22:] = np.eye(3)
    path = tmp_path_factory.mktemp('motion') / 'motion.npz'
    motion = Motion(rotations, random.normal(size=(frames, 3)), fps)
    motion.save(path)
    again = Motion.load(path)
    np.testing.assert_allclose(again.joint_rotations, rotations, atol=1e-5)
    np.testing.assert_allclose(again.root_position, motion.root_position, atol=1e-5)
    assert again.fps == fps


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'poses': None}, 'no array poses'),
        ({'trans': None}, 'no array trans'),
        ({'poses': None, 'root_orient': np.zeros((6, 3))}, 'nor root_orient and pose_body'),
        (
            {'poses': None, 'root_orient': np.zeros((6, 3)), 'pose_body': np.zeros((5, 63))},
            'must be',
        ),
        ({'mocap_framerate': None}, 'no mocap_framerate'),
        ({'mocap_framerate': np.array(0.0)}, 'frame rate'),
        ({'mocap_framerate': np.array(np.nan)}, 'frame rate'),
        ({'poses': np.zeros((6, 60))}, 'must be'),
        ({'poses': np.zeros(6)}, 'must be'),
        ({'trans': np.zeros((5, 3))}, 'must be'),
        ({'poses': np.full((6, 156), np.nan)}, 'NaN'),
        ({'trans': np.full((6, 3), np.inf)}, 'not finite'),
        ({'poses': np.zeros((1, 156)), 'trans': np.zeros((1, 3))}, 'at least 2 frames'),
        ({'poses': np.zeros((0, 156)), 'trans': np.zeros((0, 3))}, 'at least 2 frames'),
        ({'poses': np.full((6, 156), 'x')}, 'must be numbers'),
    ],
)
def test_a_bad_file_gets_one_line_that_names_it(tmp_path, changes, message) -> None:
    path = tmp_path / 'bad.npz'
    np.savez(path, **amass(**changes))
    with pytest.raises(MotionError, match=message) as caught:
        Motion.load(path)
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('width', [66, 72, 156, 165])
def test_every_release_of_the_body_model_is_read_alike(clips, tmp_path, width) -> None:
    motion = Motion.load(clips['kick'])
    motion.save(tmp_path / 'smplh.npz')
    with np.load(tmp_path / 'smplh.npz') as file:
        poses, trans = file['poses'], file['trans']
    poses = np.pad(poses, ((0, 0), (0, 9)))[:, :width]
    rate = np.array(30.0)
    np.savez(tmp_path / 'whole.npz', poses=poses, trans=trans, mocap_framerate=rate)
    np.savez(
        tmp_path / 'parts.npz',
        root_orient=poses[:, :3],
        pose_body=poses[:, 3:66],
        pose_hand=np.zeros((len(poses), 90)),
        trans=trans,
        mocap_frame_rate=rate,
        surface_model_type=np.array('smplx'),
        latent_labels=np.array(['ARIEL', None], dtype=object),
    )
    for name in ('whole', 'parts'):
        again = Motion.load(tmp_path / f'{name}.npz')
        np.testing.assert_allclose(again.pose.positions, motion.pose.positions, atol=1e-5)


@pytest.mark.parametrize('content', [b'', b'not an archive', b'PK\x03\x04 half an archive'])
def test_a_file_that_is_no_archive_is_refused(tmp_path, content) -> None:
    path = tmp_path / 'bad.npz'
    path.write_bytes(content)
    with pytest.raises(MotionError, match='not a readable npz'):
        Motion.load(path)


def test_a_single_array_is_refused(tmp_path) -> None:
    path = tmp_path / 'array.npz'
    with path.open('wb') as file:
        np.save(file, np.zeros((6, 156)))
    with pytest.raises(MotionError, match='not a readable npz'):
        Motion.load(path)


def test_a_truncated_file_is_refused(clips, tmp_path) -> None:
    whole = clips['walk'].read_bytes()
    path = tmp_path / 'cut.npz'
    for length in (len(whole) // 2, len(whole) - 30):
        path.write_bytes(whole[:length])
        with pytest.raises(MotionError):
            Motion.load(path)


def test_a_damaged_file_is_read_or_refused_but_never_breaks_the_reader(clips, tmp_path) -> None:
    whole = clips['jog'].read_bytes()
    random = np.random.default_rng(0)
    path = tmp_path / 'damaged.npz'
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for position in random.integers(len(whole), size=random.integers(1, 5)):
            damaged[position] = random.integers(256)
        path.write_bytes(damaged)
        try:
            Motion.load(path)
        except MotionError:
            refused += 1
    assert refused > 200


def test_pickled_objects_are_never_loaded(tmp_path) -> None:
    path = tmp_path / 'pickle.npz'
    np.savez(path, **amass(poses=np.array([{'a': 1}], dtype=object)))
    with pytest.raises(MotionError, match='not a readable npz'):
        Motion.load(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path) -> None:
    with pytest.raises(MotionError, match='no such file'):
        Motion.load(tmp_path / 'none.npz')
    with pytest.raises(MotionError):
        Motion.load(tmp_path)


def test_a_motion_of_many_minutes_is_refused(tmp_path) -> None:
    frames = int(MAX_SECONDS) + 2
    path = tmp_path / 'long.npz'
    np.savez(
        path,
        **amass(
            poses=np.zeros((frames, 66), np.float32),
            trans=np.zeros((frames, 3), np.float32),
            mocap_framerate=np.array(1.0),
        ),
    )
    with pytest.raises(MotionError, match='longer than'):
        Motion.load(path)


def test_matrices_that_are_no_rotations_are_refused() -> None:
    rotations = still().joint_rotations * 1.1
    with pytest.raises(MotionError, match='not a rotation'):
        Motion(rotations, np.zeros((10, 3)), 30.0)


def test_a_reflection_is_not_a_rotation() -> None:
    rotations = still().joint_rotations @ np.diag([-1.0, 1.0, 1.0])
    with pytest.raises(MotionError, match='not a rotation'):
        Motion(rotations, np.zeros((10, 3)), 30.0)


def test_a_motion_cannot_be_changed() -> None:
    motion = still()
    with pytest.raises(AttributeError):
        motion.fps = 60.0
