"""The generator node with an analytic arm wave in place of the model: no weights, no torch."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import CheckpointError, TextError
from motionclip_model.motion import Motion
from motionclip_ros.nodes.generator import GeneratorNode
from motionclip_ros.nodes.running import serve
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FPS = 30.0


class Wave(NamedTuple):
    text: str
    seed: int
    motion: Motion
    trajectory: RobotTrajectory
    targets: np.ndarray
    report: dict[str, Any]


def wave_motion(seconds: float = 2.0) -> Motion:
    """A person who stands, holds the right arm out, and waves the forearm."""
    frames = round(seconds * FPS) + 1
    time = np.arange(frames) / FPS
    rotations = np.tile(np.eye(3), (frames, skeleton.JOINT_COUNT, 1, 1))
    rotations[:, 0] = skeleton.Y_UP_TO_Z_UP
    elbow = skeleton.JOINT_INDEX['right_elbow']
    angles = 1.2 + 0.5 * np.sin(2 * np.pi * time)
    rotations[:, elbow] = Rotation.from_euler('z', -angles[:, None]).as_matrix()
    return Motion(rotations, np.tile([0.0, 0.0, 0.92], (frames, 1)), FPS)


def wave_trajectory(joint_names: tuple[str, ...], seconds: float = 2.0) -> RobotTrajectory:
    """The G1 with the right arm out to the side, forearm waving."""
    points = round(seconds * FPS) + 1
    time = np.arange(points) / FPS
    positions = np.zeros((points, len(joint_names)))
    velocities = np.zeros_like(positions)
    positions[:, joint_names.index('right_shoulder_roll_joint')] = -1.2
    elbow = joint_names.index('right_elbow_joint')
    positions[:, elbow] = 0.3 + 0.5 * np.sin(2 * np.pi * time)
    velocities[:, elbow] = np.pi * np.cos(2 * np.pi * time)
    return RobotTrajectory(
        joint_names,
        time,
        positions,
        velocities,
        np.tile([0.0, 0.0, 0.79], (points, 1)),
        np.tile([0.0, 0.0, 0.0, 1.0], (points, 1)),
    )


class WavePipeline:
    def __init__(self, robot: str) -> None:
        self.robot = load_robot(robot)

    def hashes(self) -> dict[str, str]:
        return {
            'model_sha256': 'wave',
            'text_encoder': 'none',
            'text_encoder_sha256': 'none',
            'urdf_sha256': self.robot.sha256,
            'robot_sha256': self.robot.fingerprint,
        }

    def generate(
        self,
        text: str,
        seconds: float | None = None,
        seed: int | None = 0,
        joints: tuple[str, ...] = (),
        posture: dict[str, float] | None = None,
        on_stage: Callable[[str], None] = print,
    ) -> Wave:
        if not text.strip():
            raise TextError('the text is empty; say what the robot is to do', text)
        if len(text) > 1000:
            raise TextError(f'the text has {len(text)} characters; at most 1000', text)
        if not text.isprintable():
            raise TextError(f'the text holds control characters: {text[:20]!r}\nremove them', text)
        if text == 'crash':
            raise RuntimeError('a fault in the program')
        on_stage('encoding')
        if text == 'sleep':
            sys.stderr.write('asleep\n')
            time.sleep(2.0)
        on_stage('decoding')
        length = seconds or 2.0
        trajectory = wave_trajectory(self.robot.joint_names, length)
        verdict = 'refuse' if text == 'fly' else 'accept'
        report = {
            'latency_ms': {'encode': 1.0, 'decode': 2.0, 'retarget': 3.0},
            'retargeting': {'verdict': verdict, 'reason': 'it has no wings'},
        }
        if joints:
            keep = [name in joints for name in trajectory.joint_names]
            there = np.array([(posture or {}).get(name, 0.0) for name in trajectory.joint_names])
            trajectory = replace(
                trajectory,
                positions=np.where(keep, trajectory.positions, there),
                velocities=trajectory.velocities * keep,
            )
        targets = np.zeros((len(trajectory), 1, 3))
        return Wave(text.strip(), seed, wave_motion(length), trajectory, targets, report)


def load(settings: Any) -> WavePipeline:
    if settings.model == 'broken':
        raise CheckpointError('broken: not a checkpoint;\ntrain one')
    return WavePipeline(settings.robot)


if __name__ == '__main__':
    serve(lambda: GeneratorNode.started(load))
