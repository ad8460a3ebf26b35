"""MoveIt's joint_limits.yaml: what it changes, and what it may not."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from motionclip_model.errors import ConfigError
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.joint_limits import overridden
from motionclip_ros.retargeting.robots.robot import load_robot

NAMES = ('hip', 'knee')
LIMITS = JointLimits(
    np.array([-1.0, 0.0]),
    np.array([1.0, 2.0]),
    np.array([3.0, 4.0]),
    np.array([30.0, 40.0]),
    np.array([5.0, 6.0]),
    np.array([np.inf, np.inf]),
)


@pytest.fixture
def override(tmp_path):
    def _override(text: str) -> JointLimits:
        path = tmp_path / 'joint_limits.yaml'
        path.write_text(text)
        return overridden(LIMITS, NAMES, path)

    return _override


def test_limits_count_where_they_are_switched_on(override) -> None:
    new = override(
        'joint_limits:\n  knee: {has_velocity_limits: true, max_velocity: 9.0, '
        'has_acceleration_limits: false, max_acceleration: 1.0, has_jerk_limits: true, '
        'max_jerk: 500, has_effort_limits: true, max_effort: 7.5}\n'
    )
    assert_array_equal(new.velocity, [3.0, 9.0])
    assert_array_equal(new.acceleration, LIMITS.acceleration)
    assert_array_equal(new.jerk, [np.inf, 500.0])
    assert_array_equal(new.effort, [5.0, 7.5])
    assert_array_equal(LIMITS.velocity, [3.0, 4.0])


def test_positions_only_become_narrower(override) -> None:
    text = 'joint_limits: {knee: {has_position_limits: true, min_position: -9, max_position: 1.5}}'
    new = override(text)
    assert_array_equal(new.lower, [-1.0, 0.0])
    assert_array_equal(new.upper, [1.0, 1.5])


def test_scaling_factors_scale_every_joint(override) -> None:
    new = override('default_velocity_scaling_factor: 0.5\ndefault_acceleration_scaling_factor: 1')
    assert_array_equal(new.velocity, LIMITS.velocity / 2)
    assert_array_equal(new.acceleration, LIMITS.acceleration)


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('[', 'not YAML'),
        ('words', 'must hold'),
        ('limits: {}', 'unknown entry limits; known are default_'),
        ('joint_limits: {nee: {}}', r"no joint 'nee'; did you mean knee\?"),
        ('joint_limits: {knee: {max_speed: 1}}', 'knee: unknown entry max_speed; known are has'),
        ('joint_limits: {knee: {has_jerk_limits: 1}}', 'must be true or false'),
        ('joint_limits: {knee: {has_jerk_limits: true}}', 'give max_jerk, too'),
        ('joint_limits: {knee: {has_jerk_limits: true, max_jerk: 0}}', 'must be above 0'),
        ('joint_limits: {knee: {has_jerk_limits: true, max_jerk: .nan}}', 'must be a number'),
        (
            'joint_limits: {knee: {has_position_limits: true, min_position: 3, max_position: 4}}',
            'leave no room in the 0 to 2 of the URDF',
        ),
        ('default_velocity_scaling_factor: 1.5', 'above 0 and at most 1'),
    ],
)
def test_invalid_files_are_refused_in_one_line(override, text, message) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        override(text)
    assert '\n' not in str(caught.value)


def test_a_file_beside_the_robots_own_counts_and_a_named_one_goes_before(tmp_path) -> None:
    g1 = load_robot('g1')
    (tmp_path / 'r.urdf').write_bytes(g1.urdf_path.read_bytes())
    (tmp_path / 'r.yaml').write_text('links: {pelvis: {human: pelvis}}\n'
                                     'acceleration_limits: {"*": 8.0}')  # fmt: skip
    (tmp_path / 'joint_limits.yaml').write_text('default_velocity_scaling_factor: 0.5')
    (tmp_path / 'slow.yaml').write_text('default_velocity_scaling_factor: 0.1')
    beside = load_robot(tmp_path / 'r.urdf').limits.velocity
    named = load_robot(tmp_path / 'r.urdf', tmp_path / 'slow.yaml').limits.velocity
    np.testing.assert_allclose(beside, g1.limits.velocity / 2)
    np.testing.assert_allclose(named, g1.limits.velocity / 10)
    with pytest.raises(ConfigError, match='cannot be read'):
        load_robot('g1', tmp_path / 'none.yaml')
