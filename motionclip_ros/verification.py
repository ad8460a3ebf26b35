"""Was a recording made by this model, text and seed? Make it again, and compare every bit."""

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model.checkpoint import checkpoint_path
from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_model.storage import file_hash
from motionclip_ros.bag import Bag, Performed
from motionclip_ros.execution.checking import scaled_limits
from motionclip_ros.execution.planning import Takeover, plan
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.progress import OnPart, followed, unheard
from motionclip_ros.provenance import Provenance
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Difference(NamedTuple):
    """Where a recording is not what comes out now.

    Attributes:
        what: Motion or trajectory, and which of its arrays.
        how: In how many numbers, and by how much.
    """

    what: str
    how: str


class Verification(NamedTuple):
    """What came of making one recorded motion, or stop, again.

    Attributes:
        provenance: What it was made from.
        differences: None if every bit is the same.
    """

    provenance: Provenance
    differences: tuple[Difference, ...]


_UNKNOWN = Difference('trajectory', 'it took over one from before the recording began')


def verify(
    path: str | os.PathLike[str],
    model: str | None = None,
    robot: str | None = None,
    namespace: str | None = None,
    on_part: OnPart = unheard,
) -> list[Verification]:
    """Make everything that a robot was told again, and compare it with what was recorded.

    Args:
        path: Folder of the recording.
        model: Where the checkpoint is now, if not where the report says.
        robot: Where the robot is now, likewise.
        namespace: Of the robot; it need not be said where there is only one.
        on_part: Told how many motions and stops are made again.

    Raises:
        MotionClipError: The recording is not readable or lacks something, or model and robot
            are not those that it was made with.
    """
    performed = Bag(path, namespace).performed()
    sources = performed[-1].provenance(path).sources
    checkpoint = checkpoint_path(model or sources.model)
    _require('model', str(checkpoint), file_hash(checkpoint), sources.model_sha256)
    pipeline = Pipeline.load(str(checkpoint), robot or sources.robot, sources.joint_limits or None)
    made_for = pipeline.robot
    _require('robot', str(made_for.urdf_path), made_for.sha256, sources.urdf_sha256)
    _require_same(
        f'{made_for.urdf_path}, with its meshes, limits and mapping,',
        made_for.fingerprint,
        sources.robot_sha256,
        'the URDF is the same; restore the other files that the recording was made with',
    )
    encoder = pipeline.model.encoder
    _require_same(
        f'the text encoder {encoder.name}',
        encoder.sha256,
        sources.text_encoder_sha256,
        f'install {sources.text_encoder} as it was',
    )
    return compare(performed, pipeline, path, on_part)


def compare(
    performed: Sequence[Performed], pipeline: Any, place: object, on_part: OnPart = unheard
) -> list[Verification]:
    """Make motions again with a loaded model and robot, and list what is different.

    Args:
        performed: What was recorded, in order.
        pipeline: As `motionclip_ros.pipeline.Pipeline`.
        place: The recording, for messages.
        on_part: Told how many of them are compared.
    """
    found = []
    current: RobotTrajectory | None = None
    for each in followed(performed, len(performed), on_part):
        provenance = each.provenance(place)
        if isinstance(provenance.origin, Takeover) and current is None:
            found.append(Verification(provenance, (_UNKNOWN,)))
            continue
        generation = None
        if not provenance.is_stop:
            generation = pipeline.generate(
                provenance.text,
                provenance.requested_seconds,
                provenance.seed,
                joints=provenance.joints,
                posture=provenance.posture,
            )
        limits = scaled_limits(
            pipeline.robot.limits, provenance.velocity_scaling, provenance.acceleration_scaling
        )
        motion = None if generation is None else generation.trajectory
        current = plan(
            provenance.origin, motion, current, pipeline.robot.joint_names, limits
        ).trajectory
        differences = _trajectory_differences(each.trajectory, current)
        if generation is not None and each.motion is not None:
            differences = _motion_differences(each.motion, generation.motion) + differences
        found.append(Verification(provenance, tuple(differences)))
    return found


def _motion_differences(recorded: Motion, again: Motion) -> list[Difference]:
    return _differences(
        'human motion', _motion_arrays(recorded), _motion_arrays(_as_message(again))
    )


def _trajectory_differences(recorded: RobotTrajectory, again: RobotTrajectory) -> list[Difference]:
    found = _differences('trajectory', _trajectory_arrays(recorded), _trajectory_arrays(again))
    if recorded.joint_names != again.joint_names:
        unlike = sorted(set(recorded.joint_names) ^ set(again.joint_names))
        listed = ', '.join(unlike) or 'in another order'
        found.append(Difference('trajectory, joint_names', listed))
    return found


def _differences(
    what: str, recorded: dict[str, np.ndarray], again: dict[str, np.ndarray]
) -> list[Difference]:
    pairs = ((name, _differ(values, again[name])) for name, values in recorded.items())
    return [Difference(f'{what}, {name}', how) for name, how in pairs if how is not None]


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
    _require_same(path, found, recorded, f'name that one with --{what}')


def _require_same(what: str, found: str, recorded: str, remedy: str) -> None:
    """Refuse another one; recordings of older versions say nothing of some."""
    if recorded and found != recorded:
        raise ConfigError(
            f'{what} has SHA-256 {found[:12]}..., the recording was made with {recorded[:12]}...; '
            f'{remedy}'
        )
