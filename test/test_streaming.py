"""Live retargeting: a posture for each frame, within reach of the last one, whatever comes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from retargeting_cases import standing
from scipy.spatial.transform import Rotation

from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.collision.hulls import HullChecker
from motionclip_ros.retargeting.feasibility.tracking import limb_direction_error
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.streaming import Posture, Stream, retarget_live


@pytest.fixture(scope='module')
def retargeter():
    return Retargeter(load_robot('g1'))


def streamed(retargeter: Retargeter, motion: Motion) -> list[Posture | None]:
    """Everything that a stream gives out, the last frame too."""
    stream = Stream(retargeter, motion.fps)
    frames = zip(motion.joint_rotations, motion.root_position, strict=True)
    return [*(stream.push(*frame) for frame in frames), stream.finish()]


def as_state(postures: list[Posture]) -> State:
    turns = Rotation.from_quat([p.base_quaternion_xyzw for p in postures]).as_matrix()
    places = np.array([p.base_position for p in postures])
    return State(places, turns, np.array([p.joints for p in postures]))


def check_limits(retargeter: Retargeter, joints: np.ndarray, fps: float) -> None:
    limits = retargeter.robot.limits
    assert np.isfinite(joints).all()
    assert (joints >= limits.lower).all()
    assert (joints <= limits.upper).all()
    speed = np.abs(np.diff(joints, axis=0)) * fps
    assert (speed <= limits.velocity * (1.0 + 1e-9)).all()


@pytest.mark.parametrize('action', ['walk', 'dance', 'cartwheel', 'punch'])
def test_a_frame_in_is_a_posture_out_one_frame_later(retargeter, clips, action) -> None:
    motion = Motion.load(clips[action])[:90]
    first, *found = streamed(retargeter, motion)
    assert first is None
    np.testing.assert_allclose([p.time for p in found], np.arange(len(motion)) / motion.fps)
    state = as_state(found)
    check_limits(retargeter, state.joints, motion.fps)
    error = limb_direction_error(retargeter.robot, motion, state)
    assert error.mean() < (16.0 if action == 'punch' else 10.0)
    assert (HullChecker(retargeter.robot).depths(state) > 0.005).mean() < 0.1


def test_the_past_does_not_depend_on_the_future(retargeter, clips) -> None:
    motion = Motion.load(clips['walk'])[:40]
    whole, part = streamed(retargeter, motion), streamed(retargeter, motion[:30])
    for ours, theirs in zip(whole[1:29], part[1:29], strict=True):
        np.testing.assert_array_equal(ours.joints, theirs.joints)


def test_a_person_at_rest_gives_a_robot_at_rest(retargeter) -> None:
    found = as_state([p for p in streamed(retargeter, standing(frames=30)) if p])
    assert np.abs(np.diff(found.joints[10:], axis=0)).max() < 1e-3
    assert np.abs(np.diff(found.base_position[10:], axis=0)).max() < 1e-3


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), fps=st.sampled_from([10.0, 30.0, 120.0]))
def test_jumping_input_never_breaks_a_limit(retargeter, seed, fps) -> None:
    rng = np.random.default_rng(seed)
    still = standing(frames=12)
    turns = Rotation.random(12 * 24, rng=rng).as_matrix().reshape(12, 24, 3, 3)
    wild = rng.random(12) < 0.5
    rotations = np.where(wild[:, None, None, None], turns, still.joint_rotations)
    places = still.root_position + rng.normal(size=(12, 3)) * wild[:, None]
    found = [p for p in streamed(retargeter, Motion(rotations, places, fps)) if p]
    check_limits(retargeter, as_state(found).joints, fps)


def test_a_frame_that_is_not_finite_is_refused_and_the_stream_goes_on(retargeter) -> None:
    motion = standing(frames=4)
    stream = Stream(retargeter, motion.fps)
    stream.push(motion.joint_rotations[0], motion.root_position[0])
    with pytest.raises(MotionError):
        stream.push(np.full((24, 3, 3), np.nan), motion.root_position[1])
    found = stream.push(motion.joint_rotations[2], motion.root_position[2])
    assert found is not None
    assert np.isfinite(found.joints).all()


def test_without_frames_there_is_nothing_to_finish(retargeter) -> None:
    assert Stream(retargeter, 30.0).finish() is None


def test_joints_of_another_controller_stay(retargeter, clips) -> None:
    upper = Retargeter(retargeter.robot, joints=('upper_body',))
    motion = Motion.load(clips['walk'])[:20]
    found = as_state([p for p in streamed(upper, motion) if p])
    np.testing.assert_array_equal(np.ptp(found.joints[:, ~upper.owned], axis=0), 0.0)
    np.testing.assert_array_equal(np.ptp(found.base_position, axis=0), 0.0)
    assert np.ptp(found.joints[:, upper.owned], axis=0).max() > 0.1


def test_a_recorded_motion_can_be_played_to_the_stream(retargeter, clips) -> None:
    motion = Motion.load(clips['wave'])[:60]
    trajectory, report, _ = retarget_live(retargeter, motion)
    assert len(trajectory) == len(motion)
    assert report['limb_direction_error_deg'] < 8.0
    assert report['velocity_use'] <= 1.0
    given_out = as_state([p for p in streamed(retargeter, motion) if p])
    np.testing.assert_allclose(trajectory.positions, given_out.joints, atol=1e-9)
