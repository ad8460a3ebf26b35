"""A planned motion as a recording, without ROS being installed and without a robot.

It opens in RViz and Foxglove, and `motionclip verify`, `replay`, `render` and `view` take it like
one that a recorder wrote. There are no joint states in it: nothing was measured.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros import topics
from motionclip_ros.execution.planning import Departure, plan
from motionclip_ros.messages import BASE_JOINT
from motionclip_ros.provenance import Provenance, Sources
from motionclip_ros.recorded import TYPES
from motionclip_ros.recording import BagWriter
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_TF_FPS = 30.0
_STRING, _JOINTS = 'std_msgs/msg/String', 'trajectory_msgs/msg/JointTrajectory'
_MULTI_DOF, _TF = 'trajectory_msgs/msg/MultiDOFJointTrajectory', 'tf2_msgs/msg/TFMessage'
_KINDS = {
    topics.ROBOT_DESCRIPTION: _STRING,
    topics.TEXT: _STRING,
    topics.HUMAN_MOTION: _MULTI_DOF,
    topics.BASE_TRAJECTORY: _MULTI_DOF,
    topics.TRAJECTORY: _JOINTS,
    topics.REPORT: _STRING,
    topics.TF: _TF,
}
_LATCHED = (topics.ROBOT_DESCRIPTION, topics.HUMAN_MOTION, topics.REPORT)


def export_bag(
    path: str | os.PathLike[str],
    robot: Robot,
    motion: Motion,
    trajectory: RobotTrajectory,
    report: dict[str, Any],
    sources: Sources,
    *,
    seed: int | None,
    requested_seconds: float | tuple[float, ...] | None,
    start: int,
) -> None:
    """Write what a robot that stands in its neutral posture would be told.

    Args:
        path: A new folder.
        robot: The robot.
        motion: What the person does.
        trajectory: What the robot does, as a `Pipeline` made it.
        report: The pipeline's.
        sources: Model and robot.
        seed: What chose the motion.
        requested_seconds: Length that was asked for [s].
        start: When it is to have begun [ns since 1970].

    Raises:
        ConfigError: The folder exists, or the disk takes no more.
    """
    planned = plan(Departure(None), trajectory, None, robot.joint_names, robot.limits)
    command = planned.trajectory
    provenance = Provenance(
        text=str(report['text']),
        is_stop=False,
        seed=seed,
        requested_seconds=requested_seconds,
        velocity_scaling=1.0,
        acceleration_scaling=1.0,
        origin=Departure(None),
        start=start,
        sources=sources,
    )
    told = {
        **report,
        'trajectory_seconds': command.seconds,
        'trajectory_points': len(command),
        'motion_begins_s': planned.begins,
        'provenance': provenance.facts(),
    }
    write = _Messages(path)
    description = Path(robot.urdf_path).read_text(encoding='utf-8', errors='replace')
    write.add(topics.ROBOT_DESCRIPTION, start, data=description)
    write.add(topics.TEXT, start, data=str(report['text']))
    write.add(topics.HUMAN_MOTION, start, **_human_motion(motion))
    places = command.base_position[:, None], command.base_quaternion_xyzw[:, None]
    base = _multi_dof((BASE_JOINT,), command.time_from_start, *places, start)
    write.add(topics.BASE_TRAJECTORY, start, **base)
    write.add(topics.TRAJECTORY, start, **_joint_trajectory(command, start))
    write.add(topics.REPORT, start, data=json.dumps(told, allow_nan=False))
    _write_transforms(write, robot, command, start)
    write.close()


class _Messages:
    """Writes messages of plain values; what is not said of one is zero or empty."""

    def __init__(self, path: str | os.PathLike[str]):
        self._bag = BagWriter(path)
        for topic, kind in _KINDS.items():
            name = topics.absolute(topic)
            self._bag.add_topic(name, kind, latched=topic in _LATCHED, reliable=True)

    def add(self, topic: str, moment: int, **values: Any) -> None:
        """Append a message [ns]."""
        message = self._made(_KINDS[topic], values)
        data = TYPES.serialize_cdr(message, _KINDS[topic])
        self._bag.write(topics.absolute(topic), moment, bytes(data))

    def close(self) -> None:
        """Finish the recording."""
        self._bag.close()

    def _made(self, kind: str, values: dict[str, Any]) -> Any:
        fields = TYPES.get_msgdef(kind).fields
        return TYPES.types[kind](
            **{name: self._field(node, values.get(name)) for name, node in fields}
        )

    def _field(self, node: tuple[Any, Any], value: Any) -> Any:
        """Build a field of the type that the message's definition gives it."""
        sort, inside = node
        if sort.name == 'NAME':
            return self._made(inside, value or {})
        if sort.name == 'BASE':
            return ('' if inside[0] == 'string' else 0) if value is None else value
        element, _ = inside
        if element[0].name == 'BASE' and element[1][0] != 'string':
            return np.asarray([] if value is None else value, element[1][0])
        return [self._field(element, each) for each in value or ()]


def _joint_trajectory(trajectory: RobotTrajectory, start: int) -> dict[str, Any]:
    rows = zip(
        trajectory.time_from_start, trajectory.positions, trajectory.velocities, strict=True
    )
    return {
        'header': {'stamp': _moment(start)},
        'joint_names': trajectory.joint_names,
        'points': [
            {
                'time_from_start': _moment(round(float(time) * 1e9)),
                'positions': positions,
                'velocities': velocities,
            }
            for time, positions, velocities in rows
        ],
    }


def _human_motion(motion: Motion) -> dict[str, Any]:
    frames = len(motion)
    turns = Rotation.from_matrix(motion.joint_rotations.reshape(-1, 3, 3)).as_quat()
    places = np.tile(skeleton.OFFSETS, (frames, 1, 1))
    places[:, 0] = motion.root_position
    shape = (frames, skeleton.JOINT_COUNT, 4)
    return _multi_dof(
        skeleton.JOINT_NAMES, np.arange(frames) / motion.fps, places, turns.reshape(shape)
    )


def _multi_dof(
    names: Sequence[str],
    times: np.ndarray,
    places: np.ndarray,
    turns_xyzw: np.ndarray,
    start: int = 0,
) -> dict[str, Any]:
    return {
        'header': {'stamp': _moment(start), 'frame_id': topics.WORLD_FRAME},
        'joint_names': names,
        'points': [
            {
                'time_from_start': _moment(round(float(time) * 1e9)),
                'transforms': list(map(_transform, place, turn)),
            }
            for time, place, turn in zip(times, places, turns_xyzw, strict=True)
        ],
    }


def _write_transforms(
    write: _Messages, robot: Robot, command: RobotTrajectory, start: int
) -> None:
    """Write where every link is, as if the robot followed exactly."""
    times = np.arange(0.0, command.seconds, 1.0 / _TF_FPS)
    sample = command.sample(times)
    turn = Rotation.from_quat(sample.base_quaternion_xyzw).as_matrix()
    links = tuple(robot.frames)
    places, turns = robot.link_poses(links, State(sample.base_position, turn, sample.positions))
    quaternions = Rotation.from_matrix(turns.reshape(-1, 3, 3)).as_quat()
    for time, place, quaternion in zip(
        times, places, quaternions.reshape(*turns.shape[:2], 4), strict=True
    ):
        now = start + round(float(time) * 1e9)
        header = {'stamp': _moment(now), 'frame_id': topics.WORLD_FRAME}
        poses = zip(links, map(_transform, place, quaternion), strict=True)
        transforms = [
            {'header': header, 'child_frame_id': link, 'transform': pose} for link, pose in poses
        ]
        write.add(topics.TF, now, transforms=transforms)


def _transform(place: np.ndarray, turn_xyzw: np.ndarray) -> dict[str, Any]:
    x, y, z = map(float, place)
    qx, qy, qz, qw = map(float, turn_xyzw)
    return {
        'translation': {'x': x, 'y': y, 'z': z},
        'rotation': {'x': qx, 'y': qy, 'z': qz, 'w': qw},
    }


def _moment(nanoseconds: int) -> dict[str, int]:
    whole, rest = divmod(nanoseconds, 1_000_000_000)
    return {'sec': whole, 'nanosec': rest}
