"""Put a recorded motion on a robot; neither the model nor PyTorch is needed for that.

    python examples/retarget_file.py walk.bvh

prints how near the G1 comes to the person and writes its trajectory. AMASS .npz and .bvh files
are read. Without a file a person is put together who squats and lifts both arms.
"""

import sys
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.data.motion_file import load_motion
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot

FPS = 30.0


def main(file: str | None = None, out: str | Path = 'out/examples/retarget_file') -> None:
    """Retarget a file, or a squat."""
    motion = squat() if file is None else load_motion(file)
    result = Retargeter(load_robot('g1')).retarget(motion)
    print(motion)
    print(result.trajectory)
    report = result.report
    print(f"limbs point {report['limb_direction_error_deg']:.1f} degrees from the person's")
    print(f'slowed by a factor of {report["time_stretch"]:.2f} to keep all limits')
    print(f'{report["verdict"]}: {report["reason"]}')
    result.trajectory.save(Path(out) / 'trajectory.npz')


def squat(seconds: float = 3.0) -> Motion:
    """Bend the knees and lift the arms to the front, and come back."""
    depth = np.sin(np.linspace(0.0, np.pi, round(seconds * FPS) + 1)) ** 2
    rotations = np.tile(np.eye(3), (len(depth), skeleton.JOINT_COUNT, 1, 1))
    rotations[:, 0] = skeleton.Y_UP_TO_Z_UP
    for joint, axis, angle in (
        ('hip', 'x', -1.0), ('knee', 'x', 1.6), ('ankle', 'x', -0.6), ('shoulder', 'y', -1.3),
    ):  # fmt: skip
        for side, sign in (('left', 1.0), ('right', -1.0 if axis == 'y' else 1.0)):
            turn = Rotation.from_euler(axis, (sign * angle * depth)[:, None])
            rotations[:, skeleton.JOINT_INDEX[f'{side}_{joint}']] = turn.as_matrix()
    # Arms hang while the knees are straight; the rest pose has them spread.
    standing = Motion(rotations, np.zeros((len(depth), 3)), FPS)
    lowest = standing.pose.positions[..., 2].min(axis=1)
    return Motion(rotations, np.stack([0 * lowest, 0 * lowest, 0.03 - lowest], axis=1), FPS)


if __name__ == '__main__':
    main(*sys.argv[1:])
