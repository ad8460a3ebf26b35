"""How well the robot does what the human does."""

from typing import Any

import numpy as np
from jaxtyping import Float

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.soles import Placed, place
from motionclip_ros.retargeting.hanging import faced
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import Targets


def limb_direction_error(
    robot: Robot, motion: Motion, state: State
) -> Float[np.ndarray, 'frame limb']:
    """Return the angles between the human's and the robot's limbs [deg].

    Args:
        robot: The robot.
        motion: The human motion; a robot that is bolted down has its front turned to it.
        state: The robot's path at the motion's frames.

    Returns:
        One column for each `limb_from` in the robot's correspondence.
    """
    return _limb_angles(robot, motion, place(robot, state))


def _limb_angles(robot: Robot, motion: Motion, placed: Placed) -> np.ndarray:
    matches = robot.correspondence.links
    names = list(matches)
    motion = faced(motion) if robot.fixed_base else motion
    limbs = [(m.limb_from, link) for link, m in matches.items() if m.limb_from is not None]
    positions = placed.links(robot, tuple(names))
    start, end = ([names.index(limb[side]) for limb in limbs] for side in (0, 1))
    ours = positions[:, end] - positions[:, start]
    human = [skeleton.JOINT_INDEX[match.human] for match in matches.values()]
    theirs = motion.pose.positions[:, human]
    theirs = theirs[:, end] - theirs[:, start]
    sine = np.linalg.norm(np.cross(ours, theirs), axis=-1)
    return np.asarray(np.degrees(np.arctan2(sine, (ours * theirs).sum(-1))))


def tracking_figures(
    robot: Robot, motion: Motion, targets: Targets, placed: Placed
) -> dict[str, Any]:
    """Compare the robot's limbs and links with what the human does.

    Args:
        robot: The robot.
        motion: What the human did.
        targets: What was asked of the links.
        placed: Where the robot's joints are at the motion's frames.

    Returns:
        Errors in degrees and centimetres.
    """
    error = _limb_angles(robot, motion, placed)
    tracked = len(targets.links)
    positions = placed.links(robot, targets.links)
    away = np.linalg.norm(positions - targets.tasks.target_position[:, :tracked], axis=-1)
    away = away[targets.tasks.position_weight[:, :tracked, 0] > 0.0]
    return {
        'limb_direction_error_deg': float(error.mean()) if error.size else 0.0,
        'limb_direction_error_max_deg': float(error.max()) if error.size else 0.0,
        'link_position_error_cm': float(away.mean() * 100) if away.size else 0.0,
    }


NO_TRACKING = dict.fromkeys(
    ('limb_direction_error_deg', 'limb_direction_error_max_deg', 'link_position_error_cm')
)
"""The figures of a trajectory that comes without a human."""
