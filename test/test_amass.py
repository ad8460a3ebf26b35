"""AMASS files are found under any release's names, and stand on the floor afterwards."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model.data.amass import amass_files, grounded
from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion

FEET = [10, 11]


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


@pytest.mark.parametrize(
    ('there', 'asked'),
    [
        ('CMU/49/49_06_poses.npz', 'CMU/CMU/49/49_06_poses.npz'),
        ('CMU/CMU/49/49_06_poses.npz', './pose_data/CMU/49/49_06_poses.npy'),
        ('CMU/49/49_06_stageii.npz', 'CMU/CMU/49/49_06_poses.npz'),
        ('HDM05/dg/HDM_dg_01_stageii.npz', './pose_data/MPI_HDM05/dg/HDM_dg_01_poses.npy'),
        ('PosePrior/03099/op3_stageii.npz', 'MPILimits/MPI_Limits/03099/op3_poses.npz'),
        (
            'BMLrub/rub1/0_walk_stageii.npz',
            './pose_data/BioMotionLab_NTroje/rub1/0_walk_poses.npy',
        ),
        ('ACCAD/Female_c3d/A1_-_Stand_stageii.npz', 'ACCAD/ACCAD/Female_c3d/A1 - Stand_poses.npz'),
        ('KIT/KIT/3/kick01_poses.npz', './pose_data/KIT/3/kick01_poses.npy'),
    ],
)
def test_a_file_is_found_under_the_names_of_other_releases(
    tmp_path: Path, there: str, asked: str
) -> None:
    touch(tmp_path, there, 'CMU/49/49_07_poses.npz', 'CMU/49/shape.npz', 'CMU/49/male_stagei.npz')
    files = amass_files(tmp_path)
    assert files.find(asked) == tmp_path / there
    assert len(files.files) == 2
    with pytest.raises(MotionError, match='not in the AMASS folder'):
        files.find('CMU/CMU/49/49_08_poses.npz')


def test_the_folder_may_be_that_of_one_collection(tmp_path: Path) -> None:
    touch(tmp_path, 'AMASS/CMU/49/49_06_poses.npz')
    files = amass_files(tmp_path / 'AMASS' / 'CMU')
    assert files.find('CMU/CMU/49/49_06_poses.npz').is_file()


def test_a_folder_without_motions_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, 'CMU/49/shape.npz')
    with pytest.raises(MotionError, match=r'no AMASS \.npz files'):
        amass_files(tmp_path)


@settings(deadline=None, max_examples=15)
@given(
    shift=st.tuples(*[st.floats(-5.0, 5.0)] * 3),
    name=st.sampled_from(['walk', 'jog', 'dance', 'jump', 'cartwheel', 'sit']),
)
def test_feet_come_to_the_floor_wherever_the_recording_was(
    clips: dict[str, Path], shift: tuple[float, float, float], name: str
) -> None:
    motion = Motion.load(clips[name])
    moved = Motion(motion.joint_rotations, motion.root_position + shift, motion.fps)
    lowest = grounded(moved).pose.positions[:, FEET, 2].min(axis=1)
    assert abs(np.percentile(lowest, 1.0)) < 1e-6
    assert lowest.min() > -0.05


@settings(deadline=None, max_examples=10)
@given(scale=st.floats(0.85, 1.15))
def test_longer_legs_than_ours_make_shorter_steps(clips: dict[str, Path], scale: float) -> None:
    motion = Motion.load(clips['walk'])
    way = np.ptp(grounded(motion).root_position[:, :2], axis=0)
    taller = Motion(motion.joint_rotations, motion.root_position * scale, motion.fps)
    assert np.allclose(np.ptp(grounded(taller).root_position[:, :2], axis=0), way, rtol=0.07)
    assert np.allclose(np.ptp(motion.root_position[:, :2], axis=0), way, rtol=0.07)
