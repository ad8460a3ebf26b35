"""Which soles stand, and where, while only the past is known."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.contacts import ANKLE_HEIGHT, CLOSE, SLOW
from motionclip_ros.retargeting.soles import Corner

_KEPT = 1.5  # times the height and speed at which a foot begins to stand, it still stands
_RISE = 0.05  # [m/s] at which a floor that was found too low comes up again
_WANDER = 0.08  # [m] beyond which a sole that should stand still is led after the foot


class Footing(NamedTuple):
    """The soles in one frame.

    Attributes:
        base: Where the base belongs [m].
        places: Where the soles' corners belong [m].
        standing: Which of them stand.
    """

    base: Float[np.ndarray, '3']
    places: Float[np.ndarray, 'corner 3']
    standing: Bool[np.ndarray, ' corner']


class LiveContacts:
    """Follows the feet of a live motion; the causal twin of `contacts` and `stances`."""

    def __init__(self, corners: list[Corner], step: float, scale: float):
        """Know nothing yet.

        Args:
            corners: The corners of the robot's soles.
            step: Time between frames [s].
            scale: The robot's leg length over the human's.
        """
        self._joints = [skeleton.JOINT_INDEX[corner.human] for corner in corners]
        heels = [corner.human.endswith('ankle') for corner in corners]
        self._drop = np.where(heels, ANKLE_HEIGHT, 0.0)
        self._step, self._scale = step, scale
        self._floor = np.inf
        self._offset = np.zeros(2)
        self._feet: np.ndarray | None = None
        self._soles = np.zeros((len(corners), 2))
        self._places = np.zeros((len(corners), 2))
        self._standing = np.zeros(len(corners), bool)

    def follow(self, motion: Motion, hung: Float[np.ndarray, 'corner 3']) -> Footing:
        """Take the next frame.

        Args:
            motion: The human; the last frame counts.
            hung: The corners as the hung links would have them, relative to the base [m].
        """
        root = motion.root_position[-1] * self._scale
        if not self._joints:
            return Footing(root, np.zeros((0, 3)), self._standing.copy())
        feet = motion.pose.positions[-1, self._joints]
        clearance, standing = self._stand(feet)
        soles = hung[:, :2] + root[:2]
        stays = standing & self._standing
        if stays.any():  # what a standing sole would slide, the base gives way
            self._offset -= (soles - self._soles)[stays].mean(axis=0)
        here = soles + self._offset
        away = here - self._places
        far = np.linalg.norm(away, axis=-1, keepdims=True)
        led = self._places + away * np.maximum(1.0 - _WANDER / np.maximum(far, 1e-12), 0.0)
        self._places = np.where(stays[:, None], led, here)
        self._soles, self._standing, self._feet = soles, standing, feet
        height = max(clearance, 0.0) * self._scale - float(hung[:, 2].min())
        places = np.concatenate([self._places, np.zeros((len(here), 1))], axis=1)
        return Footing(np.append(root[:2] + self._offset, height), places, standing)

    def _stand(self, feet: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the height of the lowest point above the floor, and what stands."""
        heights = feet[:, 2] - self._drop
        lowest = float(heights.min())
        self._floor = min(self._floor + _RISE * self._step, lowest)
        before = feet if self._feet is None else self._feet
        speed = np.linalg.norm(feet - before, axis=-1) / self._step
        ease = np.where(self._standing, _KEPT, 1.0)
        standing = (heights - self._floor < ease * CLOSE) & (speed < ease * SLOW)
        return lowest - self._floor, standing
