"""The person in a notebook: every pose that is drawn is one of the motion's."""

import re

import numpy as np
import pytest
from cards import SVG, card_of, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_model.moving_figure import MOST_POSES, PARTS, UNITS
from motionclip_model.skeleton import JOINT_COUNT, JOINT_INDEX


def random_motion(seed: int, frames: int = 40, fps: float = 20.0) -> Motion:
    """A person who turns all joints at random and floats through space."""
    rng = np.random.default_rng(seed)
    rotations = Rotation.random(frames * JOINT_COUNT, rng).as_matrix()
    path = np.cumsum(rng.normal(0.0, 0.1, (frames, 3)), axis=0)
    return Motion(rotations.reshape(frames, JOINT_COUNT, 3, 3), path, fps)


def drawn_poses(picture) -> tuple[np.ndarray, list[int]]:
    """Places [pose, place, 2] of all joints that are drawn, and which joints they are."""
    poses, joints = [], []
    for name, _, _, limbs in PARTS:
        path = next(p for p in picture.iter(f'{SVG}path') if p.get('class') == name)
        animate = path.find(f'{SVG}animate')
        values = [path.get('d')] if animate is None else animate.get('values').split(';')
        assert values[0] == path.get('d')
        poses.append([followed(value) for value in values])
        joints += [joint for limb in limbs for joint in limb]
    return np.concatenate([np.array(each) for each in poses], axis=1), joints


def followed(data: str) -> list[tuple[float, float]]:
    """Corners of path data that has absolute starts and relative lines."""
    corners = []
    for start, steps in re.findall(r'M([-\d ]+)l([-\d ]+)', data):
        corners.append(np.array(start.split(), float))
        for step in np.array(steps.split(), float).reshape(-1, 2):
            corners.append(corners[-1] + step)
    return [tuple(corner) for corner in corners]


def test_what_is_drawn_is_what_forward_kinematics_says() -> None:
    motion = random_motion(3)
    places, joints = drawn_poses(card_of(motion))
    known = np.array(joints) < JOINT_COUNT
    assert set(range(JOINT_COUNT)) <= set(joints)
    positions = motion.pose.positions[:, np.array(joints)[known]]
    assert len(places) == len(motion)
    # Down is down, and to the right is one horizontal direction for the whole of the motion.
    np.testing.assert_allclose(places[:, known, 1], -UNITS * positions[..., 2], atol=0.5001)
    from_pelvis = positions - motion.root_position[:, None]
    across = places[:, known, 0] - places[:, joints.index(0), None, 0]
    flat, wanted = from_pelvis[..., :2].reshape(-1, 2), across.reshape(-1)
    right, *_ = np.linalg.lstsq(flat, wanted)
    np.testing.assert_allclose(flat @ right, wanted, atol=1.1)
    assert np.linalg.norm(right) == pytest.approx(UNITS, rel=2e-3)


def test_a_walk_goes_to_the_right_and_the_picture_with_it(clips) -> None:
    motion = Motion.load(clips['walk'])
    picture = card_of(motion)
    places, joints = drawn_poses(picture)
    assert np.abs(places[:, joints.index(0), 0]).max() < 0.4 * UNITS
    marks = next(picture.iter(f'{SVG}animateTransform')).get('values').split(';')
    passed = -np.array(marks, float)
    gone = np.linalg.norm((motion.root_position[-1] - motion.root_position[0])[:2])
    assert 0.5 < (passed[-1] - passed[0]) / UNITS / gone < 1.0
    feet = [joints.index(JOINT_INDEX[name]) for name in ('left_foot', 'left_ankle')]
    assert (places[:, feet[0], 0] > places[:, feet[1], 0]).mean() > 0.9  # toes ahead


def test_the_waving_hand_is_drawn_in_the_colour_of_the_right(clips) -> None:
    picture = card_of(Motion.load(clips['wave']))
    places, joints = drawn_poses(picture)
    colours = {path.get('class'): path.get('stroke') for path in picture.iter(f'{SVG}path')}
    labels = {t.text: t.get('style') for t in picture.iter(f'{SVG}text')}
    hand = {side: joints.index(JOINT_INDEX[f'{side}_hand']) for side in ('left', 'right')}
    head = joints.index(JOINT_INDEX['neck'])
    raised = {side: (places[:, hand[side], 1] < places[:, head, 1]).mean() for side in hand}
    assert raised['left'] < 0.5 < raised['right']
    for side in hand:
        assert labels[side] == f'fill:{colours[side]}'
    assert colours['left'] != colours['right']


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 90), st.floats(1.0, 1000.0), st.integers(0, 99))
def test_any_motion_loops_in_its_own_time(frames, fps, seed) -> None:
    motion = random_motion(seed, frames, fps)
    picture = card_of(motion)
    places, _ = drawn_poses(picture)
    moving = [part for part in picture.iter() if part.get('dur')]
    assert {part.get('repeatCount') for part in moving} <= {'indefinite'}
    times = {part.get('dur') for part in moving}
    if len(places) == 1:  # shorter than a pose lasts: a picture that stands still
        assert not times
        return
    (seconds,) = {float(time.removesuffix('s')) for time in times}
    assert motion.seconds - 0.051 - 2 / fps < seconds <= motion.seconds + 6e-4
    assert (len(places) - 1) / (seconds + 6e-4) <= 20.0


def test_everything_that_is_drawn_is_on_the_card() -> None:
    for height in (0.0, 1.0, 30.0):
        motion = random_motion(8, 30)
        lifted = motion.root_position + np.array([0.0, 0.0, height])
        picture = card_of(Motion(motion.joint_rotations, lifted, 20.0))
        group = picture.find(f'{SVG}g').get('transform')
        floor, scale = map(float, re.findall(r'[\d.-]+', group)[1:])
        places, _ = drawn_poses(picture)
        down = floor + scale * places[..., 1]
        assert 0.0 < down.min() < down.max() < float(picture.get('height')) - 30.0


def test_two_frames_are_enough() -> None:
    picture = card_of(random_motion(1, 2, 1000.0))
    places, _ = drawn_poses(picture)
    assert len(places) == 1
    assert texts(picture)[0] == '0.0 s, 2 frames (1000/s)'


def test_ten_minutes_stay_small() -> None:
    short = random_motion(2, 120, 20.0)
    turns = np.tile(short.joint_rotations, (100, 1, 1, 1))
    motion = Motion(turns, np.tile(short.root_position, (100, 1)), 20.0)
    assert motion.seconds > 599.0
    html = motion._repr_html_()
    assert len(html) < 300_000
    picture = card_of(motion)
    assert MOST_POSES / 2 < len(drawn_poses(picture)[0]) <= MOST_POSES
    assert texts(picture)[0] == '600.0 s, 12000 frames (20/s, 1.7/s drawn)'


def test_a_usual_motion_takes_tens_of_kilobytes(clips) -> None:
    for path in clips.values():
        assert 5_000 < len(Motion.load(path)._repr_html_()) < 40_000
    assert repr(Motion.load(clips['walk'])) == '<Motion: 2.6 s, 79 frames at 30 frames/s>'
