"""What a trajectory asks of the motors, and how much slower it must be to fit.

Inverse dynamics gives each joint's torque with the base carried (as by a gantry), and the wrench
that carries it. Where soles stand, the ground can give that wrench instead: its forces are
found in `ground`, and load the legs.
"""

import itertools
from typing import NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Bool, Float

from motionclip_ros.retargeting.feasibility.ground import ground_forces
from motionclip_ros.retargeting.feasibility.soles import Placed, Soles
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Torques(NamedTuple):
    """Inverse dynamics between the ends of a trajectory.

    Attributes:
        total: What each joint needs [Nm].
        gravity: The part that holding still at the same posture needs [Nm].
    """

    total: Float[np.ndarray, 'sample joint']
    gravity: Float[np.ndarray, 'sample joint']

    def slowed(self, factor: float) -> 'Torques':
        """Give the torques of the same path, uniformly `factor` times as long.

        All torque but gravity's shrinks with the square of the factor.
        """
        return Torques(self.gravity + (self.total - self.gravity) / factor**2, self.gravity)


class Loads(NamedTuple):
    """Torques with and without the ground's help, and what must hold the robot up.

    Attributes:
        carried: Torques with the base carried and no foot bearing weight.
        loaded: Torques with the legs bearing what the ground gives; the same as `carried`
            where no sole stands, and a guess where the robot is not balanced.
        wrench: Force [N] and moment about the base's origin [Nm], in world axes, that
            something outside must give for the motion.
        weight: The same for holding still.
        balanced: Whether the ground gives the wrench at the trajectory's own pace.
    """

    carried: Torques
    loaded: Torques
    wrench: Float[np.ndarray, 'sample 6']
    weight: Float[np.ndarray, 'sample 6']
    balanced: Bool[np.ndarray, ' sample']

    @property
    def judged(self) -> Torques:
        """Torques that are no guess: loaded where balanced, carried where not."""
        pick = self.balanced[:, None]
        return Torques(
            np.where(pick, self.loaded.total, self.carried.total),
            np.where(pick, self.loaded.gravity, self.carried.gravity),
        )


def inverse_dynamics(
    robot: Robot, trajectory: RobotTrajectory
) -> tuple[Float[np.ndarray, 'sample dof'], Float[np.ndarray, 'sample dof']]:
    """Compute recursive Newton-Euler at all points but the ends.

    Returns:
        Generalised forces for the motion and for holding still: force and moment on the
        base in its own axes [N, Nm], then the joints' torques [Nm].
    """
    model, data = robot.model, robot.model.createData()
    times = trajectory.time_from_start
    quaternion = trajectory.base_quaternion_xyzw
    quaternion = quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)
    configuration = np.concatenate(
        [trajectory.base_position, quaternion, trajectory.positions], axis=1
    )
    moves = np.array(
        [pinocchio.difference(model, a, b) for a, b in itertools.pairwise(configuration)]
    )
    with np.errstate(over='ignore', invalid='ignore'):
        velocity = moves / np.diff(times)[:, None]
        middle = (velocity[1:] + velocity[:-1]) / 2
        acceleration = np.diff(velocity, axis=0) / ((times[2:] - times[:-2]) / 2)[:, None]
    inside = configuration[1:-1]
    total = [
        pinocchio.rnea(model, data, q, v, a).copy()
        for q, v, a in zip(inside, middle, acceleration, strict=True)
    ]
    gravity = [pinocchio.computeGeneralizedGravity(model, data, q).copy() for q in inside]
    shape = (len(inside), model.nv)
    return np.reshape(total, shape), np.reshape(gravity, shape)


def find_loads(
    robot: Robot,
    trajectory: RobotTrajectory,
    placed: Placed,
    soles: Soles,
    standing: Bool[np.ndarray, 'point corner'],
    friction: float,
) -> Loads:
    """Find what motors and ground must give at all points but the ends.

    Args:
        robot: A robot with masses.
        trajectory: What it does.
        placed: Where its joints are at the trajectory's points.
        soles: Its soles' corners.
        standing: Which of them stand on the floor at those points.
        friction: Coefficient between soles and floor.

    Returns:
        Torques with and without the ground.
    """
    total, gravity = inverse_dynamics(robot, trajectory)
    carried = Torques(total[:, 6:], gravity[:, 6:])
    placed = placed.at(slice(1, -1))
    wrench, weight = (_in_world(values, placed.turn[:, 0]) for values in (total, gravity))
    standing = standing[1:-1]
    if robot.fixed_base or not standing.any():
        return Loads(carried, carried, wrench, weight, np.zeros(len(wrench), bool))
    # Both for the motion and for holding still, in one go.
    corners = soles.points(placed) - placed.origin[:, :1]
    ground = ground_forces(
        np.concatenate([corners, corners]),
        np.concatenate([standing, standing]),
        soles.foot,
        np.concatenate([wrench, weight]),
        robot_weight(robot),
        friction,
    )
    moving, still = np.split(_leg_torques(robot, placed, soles, ground.forces), 2)
    return Loads(
        carried,
        Torques(carried.total - moving, carried.gravity - still),
        wrench,
        weight,
        ground.balanced[: len(wrench)],
    )


def robot_weight(robot: Robot) -> float:
    """Return the robot's weight [N]."""
    mass = pinocchio.computeTotalMass(robot.model)
    return float(mass * np.linalg.norm(robot.model.gravity.linear))


def _in_world(force: np.ndarray, base_rotation: np.ndarray) -> np.ndarray:
    """Turn the base's force and moment from its own axes into the world's."""
    own = force[:, :6].reshape(-1, 2, 3)
    return np.asarray(np.einsum('tab,tkb->tka', base_rotation, own).reshape(-1, 6))


def _leg_torques(
    robot: Robot, placed: Placed, soles: Soles, forces: np.ndarray
) -> Float[np.ndarray, 'force joint']:
    """Return J'f: what forces on the corners do to the joints between them and the base.

    Args:
        robot: The robot.
        placed: Where its joints are [sample].
        soles: Which joint carries each corner.
        forces: Forces on them in the world's axes, for one round of the samples after the
            other [round * sample, corner, 3].
    """
    tree, samples = robot.tree, len(placed.origin)
    forces = forces.reshape(-1, samples, *forces.shape[1:])
    corners = soles.points(placed)
    result = np.zeros((*forces.shape[:2], len(robot.joint_names)))
    for body in np.unique(soles.body[soles.body >= 0]):
        on_body = soles.body == body
        force = forces[:, :, on_body].sum(axis=2)
        moment = np.cross(corners[:, on_body], forces[:, :, on_body]).sum(axis=2)
        chain = [int(body)]
        while tree.parent[chain[-1]] >= 0:
            chain.append(int(tree.parent[chain[-1]]))
        above = np.array(chain) + 1
        axis = (placed.turn[:, above] @ tree.axis[chain][..., None])[..., 0]
        push = moment[:, :, None] - np.cross(placed.origin[:, above], force[:, :, None])
        push = np.where(tree.prismatic[chain, None], force[:, :, None], push)
        result[:, :, chain] += (axis * push).sum(axis=-1)
    return result.reshape(-1, result.shape[-1])


def torque_stretch(
    needed: Torques,
    effort: Float[np.ndarray, ' joint'],
    max_excess: float,
    max_stretch: float,
) -> float:
    """Find the least uniform slowing (1 or more) that brings the torques inside the limits.

    Each joint may stay outside in as many samples as `max_excess` allows. These are first of
    all those that slowing does not help, as gravity alone exceeds the limit or leaves so
    little room that more than `max_stretch` would be needed. A joint that has too many of them
    is not counted.
    """
    if not len(needed.total):
        return 1.0
    inertial = needed.total - needed.gravity
    room = effort - np.sign(inertial) * needed.gravity
    square = np.where(room > 0.0, np.abs(inertial) / np.where(room > 0.0, room, 1.0), np.inf)
    square[square > max_stretch**2] = np.inf
    sample = max(int(np.ceil((1.0 - max_excess) * len(square))) - 1, 0)
    squares = np.sort(square, axis=0)[sample]
    worst = float(np.max(squares, where=np.isfinite(squares), initial=1.0))
    # A hair more than needed, so that rounding cannot leave the last sample outside.
    return float(np.sqrt(worst)) * (1.0 + 1e-9) if worst > 1.0 else 1.0
