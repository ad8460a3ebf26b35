"""The tracking kernel in NumPy: all frames at once, one joint after the other."""

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.solving.problem import (
    NO_CLEARANCE,
    Clearance,
    State,
    Tasks,
    Tree,
)


def place(tree: Tree, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Place the base and every joint in the world.

    Args:
        tree: The robot.
        state: Its posture in every frame.

    Returns:
        Rotations to the world [frame, 1 + joint, 3, 3] and origins [frame, 1 + joint, 3] [m];
        entry 0 is the base, entry j + 1 is joint j.
    """
    turn, origin = _place_from_base(tree, state)
    return turn, origin + state.base_position[:, None]


def sweep(
    tree: Tree, tasks: Tasks, state: State, clearance: Clearance = NO_CLEARANCE
) -> tuple[
    Float[np.ndarray, ' frame'], Float[np.ndarray, 'frame dof'], Float[np.ndarray, 'frame dof dof']
]:
    """Return cost, gradient and normal matrix (lower triangle) of each frame."""
    frames, count = state.joints.shape
    turn, origin = _place_from_base(tree, state)
    along = np.einsum('tjab,jb->tja', turn[:, 1:], tree.axis)
    motion = np.concatenate([np.cross(origin[:, 1:], along), along], axis=-1)
    motion[:, tree.prismatic, :3] = along[:, tree.prismatic]
    motion[:, tree.prismatic, 3:] = 0.0
    cost, inertia, force = _loads(tasks, state, turn, origin)
    gradient = np.zeros((frames, count + 6))
    matrix = np.zeros((frames, count + 6, count + 6))
    for joint in range(count - 1, -1, -1):
        column = np.einsum('tab,tb->ta', inertia[:, joint + 1], motion[:, joint])
        gradient[:, 6 + joint] = (motion[:, joint] * force[:, joint + 1]).sum(-1)
        matrix[:, 6 + joint, :6] = column
        above = joint
        while above >= 0:
            matrix[:, 6 + joint, 6 + above] = (motion[:, above] * column).sum(-1)
            above = tree.parent[above]
        inertia[:, tree.parent[joint] + 1] += inertia[:, joint + 1]
        force[:, tree.parent[joint] + 1] += force[:, joint + 1]
    gradient[:, :6] = force[:, 0]
    matrix[:, :6, :6] = np.tril(inertia[:, 0])
    if len(clearance.body):
        carrier = turn[:, clearance.body + 1]
        start = origin[:, clearance.body + 1] + np.einsum('tkab,kb->tka', carrier, clearance.start)
        ends = np.stack([start, np.einsum('tkab,kb->tka', carrier, clearance.along)], axis=2)
        cost += _keep_apart(tree.parent, clearance, ends, motion, gradient, matrix)
        height = state.base_position[:, 2]
        cost += _keep_up(tree.parent, clearance, height, ends, motion, gradient, matrix)
    return cost, gradient, matrix


def _keep_apart(
    parent: np.ndarray,
    clearance: Clearance,
    ends: np.ndarray,
    motion: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> np.ndarray:
    """Push capsules apart that are nearer than the margin; return each frame's cost."""
    cost = np.zeros(len(ends))
    for a, b in clearance.pairs:
        (start, along), (other_start, other_along) = (
            np.moveaxis(ends[:, c], 1, 0) for c in (a, b)
        )
        s, t = nearest_on_segments(start, along, other_start, other_along)
        point = start + s[:, None] * along
        normal = point - other_start - t[:, None] * other_along
        length = np.linalg.norm(normal, axis=-1)
        lack = clearance.margin + clearance.radius[a] + clearance.radius[b] - length
        near = np.flatnonzero((lack > 0.0) & (length >= 1e-9))
        if not len(near):
            continue
        unit = normal[near] / length[near, None]
        wrench = np.concatenate([unit, np.cross(point[near], unit)], axis=-1)
        row = np.zeros((len(near), gradient.shape[1]))
        joint, other = clearance.body[a], clearance.body[b]
        while joint != other:  # what lies below both moves both alike
            mover, sign = (joint, 1.0) if joint > other else (other, -1.0)
            row[:, 6 + mover] = sign * (motion[near, mover] * wrench).sum(-1)
            joint, other = (parent[joint], other) if sign > 0.0 else (joint, parent[other])
        cost[near] += _add_rows(row, near, clearance.weight, lack[near], gradient, matrix)
    return cost


def _keep_up(
    parent: np.ndarray,
    clearance: Clearance,
    height: np.ndarray,
    ends: np.ndarray,
    motion: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> np.ndarray:
    """Push capsules up that sink into the floor; return each frame's cost."""
    cost = np.zeros(len(ends))
    for capsule in np.flatnonzero(clearance.above_floor):
        for end in (0.0, 1.0):
            x, y, z = (ends[:, capsule, 0] + end * ends[:, capsule, 1]).T
            lack = clearance.radius[capsule] - z - height
            near = np.flatnonzero(lack > 0.0)
            row = np.zeros((len(near), gradient.shape[1]))
            row[:, 2], row[:, 3], row[:, 4] = 1.0, y[near], -x[near]
            joint = clearance.body[capsule]
            while joint >= 0:
                line = motion[near, joint]
                row[:, 6 + joint] = line[:, 2] + line[:, 3] * y[near] - line[:, 4] * x[near]
                joint = parent[joint]
            cost[near] += _add_rows(row, near, clearance.weight, lack[near], gradient, matrix)
    return cost


def _add_rows(
    row: np.ndarray,
    frames: np.ndarray,
    weight: float,
    lack: np.ndarray,
    gradient: np.ndarray,
    matrix: np.ndarray,
) -> np.ndarray:
    """Add one row to each of some frames; return their costs."""
    gradient[frames] -= weight * lack[:, None] * row
    matrix[frames] += np.tril(weight * row[:, :, None] * row[:, None])
    return weight / 2 * lack**2


def least_gaps(tree: Tree, clearance: Clearance, state: State) -> Float[np.ndarray, ' pair']:
    """Return how near the spheres about each pair's capsules come in any frame [m]."""
    turn, origin = _place_from_base(tree, state)
    body, offset = clearance.body + 1, clearance.start + clearance.along / 2
    middle = origin[:, body] + np.einsum('tkab,kb->tka', turn[:, body], offset)
    a, b = clearance.pairs.T
    apart = np.linalg.norm(middle[:, a] - middle[:, b], axis=-1).min(axis=0)
    return np.asarray(apart - clearance.reach[a] - clearance.reach[b])


def nearest_on_segments(
    start_a: Float[np.ndarray, '*#batch 3'],
    along_a: Float[np.ndarray, '*#batch 3'],
    start_b: Float[np.ndarray, '*#batch 3'],
    along_b: Float[np.ndarray, '*#batch 3'],
) -> tuple[Float[np.ndarray, '...'], Float[np.ndarray, '...']]:
    """Return how far along each of two segments their nearest points lie, 0 to 1.

    The free minimum of one parameter for the other clamped, then the other again (Ericson,
    "Real-Time Collision Detection" (2005), section 5.1.9). Segments may have no length.
    """
    between = start_a - start_b
    aa, ab, bb = (
        (u * v).sum(-1) for u, v in ((along_a, along_a), (along_a, along_b), (along_b, along_b))
    )
    ac, bc = (along_a * between).sum(-1), (along_b * between).sum(-1)
    room = aa * bb - ab * ab
    skew = room > 1e-12 * aa * bb
    s = np.where(skew, np.clip((ab * bc - ac * bb) / np.where(skew, room, 1.0), 0.0, 1.0), 0.0)
    long_a, long_b = np.where(aa > 0.0, aa, np.inf), np.where(bb > 0.0, bb, np.inf)
    free = (ab * s + bc) / long_b
    t = np.clip(free, 0.0, 1.0)
    again = (t != free) | (bb == 0.0)
    s = np.where(again, np.clip((ab * t - ac) / long_a, 0.0, 1.0), s)
    return s, np.asarray(t)


def _place_from_base(tree: Tree, state: State) -> tuple[np.ndarray, np.ndarray]:
    frames, count = state.joints.shape
    turn = np.empty((frames, count + 1, 3, 3))
    origin = np.zeros((frames, count + 1, 3))
    turn[:, 0] = state.base_rotation
    for joint in range(count):
        above = turn[:, tree.parent[joint] + 1]
        here = origin[:, tree.parent[joint] + 1] + above @ tree.position[joint]
        frame = above @ tree.rotation[joint]
        travel = tree.axis[joint] * state.joints[:, joint, None]
        if tree.prismatic[joint]:
            here = here + np.einsum('tab,tb->ta', frame, travel)
        else:
            frame = frame @ Rotation.from_rotvec(travel).as_matrix()
        turn[:, joint + 1] = frame
        origin[:, joint + 1] = here
    return turn, origin


def _loads(
    tasks: Tasks, state: State, turn: np.ndarray, origin: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each frame's cost, and inertia and force by the joint that bears the task."""
    frames, bodies = origin.shape[:2]
    inertia = np.zeros((frames, bodies, 6, 6))
    force = np.zeros((frames, bodies, 6))
    carrier_turn = turn[:, tasks.body + 1]
    point = origin[:, tasks.body + 1] + np.einsum('tkab,kb->tka', carrier_turn, tasks.offset)
    error = point + state.base_position[:, None] - tasks.target_position
    weight = tasks.position_weight.copy()
    weight[..., 2][tasks.one_sided & (error[..., 2] > 0.0)] = 0.0
    tilt = np.swapaxes(tasks.target_rotation, -1, -2)
    tilt = carrier_turn @ tasks.alignment @ tilt
    spin = Rotation.from_matrix(tilt.reshape(-1, 3, 3)).as_rotvec().reshape(point.shape)
    pull = weight * error
    torque = np.cross(point, pull) + tasks.orientation_weight[..., None] * spin
    cross = _cross_matrix(point)
    weighted = weight[..., None] * cross
    for task, body in enumerate(tasks.body + 1):
        inertia[:, body, :3, :3] += weight[:, task, :, None] * np.eye(3)
        inertia[:, body, :3, 3:] -= weighted[:, task]
        inertia[:, body, 3:, :3] -= np.swapaxes(weighted[:, task], -1, -2)
        inertia[:, body, 3:, 3:] += np.swapaxes(cross[:, task], -1, -2) @ weighted[:, task]
        inertia[:, body, 3:, 3:] += tasks.orientation_weight[:, task, None, None] * np.eye(3)
        force[:, body, :3] += pull[:, task]
        force[:, body, 3:] += torque[:, task]
    cost = (pull * error).sum((-1, -2)) + (tasks.orientation_weight * (spin**2).sum(-1)).sum(-1)
    return cost / 2, inertia, force


def _cross_matrix(vector: np.ndarray) -> np.ndarray:
    """Return the matrices that multiply like the cross product by `vector` [..., 3]."""
    matrix = np.zeros((*vector.shape, 3))
    matrix[..., 2, 1] = vector[..., 0]
    matrix[..., 0, 2] = vector[..., 1]
    matrix[..., 1, 0] = vector[..., 2]
    return matrix - np.swapaxes(matrix, -1, -2)
