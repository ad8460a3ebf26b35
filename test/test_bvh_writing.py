"""BVH files that are written come back as they were."""

import numpy as np
import pytest

from motionclip_model import skeleton
from motionclip_model.data.bvh import load_bvh
from motionclip_model.data.bvh_file import read_bvh
from motionclip_model.data.bvh_writing import save_bvh
from motionclip_model.motion import Motion


@pytest.mark.parametrize('action', ['cartwheel', 'kick', 'walk'])
def test_a_motion_survives_the_way_through_a_file(clips, tmp_path, action) -> None:
    motion = Motion.load(clips[action])
    save_bvh(motion, tmp_path / 'motion.bvh')
    again = load_bvh(tmp_path / 'motion.bvh')
    assert len(again) == len(motion)
    assert again.fps == pytest.approx(motion.fps, abs=1e-4)
    # The reader stretches limbs where bones point; that is what is left of the difference.
    around = motion.pose.positions - motion.root_position[:, None]
    assert np.abs(again.pose.positions - again.root_position[:, None] - around).max() < 0.003
    way = again.root_position - again.root_position[0]
    assert np.abs(way - (motion.root_position - motion.root_position[0])).max() < 1e-6


def test_the_file_itself_places_every_joint(clips, tmp_path) -> None:
    """Read by its own hierarchy, without any knowledge of SMPL, in centimetres and y up."""
    motion = Motion.load(clips['dance'])
    save_bvh(motion, tmp_path / 'motion.bvh')
    file = read_bvh(tmp_path / 'motion.bvh')
    placed = file.placed().positions / 100.0 @ skeleton.Y_UP_TO_Z_UP.T
    names = [joint.name for joint in file.joints]
    for name, joint in (
        ('Hips', 'pelvis'),
        ('LeftHand', 'left_wrist'),
        ('RightFoot', 'right_ankle'),
    ):
        wanted = motion.pose.positions[:, skeleton.JOINT_INDEX[joint]]
        assert np.abs(placed[:, names.index(name)] - wanted).max() < 1e-5


def test_every_joint_has_a_name_of_its_own(clips, tmp_path) -> None:
    save_bvh(Motion.load(clips['wave']), tmp_path / 'motion.bvh')
    names = [joint.name for joint in read_bvh(tmp_path / 'motion.bvh').joints]
    assert len(set(names)) == len(names) >= skeleton.JOINT_COUNT
