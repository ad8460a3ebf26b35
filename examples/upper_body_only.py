"""Move the upper body and leave the legs to another controller, a balance controller say.

    python examples/upper_body_only.py

prints how far the joints of each group move. The legs stay bent at the knees as they are told.
"""

import sys
from pathlib import Path

import numpy as np

from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.robots.ownership import groups

LEGS = {
    f'{side}_{joint}_joint': angle
    for side in ('left', 'right')
    for joint, angle in (('hip_pitch', -0.3), ('knee', 0.6), ('ankle_pitch', -0.3))
}
"""Where the legs stay [rad]; also what the motion is checked with."""


def main(out: str | Path = 'out/examples/upper_body_only') -> None:
    """Let the G1 wave while it stands with bent knees."""
    pipeline = Pipeline.load(robot='g1')
    result = pipeline.generate('wave with both hands', joints=('upper_body',), posture=LEGS)
    trajectory = result.trajectory
    members = groups(pipeline.robot)
    for name in ('left_arm', 'right_arm', 'legs'):
        moved = np.ptp(trajectory.positions[:, members[name]], axis=0).max()
        print(f'{name}: at most {moved:.2f} rad')
    knee = trajectory.positions[:, trajectory.joint_names.index('left_knee_joint')]
    print(f'left knee: {knee.min():.2f} to {knee.max():.2f} rad')
    trajectory.save(Path(out) / 'trajectory.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
