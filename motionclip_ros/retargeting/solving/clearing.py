"""Rows that keep a robot's parts apart, and above the floor.

The distance of two capsules depends on two links, so its row is not one of a rigid body and is
added to the matrix by itself; most capsules are far apart, and have none.
"""

import math
from typing import no_type_check

import numpy as np
from jaxtyping import Int

from motionclip_ros.retargeting.solving import compiled, kernel_numpy
from motionclip_ros.retargeting.solving.compiled import jit, nearest_on_segments
from motionclip_ros.retargeting.solving.placing import place_frame
from motionclip_ros.retargeting.solving.problem import Clearance, State, Tree


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
        place_frame(tree, state.joints[frame], turn, origin, motion, scratch)
        place_capsules(clearance, turn, origin, ends)
        for pair in range(len(least)):
            a, b = np.uintp(clearance.pairs[pair, 0]), np.uintp(clearance.pairs[pair, 1])
            x = ends[a, 0, 0] - ends[b, 0, 0] + (ends[a, 1, 0] - ends[b, 1, 0]) / 2
            y = ends[a, 0, 1] - ends[b, 0, 1] + (ends[a, 1, 1] - ends[b, 1, 1]) / 2
            z = ends[a, 0, 2] - ends[b, 0, 2] + (ends[a, 1, 2] - ends[b, 1, 2]) / 2
            gap = math.sqrt(x * x + y * y + z * z) - clearance.reach[a] - clearance.reach[b]
            least[pair] = min(least[pair], gap)


@jit
@no_type_check
def keep_apart(
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
        a, b = np.uintp(clearance.pairs[pair, 0]), np.uintp(clearance.pairs[pair, 1])
        reach = clearance.reach[a] + clearance.reach[b] + clearance.margin
        apart = 0.0
        for i in range(3):
            middle = ends[a, 0, i] - ends[b, 0, i] + (ends[a, 1, i] - ends[b, 1, i]) / 2
            apart += middle * middle
        if apart > reach * reach:
            continue
        for i in range(3):
            both[0, i], both[1, i] = ends[a, 0, i], ends[a, 1, i]
            both[2, i], both[3, i] = ends[b, 0, i], ends[b, 1, i]
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
def keep_up(
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
def place_capsules(
    clearance: Clearance, turn: np.ndarray, origin: np.ndarray, ends: np.ndarray
) -> None:
    """Write start and direction of each capsule in the world, relative to the base."""
    for capsule in range(len(ends)):
        carrier = np.uintp(clearance.body[capsule] + 1)
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
