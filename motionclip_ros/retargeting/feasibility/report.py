"""What a retargeted trajectory asks of the robot, in figures and in one verdict."""

from typing import Any

import numpy as np
from jaxtyping import Float

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.dynamics import MAX_EXCESS, Torques
from motionclip_ros.retargeting.limits import cubic_use
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import Targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_STRETCH = 3.0
"""A motion that must be slowed more than this is no longer the motion asked for."""

MAX_LIMB_ERROR = 25.0
"""Mean limb direction error beyond which the robot does something else [deg]."""


def assess(
    robot: Robot,
    motion: Motion,
    targets: Targets,
    state: State,
    trajectory: RobotTrajectory,
    needed: Torques,
    stretch: float,
) -> dict[str, Any]:
    """Measure a retargeted motion.

    Args:
        robot: The robot.
        motion: What the human did.
        targets: What was asked of the links.
        state: The solved path, one entry for each frame of the motion.
        trajectory: The same path after the time stretch.
        needed: The torques of that trajectory.
        stretch: By how much it was slowed.

    Returns:
        Figures that JSON can hold, with units in their names. Each `..._use` is a part of the
        limit: 1 is all of it.
    """
    report: dict[str, Any] = {
        'robot': robot.name,
        'urdf_sha256': robot.sha256,
        'frames': len(trajectory),
        'seconds': trajectory.seconds,
        'time_stretch': stretch,
        **_limit_use(robot, trajectory),
        **_torque_use(robot, needed),
        **_tracking(robot, motion, targets, state),
        **_feet(robot, targets, state, motion.fps),
    }
    verdict, reason = _judge(report)
    return {'verdict': verdict, 'reason': reason, **report}


def _limit_use(robot: Robot, trajectory: RobotTrajectory) -> dict[str, Any]:
    limits, positions = robot.limits, trajectory.positions
    margin = np.minimum(positions - limits.lower, limits.upper - positions).min(axis=0)
    use = cubic_use(trajectory.time_from_start, positions, trajectory.velocities)
    speed, push = use.velocity / limits.velocity, use.acceleration / limits.acceleration
    return {
        'position_margin_rad': float(margin.min()),
        'position_margin_joint': robot.joint_names[int(margin.argmin())],
        'velocity_use': float(speed.max()),
        'velocity_joint': robot.joint_names[int(speed.argmax())],
        'acceleration_use': float(push.max()),
        'acceleration_joint': robot.joint_names[int(push.argmax())],
    }


def _torque_use(robot: Robot, needed: Torques) -> dict[str, Any]:
    if not len(needed.total):
        return {'torque_use': 0.0, 'torque_joint': robot.joint_names[0], 'torque_excess_part': 0.0}
    use = np.abs(needed.total) / robot.limits.effort
    worst = use.max(axis=0)
    return {
        'torque_use': float(worst.max()),
        'torque_joint': robot.joint_names[int(worst.argmax())],
        'torque_excess_part': float((use > 1.0).any(axis=1).mean()),
    }


def limb_direction_error(
    robot: Robot, motion: Motion, state: State
) -> Float[np.ndarray, 'frame limb']:
    """Return the angles between the human's and the robot's limbs [deg].

    Args:
        robot: The robot.
        motion: The human motion.
        state: The robot's path at the motion's frames.

    Returns:
        One column for each `limb_from` in the robot's correspondence.
    """
    matches = robot.correspondence.links
    names = list(matches)
    limbs = [(m.limb_from, link) for link, m in matches.items() if m.limb_from is not None]
    positions, _ = robot.link_poses(tuple(names), state)
    start, end = ([names.index(limb[side]) for limb in limbs] for side in (0, 1))
    ours = positions[:, end] - positions[:, start]
    human = [skeleton.JOINT_INDEX[match.human] for match in matches.values()]
    theirs = motion.pose.positions[:, human]
    theirs = theirs[:, end] - theirs[:, start]
    sine = np.linalg.norm(np.cross(ours, theirs), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (ours * theirs).sum(-1))))


def _tracking(robot: Robot, motion: Motion, targets: Targets, state: State) -> dict[str, Any]:
    error = limb_direction_error(robot, motion, state)
    tracked = len(targets.links)
    positions, _ = robot.link_poses(targets.links, state)
    away = np.linalg.norm(positions - targets.tasks.target_position[:, :tracked], axis=-1)
    away = away[targets.tasks.position_weight[:, :tracked, 0] > 0.0]
    jerk = np.diff(state.joints, 3, axis=0) * motion.fps**3
    return {
        'limb_direction_error_deg': float(error.mean()) if error.size else 0.0,
        'limb_direction_error_max_deg': float(error.max()) if error.size else 0.0,
        'link_position_error_cm': float(away.mean() * 100) if away.size else 0.0,
        'jerk_rms_rad_s3': float(np.sqrt((jerk**2).mean())) if jerk.size else 0.0,
    }


def _feet(robot: Robot, targets: Targets, state: State, fps: float) -> dict[str, Any]:
    """Measure how standing soles slide, and how deep any sole goes below the floor."""
    tracked = len(targets.links)
    points = robot.points(targets.tasks.body[tracked:], targets.tasks.offset[tracked:], state)
    if points.shape[1] == 0:
        return {'foot_slide_m_s': 0.0, 'foot_penetration_cm': 0.0, 'foot_contact_part': 0.0}
    speed = np.linalg.norm(np.gradient(points[..., :2], axis=0), axis=-1) * fps
    standing = targets.standing
    return {
        'foot_slide_m_s': float(speed[standing].mean()) if standing.any() else 0.0,
        'foot_penetration_cm': float(max(0.0, -points[..., 2].min()) * 100),
        'foot_contact_part': float(standing.mean()),
    }


def _judge(report: dict[str, Any]) -> tuple[str, str]:
    """Return accept, slowed or refuse, and why."""
    if report['time_stretch'] > MAX_STRETCH:
        return 'refuse', (
            f'it would have to be {report["time_stretch"]:.1f} times slower to keep the velocity, '
            'acceleration and torque limits'
        )
    if report['limb_direction_error_deg'] > MAX_LIMB_ERROR:
        return 'refuse', (
            f'its limbs would point {report["limb_direction_error_deg"]:.0f} degrees away from '
            'the human ones on average'
        )
    if report['torque_excess_part'] > MAX_EXCESS:
        return 'refuse', (
            f'{report["torque_joint"]} would need {report["torque_use"]:.1f} times its torque'
        )
    if report['time_stretch'] > 1.0:
        return 'slowed', (
            f'slowed {report["time_stretch"]:.2f} times to keep the velocity, acceleration and '
            'torque limits'
        )
    return 'accept', 'inside all limits at its own pace'
