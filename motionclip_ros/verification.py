"""Was a recording made by this model, text and seed? Make it again, and compare every bit."""

import os
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter, ValidationError
from scipy.spatial.transform import Rotation

from motionclip_model.checkpoint import checkpoint_path
from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_ros.bag import Bag
from motionclip_ros.pipeline import Pipeline, file_hash
from motionclip_ros.retargeting.approach import executable
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@dataclass(frozen=True)
class Origin:
    """What a report says of how its motion came to be.

    Attributes:
        text: The command.
        seed: Number that chose the motion; None for the most typical.
        requested_seconds: Length that was asked for [s]; None left it to the text.
        model: Name or path of the checkpoint.
        model_sha256: Hash of its file.
        robot: Name of the robot, or path of its URDF.
        urdf_sha256: Hash of the URDF.
        start_positions: Where the joints were measured [rad]; None for the neutral posture.
        version: Version of motionclip.
    """

    text: str
    seed: int | None
    requested_seconds: float | None
    model: str
    model_sha256: str
    robot: str
    urdf_sha256: str
    start_positions: tuple[float, ...] | None
    version: str

    @classmethod
    def read(cls, bag: Bag) -> 'Origin':
        """Read a recording's last report.

        Raises:
            ConfigError: It has none, or one without all of this.
        """
        try:
            return TypeAdapter(cls).validate_python(bag.report())
        except ValidationError as error:
            first = error.errors()[0]
            field = '.'.join(map(str, first['loc']))
            raise ConfigError(
                f'{bag.path}: the report is no use to make the motion again ({field}: '
                f'{first["msg"]}); record with this version'
            ) from None


class Difference(NamedTuple):
    """Where a recording is not what comes out now.

    Attributes:
        what: Motion or trajectory, and which of its arrays.
        how: In how many numbers, and by how much.
    """

    what: str
    how: str


class Verification(NamedTuple):
    """What came of making a recorded motion again.

    Attributes:
        origin: What it was made from.
        differences: None if every bit is the same.
    """

    origin: Origin
    differences: tuple[Difference, ...]


def verify(
    path: str | os.PathLike[str], model: str | None = None, robot: str | None = None
) -> Verification:
    """Make the last motion of a recording again and compare it with what was recorded.

    Args:
        path: Folder of the recording.
        model: Where the checkpoint is now, if not where the report says.
        robot: Where the robot is now, likewise.

    Raises:
        MotionClipError: The recording is not readable or lacks something, or model and robot
            are not those that it was made with.
    """
    bag = Bag(path)
    origin = Origin.read(bag)
    checkpoint = checkpoint_path(model or origin.model)
    _require('model', str(checkpoint), file_hash(checkpoint), origin.model_sha256)
    pipeline = Pipeline.load(str(checkpoint), robot or origin.robot)
    made_for = pipeline.robot
    _require('robot', str(made_for.urdf_path), made_for.sha256, origin.urdf_sha256)
    return Verification(origin, compare(bag, origin, pipeline))


def compare(bag: Bag, origin: Origin, pipeline: Any) -> tuple[Difference, ...]:
    """Make a motion again with a loaded model and robot, and list what is different.

    Args:
        bag: The recording.
        origin: What its report says.
        pipeline: As `motionclip_ros.pipeline.Pipeline`.
    """
    generation = pipeline.generate(origin.text, origin.requested_seconds, origin.seed)
    start = None if origin.start_positions is None else np.array(origin.start_positions)
    trajectory = executable(generation.trajectory, pipeline.robot.limits, start).trajectory
    recorded, again = map(_motion_arrays, (bag.human_motion(), _as_message(generation.motion)))
    pairs = {f'human motion, {name}': (recorded[name], again[name]) for name in recorded}
    recorded, again = _trajectory_arrays(bag.trajectory()), _trajectory_arrays(trajectory)
    pairs |= {f'trajectory, {name}': (recorded[name], again[name]) for name in recorded}
    found = [Difference(what, how) for what, pair in pairs.items() if (how := _differ(*pair))]
    names = bag.trajectory().joint_names, trajectory.joint_names
    if names[0] != names[1]:
        unlike = sorted(set(names[0]) ^ set(names[1]))
        found.append(
            Difference('trajectory, joint_names', ', '.join(unlike) or 'in another order')
        )
    return tuple(found)


def _motion_arrays(motion: Motion) -> dict[str, np.ndarray]:
    return {
        'fps': np.array([motion.fps]),
        'root_position': motion.root_position,
        'joint_rotations': motion.joint_rotations,
    }


def _as_message(motion: Motion) -> Motion:
    """Return a motion as it is after the way through a message, which holds quaternions."""
    rotations = Rotation.from_matrix(motion.joint_rotations.reshape(-1, 3, 3)).as_quat()
    matrices = Rotation.from_quat(rotations).as_matrix().reshape(motion.joint_rotations.shape)
    return Motion(matrices, motion.root_position, round(motion.fps, 6))


def _trajectory_arrays(trajectory: RobotTrajectory) -> dict[str, np.ndarray]:
    """Arrays of a trajectory; messages hold its times in whole nanoseconds."""
    return {
        'time_from_start': np.round(1e9 * trajectory.time_from_start),
        'positions': trajectory.positions,
        'velocities': trajectory.velocities,
        'base_position': trajectory.base_position,
        'base_quaternion_xyzw': trajectory.base_quaternion_xyzw,
    }


def _differ(recorded: np.ndarray, again: np.ndarray) -> str | None:
    if recorded.shape != again.shape:
        return f'shape {recorded.shape} in the recording, {again.shape} now'
    recorded, again = (np.ascontiguousarray(values, np.float64) for values in (recorded, again))
    wrong = recorded.view(np.int64) != again.view(np.int64)
    if not wrong.any():
        return None
    largest = np.abs(recorded - again).max()
    return f'{wrong.sum()} of {wrong.size} numbers, by up to {largest:.3g}'


def _require(what: str, path: str, found: str, recorded: str) -> None:
    if found != recorded:
        raise ConfigError(
            f'{path} has SHA-256 {found[:12]}..., the recording was made with {recorded[:12]}...; '
            f'name that one with --{what}'
        )
