"""Cost, gradient and normal matrix of one frame after the other, without building a Jacobian.

Each task asks a point of a link to be somewhere (and turned somehow). Read as a rigid body
whose mass is the task's weight, its normal matrix J'WJ is an inertia in joint space: composite
rigid bodies in one sweep from the leaves to the base (Featherstone, "Rigid Body Dynamics
Algorithms" (2008), chapter 6) give the sum over all tasks, and the gradient is swept along
like a force. Two capsules that come too near are the exception: their distance depends on two
links, and adds one row of its own. `kernel_numpy` computes the same numbers without numba.
"""

import math
from typing import no_type_check

import numpy as np
from jaxtyping import Int

from motionclip_ros.retargeting.solving import compiled, kernel_numpy
from motionclip_ros.retargeting.solving.compiled import (
    axis_rotation,
    jit,
    multiply,
    nearest_on_segments,
    rotation_vector,
)
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


def near_pairs(
    tree: Tree, clearance: Clearance, state: State, within: float
) -> Int[np.ndarray, 'near 2']:
    """Leave out the pairs of capsules that stay far apart all the time; most do.

    Args:
        tree: The robot.
        clearance: Its capsules and their pairs.
        state: A path.
        within: Distance that some frame must come below [m].

    Returns:
        The other pairs.
    """
    if not compiled.available():
        least = kernel_numpy.least_gaps(tree, clearance, state)
    else:
        least = np.full(len(clearance.pairs), np.inf)
        _least_gaps(tree, clearance, state, least)
    return clearance.pairs[least < within]


@jit
@no_type_check
def _least_gaps(tree: Tree, clearance: Clearance, state: State, least: np.ndarray) -> None:
    """Write how near the spheres about each pair's capsules come in any frame."""
    frames, count = state.joints.shape
    turn = np.empty((count + 1, 3, 3))
    origin = np.zeros((count + 1, 3))
    motion = np.empty((count, 6))
    scratch = np.empty((2, 3, 3))
    ends = np.empty((len(clearance.body), 2, 3))
    for frame in range(frames):
        turn[0] = state.base_rotation[frame]
        _place(tree, state.joints[frame], turn, origin, motion, scratch)
        _place_capsules(clearance, turn, origin, ends)
        for pair in range(len(least)):
            a, b = clearance.pairs[pair]
            x = ends[a, 0, 0] - ends[b, 0, 0] + (ends[a, 1, 0] - ends[b, 1, 0]) / 2
            y = ends[a, 0, 1] - ends[b, 0, 1] + (ends[a, 1, 1] - ends[b, 1, 1]) / 2
            z = ends[a, 0, 2] - ends[b, 0, 2] + (ends[a, 1, 2] - ends[b, 1, 2]) / 2
            gap = math.sqrt(x * x + y * y + z * z) - clearance.reach[a] - clearance.reach[b]
            least[pair] = min(least[pair], gap)


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
        _place(tree, state.joints[frame], turn, origin, motion, scratch)
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
            _place_capsules(clearance, turn, origin, ends)
            cost += _keep_apart(tree.parent, clearance, ends, motion, gradient, matrix)
            height = state.base_position[frame, 2]
            cost += _keep_up(tree.parent, clearance, height, ends, motion, gradient, matrix)
        result.cost[frame] = cost


@jit
@no_type_check
def _place(
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
        above = tree.parent[joint] + 1
        multiply(turn[above], tree.rotation[joint], frame)
        ax, ay, az = tree.axis[joint]
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
    wx, wy, wz = tasks.position_weight[frame, task]
    if wx == 0.0 and wy == 0.0 and wz == 0.0:
        return 0.0
    carrier = tasks.body[task] + 1
    ox, oy, oz = tasks.offset[task]
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
    pull, own = force[carrier], inertia[carrier]
    pull[0] += fx
    pull[1] += fy
    pull[2] += fz
    pull[3] += y * fz - z * fy
    pull[4] += z * fx - x * fz
    pull[5] += x * fy - y * fx
    own[0, 0] += wx
    own[1, 1] += wy
    own[2, 2] += wz
    own[3, 1] -= wy * z
    own[3, 2] += wz * y
    own[4, 0] += wx * z
    own[4, 2] -= wz * x
    own[5, 0] -= wx * y
    own[5, 1] += wy * x
    own[3, 3] += wy * z * z + wz * y * y
    own[4, 4] += wx * z * z + wz * x * x
    own[5, 5] += wx * y * y + wy * x * x
    own[4, 3] -= wz * x * y
    own[5, 3] -= wy * x * z
    own[5, 4] -= wx * y * z
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
    carrier = tasks.body[task] + 1
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


@jit
@no_type_check
def _keep_apart(
    parent: np.ndarray,
    clearance: Clearance,
    ends: np.ndarray,
    motion: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> float:
    """Push capsules apart that are nearer than the margin; return the cost."""
    cost = 0.0
    parts, both = np.empty(2), np.empty((4, 3))
    row = np.zeros(len(motion) + 6)
    for pair in range(len(clearance.pairs)):
        a, b = clearance.pairs[pair]
        reach = clearance.reach[a] + clearance.reach[b] + clearance.margin
        apart = 0.0
        for i in range(3):
            middle = ends[a, 0, i] - ends[b, 0, i] + (ends[a, 1, i] - ends[b, 1, i]) / 2
            apart += middle * middle
        if apart > reach * reach:
            continue
        both[0], both[1], both[2], both[3] = ends[a, 0], ends[a, 1], ends[b, 0], ends[b, 1]
        nearest_on_segments(both, parts)
        px = both[0, 0] + parts[0] * both[1, 0]
        py = both[0, 1] + parts[0] * both[1, 1]
        pz = both[0, 2] + parts[0] * both[1, 2]
        nx = px - both[2, 0] - parts[1] * both[3, 0]
        ny = py - both[2, 1] - parts[1] * both[3, 1]
        nz = pz - both[2, 2] - parts[1] * both[3, 2]
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        lack = clearance.margin + clearance.radius[a] + clearance.radius[b] - length
        if lack <= 0.0 or length < 1e-9:  # axes that meet have no direction to part in
            continue
        nx, ny, nz = nx / length, ny / length, nz / length
        # The force on b acts at its own point, but that lies on the same line of action.
        tx, ty, tz = py * nz - pz * ny, pz * nx - px * nz, px * ny - py * nx
        joint, other = clearance.body[a], clearance.body[b]
        while joint != other:  # what lies below both moves both alike
            mover, sign = (joint, 1.0) if joint > other else (other, -1.0)
            line = motion[mover]
            slope = line[0] * nx + line[1] * ny + line[2] * nz
            slope += line[3] * tx + line[4] * ty + line[5] * tz
            row[6 + mover] = sign * slope
            if sign > 0.0:
                joint = parent[joint]
            else:
                other = parent[other]
        cost += clearance.weight * lack * lack / 2
        _add_row(row, clearance.weight, lack, gradient, matrix)
    return cost


@jit
@no_type_check
def _keep_up(
    parent: np.ndarray,
    clearance: Clearance,
    height: float,
    ends: np.ndarray,
    motion: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> float:
    """Push capsules up that sink into the floor; return the cost."""
    cost = 0.0
    row = np.zeros(len(motion) + 6)
    for capsule in range(len(ends)):
        if not clearance.above_floor[capsule]:
            continue
        for end in range(2):
            x = ends[capsule, 0, 0] + end * ends[capsule, 1, 0]
            y = ends[capsule, 0, 1] + end * ends[capsule, 1, 1]
            z = ends[capsule, 0, 2] + end * ends[capsule, 1, 2]
            lack = clearance.radius[capsule] - z - height
            if lack <= 0.0:
                continue
            row[2], row[3], row[4] = 1.0, y, -x
            joint = clearance.body[capsule]
            while joint >= 0:
                line = motion[joint]
                row[6 + joint] = line[2] + line[3] * y - line[4] * x
                joint = parent[joint]
            cost += clearance.weight * lack * lack / 2
            _add_row(row, clearance.weight, lack, gradient, matrix)
    return cost


@jit
@no_type_check
def _place_capsules(
    clearance: Clearance, turn: np.ndarray, origin: np.ndarray, ends: np.ndarray
) -> None:
    """Write start and direction of each capsule in the world, relative to the base."""
    for capsule in range(len(ends)):
        carrier = clearance.body[capsule] + 1
        for i in range(3):
            start, along = origin[carrier, i], 0.0
            for j in range(3):
                start += turn[carrier, i, j] * clearance.start[capsule, j]
                along += turn[carrier, i, j] * clearance.along[capsule, j]
            ends[capsule, 0, i] = start
            ends[capsule, 1, i] = along


@jit
@no_type_check
def _add_row(
    row: np.ndarray, weight: float, lack: float, gradient: np.ndarray, matrix: np.ndarray
) -> None:
    """Add one row's outer product, and clear the row again; it is sparse."""
    for dof in range(len(row)):
        if row[dof] == 0.0:
            continue
        gradient[dof] -= weight * lack * row[dof]
        for other in range(dof + 1):
            matrix[dof, other] += weight * row[dof] * row[other]
    row[:] = 0.0
