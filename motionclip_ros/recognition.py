"""What a robot looks like it is doing: its joints seen as a person's motion, and that named."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float

from motionclip_model import features
from motionclip_model.checkpoint import checkpoint_path
from motionclip_model.errors import RobotError
from motionclip_model.latent import (
    DEFAULT_LABELS,
    Recognition,
    check_labels,
    label_embeddings,
    ranked,
)
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.imitation import Imitator
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

STILL = 'still'
"""Label of a robot that does not move."""

WINDOW = 3.0
"""How much of the past is looked at [s]."""

_SHORTEST = 1.0  # [s] of movement without which nothing is said
_GAP = 0.5  # [s] of silence after which the past is forgotten
_STEP = 0.5 / features.FPS  # [s] between joint states that are kept
_CALM = 0.1  # [rad] within which all joints stay while the robot is still
_MEMORY = 1.0  # [s] in which what was seen before loses most of its weight
_LEAST_COSINE = 0.2  # below which no label means the motion


class Impression(NamedTuple):
    """What the robot looks like it is doing.

    Attributes:
        label: The best label, `STILL`, or None if nothing can be said.
        score: Its probability among the labels; 0 without a label.
        ranked: All labels, best first; empty if the motion was not looked at.
    """

    label: str | None
    score: float
    ranked: tuple[Recognition, ...]


NOTHING = Impression(None, 0.0, ())
"""Said while too little has been seen."""


class Recogniser:
    """Names what a robot has been doing in the last seconds.

    Attributes:
        labels: What it chooses between.
    """

    def __init__(
        self,
        model: MotionClip,
        robot: Robot,
        labels: Sequence[str] = DEFAULT_LABELS,
        window: float = WINDOW,
    ):
        """Embed the labels and measure the robot.

        Args:
            model: A trained model.
            robot: Whose joints are seen.
            labels: Candidates in plain words.
            window: How much of the past is looked at [s].

        Raises:
            TextError: Fewer than two labels, one twice, or one that cannot be encoded.
        """
        self.labels = tuple(labels)
        check_labels(self.labels)
        self._model, self._robot, self._window = model, robot, window
        self._imitator = Imitator(robot)
        self._names = label_embeddings(model, list(self.labels))
        self._index = {name: index for index, name in enumerate(robot.joint_names)}
        self._seen: deque[tuple[float, np.ndarray]] = deque()
        self._positions = robot.neutral
        self._cosine: np.ndarray | None = None
        self._looked = -np.inf

    def wants(self, time: float) -> bool:
        """Whether a joint state of this time [s] adds anything; of 500 a second, most do not."""
        return not self._seen or not 0.0 < time - self._seen[-1][0] < _STEP

    def add(self, time: float, positions: Mapping[str, float]) -> None:
        """See where joints are; those that were never named count as neutral.

        A clock that runs backwards or stands for half a second makes all before be forgotten.

        Args:
            time: When they were there, on any clock [s].
            positions: Joint -> position [rad].

        Raises:
            RobotError: None of the joints is the robot's.
        """
        known = [name for name in positions if name in self._index]
        if not known:
            raise RobotError(
                f'no joint of {self._robot.name} among {", ".join(positions) or "no joints"}; '
                'name the robot whose joint states these are'
            )
        if self._seen and not 0.0 <= time - self._seen[-1][0] <= _GAP:
            self.forget()
        if self._seen and self._seen[-1][0] == time:  # another part of the robot spoke
            self._seen.pop()
        self._positions = self._positions.copy()
        self._positions[[self._index[name] for name in known]] = [
            positions[name] for name in known
        ]
        self._seen.append((time, self._positions))
        while time - self._seen[0][0] > self._window:
            self._seen.popleft()

    def warm_up(self) -> None:
        """Do everything once, so that the first look is as fast as the others."""
        rest = self._robot.neutral
        names = self._robot.joint_names
        for time, angle in ((0.0, 0.0), (0.5, 0.2), (1.0, 0.4)):
            self.add(time, dict(zip(names, (rest + angle).tolist(), strict=True)))
        self.look()
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._seen.clear()
        self._cosine = None

    def look(self) -> Impression:
        """Say what the robot looks like it is doing now.

        What was said before has a share that fades within a second.
        """
        if not self._seen or self._seen[-1][0] - self._seen[0][0] < _SHORTEST:
            return NOTHING
        times = np.array([time for time, _ in self._seen])
        frames = int((times[-1] - times[0]) * features.FPS) + 1
        wanted = times[-1] - np.arange(frames)[::-1] / features.FPS
        columns = np.stack([positions for _, positions in self._seen], axis=1)
        joints = np.stack([np.interp(wanted, times, column) for column in columns], axis=1)
        if np.ptp(joints, axis=0).max() < _CALM:
            self._cosine = None
            return Impression(STILL, 1.0, ())
        state = self._imitator.grounded(joints, features.FPS)
        return self._named(times[-1], self._imitator.imitate(state, features.FPS))

    def look_at(self, trajectory: RobotTrajectory) -> Impression:
        """Say what a whole trajectory looks like, its base's path included.

        Nothing is remembered of it.

        Raises:
            RobotError: The trajectory is another robot's.
        """
        motion = self._imitator.imitate_path(trajectory, features.FPS)
        return self._impression(self._cosines(motion))

    def _named(self, time: float, motion: Motion) -> Impression:
        cosine = self._cosines(motion)
        if self._cosine is not None:
            past = np.exp((self._looked - time) / _MEMORY)
            cosine = past * self._cosine + (1.0 - past) * cosine
        self._cosine, self._looked = cosine, time
        return self._impression(cosine)

    def _cosines(self, motion: Motion) -> Float[np.ndarray, ' label']:
        meaning = self._model.encode_motions([motion])
        return (meaning @ self._names.T)[0].cpu().numpy().astype(np.float64)

    def _impression(self, cosine: Float[np.ndarray, ' label']) -> Impression:
        found = tuple(ranked(self.labels, torch.from_numpy(cosine)))
        if found[0].cosine < _LEAST_COSINE:
            return Impression(None, 0.0, found)
        return Impression(found[0].label, found[0].score, found)


def load_recogniser(model: str, robot: str, labels: str, window: float) -> Recogniser:
    """Load model and robot; PyTorch is set to one CPU thread in this process.

    Args:
        model: Name of a shipped checkpoint or path of a .safetensors file.
        robot: Name of a robot in config/robots or path of a URDF.
        labels: Candidates, separated by commas; empty for the usual ones.
        window: How much of the past is looked at [s].

    Raises:
        MotionClipError: One of them is missing, damaged or of no use.
    """
    # As in the pipeline: waiting threads cost more than they gain beside other programs.
    torch.set_num_threads(1)
    wanted = tuple(label.strip() for label in labels.split(',') if label.strip())
    known = load_robot(robot)
    loaded = MotionClip.load(checkpoint_path(model))
    recogniser = Recogniser(loaded, known, wanted or DEFAULT_LABELS, window)
    recogniser.warm_up()
    return recogniser
