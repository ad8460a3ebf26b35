"""Torques are those of inverse dynamics, and slowing does what it promises."""

from pathlib import Path

import numpy as np
import pytest

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.dynamics import (
    MAX_EXCESS,
    Torques,
    torque_stretch,
    torques,
)
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@pytest.fixture(scope='module')
def robot() -> Robot:
    return load_robot('g1')


def _shaken(robot: Robot, joint: str, amplitude: float, period: float) -> RobotTrajectory:
    times = np.arange(121) / 60
    positions = np.tile(robot.neutral, (len(times), 1))
    index = robot.joint_index(joint)
    positions[:, index] += amplitude * np.sin(2 * np.pi * times / period)
    base = np.tile([0.0, 0.0, 0.8], (len(times), 1)), np.tile([0.0, 0, 0, 1], (len(times), 1))
    return RobotTrajectory.through(robot.joint_names, times, positions, *base, robot.limits)


def test_slowing_the_path_is_slowing_the_torques(robot: Robot) -> None:
    path = _shaken(robot, 'waist_pitch_joint', 0.3, 0.5)
    ours, theirs = torques(robot, path).slowed(1.7), torques(robot, path.slowed(1.7))
    assert np.allclose(ours.total, theirs.total, atol=1e-6)
    assert np.allclose(ours.gravity, theirs.gravity, atol=1e-9)


def test_the_stretch_is_just_enough(robot: Robot) -> None:
    needed = torques(robot, _shaken(robot, 'waist_pitch_joint', 0.3, 0.4))
    effort = robot.limits.effort

    def excess(factor: float) -> float:
        return float((np.abs(needed.slowed(factor).total) > effort).any(axis=1).mean())

    stretch = torque_stretch(needed, effort)
    assert stretch > 1.2
    assert excess(stretch) <= MAX_EXCESS < excess(stretch * 0.98)


def test_what_fits_is_not_slowed_and_what_gravity_forbids_is_not_helped(robot: Robot) -> None:
    effort = np.array([10.0])
    light = Torques(np.full((30, 1), 8.0), np.full((30, 1), 5.0))
    heavy = Torques(np.full((30, 1), 14.0), np.full((30, 1), 12.0))
    assert torque_stretch(light, effort) == 1.0
    assert torque_stretch(heavy, effort) == 1.0
    half = Torques(np.full((30, 1), 25.0), np.full((30, 1), 5.0))
    assert torque_stretch(half, effort) == pytest.approx(2.0)


def test_a_captured_jump_is_slowed_rather_than_refused(
    robot: Robot, clips: dict[str, Path]
) -> None:
    report = Retargeter(robot).retarget(Motion.load(clips['jump'])).report
    assert report['verdict'] in ('accept', 'slowed')
    assert report['torque_excess_part'] <= MAX_EXCESS + 0.02
