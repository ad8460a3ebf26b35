"""How well motions are reconstructed, and whether they are alive."""

import numpy as np

from motionclip_model.motion import Motion
from motionclip_model.skeleton import BODY_JOINT_COUNT, JOINT_INDEX

_FEET = [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]
_FOOT_ON_FLOOR = 0.07
"""A toe joint below this stands or glides on the floor [m]."""


def joint_position_error(decoded: Motion, source: Motion) -> float:
    """Mean distance of the 24 joints, both motions moved to the same root and heading [m].

    Both must have the same frame rate; the longer is cut to the shorter.
    """
    ours, theirs = _local(decoded), _local(source)
    frames = min(len(ours), len(theirs))
    return float(np.linalg.norm(ours[:frames] - theirs[:frames], axis=-1).mean())


def rotation_error(decoded: Motion, source: Motion) -> float:
    """Mean angle between the rotations of the body joints to their parents [deg].

    The pelvis is left out: where the body faces is a matter of its path.
    """
    frames = min(len(decoded), len(source))
    ours, theirs = (
        motion.joint_rotations[:frames, 1:BODY_JOINT_COUNT] for motion in (decoded, source)
    )
    trace = np.einsum('...ij,...ij->...', ours, theirs)
    return float(np.degrees(np.arccos(np.clip((trace - 1.0) / 2.0, -1.0, 1.0))).mean())


def speed_ratio(decoded: Motion, source: Motion) -> float:
    """Mean joint speed of one motion over that of another; 0 means frozen.

    Speeds are relative to the root, so that a body that glides is as frozen as one that
    stands.
    """
    return decoded.mean_joint_speed / max(source.mean_joint_speed, 1e-6)


def path_error(decoded: Motion, source: Motion) -> float:
    """Distance of the root's end points, as a share of the way that the source went."""
    way = float(np.linalg.norm(np.diff(source.root_position[:, :2], axis=0), axis=-1).sum())
    ends = [
        motion.root_position[-1, :2] - motion.root_position[0, :2] for motion in (decoded, source)
    ]
    gap = abs(float(np.linalg.norm(ends[0])) - float(np.linalg.norm(ends[1])))
    return gap / max(way, 0.1)


def foot_skate(motion: Motion) -> float:
    """Mean horizontal speed of the lower foot while it is on the floor [m/s].

    0 for feet that stand where they stand, and for a motion that never touches the floor.
    """
    feet = motion.pose.positions[:, _FEET]
    lower = feet[:, :, 2].argmin(axis=1)[:-1]
    index = np.arange(len(lower))
    low = feet[index, lower, 2] < _FOOT_ON_FLOOR
    speed = np.linalg.norm(np.diff(feet[..., :2], axis=0), axis=-1)[index, lower] * motion.fps
    return float(speed[low].mean()) if low.any() else 0.0


def forward_speed(motion: Motion) -> float:
    """Mean speed of the pelvis in the direction that the hips face [m/s]; backward is below 0."""
    from motionclip_model.features import headings

    yaw = headings(motion)[:-1]
    step = np.diff(motion.root_position, axis=0)
    along = np.cos(yaw) * step[:, 0] + np.sin(yaw) * step[:, 1]
    return float(along.mean() * motion.fps)


def turned(motion: Motion) -> float:
    """Angle from the first heading to the last [deg]; left is above 0."""
    from motionclip_model.features import headings

    yaw = headings(motion)
    return float(np.degrees(yaw[-1] - yaw[0]))


def drift(motion: Motion) -> float:
    """Largest horizontal distance of the pelvis from where it started [m]."""
    way = motion.root_position[:, :2] - motion.root_position[0, :2]
    return float(np.linalg.norm(way, axis=-1).max())


def _local(motion: Motion) -> np.ndarray:
    """Joints relative to the root, turned so that the hips always face +x."""
    # Imported late: features needs PyTorch, which reading a motion does not.
    from motionclip_model.features import headings

    yaw = headings(motion)
    cosine, sine = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    relative = motion.pose.positions - motion.root_position[:, None]
    x, y = relative[..., 0], relative[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x, relative[..., 2]], axis=-1)
