"""How well motions are reconstructed, and whether they are alive."""

import numpy as np

from motionclip_model.motion import Motion


def joint_position_error(decoded: Motion, source: Motion) -> float:
    """Mean distance of the 24 joints, both motions moved to the same root and heading [m].

    Both must have the same frame rate; the longer is cut to the shorter.
    """
    ours, theirs = _local(decoded), _local(source)
    frames = min(len(ours), len(theirs))
    return float(np.linalg.norm(ours[:frames] - theirs[:frames], axis=-1).mean())


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


def _local(motion: Motion) -> np.ndarray:
    """Joints relative to the root, turned so that the hips always face +x."""
    # Imported late: features needs PyTorch, which reading a motion does not.
    from motionclip_model.features import headings

    yaw = headings(motion)
    cosine, sine = np.cos(yaw)[:, None], np.sin(yaw)[:, None]
    relative = motion.pose.positions - motion.root_position[:, None]
    x, y = relative[..., 0], relative[..., 1]
    return np.stack([cosine * x + sine * y, cosine * y - sine * x, relative[..., 2]], axis=-1)
