"""What a recording tells about a run: did the robot move, how soon, how faithfully."""

from typing import Any, NamedTuple

import numpy as np

from motionclip_model.errors import MotionClipError
from motionclip_ros import topics
from motionclip_ros.bag import Bag, RecordedJoints
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MOVED = np.radians(5.0)
"""Range of the most moved joint from which on the robot counts as moved [rad]."""

FOLLOWED = np.radians(8.0)
"""Root mean square tracking error up to which it counts as having followed [rad]."""

_FIRST_MOTION = np.radians(0.2)
_SETTLING = 0.5


class Verdict(NamedTuple):
    """Whether a run was good.

    Attributes:
        problem: What was wrong in one line; None if nothing.
        report: Figures, JSON-serialisable.
    """

    problem: str | None
    report: dict[str, Any]


def played(bag: Bag) -> RecordedJoints:
    """Cut the recorded joint states to the time of the last trajectory [received - start]."""
    joints = bag.joints()
    start, _ = bag.last(topics.TRAJECTORY)
    seconds = (joints.received - start) / 1e9
    inside = (seconds >= 0.0) & (seconds <= bag.trajectory().seconds + _SETTLING)
    return RecordedJoints(
        joints.joint_names,
        joints.received[inside],
        joints.positions[inside],
        joints.velocities[inside],
    )


def assess(bag: Bag, limits: JointLimits) -> Verdict:
    """Judge a recorded run.

    Args:
        bag: Recording of one text.
        limits: The robot's, in the order of the recorded trajectory's joints.

    Returns:
        The verdict; a recording that lacks something gets a verdict too.
    """
    # A controller that is reached by its action has nothing on its topic.
    needed = (topic for topic in topics.RECORDED if topic != topics.JOINT_TRAJECTORY)
    missing = [topic for topic in needed if not bag.counts.get(topic)]
    counts: dict[str, Any] = {'topics': dict(sorted(bag.counts.items()))}
    if missing:
        return Verdict(f'the recording has no message on {", ".join(missing)}', counts)
    try:
        trajectory, joints = bag.trajectory(), played(bag)
    except MotionClipError as error:
        return Verdict(str(error), counts)
    absent = set(trajectory.joint_names) - set(joints.joint_names)
    if absent or len(joints.received) < 2:
        return Verdict('the joint states do not cover the trajectory', counts)
    measured = joints.in_order(trajectory.joint_names).positions
    figures = _figures(bag, trajectory, joints, measured, limits)
    moved, missed = figures['largest_joint_motion_deg'], figures['tracking_rms_deg']
    problem = None
    if moved < np.degrees(MOVED):
        problem = f'the robot did not move: its largest joint motion is {moved:.1f} degrees'
    elif missed > np.degrees(FOLLOWED):
        problem = f'the robot did not follow: the rms joint error is {missed:.1f} degrees'
    return Verdict(problem, {**counts, 'simulation': figures})


def _figures(
    bag: Bag,
    trajectory: RobotTrajectory,
    joints: RecordedJoints,
    measured: np.ndarray,
    limits: JointLimits,
) -> dict[str, Any]:
    start, _ = bag.last(topics.TRAJECTORY)
    text_sent, _ = bag.last(topics.TEXT)
    seconds = (joints.received - start) / 1e9
    desired = trajectory.sample(seconds).positions
    error = measured - desired
    distance = np.abs(measured - measured[0]).max(axis=1)
    began = seconds[np.argmax(distance > _FIRST_MOTION)]
    margins = np.minimum(measured - limits.lower, limits.upper - measured).min(axis=0)
    commanded = np.minimum(
        trajectory.positions - limits.lower, limits.upper - trajectory.positions
    ).min(axis=0)
    tightest = int(np.argmin(commanded))
    worst = int(np.argmax(np.sqrt((error**2).mean(axis=0))))
    return {
        'text_to_trajectory_ms': (start - text_sent) / 1e6,
        'trajectory_to_first_motion_ms': 1e3 * float(began),
        'largest_joint_motion_deg': float(np.degrees(np.ptp(measured, axis=0).max())),
        'tracking_rms_deg': float(np.degrees(np.sqrt((error**2).mean()))),
        'worst_tracked_joint': trajectory.joint_names[worst],
        'worst_tracked_joint_rms_deg': float(np.degrees(np.sqrt((error[:, worst] ** 2).mean()))),
        'commanded_limit_margin_deg': float(np.degrees(commanded[tightest])),
        'tightest_joint': trajectory.joint_names[tightest],
        'measured_limit_margin_deg': float(np.degrees(margins.min())),
        'joint_state_rate_hz': float((len(seconds) - 1) / (seconds[-1] - seconds[0])),
    }
