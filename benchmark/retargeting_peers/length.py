"""How time and memory grow with the length of a clip; each length in a fresh process.

Run as a script with the number of frames, and the clips to join, it measures one length.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import load_robot

LENGTHS = (60, 600, 6000)
_OVERLAP = 15  # frames in which one clip passes over into the next
_FPS = 30.0
_REPEATS = {60: 20, 600: 5, 6000: 1}


def measured(frames: int, clips: Sequence[Path]) -> dict[str, Any]:
    """Retarget a motion of so many frames in a process of its own."""
    command = [sys.executable, __file__, str(frames), *map(str, clips)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise SystemExit(f'{frames} frames: {result.stderr.strip().splitlines()[-1]}')
    return json.loads(result.stdout.splitlines()[-1])


def joined(clips: Sequence[Motion], frames: int) -> Motion:
    """Chain clips, each starting where and facing where the one before it ends.

    Args:
        clips: Motions at one frame rate, longer than twice the overlap.
        frames: Wanted length; the clips are repeated until it is reached.

    Returns:
        One smooth motion.
    """
    whole = clips[0]
    following = 0
    while len(whole) < frames:
        following += 1
        whole = _joined_two(whole, clips[following % len(clips)])
    return whole[:frames]


def _joined_two(first: Motion, second: Motion) -> Motion:
    overlap = min(_OVERLAP, len(first), len(second))
    middle = overlap // 2
    turn = _heading(first, len(first) - overlap + middle) * _heading(second, middle).inv()
    place = turn.apply(second.root_position)
    away = first.root_position[len(first) - overlap + middle] - place[middle]
    place += away * [1.0, 1.0, 0.0]
    rotations = second.joint_rotations.copy()
    rotations[:, 0] = turn.as_matrix() @ rotations[:, 0]
    part = np.linspace(0.0, 1.0, overlap + 2)[1:-1]
    part = part**2 * (3 - 2 * part)
    before = Rotation.from_matrix(first.joint_rotations[-overlap:].reshape(-1, 3, 3))
    after = Rotation.from_matrix(rotations[:overlap].reshape(-1, 3, 3))
    joints = first.joint_rotations.shape[1]
    between = (before.inv() * after).as_rotvec() * np.repeat(part, joints)[:, None]
    blend = (before * Rotation.from_rotvec(between)).as_matrix().reshape(overlap, joints, 3, 3)
    path = first.root_position[-overlap:] * (1 - part[:, None]) + place[:overlap] * part[:, None]
    return Motion(
        np.concatenate([first.joint_rotations[:-overlap], blend, rotations[overlap:]]),
        np.concatenate([first.root_position[:-overlap], path, place[overlap:]]),
        first.fps,
    )


def _heading(motion: Motion, frame: int) -> Rotation:
    """Return the turn about the vertical that a person's front has."""
    front = motion.joint_rotations[frame, 0, :, 2]
    return Rotation.from_rotvec([0.0, 0.0, np.arctan2(front[1], front[0])])


def _measure(frames: int, paths: Sequence[str]) -> dict[str, Any]:
    clips = [Motion.load(path).resampled(_FPS) for path in paths]
    motion = joined(clips, frames)
    retargeter = Retargeter(load_robot('g1'))
    retargeter.warm_up()
    before = _peak_memory()
    best = np.inf
    for _ in range(_REPEATS[frames]):
        fresh = motion[:]  # nothing of it is kept from the run before
        begin = time.process_time()
        retargeter.retarget(fresh)
        best = min(best, time.process_time() - begin)
    peak = _peak_memory()
    return {
        'frames': frames,
        'milliseconds': best * 1e3,
        'milliseconds_per_frame': best * 1e3 / frames,
        'peak_memory_mb': peak,
        'memory_before_mb': before,
    }


def _peak_memory() -> float:
    """Return the most memory that this process has held so far [MB].

    `getrusage` would count what the parent process held before it started this one.
    """
    status = Path('/proc/self/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0]) * 1024 / 1e6


if __name__ == '__main__':
    print(json.dumps(_measure(int(sys.argv[1]), sys.argv[2:])))
