"""The human's limb directions with the robot's lengths: where every link would be.

A link's wanted position is its parent's plus the human's direction times the robot's own
segment. Targets made this way can be reached by any robot with human-like limbs, and no table of
scales is needed.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State

BASE_TO_SMPL: np.ndarray = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Rotation from robot axes (x front, y left, z up) to SMPL body axes (x left, y up, z front)."""
BASE_TO_SMPL.setflags(write=False)


class Wanted(NamedTuple):
    """Wanted place of each link of the correspondence, in its order."""

    positions: Float[np.ndarray, 'frame link 3']
    rotations: Float[np.ndarray, 'frame link 3 3']


def leg_scale(robot: Robot) -> float:
    """Return the robot's leg length (hip to sole) over the human's; 1 without feet."""
    matches = robot.correspondence.links
    rest, turns = rest_poses(robot)
    names = list(matches)
    ours = theirs = 0.0
    for link, foot in robot.correspondence.feet.items():
        sole = np.array(foot.heel_corners) @ turns[names.index(link)].T
        ours += float(-sole[:, 2].min())
        theirs += float(-skeleton.OFFSETS[skeleton.JOINT_INDEX[foot.human_toe], 1])
        current = link
        while (parent := matches[current].limb_from) is not None:
            ours += float(np.linalg.norm(rest[names.index(current)] - rest[names.index(parent)]))
            theirs += float(
                np.linalg.norm(
                    _HUMAN_REST[skeleton.JOINT_INDEX[matches[current].human]]
                    - _HUMAN_REST[skeleton.JOINT_INDEX[matches[parent].human]]
                )
            )
            current = parent
    return ours / theirs if ours > 0.0 and theirs > 0.0 else 1.0


_HUMAN_REST = skeleton.forward_kinematics(
    np.tile(np.eye(3), (skeleton.JOINT_COUNT, 1, 1)), np.zeros(3)
).positions


def rest_poses(robot: Robot) -> tuple[np.ndarray, np.ndarray]:
    """Return the links' places [link, 3] and turns [link, 3, 3] in SMPL's rest pose."""
    state = State(np.zeros((1, 3)), robot.upright[None], robot.human_rest[None])
    positions, rotations = robot.link_poses(tuple(robot.correspondence.links), state)
    return positions[0], rotations[0]


def rest_wanted(robot: Robot) -> Wanted:
    """Return the links in SMPL's rest pose as a clip of one frame."""
    positions, rotations = rest_poses(robot)
    return Wanted(positions[None], rotations[None])


def hang_links(motion: Motion, robot: Robot) -> Wanted:
    """Place every link relative to the base link's origin.

    A base that is bolted down stays upright, and the links are placed relative to its root.
    """
    matches = robot.correspondence.links
    names = list(matches)
    rest_position, rest_rotation = rest_poses(robot)
    human = [skeleton.JOINT_INDEX[match.human] for match in matches.values()]
    rotations = motion.pose.rotations[:, human] @ BASE_TO_SMPL @ rest_rotation
    positions = np.zeros((len(motion), len(names), 3))
    if robot.fixed_base:
        rotations[:, 0], positions[:, 0] = rest_rotation[0], rest_position[0]
    for i, match in enumerate(matches.values()):
        if match.rigid_to is not None:
            parent = names.index(match.rigid_to)
            local = rest_rotation[parent].T @ (rest_position[i] - rest_position[parent])
            positions[:, i] = positions[:, parent] + rotations[:, parent] @ local
        elif match.limb_from is not None:
            parent = names.index(match.limb_from)
            limb = motion.pose.positions[:, human[i]] - motion.pose.positions[:, human[parent]]
            length = np.linalg.norm(rest_position[i] - rest_position[parent])
            limb *= length / np.linalg.norm(limb, axis=-1, keepdims=True)
            positions[:, i] = positions[:, parent] + limb
    return Wanted(positions, rotations)


def faced(motion: Motion) -> Motion:
    """Turn a motion about the vertical so that the person faces along x, and stays in place."""
    left = motion.joint_rotations[:, 0, :, 0]
    heading = np.arctan2(-left[:, 0], left[:, 1])
    turn = Rotation.from_rotvec(-heading[:, None] * [0.0, 0.0, 1.0]).as_matrix()
    rotations = motion.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    return Motion(rotations, motion.root_position * [0.0, 0.0, 1.0], motion.fps)
