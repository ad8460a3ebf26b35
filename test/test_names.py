"""Names of links and joints: sides, limbs and parts, in whatever scheme."""

import pytest

from motionclip_ros.retargeting.robots import names


@pytest.mark.parametrize(
    ('left', 'right'),
    [
        ('left_knee_joint', 'right_knee_joint'),
        ('L_HIP_R', 'R_HIP_R'),
        ('LLEG_HIP_R', 'RLEG_HIP_R'),
        ('arm_left_4_joint', 'arm_right_4_joint'),
        ('LHipYaw', 'RHipYaw'),
        ('Hip_Pitch_Left', 'Hip_Pitch_Right'),
        ('l_elbow', 'r_elbow'),
        ('AL2', 'AR2'),
        ('LEFT_FOOT', 'RIGHT_FOOT'),
        ('knee_l', 'knee_r'),
    ],
)
def test_sides_are_told_by_the_name_on_the_other_side(left, right) -> None:
    known = {left, right, 'WAIST_R', 'roll'}
    assert names.mirror(left, known) == ('left', right)
    assert names.mirror(right, known) == ('right', left)


def test_roll_is_not_right() -> None:
    assert names.mirror('WAIST_R', {'WAIST_R', 'WAIST_P', 'L_HIP_R', 'R_HIP_R'}) is None


def test_names_speak_of_limbs() -> None:
    assert names.limb_votes(['left_hip_link', 'l_sole']) == {'leg': 2, 'arm': 0}
    assert names.limb_votes(['LElbowYaw', 'part_3']) == {'leg': 0, 'arm': 1}
    assert names.is_bend('leg', 'part', 'LKneePitch')
    assert not names.is_bend('arm', 'LKneePitch')
    assert names.is_finger('L_UTHUMB')
    assert names.is_finger('gripper_left_joint')
    assert not names.is_finger('left_wrist_yaw_joint')
    assert names.is_toe('l_toe_pitch')
    assert names.is_head('NECK_Y')
    assert [names.finger(name) for name in ('R_UINDEX', 'R_LLITTLE', 'thumb')] == [
        'index',
        'little',
        None,
    ]
