"""Everything about a trajectory that its verdict rests on, measured once."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool
from scipy.spatial.transform import Rotation

from motionclip_model.errors import TrajectoryError
from motionclip_ros.retargeting.feasibility.dynamics import Loads, find_loads, torque_stretch
from motionclip_ros.retargeting.feasibility.margins import Extremes, extremes, rate_stretch
from motionclip_ros.retargeting.feasibility.soles import Placed, Soles, place, standing_by_itself
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds, shipped_thresholds
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_LOOKS = 5  # at a path that is slowed ever more; the second nearly always finds nothing


class Examination(NamedTuple):
    """What a trajectory does and needs.

    Attributes:
        trajectory: The trajectory.
        state: The robot's posture at its points.
        extremes: How near the joints come to their limits.
        placed: Where the joints are.
        soles: The soles' corners.
        standing: Which of them stand on the floor.
        loads: Torques and the ground's forces; None for a robot without masses.
        thresholds: What is asked of it.
    """

    trajectory: RobotTrajectory
    state: State
    extremes: Extremes
    placed: Placed
    soles: Soles
    standing: Bool[np.ndarray, 'point corner']
    loads: Loads | None
    thresholds: Thresholds

    def stretch_needed(self, robot: Robot) -> float:
        """Return the least slowing (1 or more) that keeps all limits that slowing can keep."""
        stretch = rate_stretch(self.extremes, robot.limits)
        if self.loads is not None:
            asked = self.thresholds
            needed = torque_stretch(
                self.loads.judged,
                robot.limits.effort,
                asked.max_torque_excess_part,
                asked.max_stretch,
            )
            stretch = max(stretch, needed)
        return stretch

    def slowed(self, robot: Robot, factor: float) -> 'Examination':
        """Examine the same path, uniformly `factor` times as long."""
        trajectory = self.trajectory.slowed(factor)
        return self._replace(
            trajectory=trajectory,
            extremes=self.extremes.slowed(factor),
            loads=_loads(
                robot, trajectory, self.placed, self.soles, self.standing, self.thresholds
            ),
        )

    def fitted(self, robot: Robot) -> tuple['Examination', float]:
        """Slow the path until it keeps all limits that slowing can keep.

        At a calmer pace the ground may give the legs a load that it could not give before, so
        that a second look may ask for a little more.

        Returns:
            The examination at that pace, and by how much the path was slowed (1 or more).
        """
        found, stretch = self, 1.0
        for _ in range(_LOOKS):
            more = found.stretch_needed(robot)
            if more == 1.0 or not np.isfinite(more):
                break
            stretch *= more
            found = self.slowed(robot, stretch)
        return found, stretch


def examine(
    robot: Robot,
    trajectory: RobotTrajectory,
    standing: Bool[np.ndarray, 'point corner'] | None = None,
    thresholds: Thresholds | None = None,
) -> Examination:
    """Measure a trajectory.

    Args:
        robot: The robot; its joints in the trajectory's order.
        trajectory: What it is to do.
        standing: Which sole corners (heel before toes, foot after foot) stand at each point;
            None to tell it from the trajectory itself.
        thresholds: What is asked; those of `config/feasibility.yaml` if None.

    Returns:
        The measurements.
    """
    thresholds = shipped_thresholds() if thresholds is None else thresholds
    rotation = Rotation.from_quat(trajectory.base_quaternion_xyzw).as_matrix()
    state = State(trajectory.base_position, rotation, trajectory.positions)
    placed, soles = place(robot, state), Soles.of(robot)
    if standing is None:
        standing = standing_by_itself(trajectory.time_from_start, soles.points(placed))
    loads = _loads(robot, trajectory, placed, soles, standing, thresholds)
    found = extremes(trajectory, robot.limits)
    return Examination(trajectory, state, found, placed, soles, standing, loads, thresholds)


def _loads(
    robot: Robot,
    trajectory: RobotTrajectory,
    placed: Placed,
    soles: Soles,
    standing: np.ndarray,
    thresholds: Thresholds,
) -> Loads | None:
    """Find the loads where masses are known and there are points between the ends."""
    if not robot.has_dynamics or len(trajectory) < 3:
        return None
    return find_loads(robot, trajectory, placed, soles, standing, thresholds.friction)


def in_robot_order(robot: Robot, trajectory: RobotTrajectory) -> tuple[RobotTrajectory, int]:
    """Put a trajectory's columns into the robot's order.

    Args:
        robot: The robot.
        trajectory: A trajectory of some or all of its joints, in any order.

    Returns:
        The trajectory of all joints, and how many were not in it; those rest at neutral.

    Raises:
        TrajectoryError: It moves a joint that the robot does not have.
    """
    if trajectory.joint_names == robot.joint_names:
        return trajectory, 0
    if unknown := sorted(set(trajectory.joint_names) - set(robot.joint_names)):
        raise TrajectoryError(
            f'the trajectory moves {", ".join(unknown[:3])}, which {robot.name} does not have; '
            'name the robot that it was made for'
        )
    column = [robot.joint_index(name) for name in trajectory.joint_names]
    positions = np.tile(robot.neutral, (len(trajectory), 1))
    velocities = np.zeros_like(positions)
    positions[:, column], velocities[:, column] = trajectory.positions, trajectory.velocities
    full = RobotTrajectory(
        robot.joint_names,
        trajectory.time_from_start,
        positions,
        velocities,
        trajectory.base_position,
        trajectory.base_quaternion_xyzw,
    )
    return full, len(robot.joint_names) - len(column)
