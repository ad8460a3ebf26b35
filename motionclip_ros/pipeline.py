"""From a sentence to a robot trajectory, without ROS."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from jaxtyping import Float

from motionclip_model import __version__
from motionclip_model.instruction import (
    Instruction,
    encode,
    generate_encoded,
    part_seconds,
    understand,
)
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.threads import one_thread
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

ROBOT_FPS = 30.0
"""Points per second of a robot trajectory before it is stretched [1/s]."""


class Generation(NamedTuple):
    """What a text became.

    Attributes:
        text: The command as it was understood.
        seed: Number that chose this motion among those that fit; None for the most typical.
        motion: What a person would do.
        trajectory: What the robot is to do.
        targets: Where its links are asked to be, at as many moments as the trajectory has
            before it is stretched [m].
        report: Stage latencies, model and robot hashes, tracking error, limit margins.
    """

    text: str
    seed: int | None
    motion: Motion
    trajectory: RobotTrajectory
    targets: Float[np.ndarray, 'frame link 3']
    report: dict[str, Any]


Stage = Callable[[str], None]
"""Told which of `STAGES` begins; may raise, to call the rest off."""

STAGES = ('encoding', 'decoding', 'retargeting')
"""In order."""


def _unheard(stage: str) -> None:
    """Tell nobody."""


class Pipeline:
    """A loaded model and a loaded robot.

    Attributes:
        model: Text to human motion.
        robot: The robot that the motions are for.
    """

    def __init__(self, model: MotionClip, robot: Robot):
        """Join a model and a robot; `load` is the usual way in.

        Args:
            model: Text to human motion.
            robot: Whose trajectories are made.
        """
        self.model = model
        self.robot = robot
        self._retargeter = Retargeter(robot)

    @classmethod
    def load(cls, model: str = 'base', robot: str = 'g1', joint_limits: str | None = None) -> Self:
        """Load a checkpoint and a robot; PyTorch is set to one CPU thread in this process.

        Args:
            model: Name of a shipped checkpoint or path of a .safetensors file.
            robot: Name of a robot in config/robots or path of a URDF.
            joint_limits: A file of joint limits as MoveIt's; the robot's own if None.

        Raises:
            MotionClipError: One of them is missing, damaged or does not fit.
        """
        torch.set_num_threads(1)  # for good: to and fro, commands at the same time would disagree
        return cls(MotionClip.load(model), load_robot(robot, joint_limits))

    def hashes(self) -> dict[str, str]:
        """Say by what hashes model, text encoder and robot are known again."""
        return {
            **self.model.hashes(),
            'urdf_sha256': self.robot.sha256,
            'robot_sha256': self.robot.fingerprint,
        }

    def warm_up(self) -> None:
        """Do everything once, so that the first command is as fast as the others."""
        self.generate('a person stands still', seconds=1.0, force=True)

    @one_thread()
    def generate(
        self,
        text: str,
        seconds: float | Sequence[float] | None = None,
        seed: int | None = None,
        force: bool = False,
        joints: tuple[str, ...] = (),
        posture: Mapping[str, float] | None = None,
        on_stage: Stage = _unheard,
    ) -> Generation:
        """Turn a command into a robot trajectory; the same one bit for bit whenever asked again.

        Args:
            text: What to do, in plain words; several commands in a row, sums of meanings and
                mixtures as `motionclip_model.instruction.understand` reads them.
            seconds: Duration of all, or of each of several commands [s]; by default what the
                text suggests.
            seed: Another seed gives another motion of the same meaning, None the most typical.
            force: Serve texts that ask for no motion that the model has seen, too.
            joints: Groups, names or patterns of the joints that may move; empty for all.
            posture: Where the other joints stay [rad]; neutral where nothing is said.
            on_stage: Told what is being done.

        Raises:
            MotionClipError: A text, duration or motion that cannot be served; the message
                says why in one line.
        """
        retargeter = self._retargeter_of(joints, posture)
        on_stage('encoding')
        started = time.perf_counter()
        instruction = understand(text)
        text = instruction.text
        if not force:
            self.model.refuse_unknown(instruction.known_by)
        condition = encode(self.model, instruction)
        encoded = time.perf_counter()
        on_stage('decoding')
        durations = part_seconds(self.model, condition, seconds)
        motion = generate_encoded(self.model, condition, durations, seed)
        decoded = time.perf_counter()
        on_stage('retargeting')
        retargeted = retargeter.retarget(motion.resampled(ROBOT_FPS))
        finished = time.perf_counter()
        report = {
            'text': text,
            'seed': seed,
            'seconds': motion.seconds,
            'parts': _parts(instruction, durations),
            'version': __version__,
            **self.hashes(),
            'latency_ms': {
                'encode': 1e3 * (encoded - started),
                'decode': 1e3 * (decoded - encoded),
                'retarget': 1e3 * (finished - decoded),
            },
            'retargeting': retargeted.report,
        }
        targets = retargeted.targets
        places = targets.tasks.target_position[:, : len(targets.links)]
        return Generation(text, seed, motion, retargeted.trajectory, places, report)

    def _retargeter_of(
        self, joints: tuple[str, ...], posture: Mapping[str, float] | None
    ) -> Retargeter:
        if not joints:
            return self._retargeter
        return Retargeter(self.robot, joints=joints, posture=posture)


def _parts(instruction: Instruction, durations: Sequence[float]) -> list[dict[str, Any]]:
    """Name the motions in a row and their lengths [s]; a sum or a mixture is one."""
    one = bool(instruction.terms) or instruction.share is not None
    texts = (instruction.text,) if one else instruction.parts
    return [
        {'text': text, 'seconds': seconds} for text, seconds in zip(texts, durations, strict=True)
    ]
