"""Follow a live person: a frame of motion capture in, the robot's posture out.

    python examples/retarget_live.py "a person dances"

prints how long a frame takes, how far the robot is behind (one frame), and how fast its joints
get at most, of what they may. Here the frames come from a generated motion; `push` takes them
from anywhere.
"""

import sys
import time

import numpy as np

from motionclip_model.instruction import generate_motion
from motionclip_model.model import MotionClip
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.streaming import Posture, Stream

FPS = 30.0


def main(text: str = 'a person dances') -> None:
    """Stream a motion to the G1, frame by frame."""
    model = MotionClip.load('base')
    person = generate_motion(model, text, seconds=3.0, seed=0).resampled(FPS)
    robot = load_robot('g1')
    retargeter = Retargeter(robot)
    retargeter.warm_up()
    stream = Stream(retargeter, FPS)
    postures: list[Posture] = []
    took = []
    for rotations, place in zip(person.joint_rotations, person.root_position, strict=True):
        began = time.perf_counter()
        posture = stream.push(rotations, place)
        took.append(time.perf_counter() - began)
        if posture is not None:  # None for the first frame: a robot is one frame behind
            postures.append(posture)
    speeds = np.abs(np.diff([posture.joints for posture in postures], axis=0)) * FPS
    print(f'{len(person)} frames in, {len(postures)} postures of {robot.name} out')
    print(f'{1e3 * np.median(took):.1f} ms a frame, one comes every {1e3 / FPS:.1f} ms')
    print(f'fastest joint: {100 * (speeds / robot.limits.velocity).max():.0f} % of its limit')


if __name__ == '__main__':
    main(*sys.argv[1:])
