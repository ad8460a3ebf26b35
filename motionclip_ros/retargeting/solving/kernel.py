"""Cost, gradient and normal matrix of link-tracking tasks, without building a Jacobian.

Each task asks a point of a link to be somewhere (and turned somehow). Read as a rigid body
whose mass is the task's weight, its normal matrix J'WJ is an inertia in joint space: composite
rigid bodies in one sweep from the leaves to the base (Featherstone, "Rigid Body Dynamics
Algorithms" (2008), chapter 6) give the sum over all tasks, and the gradient is swept along
like a force. `kernel_numpy` computes the same numbers where numba is not installed.
"""

import math
from collections.abc import Callable
from typing import TypeVar, cast, no_type_check

import numpy as np

from motionclip_ros.retargeting.solving import kernel_numpy
from motionclip_ros.retargeting.solving.problem import NormalEquations, State, Tasks, Tree

try:
    import numba
except ImportError:  # every platform with NumPy can retarget, only slower
    numba = None  # type: ignore[assignment]

_Function = TypeVar('_Function', bound=Callable[..., object])


def _jit(function: _Function) -> _Function:
    """Compile on first use; the machine code is kept on disk between runs.

    What is compiled is marked `no_type_check` below, for a run-time checker's wrapper would be
    Python in the middle of machine code.
    """
    if numba is None:
        return function
    try:
        return cast(_Function, numba.njit(cache=True)(function))
    except RuntimeError:  # no folder to keep machine code in: compile in every process
        return cast(_Function, numba.njit(function))


def normal_equations(tree: Tree, tasks: Tasks, state: State) -> NormalEquations:
    """Evaluate all tasks in all frames.

    Args:
        tree: The robot.
        tasks: What is asked of it.
        state: Where to evaluate.

    Returns:
        Cost, gradient and normal matrix of each frame.
    """
    if numba is None:
        return NormalEquations(*kernel_numpy.sweep(tree, tasks, state))
    frames, joints = state.joints.shape
    result = NormalEquations(
        np.zeros(frames),
        np.zeros((frames, joints + 6)),
        np.zeros((frames, joints + 6, joints + 6)),
    )
    _sweep(tree, tasks, state, result)
    return result


@_jit
@no_type_check
def _sweep(tree: Tree, tasks: Tasks, state: State, result: NormalEquations) -> None:
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
    scratch = np.empty((3, 3, 3))  # one for all: allocating small arrays would cost half the time
    for frame in range(frames):
        turn[0] = state.base_rotation[frame]
        for joint in range(count):
            _place(tree, joint, state.joints[frame, joint], turn, origin, motion, scratch)
        inertia[:] = 0.0
        force[:] = 0.0
        for task in range(len(tasks.body)):
            carrier = tasks.body[task] + 1
            result.cost[frame] += _add_task(
                tasks,
                frame,
                task,
                state.base_position[frame],
                turn[carrier],
                origin[carrier],
                inertia[carrier],
                force[carrier],
                scratch,
            )
        _gather(tree.parent, motion, inertia, force, result.gradient[frame], result.matrix[frame])


@_jit
@no_type_check
def _place(
    tree: Tree,
    joint: int,
    angle: float,
    turn: np.ndarray,
    origin: np.ndarray,
    motion: np.ndarray,
    scratch: np.ndarray,
) -> None:
    """Place one joint behind its parent and note how it moves what hangs on it."""
    above = turn[tree.parent[joint] + 1]
    frame, spin = scratch[0], scratch[1]
    _multiply(above, tree.rotation[joint], frame)
    ax, ay, az = tree.axis[joint]
    slide = angle if tree.prismatic[joint] else 0.0
    for i in range(3):
        along = frame[i, 0] * ax + frame[i, 1] * ay + frame[i, 2] * az
        origin[joint + 1, i] = origin[tree.parent[joint] + 1, i] + slide * along
        for j in range(3):
            origin[joint + 1, i] += above[i, j] * tree.position[joint, j]
        motion[joint, i] = along
        motion[joint, 3 + i] = along
    if tree.prismatic[joint]:
        motion[joint, 3:] = 0.0
        turn[joint + 1] = frame
        return
    x, y, z = origin[joint + 1]
    lx, ly, lz = motion[joint, 3:]
    motion[joint, 0] = y * lz - z * ly
    motion[joint, 1] = z * lx - x * lz
    motion[joint, 2] = x * ly - y * lx
    c, s = math.cos(angle), math.sin(angle)
    for i in range(3):
        for j in range(3):
            spin[i, j] = tree.axis[joint, i] * tree.axis[joint, j] * (1 - c)
        spin[i, i] += c
    spin[2, 1] += ax * s
    spin[1, 2] -= ax * s
    spin[0, 2] += ay * s
    spin[2, 0] -= ay * s
    spin[1, 0] += az * s
    spin[0, 1] -= az * s
    _multiply(frame, spin, turn[joint + 1])


@_jit
@no_type_check
def _multiply(left: np.ndarray, right: np.ndarray, product: np.ndarray) -> None:
    """Multiply two 3x3 matrices; at this size the loops beat any library call."""
    for i in range(3):
        for j in range(3):
            product[i, j] = (
                left[i, 0] * right[0, j] + left[i, 1] * right[1, j] + left[i, 2] * right[2, j]
            )


@_jit
@no_type_check
def _add_task(
    tasks: Tasks,
    frame: int,
    task: int,
    base: np.ndarray,
    turn: np.ndarray,
    origin: np.ndarray,
    inertia: np.ndarray,
    force: np.ndarray,
    scratch: np.ndarray,
) -> float:
    """Add one task's weight and pull to its carrier; return its cost."""
    point, pull, weight = scratch[0]
    weight[:] = tasks.position_weight[frame, task]
    cost = 0.0
    for i in range(3):
        point[i] = origin[i]
        for j in range(3):
            point[i] += turn[i, j] * tasks.offset[task, j]
        error = point[i] + base[i] - tasks.target_position[frame, task, i]
        if i == 2 and error > 0.0 and tasks.one_sided[frame, task]:
            weight[2] = 0.0
        pull[i] = weight[i] * error
        cost += pull[i] * error / 2
    x, y, z = point
    force[:3] += pull
    force[3] += y * pull[2] - z * pull[1]
    force[4] += z * pull[0] - x * pull[2]
    force[5] += x * pull[1] - y * pull[0]
    wx, wy, wz = weight
    inertia[0, 0] += wx
    inertia[1, 1] += wy
    inertia[2, 2] += wz
    inertia[3, 1] -= wy * z
    inertia[3, 2] += wz * y
    inertia[4, 0] += wx * z
    inertia[4, 2] -= wz * x
    inertia[5, 0] -= wx * y
    inertia[5, 1] += wy * x
    inertia[3, 3] += wy * z * z + wz * y * y
    inertia[4, 4] += wx * z * z + wz * x * x
    inertia[5, 5] += wx * y * y + wy * x * x
    inertia[4, 3] -= wz * x * y
    inertia[5, 3] -= wy * x * z
    inertia[5, 4] -= wx * y * z
    if tasks.orientation_weight[frame, task] > 0.0:
        cost += _add_rotation(
            tasks.orientation_weight[frame, task],
            turn,
            tasks.alignment[task],
            tasks.target_rotation[frame, task],
            inertia,
            force,
            scratch,
        )
    return cost


@_jit
@no_type_check
def _add_rotation(
    weight: float,
    turn: np.ndarray,
    alignment: np.ndarray,
    target: np.ndarray,
    inertia: np.ndarray,
    force: np.ndarray,
    scratch: np.ndarray,
) -> float:
    """Add the pull of one link's rotation error; return its cost."""
    now, tilt, error = scratch[0], scratch[1], scratch[2, 0]
    _multiply(turn, alignment, now)
    _multiply(now, target.T, tilt)
    _rotation_vector(tilt, error)
    cost = 0.0
    for i in range(3):
        inertia[3 + i, 3 + i] += weight
        force[3 + i] += weight * error[i]
        cost += weight * error[i] * error[i] / 2
    return cost


@_jit
@no_type_check
def _rotation_vector(matrix: np.ndarray, vector: np.ndarray) -> None:
    """Write axis times angle, found through the quaternion (safe at half turns)."""
    trace = matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    if trace > 0.0:
        w = math.sqrt(1.0 + trace) / 2
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            vector[i] = (matrix[k, j] - matrix[j, k]) / (4 * w)
    else:
        i = 0
        if matrix[1, 1] > matrix[0, 0]:
            i = 1
        if matrix[2, 2] > matrix[i, i]:
            i = 2
        j, k = (i + 1) % 3, (i + 2) % 3
        vector[i] = math.sqrt(1.0 + 2.0 * matrix[i, i] - trace) / 2
        w = (matrix[k, j] - matrix[j, k]) / (4 * vector[i])
        vector[j] = (matrix[j, i] + matrix[i, j]) / (4 * vector[i])
        vector[k] = (matrix[k, i] + matrix[i, k]) / (4 * vector[i])
    sine = math.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2)
    scale = 2.0
    if sine > 1e-12:
        scale = 2.0 * math.atan2(sine, abs(w)) / sine
    if w < 0.0:
        scale = -scale
    for i in range(3):
        vector[i] *= scale


@_jit
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
    column = np.empty(6)
    for joint in range(len(parent) - 1, -1, -1):
        own = inertia[joint + 1]
        slope = 0.0
        for i in range(6):
            column[i] = 0.0
            for j in range(6):
                column[i] += (own[i, j] if i >= j else own[j, i]) * motion[joint, j]
            matrix[6 + joint, i] = column[i]
            slope += motion[joint, i] * force[joint + 1, i]
        gradient[6 + joint] = slope
        above = joint
        while above >= 0:
            entry = 0.0
            for i in range(6):
                entry += motion[above, i] * column[i]
            matrix[6 + joint, 6 + above] = entry
            above = parent[above]
        for i in range(6):
            force[parent[joint] + 1, i] += force[joint + 1, i]
            for j in range(i + 1):
                inertia[parent[joint] + 1, i, j] += own[i, j]
    gradient[:6] = force[0]
    matrix[:6, :6] = inertia[0]
