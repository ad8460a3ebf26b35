"""Robot trajectories in the formats of others: CSV, and qpos and qvel for MuJoCo."""

import csv
import io
import os
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model.errors import TrajectoryError
from motionclip_model.reading import read_text
from motionclip_model.storage import write_atomically
from motionclip_ros.retargeting.robots import urdf_tree
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_BASE = ('base_x', 'base_y', 'base_z', 'base_qx', 'base_qy', 'base_qz', 'base_qw')
_VELOCITY = '_velocity'


def save_csv(trajectory: RobotTrajectory, path: str | os.PathLike[str]) -> None:
    """Write a trajectory as a table, one line for each point, with nothing rounded.

    The columns are `time` [s]; `base_x`, `base_y`, `base_z` [m]; `base_qx`, `base_qy`,
    `base_qz`, `base_qw`, the rotation from base to world; each joint's position under the
    joint's name [rad, or m for sliding joints]; and each joint's velocity under that name with
    `_velocity` behind it [rad/s].
    """
    joints = trajectory.joint_names
    columns = np.column_stack(
        [
            trajectory.time_from_start,
            trajectory.base_position,
            trajectory.base_quaternion_xyzw,
            trajectory.positions,
            trajectory.velocities,
        ]
    )
    text = io.StringIO(newline='')
    table = csv.writer(text, lineterminator='\n')
    table.writerow(['time', *_BASE, *joints, *(name + _VELOCITY for name in joints)])
    table.writerows(columns.tolist())
    with write_atomically(path) as file:
        file.write(text.getvalue().encode())


def load_csv(path: str | os.PathLike[str]) -> RobotTrajectory:
    """Read a table that `save_csv` wrote.

    Raises:
        TrajectoryError: The file is missing, lacks a column, or holds no trajectory.
    """
    lines = csv.reader(io.StringIO(read_text(path, TrajectoryError), newline=''))
    try:
        header = next(lines, [])
        joints = tuple(header[8 : 8 + (len(header) - 8) // 2])
        if header != ['time', *_BASE, *joints, *(name + _VELOCITY for name in joints)]:
            raise TrajectoryError(
                f'its columns must be time, {", ".join(_BASE)}, the joints, and for each joint '
                f'its name with {_VELOCITY}'
            )
        rows = [_numbers(row, len(header), line) for line, row in enumerate(lines, 2)]
        values = np.array(rows).reshape(len(rows), len(header))
        positions, velocities = np.split(values[:, 8:], 2, axis=1)
        return RobotTrajectory(
            joints, values[:, 0], positions, velocities, values[:, 1:4], values[:, 4:8]
        )
    except (TrajectoryError, ValueError, csv.Error) as error:
        raise TrajectoryError(f'{path}: {error}') from None


def _numbers(row: list[str], count: int, line: int) -> Float[np.ndarray, ' column']:
    """Read a line at once, because numbers take a tenth of the room that their letters do."""
    if len(row) != count:
        raise TrajectoryError(f'line {line} has not {count} values')
    return np.array(row, np.float64)


def save_mujoco(trajectory: RobotTrajectory, robot: Robot, path: str | os.PathLike[str]) -> None:
    """Write an npz file whose rows MuJoCo takes as they are.

    It holds `qpos` [T, 7 + joints]: base position [m], base quaternion with the scalar first,
    joint positions; `qvel` [T, 6 + joints]: base velocity in the world [m/s], its angular
    velocity in the base's own axes [rad/s], joint velocities; `fps`; and `joint_names` in the
    order of the columns, which is the one MuJoCo gives to this URDF's joints. A trajectory with
    uneven steps is sampled at its mean rate.

    Args:
        trajectory: What to write.
        robot: The robot it was made for.
        path: The file.

    Raises:
        TrajectoryError: It moves a joint that the robot has not.
    """
    order = mujoco_order(robot)
    if unknown := sorted({*trajectory.joint_names} - {*order}):
        raise TrajectoryError(f'{robot.urdf_path}: no joint {", ".join(unknown)}')
    order = tuple(name for name in order if name in trajectory.joint_names)
    columns = [trajectory.joint_names.index(name) for name in order]
    times = trajectory.time_from_start
    even = np.linspace(times[0], times[-1], len(times))
    step = float(even[1] - even[0])
    # Rounding in the times is no reason to interpolate.
    path_at: Any = trajectory if np.allclose(times, even, 0.0, 1e-9) else trajectory.sample(even)
    quaternion = path_at.base_quaternion_xyzw
    moves = np.gradient(path_at.base_position, step, axis=0)
    turns = _angular_velocity(quaternion, step)
    with write_atomically(path) as file:
        np.savez_compressed(
            file,
            qpos=np.column_stack(
                [
                    path_at.base_position,
                    np.roll(quaternion, 1, axis=1),
                    path_at.positions[:, columns],
                ]
            ),
            qvel=np.column_stack([moves, turns, path_at.velocities[:, columns]]),
            fps=np.array(1.0 / step),
            joint_names=np.array(order),
        )


def mujoco_order(robot: Robot) -> tuple[str, ...]:
    """Name the actuated joints in the order that MuJoCo gives them: depth first, as written.

    Pinocchio sorts the children of a link by name instead.
    """
    below: dict[str, list[tuple[str, str]]] = {}
    children = set()
    for joint in robot.urdf.root.findall('joint'):
        parent, child = urdf_tree.parent(joint), urdf_tree.child(joint)
        below.setdefault(parent, []).append((joint.get('name', ''), child))
        children.add(child)
    waiting = [('', link) for link in below if link not in children]
    order = []
    while waiting:
        name, link = waiting.pop()
        order.append(name)
        waiting += reversed(below.get(link, []))
    return tuple(name for name in order if name in robot.joint_names)


def _angular_velocity(
    quaternion_xyzw: Float[np.ndarray, 'point 4'], step: float
) -> Float[np.ndarray, 'point 3']:
    """Central differences of a rotation, in its own axes; one-sided at the ends [rad/s]."""
    turn = Rotation.from_quat(quaternion_xyzw)
    count = len(quaternion_xyzw)
    before = np.maximum(np.arange(count) - 1, 0)
    after = np.minimum(np.arange(count) + 1, count - 1)
    change = (turn[before].inv() * turn[after]).as_rotvec()
    return np.asarray(change / (step * (after - before))[:, None])
