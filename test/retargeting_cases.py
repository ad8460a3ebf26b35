"""Random but valid inputs for the retargeting tests."""

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State, Tasks


def random_state(robot: Robot, frames: int, seed: int) -> State:
    """Postures inside the limits, bases anywhere."""
    rng = np.random.default_rng(seed)
    limits = robot.limits
    return State(
        rng.normal(size=(frames, 3)),
        Rotation.random(frames, rng=rng).as_matrix(),
        rng.uniform(limits.lower, limits.upper, (frames, len(limits.lower))),
    )


def random_tasks(robot: Robot, frames: int, seed: int, links: tuple[str, ...]) -> Tasks:
    """Tasks with all weights on some links, half of the heights one-sided."""
    rng = np.random.default_rng(seed)
    places = [robot.frame(link) for link in links]
    count = len(links)
    return Tasks(
        np.array([place.body for place in places], np.int64),
        np.array([place.position for place in places]),
        np.array([place.rotation for place in places]),
        rng.normal(size=(frames, count, 3)),
        Rotation.random(frames * count, rng=rng).as_matrix().reshape(frames, count, 3, 3),
        rng.uniform(0.5, 2.0, (frames, count, 3)),
        rng.uniform(0.5, 2.0, (frames, count)),
        rng.uniform(size=(frames, count)) < 0.5,
    )


def standing(frames: int = 20, fps: float = 30.0) -> Motion:
    """A person who stands still in SMPL's rest pose, facing world -y, soles at height 0."""
    rotations = np.tile(np.eye(3), (frames, skeleton.JOINT_COUNT, 1, 1))
    rotations[:, 0] = skeleton.Y_UP_TO_Z_UP
    # Hip, knee, ankle and toe lie .085, .395, .405 and .06 m below one another.
    return Motion(rotations, np.tile([0.0, 0.0, 0.945], (frames, 1)), fps)


def turned(motion: Motion, angle: float) -> Motion:
    """The same motion, the world turned about the vertical [rad]."""
    turn = Rotation.from_euler('z', angle).as_matrix()
    rotations = motion.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    return Motion(rotations, motion.root_position @ turn.T, motion.fps)
