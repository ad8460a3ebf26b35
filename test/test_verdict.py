"""Each reason to refuse can be met, and the summary is one line that says it."""

import numpy as np
import pytest
from feasibility_cases import held
from retargeting_cases import standing

from motionclip_model.errors import ConfigError
from motionclip_ros import resources
from motionclip_ros.retargeting.feasibility.report import assess_trajectory
from motionclip_ros.retargeting.feasibility.thresholds import (
    SHIPPED,
    Thresholds,
    shipped_thresholds,
)
from motionclip_ros.retargeting.feasibility.verdict import judge, summary
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


@pytest.fixture(scope='module')
def good(robot):
    return assess_trajectory(robot, held(robot, robot.neutral), standing(20))


REFUSALS = {
    'velocity_use': (float('inf'), 'not finite'),
    'position_margin_rad': (-0.01, 'left_knee_joint goes 0.01 rad beyond its range'),
    'stretch_needed': (3.5, '3.5 times slower'),
    'limb_direction_error_deg': (40.0, '40 degrees away'),
    'torque_excess_slowed_part': (0.2, 'times its torque'),
    'self_collision_cm': (9.0, 'torso_link and left_elbow_link would go 9.0 cm'),
}


@pytest.mark.parametrize('figure', REFUSALS)
def test_each_reason_refuses(good, figure) -> None:
    value, words = REFUSALS[figure]
    named = {
        'position_margin_joint': 'left_knee_joint',
        'self_collision_links': ['torso_link', 'left_elbow_link'],
        'limb_direction_error_deg': 5.0,
    }
    base = judge({**good, **named, 'torque_joint': 'left_knee_joint'}, Thresholds())
    assert base.verdict == 'accept'
    found = judge({**good, **named, figure: value}, Thresholds())
    assert found.verdict == 'refuse'
    assert words in found.reason


WARNINGS = {
    'held_elsewhere_part': (0.3, 'no sole stands'),
    'needs_balance_controller': (True, 'needs a balance controller'),
    'torque_loaded_excess_part': (0.3, 'with the weight on its soles'),
    'self_collision_cm': (1.0, 'touch, 1.0 cm deep'),
    'foot_slide_m_s': (0.4, 'slide at 0.40 m/s'),
    'foot_penetration_cm': (6.0, '6.0 cm into the floor'),
    'foot_floating_cm': (6.0, 'float 6.0 cm'),
}


@pytest.mark.parametrize('figure', WARNINGS)
def test_each_warning_can_be_met_and_refuses_nothing(good, figure) -> None:
    value, words = WARNINGS[figure]
    calm = {**good, 'limb_direction_error_deg': 5.0, 'self_collision_links': ['a', 'b']}
    found = judge({**calm, figure: value}, Thresholds())
    assert found.verdict == 'accept'
    assert words in ' '.join(found.warnings)
    assert words not in ' '.join(judge(calm, Thresholds()).warnings)


def test_what_was_slowed_and_what_has_to_be_are_told_apart(good) -> None:
    calm = {**good, 'limb_direction_error_deg': 5.0}
    done = judge({**calm, 'time_stretch': 1.5}, Thresholds())
    wanted = judge({**calm, 'stretch_needed': 1.5}, Thresholds())
    assert (done.verdict, wanted.verdict) == ('slowed', 'slowed')
    assert 'slowed 1.50 times' in done.reason
    assert 'only if it is played 1.50 times slower' in wanted.reason


def test_real_trajectories_meet_the_reasons(robot) -> None:
    shaking = np.tile(robot.neutral, (20, 1))
    waist = robot.joint_index('waist_roll_joint')
    shaking[:, waist] = 0.12 * np.sin(2.0 * np.arange(20))
    found = assess_trajectory(robot, held(robot, shaking))
    assert found['torque_joint'] == 'waist_roll_joint'
    assert found['torque_use'] > 1.0
    assert found['stretch_needed'] > 1.5
    assert found['verdict'] == 'slowed'
    outside = held(robot, robot.neutral)
    outside = RobotTrajectory(
        outside.joint_names,
        outside.time_from_start,
        outside.positions + 4.0,
        outside.velocities,
        outside.base_position,
        outside.base_quaternion_xyzw,
    )
    assert 'beyond its range' in assess_trajectory(robot, outside)['reason']
    crowded = RobotTrajectory(
        outside.joint_names,
        outside.time_from_start * 1e-160,
        held(robot, shaking).positions,
        outside.velocities,
        outside.base_position,
        outside.base_quaternion_xyzw,
    )
    assert 'not finite' in assess_trajectory(robot, crowded)['reason']
    wrong = assess_trajectory(robot, held(robot, robot.limits.upper), standing(20))
    assert wrong['verdict'] == 'refuse'


def test_the_summary_is_one_line_with_verdict_and_warnings(good) -> None:
    line = summary({**good, 'warnings': ['needs a balance controller']})
    assert '\n' not in line
    assert line.startswith(f'{good["verdict"]}: {good["reason"]}')
    assert line.endswith('needs a balance controller')


def test_the_shipped_thresholds_are_the_defaults() -> None:
    assert shipped_thresholds() == Thresholds() == Thresholds.load(resources.find(SHIPPED))


def test_a_file_names_what_differs(tmp_path) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text('max_stretch: 2\n')
    assert Thresholds.load(path) == Thresholds(max_stretch=2)
    path.write_text('')
    assert Thresholds.load(path) == Thresholds()


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('max_strech: 2', 'unknown entry max_strech; known are max_stretch'),
        ('max_stretch: fast', 'must be a number'),
        ('max_stretch: 0.5', '1 allows no slowing'),
        ('friction: -1', '0 or more'),
        ('friction: .nan', '0 or more'),
        ('min_zmp_inside_part: 2', 'at most 1'),
        ('[1, 2]', 'name: number'),
        ('a: [', 'not YAML'),
    ],
)
def test_unusable_thresholds_are_one_line(tmp_path, content, words) -> None:
    path = tmp_path / 'mine.yaml'
    path.write_text(content)
    with pytest.raises(ConfigError, match=words) as caught:
        Thresholds.load(path)
    assert '\n' not in str(caught.value)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match='cannot be read'):
        Thresholds.load(tmp_path / 'none.yaml')
