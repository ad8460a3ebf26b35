"""What a trajectory asks of the robot, in figures and in one verdict."""

import math
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.balance import balance_figures
from motionclip_ros.retargeting.feasibility.dynamics import Loads
from motionclip_ros.retargeting.feasibility.examination import (
    Examination,
    examine,
    in_robot_order,
)
from motionclip_ros.retargeting.feasibility.margins import margin_figures
from motionclip_ros.retargeting.feasibility.self_collision import self_collision_figures
from motionclip_ros.retargeting.feasibility.soles import foot_figures, place
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
from motionclip_ros.retargeting.feasibility.tracking import NO_TRACKING, tracking_figures
from motionclip_ros.retargeting.feasibility.verdict import judge
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import Targets, make_targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_FPS = 60.0
"""Faster motions are compared at this rate, at which they are retargeted."""

_TORQUE_FIGURES = (
    'torque_support',
    'torque_excess_slowed_part',
    *(
        f'{name}_{figure}'
        for name in ('torque', 'torque_carried', 'torque_loaded')
        for figure in ('use', 'joint', 'at_s', 'excess_part')
    ),
)


def assess(
    robot: Robot,
    examination: Examination,
    stretch: float = 1.0,
    motion: Motion | None = None,
    targets: Targets | None = None,
) -> dict[str, Any]:
    """Report on an examined trajectory.

    Args:
        robot: The robot.
        examination: What was measured of the trajectory, slowing included.
        stretch: By how much it was slowed already.
        motion: What the human did, frame by frame of the trajectory; None if unknown.
        targets: What was asked of the links for that motion.

    Returns:
        Figures that JSON can hold, with units in their names; docs/feasibility.md explains
        each. `..._use` is a part of the limit: 1 is all of it. None was not measured.
    """
    placed, times = examination.placed, examination.trajectory.time_from_start
    figures = _own_figures(robot, examination, stretch)
    human = None if motion is None else _human_feet(robot, motion)
    figures |= foot_figures(examination.soles, placed, times, examination.standing, human)
    if motion is None or targets is None:
        figures |= NO_TRACKING
    else:
        figures |= tracking_figures(robot, motion, targets, placed)
    return _judged(robot, figures, examination.thresholds)


def _own_figures(robot: Robot, examination: Examination, stretch: float) -> dict[str, Any]:
    """Measure all that takes no human to compare with."""
    trajectory, loads = examination.trajectory, examination.loads
    placed, soles, standing = examination.placed, examination.soles, examination.standing
    times = trajectory.time_from_start
    touching = examination.thresholds.self_collision_cm
    with np.errstate(over='ignore', invalid='ignore'):
        fitted, more = examination.fitted(robot)
        figures = {
            'robot': robot.name,
            'urdf_sha256': robot.sha256,
            'robot_sha256': robot.fingerprint,
            'frames': len(trajectory),
            'seconds': trajectory.seconds,
            'time_stretch': stretch,
            'stretch_needed': more,
            **margin_figures(robot, trajectory, examination.extremes),
            **_torque_figures(robot, examination, fitted),
            'thresholds': asdict(examination.thresholds),
            **self_collision_figures(robot, examination.state, times, touching),
            **balance_figures(robot, loads, placed, soles, standing, times),
        }
    if loads is not None:
        for joint, use in zip(robot.joint_names, torque_use(robot, loads).max(0), strict=True):
            figures['joints'][joint]['torque_use'] = float(use)
    return figures


def assess_trajectory(
    robot: Robot,
    trajectory: RobotTrajectory,
    motion: Motion | None = None,
    thresholds: Thresholds | None = None,
) -> dict[str, Any]:
    """Report on a trajectory wherever it comes from.

    Args:
        robot: The robot.
        trajectory: Its joints in any order; those it lacks rest at neutral.
        motion: What the human did in the whole of that time, at any rate and pace.
        thresholds: What is asked; those of `config/feasibility.yaml` if None.

    Returns:
        The figures of `assess`; without a motion those of tracking are None.

    Raises:
        TrajectoryError: It moves joints that the robot does not have.
        ConfigError: `config/feasibility.yaml` was edited and is invalid.
    """
    trajectory, missing = in_robot_order(robot, trajectory)
    if motion is None:
        report = assess(robot, examine(robot, trajectory, thresholds=thresholds))
    else:
        report = _assess_against(robot, trajectory, motion, thresholds)
    if missing:
        report['notes'].append(f'{missing} joints are not in the trajectory; taken at neutral')
    return report


class Compared(NamedTuple):
    """A trajectory beside the motion that it follows, which may have another clock.

    Attributes:
        examination: What was measured of the trajectory; where the human stands, it should.
        motion: What the human did, at a rate at which it can be compared.
        targets: What that asks of the links.
        times: When each frame of the motion is to be followed [s].
        state: The robot's posture then.
    """

    examination: Examination
    motion: Motion
    targets: Targets
    times: Float[np.ndarray, ' frame']
    state: State


def compare(
    robot: Robot,
    trajectory: RobotTrajectory,
    motion: Motion,
    thresholds: Thresholds | None = None,
) -> Compared:
    """Examine a trajectory beside a human motion.

    Args:
        robot: The robot; its joints in the trajectory's order.
        trajectory: What it is to do.
        motion: What the human did in the whole of that time, at any rate and pace.
        thresholds: What is asked; those of `config/feasibility.yaml` if None.
    """
    motion = motion if motion.fps <= MAX_FPS else motion.resampled(MAX_FPS)
    targets, times = make_targets(motion, robot), trajectory.time_from_start
    if len(trajectory) == len(motion):
        examination = examine(robot, trajectory, targets.standing, thresholds)
        return Compared(examination, motion, targets, times, examination.state)
    begin, end = times[[0, -1]]
    frame = np.round((times - begin) / (end - begin) * (len(motion) - 1)).astype(np.int64)
    examination = examine(robot, trajectory, targets.standing[frame], thresholds)
    times = np.linspace(begin, end, len(motion))
    sample = trajectory.sample(times)
    rotation = Rotation.from_quat(sample.base_quaternion_xyzw).as_matrix()
    state = State(sample.base_position, rotation, sample.positions)
    return Compared(examination, motion, targets, times, state)


def _assess_against(
    robot: Robot, trajectory: RobotTrajectory, motion: Motion, thresholds: Thresholds | None
) -> dict[str, Any]:
    """Report on a trajectory and on how it follows a motion of another clock."""
    examination, motion, targets, times, state = compare(robot, trajectory, motion, thresholds)
    if len(trajectory) == len(motion):
        return assess(robot, examination, motion=motion, targets=targets)
    figures = _own_figures(robot, examination, 1.0)
    placed = place(robot, state)
    human = _human_feet(robot, motion)
    figures |= foot_figures(examination.soles, placed, times, targets.standing, human)
    figures |= tracking_figures(robot, motion, targets, placed)
    return _judged(robot, figures, examination.thresholds)


def _human_feet(robot: Robot, motion: Motion) -> Float[np.ndarray, 'frame corner 3']:
    """Return the human joint that each sole corner follows [m]."""
    joints = [
        joint
        for foot in robot.correspondence.feet.values()
        for joint in (
            *[foot.human_heel] * len(foot.heel_corners),
            *[foot.human_toe] * len(foot.toe_corners),
        )
    ]
    return motion.pose.positions[:, [skeleton.JOINT_INDEX[joint] for joint in joints]]


def _torque_figures(robot: Robot, examination: Examination, fitted: Examination) -> dict[str, Any]:
    """Compare the torques with the motors', with and without the ground under the soles."""
    loads, times = examination.loads, examination.trajectory.time_from_start
    if loads is None or fitted.loads is None:
        return dict.fromkeys(_TORQUE_FIGURES)
    support = 'soles' if loads.balanced.any() else 'carried base'
    figures: dict[str, Any] = {
        'torque_support': 'fixed base' if robot.fixed_base else support,
        **_worst_torque('torque', robot, loads.judged.total, times),
        'torque_excess_slowed_part': _excess(robot, fitted.loads.judged.total),
        **_worst_torque('torque_carried', robot, loads.carried.total, times),
        **_worst_torque('torque_loaded', robot, loads.loaded.total, times),
    }
    return figures


def torque_use(robot: Robot, loads: Loads) -> Float[np.ndarray, 'sample joint']:
    """Return the torques that count, as parts of the motors'."""
    return np.asarray(np.abs(loads.judged.total) / robot.limits.effort)


def _worst_torque(
    name: str, robot: Robot, torque: np.ndarray, times: np.ndarray
) -> dict[str, Any]:
    use = np.abs(torque) / robot.limits.effort
    sample, joint = np.unravel_index(int(use.argmax()), use.shape)
    return {
        f'{name}_use': float(use[sample, joint]),
        f'{name}_joint': robot.joint_names[joint],
        f'{name}_at_s': float(times[sample + 1]),
        f'{name}_excess_part': _excess(robot, torque),
    }


def _excess(robot: Robot, torque: np.ndarray) -> float:
    """Return the part of the time in which the joint that lacks torque longest does."""
    return float((np.abs(torque) > robot.limits.effort).mean(axis=0).max())


def _judged(robot: Robot, figures: dict[str, Any], thresholds: Thresholds) -> dict[str, Any]:
    """Put the verdict before the figures, and make all of it fit for JSON."""
    figures['needs_balance_controller'] = _needs_balance(figures, thresholds)
    verdict = judge(figures, thresholds)
    notes = [*robot.notes]
    if figures['torque_use'] is None:
        why = 'it has fewer than 3 points' if robot.has_dynamics else 'the URDF lacks masses'
        notes.append(f'torques and balance are not known: {why}')
    return {
        'verdict': verdict.verdict,
        'reason': verdict.reason,
        'warnings': list(verdict.warnings),
        'notes': notes,
        **_for_json(figures),
    }


def _needs_balance(figures: dict[str, Any], thresholds: Thresholds) -> bool | None:
    if figures['flight_part'] is None:
        return None
    inside = figures['zmp_inside_part']
    return (
        bool(figures['flight_part']) or inside is None or inside < thresholds.min_zmp_inside_part
    )


def _for_json(value: Any) -> Any:
    """Replace what JSON cannot say by None."""
    if isinstance(value, dict):
        return {key: _for_json(inner) for key, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
