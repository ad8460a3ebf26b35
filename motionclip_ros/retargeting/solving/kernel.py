"""Cost, gradient and normal matrix of one frame after the other, without building a Jacobian.

Each task asks a point of a link to be somewhere (and turned somehow). Read as a rigid body
whose mass is the task's weight, its normal matrix J'WJ is an inertia in joint space: composite
rigid bodies in one sweep from the leaves to the base (Featherstone, "Rigid Body Dynamics
Algorithms" (2008), chapter 6) give the sum over all tasks, and the gradient is swept along
like a force. `clearing` adds what keeps the robot's parts apart. `kernel_numpy` computes the same
numbers without numba.
"""

from typing import no_type_check

import numpy as np

from motionclip_ros.retargeting.solving import compiled, kernel_numpy
from motionclip_ros.retargeting.solving.clearing import keep_apart, keep_up, place_capsules
from motionclip_ros.retargeting.solving.compiled import jit, multiply, rotation_vector
from motionclip_ros.retargeting.solving.placing import place_frame
from motionclip_ros.retargeting.solving.problem import (
    NO_CLEARANCE,
    Clearance,
    NormalEquations,
    State,
    Tasks,
    Tree,
)


def normal_equations(
    tree: Tree,
    tasks: Tasks,
    state: State,
    clearance: Clearance = NO_CLEARANCE,
    result: NormalEquations | None = None,
) -> NormalEquations:
    """Evaluate all tasks in all frames.

    Args:
        tree: The robot.
        tasks: What is asked of it.
        state: Where to evaluate.
        clearance: Which parts of it must not meet.
        result: Arrays to overwrite; fresh memory would cost as much as half the sums.

    Returns:
        Cost, gradient and normal matrix of each frame.
    """
    if not compiled.available():
        return NormalEquations(*kernel_numpy.sweep(tree, tasks, state, clearance))
    if result is None:
        result = NormalEquations.empty(*state.joints.shape)
    _sweep(tree, tasks, clearance, state, result)
    return result


@jit
@no_type_check
def _sweep(
    tree: Tree, tasks: Tasks, clearance: Clearance, state: State, result: NormalEquations
) -> None:
    """Fill the result, frame by frame.

    All positions are relative to the base, which keeps the numbers small far from the origin
    and makes the base's own six motions unit vectors.
    """
    frames, count = state.joints.shape
    turn = np.empty((count + 1, 3, 3))  # entry j + 1 belongs to joint j, entry 0 to the base
    origin = np.zeros((count + 1, 3))
    motion = np.empty((count, 6))  # linear part at the base's origin, then angular part
    inertia = np.empty((count + 1, 6, 6))
    force = np.empty((count + 1, 6))
    ends = np.empty((len(clearance.body), 2, 3))
    scratch = np.empty((2, 3, 3))  # one for all: allocating small arrays would cost half the time
    for frame in range(frames):
        turn[0] = state.base_rotation[frame]
        place_frame(tree, state.joints[frame], turn, origin, motion, scratch)
        inertia[:] = 0.0
        force[:] = 0.0
        cost = 0.0
        for task in range(len(tasks.body)):
            cost += _add_point(
                tasks, frame, task, state.base_position[frame], turn, origin, inertia, force
            )
            if tasks.orientation_weight[frame, task] > 0.0:
                cost += _add_rotation(tasks, frame, task, turn, inertia, force, scratch)
        gradient, matrix = result.gradient[frame], result.matrix[frame]
        _gather(tree.parent, motion, inertia, force, gradient, matrix)
        if len(clearance.body) > 0:
            place_capsules(clearance, turn, origin, ends)
            cost += keep_apart(tree.parent, clearance, ends, motion, gradient, matrix)
            height = state.base_position[frame, 2]
            cost += keep_up(tree.parent, clearance, height, ends, motion, gradient, matrix)
        result.cost[frame] = cost


@jit
@no_type_check
def _add_point(
    tasks: Tasks,
    frame: int,
    task: int,
    base: np.ndarray,
    turn: np.ndarray,
    origin: np.ndarray,
    inertia: np.ndarray,
    force: np.ndarray,
) -> float:
    """Add one task's weight and pull to its carrier; return its cost."""
    weight = tasks.position_weight
    wx, wy, wz = weight[frame, task, 0], weight[frame, task, 1], weight[frame, task, 2]
    if wx == 0.0 and wy == 0.0 and wz == 0.0:
        return 0.0
    carrier = np.uintp(tasks.body[task] + 1)
    ox, oy, oz = tasks.offset[task, 0], tasks.offset[task, 1], tasks.offset[task, 2]
    x = origin[carrier, 0] + (
        turn[carrier, 0, 0] * ox + turn[carrier, 0, 1] * oy + turn[carrier, 0, 2] * oz
    )
    y = origin[carrier, 1] + (
        turn[carrier, 1, 0] * ox + turn[carrier, 1, 1] * oy + turn[carrier, 1, 2] * oz
    )
    z = origin[carrier, 2] + (
        turn[carrier, 2, 0] * ox + turn[carrier, 2, 1] * oy + turn[carrier, 2, 2] * oz
    )
    ex = x + base[0] - tasks.target_position[frame, task, 0]
    ey = y + base[1] - tasks.target_position[frame, task, 1]
    ez = z + base[2] - tasks.target_position[frame, task, 2]
    if ez > 0.0 and tasks.one_sided[frame, task]:
        wz = 0.0
        if wx == 0.0 and wy == 0.0:
            return 0.0
    fx, fy, fz = wx * ex, wy * ey, wz * ez
    force[carrier, 0] += fx
    force[carrier, 1] += fy
    force[carrier, 2] += fz
    force[carrier, 3] += y * fz - z * fy
    force[carrier, 4] += z * fx - x * fz
    force[carrier, 5] += x * fy - y * fx
    inertia[carrier, 0, 0] += wx
    inertia[carrier, 1, 1] += wy
    inertia[carrier, 2, 2] += wz
    inertia[carrier, 3, 1] -= wy * z
    inertia[carrier, 3, 2] += wz * y
    inertia[carrier, 4, 0] += wx * z
    inertia[carrier, 4, 2] -= wz * x
    inertia[carrier, 5, 0] -= wx * y
    inertia[carrier, 5, 1] += wy * x
    inertia[carrier, 3, 3] += wy * z * z + wz * y * y
    inertia[carrier, 4, 4] += wx * z * z + wz * x * x
    inertia[carrier, 5, 5] += wx * y * y + wy * x * x
    inertia[carrier, 4, 3] -= wz * x * y
    inertia[carrier, 5, 3] -= wy * x * z
    inertia[carrier, 5, 4] -= wx * y * z
    return (fx * ex + fy * ey + fz * ez) / 2


@jit
@no_type_check
def _add_rotation(
    tasks: Tasks,
    frame: int,
    task: int,
    turn: np.ndarray,
    inertia: np.ndarray,
    force: np.ndarray,
    scratch: np.ndarray,
) -> float:
    """Add the pull of one link's rotation error; return its cost."""
    weight = tasks.orientation_weight[frame, task]
    carrier = np.uintp(tasks.body[task] + 1)
    now, tilt, error = scratch[0], scratch[1], scratch[0, 0]
    multiply(turn[carrier], tasks.alignment[task], now)
    target = tasks.target_rotation[frame, task]
    for i in range(3):
        for j in range(3):
            tilt[i, j] = (
                now[i, 0] * target[j, 0] + now[i, 1] * target[j, 1] + now[i, 2] * target[j, 2]
            )
    rotation_vector(tilt, error)
    cost = 0.0
    for i in range(3):
        inertia[carrier, 3 + i, 3 + i] += weight
        force[carrier, 3 + i] += weight * error[i]
        cost += weight * error[i] * error[i] / 2
    return cost


@jit
@no_type_check
def _gather(
    parent: np.ndarray,
    motion: np.ndarray,
    inertia: np.ndarray,
    force: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> None:
    """Sweep from the leaves to the base."""
    matrix[:] = 0.0
    for joint in range(len(parent) - 1, -1, -1):
        own, pull, line = inertia[joint + 1], force[joint + 1], motion[joint]
        m0, m1, m2, m3, m4, m5 = line[0], line[1], line[2], line[3], line[4], line[5]
        # Only the lower triangle is kept: what stands above the diagonal is its mirror image.
        c0 = own[0, 0] * m0 + own[4, 0] * m4 + own[5, 0] * m5
        c1 = own[1, 1] * m1 + own[3, 1] * m3 + own[5, 1] * m5
        c2 = own[2, 2] * m2 + own[3, 2] * m3 + own[4, 2] * m4
        c3 = own[3, 1] * m1 + own[3, 2] * m2 + own[3, 3] * m3 + own[4, 3] * m4 + own[5, 3] * m5
        c4 = own[4, 0] * m0 + own[4, 2] * m2 + own[4, 3] * m3 + own[4, 4] * m4 + own[5, 4] * m5
        c5 = own[5, 0] * m0 + own[5, 1] * m1 + own[5, 3] * m3 + own[5, 4] * m4 + own[5, 5] * m5
        row = matrix[6 + joint]
        row[0], row[1], row[2], row[3], row[4], row[5] = c0, c1, c2, c3, c4, c5
        gradient[6 + joint] = (
            m0 * pull[0] + m1 * pull[1] + m2 * pull[2] + m3 * pull[3] + m4 * pull[4] + m5 * pull[5]
        )
        above = joint
        while above >= 0:
            line = motion[above]
            row[6 + above] = (
                line[0] * c0
                + line[1] * c1
                + line[2] * c2
                + line[3] * c3
                + line[4] * c4
                + line[5] * c5
            )
            above = parent[above]
        onto, total = force[parent[joint] + 1], inertia[parent[joint] + 1]
        for i in range(6):
            onto[i] += pull[i]
            for j in range(6):
                total[i, j] += own[i, j]
    gradient[:6] = force[0]
    matrix[:6, :6] = inertia[0]
