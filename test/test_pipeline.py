"""From text to a trajectory that the robot can follow, with the shipped weights."""

import json

import numpy as np
import pytest

from motionclip_model.errors import MotionClipError
from motionclip_model.interruption import interruptible
from motionclip_model.metrics import joint_position_error
from motionclip_ros.pipeline import Pipeline


@pytest.fixture(scope='module')
def pipeline() -> Pipeline:
    return Pipeline.load('base', 'g1')


@pytest.mark.parametrize('text', ['a person waves with the right hand', 'a person runs'])
def test_a_text_becomes_a_trajectory_within_the_robots_limits(
    pipeline: Pipeline, text: str
) -> None:
    result = pipeline.generate(text, seed=1)
    trajectory, limits = result.trajectory, pipeline.robot.limits
    assert trajectory.joint_names == pipeline.robot.joint_names
    assert (trajectory.positions >= limits.lower - 1e-9).all()
    assert (trajectory.positions <= limits.upper + 1e-9).all()
    assert (np.abs(trajectory.velocities) <= limits.velocity + 1e-9).all()
    json.dumps(result.report, allow_nan=False)
    assert set(result.report['latency_ms']) == {'encode', 'decode', 'retarget'}


def test_the_same_seed_gives_the_same_bytes(pipeline: Pipeline) -> None:
    first, again = (pipeline.generate('a person bows', 3.0, seed=5) for _ in range(2))
    assert np.array_equal(first.trajectory.positions, again.trajectory.positions)
    assert np.array_equal(first.motion.root_position, again.motion.root_position)


def test_a_wave_with_the_right_hand_moves_the_right_arm(pipeline: Pipeline) -> None:
    motion = pipeline.generate('a person waves with the right hand', 4.0).motion
    height = motion.pose.positions[:, [20, 21], 2].max(axis=0)  # left and right wrist
    swing = np.ptp(motion.pose.positions[:, [20, 21]], axis=0).max(axis=1)
    assert height[1] > 1.3
    assert height[1] > height[0] + 0.3
    assert swing[1] > 2.0 * swing[0]


def test_different_texts_give_different_motions(pipeline: Pipeline) -> None:
    texts = ('a person walks forward', 'a person kicks', 'a person bows', 'a person jumps')
    motions = [pipeline.generate(text, 4.0).motion for text in texts]
    for i, one in enumerate(motions):
        for other in motions[:i]:
            assert joint_position_error(one, other) > 0.05


@pytest.mark.parametrize('text', ['', '   ', 'x' * 10_000, 'wave\x1b[31m', 'танцуй'])
def test_no_text_no_trajectory(pipeline: Pipeline, text: str) -> None:
    with pytest.raises(MotionClipError):
        pipeline.generate(text)


def test_what_is_given_up_half_way_leaves_no_trace(pipeline: Pipeline) -> None:
    """Wherever it is given up; and it asks often enough for that to be soon."""
    asked, last = 0, 0

    def give_up() -> None:
        nonlocal asked
        asked += 1
        if asked == last:
            raise InterruptedError

    with interruptible(give_up):
        whole = pipeline.generate('a person bows', 3.0, seed=5)
    times = asked
    assert times > 30
    for last in (1, times // 3, times // 2, times):
        asked = 0
        with interruptible(give_up), pytest.raises(InterruptedError):
            pipeline.generate('a person bows', 3.0, seed=5)
        again = pipeline.generate('a person bows', 3.0, seed=5)
        assert asked == last  # nobody is asked once the block has ended
        assert np.array_equal(whole.trajectory.positions, again.trajectory.positions)
