"""Read a recording (rosbag2) without ROS: what the robot was told, and what it did.

    make demo
    python examples/read_recording.py out/demo/bag

prints the messages by topic, every trajectory with the text it was made from, and how far the
joint states were from the trajectory.
"""

import sys

import numpy as np

from motionclip_ros import topics
from motionclip_ros.assessment import played
from motionclip_ros.bag import Bag


def main(folder: str = 'out/demo/bag') -> None:
    """Print what a recording holds."""
    bag = Bag(folder)
    for topic, count in sorted(bag.counts.items()):
        print(f'{count:6d}  {topic}')
    for performed in bag.performed():
        print(f'{performed.report.get("text", "?")!r}: {performed.trajectory}')
        print(f'  {performed.motion}')

    trajectory = bag.trajectory()
    joints = played(bag).in_order(trajectory.joint_names)
    start, _ = bag.last(topics.TRAJECTORY)
    told = trajectory.sample((joints.received - start) / 1e9).positions
    error = np.degrees(np.sqrt(((joints.positions - told) ** 2).mean()))
    print(f'{len(told)} joint states, {error:.1f} degrees from the last trajectory (rms)')


if __name__ == '__main__':
    main(*sys.argv[1:])
