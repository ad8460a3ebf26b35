"""Where a robot's links are: forward kinematics as machine code."""

from typing import no_type_check

import numpy as np
from jaxtyping import Float

from motionclip_ros.retargeting.solving import compiled, kernel_numpy
from motionclip_ros.retargeting.solving.compiled import axis_rotation, jit, multiply
from motionclip_ros.retargeting.solving.problem import State, Tree


def place(
    tree: Tree, state: State
) -> tuple[Float[np.ndarray, 'frame link 3 3'], Float[np.ndarray, 'frame link 3']]:
    """Place the base and every joint in the world.

    Args:
        tree: The robot.
        state: Its posture in every frame.

    Returns:
        Rotations to the world and origins [m]; entry 0 is the base, entry j + 1 is joint j.
    """
    if not compiled.available():
        return kernel_numpy.place(tree, state)
    frames, count = state.joints.shape
    turn, origin = np.empty((frames, count + 1, 3, 3)), np.empty((frames, count + 1, 3))
    _place_all(tree, state, turn, origin)
    return turn, origin


@jit
@no_type_check
def _place_all(tree: Tree, state: State, turn: np.ndarray, origin: np.ndarray) -> None:
    motion = np.empty((state.joints.shape[1], 6))
    scratch = np.empty((2, 3, 3))
    for frame in range(len(turn)):
        turn[frame, 0] = state.base_rotation[frame]
        origin[frame, 0] = state.base_position[frame]
        place_frame(tree, state.joints[frame], turn[frame], origin[frame], motion, scratch)


@jit
@no_type_check
def place_frame(
    tree: Tree,
    joints: np.ndarray,
    turn: np.ndarray,
    origin: np.ndarray,
    motion: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Place every joint behind its parent and note how it moves what hangs on it."""
    frame, spin = scratch[0], scratch[1]
    for joint in range(len(joints)):
        angle = joints[joint]
        above = np.uintp(tree.parent[joint] + 1)
        multiply(turn[above], tree.rotation[joint], frame)
        ax, ay, az = tree.axis[joint, 0], tree.axis[joint, 1], tree.axis[joint, 2]
        slide = angle if tree.prismatic[joint] else 0.0
        for i in range(3):
            along = frame[i, 0] * ax + frame[i, 1] * ay + frame[i, 2] * az
            origin[joint + 1, i] = (
                origin[above, i]
                + slide * along
                + turn[above, i, 0] * tree.position[joint, 0]
                + turn[above, i, 1] * tree.position[joint, 1]
                + turn[above, i, 2] * tree.position[joint, 2]
            )
            motion[joint, i] = along
            motion[joint, 3 + i] = along
        if tree.prismatic[joint]:
            motion[joint, 3:] = 0.0
            turn[joint + 1] = frame
            continue
        x, y, z = origin[joint + 1]
        lx, ly, lz = motion[joint, 3], motion[joint, 4], motion[joint, 5]
        motion[joint, 0] = y * lz - z * ly
        motion[joint, 1] = z * lx - x * lz
        motion[joint, 2] = x * ly - y * lx
        axis_rotation(ax, ay, az, angle, spin)
        multiply(frame, spin, turn[joint + 1])
