"""A small collection of motions, good and bad, and a robot that one of them kills."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_model.motion import Motion
from motionclip_ros.batch.job import Job, Outcome, retarget
from motionclip_ros.batch.settings import FORMATS, Settings
from motionclip_ros.retargeting.retargeter import Retargeter

GOOD = ('a/kick.npz', 'a/two.npz', 'b/c/walk.npz', 'run.bvh', 'smplx.npz')
BAD = {
    'a/nan.npz': 'NaN',
    'b/empty.npz': 'not a readable npz',
    'b/one.npz': 'at least 2 frames',
    'b/text.npz': 'not a readable npz',
    'b/truncated.npz': 'not a readable npz',
    'c.bvh': 'line 1',
}
DEADLY_FPS = 77.0
ALL = Settings('g1', tuple(FORMATS))


def collect(folder: Path, clips: dict[str, Path], bvh_files: dict[str, Path]) -> Path:
    """Write the files of `GOOD` and `BAD`, and one that is no motion."""
    for name in (*GOOD, *BAD):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    kick, walk = Motion.load(clips['kick'])[20:50], Motion.load(clips['walk'])[:30]
    kick.save(folder / 'a/kick.npz')
    kick[:2].save(folder / 'a/two.npz')
    walk.save(folder / 'b/c/walk.npz')
    (folder / 'run.bvh').write_bytes(bvh_files['motionbuilder'].read_bytes())
    with np.load(folder / 'b/c/walk.npz') as arrays:
        poses, rest = arrays['poses'], {name: arrays[name] for name in ('trans', 'betas')}
    others = {'surface_model_type': np.array('smplx'), 'markers': np.zeros((30, 41, 3))}
    wide = np.pad(poses[:, :66], ((0, 0), (0, 99)))
    np.savez(folder / 'smplx.npz', poses=wide, mocap_frame_rate=120.0, **rest, **others)
    poses[3, 7] = np.nan
    np.savez(folder / 'a/nan.npz', poses=poses, mocap_framerate=30.0, **rest)
    np.savez(folder / 'b/one.npz', poses=poses[:1], trans=np.zeros((1, 3)), mocap_framerate=30.0)
    (folder / 'b/empty.npz').touch()
    (folder / 'b/text.npz').write_text('hello')
    content = (folder / 'b/c/walk.npz').read_bytes()
    (folder / 'b/truncated.npz').write_bytes(content[: len(content) // 2])
    (folder / 'c.bvh').write_text('nonsense')
    np.savez(folder / 'a/shape.npz', betas=np.zeros(10))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob('*')
        if path.is_file()
    }


def here(settings: Settings, expected: str, jobs: Iterable[Job]) -> Iterator[tuple[Job, Outcome]]:
    """Work in this process."""
    for job in jobs:
        yield job, retarget(settings, expected, job)


class Deadly(Settings):
    """Settings of a robot that does not survive some motions."""

    def retargeter(self) -> Retargeter:
        return _Deadly(super().retargeter().robot)


class _Deadly(Retargeter):
    def retarget(self, motion: Motion) -> Any:
        if motion.fps == DEADLY_FPS:
            os._exit(9)
        return super().retarget(motion)
