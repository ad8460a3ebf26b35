"""What torque a trajectory asks of the motors, and how much slower it must be to fit.

The base is carried (as by a gantry) and no foot bears weight: this is what a joint needs to move
what hangs on it. Standing legs need more, which depends on how the feet share the load.
"""

import itertools
from typing import NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Float

from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

MAX_EXCESS = 0.05
"""Part of the time that some joint may lack torque; shorter, it only lags for a moment."""


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
        inertial = (self.total - self.gravity) / factor**2
        return Torques(self.gravity + inertial, self.gravity)


def torques(robot: Robot, trajectory: RobotTrajectory) -> Torques:
    """Compute inverse dynamics (recursive Newton-Euler) at all points but the ends."""
    model, data = robot.model, robot.model.createData()
    times = trajectory.time_from_start
    configuration = np.concatenate(
        [trajectory.base_position, trajectory.base_quaternion_xyzw, trajectory.positions], axis=1
    )
    moves = np.array(
        [pinocchio.difference(model, a, b) for a, b in itertools.pairwise(configuration)]
    )
    velocity = moves / np.diff(times)[:, None]
    middle = (velocity[1:] + velocity[:-1]) / 2
    acceleration = np.diff(velocity, axis=0) / ((times[2:] - times[:-2]) / 2)[:, None]
    inside = configuration[1:-1]
    total = [
        pinocchio.rnea(model, data, q, v, a)[6:].copy()
        for q, v, a in zip(inside, middle, acceleration, strict=True)
    ]
    gravity = [pinocchio.computeGeneralizedGravity(model, data, q)[6:].copy() for q in inside]
    shape = (len(inside), len(trajectory.joint_names))
    return Torques(np.reshape(total, shape), np.reshape(gravity, shape))


def torque_stretch(needed: Torques, effort: Float[np.ndarray, ' joint']) -> float:
    """Find the least uniform slowing (1 or more) that brings the torques inside the limits.

    As many samples as `MAX_EXCESS`
    allows may stay outside; where gravity alone exceeds a limit, slowing does not help and
    does not count.
    """
    if not len(needed.total):
        return 1.0
    inertial = needed.total - needed.gravity
    room = effort - np.sign(inertial) * needed.gravity
    square = np.where(room > 0.0, np.abs(inertial) / np.where(room > 0.0, room, 1.0), 1.0)
    worst = np.sort(square.max(axis=1))
    needed_square = worst[int(np.ceil((1.0 - MAX_EXCESS) * len(worst))) - 1]
    # A hair more than needed, so that rounding cannot leave the last sample outside.
    return float(np.sqrt(needed_square)) * (1.0 + 1e-9) if needed_square > 1.0 else 1.0
