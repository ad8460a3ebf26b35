"""Where the human's heels and toes stand on the floor, and how high the floor is."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.ndimage import binary_closing, binary_opening, minimum_filter1d, uniform_filter1d

from motionclip_model import skeleton
from motionclip_model.motion import Motion

ANKLE_HEIGHT = float(-skeleton.OFFSETS[skeleton.JOINT_INDEX['left_foot'], 1])
"""Height of the ankle above the toe joint when the sole is flat [m]."""

CLOSE = 0.05
"""Height above the floor below which a foot may stand; flat feet in data wander by 3 cm [m]."""

SLOW = 0.5
"""Speed below which it may: support feet move at .05 to .2, swinging ones at 2 to 5 [m/s]."""

_STRIDE = 1.2  # [s] in which some foot touches the floor, unless the person is off it for good
_SLOPE = 0.1  # [m] by which a captured floor drifts at most; beyond that the feet are in the air
_GAP = 0.07  # [s] shorter contacts and shorter gaps are noise


class FootHeights(NamedTuple):
    """Height above the floor of the points under some SMPL joints.

    Attributes:
        heights: [m], one column for each joint asked for.
        floor: The floor's height in the world under the person in each frame [m].
    """

    heights: Float[np.ndarray, 'frame point']
    floor: Float[np.ndarray, ' frame']


def foot_heights(motion: Motion, joints: tuple[str, ...]) -> FootHeights:
    """Measure how high heels (below ankles) and toes are above the floor.

    The floor is the lower envelope of the lowest point: captured walks drift up or down by
    centimetres along the way. It stays near the level that is reached in all but the lowest
    2 % of frames, so that a jump or a high seat is not taken for a floor.

    Args:
        motion: A human motion.
        joints: Ankles or feet of SMPL.

    Returns:
        Heights, negative where the point is below the floor.
    """
    index = [skeleton.JOINT_INDEX[joint] for joint in joints]
    drop = np.array([ANKLE_HEIGHT if joint.endswith('ankle') else 0.0 for joint in joints])
    heights = motion.pose.positions[:, index, 2] - drop
    lowest = heights.min(axis=1)
    level = np.quantile(lowest, 0.02)
    window = max(3, round(_STRIDE * motion.fps))
    floor = uniform_filter1d(minimum_filter1d(lowest, window, mode='nearest'), window)
    floor = np.clip(floor, level - _SLOPE, level + _SLOPE)
    return FootHeights(heights - floor[:, None], floor)


def contacts(motion: Motion, joints: tuple[str, ...]) -> Bool[np.ndarray, 'frame point']:
    """Tell when each point is low and slow enough to be standing.

    Args:
        motion: A human motion.
        joints: Ankles or feet of SMPL.

    Returns:
        True in the frames in which the point stands.
    """
    index = [skeleton.JOINT_INDEX[joint] for joint in joints]
    velocity = np.gradient(motion.pose.positions[:, index], axis=0) * motion.fps
    standing = foot_heights(motion, joints).heights < CLOSE
    standing &= np.linalg.norm(velocity, axis=-1) < SLOW
    window = np.ones((max(1, round(_GAP * motion.fps)) + 1, 1), bool)
    # At the clip's ends a contact is cut off, not over: repeat the outermost frames.
    border = len(window)
    padded = np.pad(standing, ((border, border), (0, 0)), mode='edge')
    return binary_opening(binary_closing(padded, window), window)[border:-border]
