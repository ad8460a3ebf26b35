"""One file's way: bytes of a human motion in, bytes of the robot's files and a report out.

Bytes, so that a worker needs no disk in common with the process that hands out the work.
"""

import functools
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from motionclip_model import __version__
from motionclip_model.data.motion_file import load_motion
from motionclip_model.errors import ConfigError, MotionClipError
from motionclip_ros.batch.settings import FORMATS, Settings, identity
from motionclip_ros.retargeting.export import save_csv, save_mujoco
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory


class Job(NamedTuple):
    """A motion file.

    Attributes:
        name: Its path below the folder, with forward slashes.
        content: Its bytes.
    """

    name: str
    content: bytes


class Outcome(NamedTuple):
    """What became of it.

    Attributes:
        files: The robot's files by format; empty if it failed.
        report: What the retargeter says of it.
        error: Why it failed, one line.
    """

    files: Mapping[str, bytes]
    report: Mapping[str, Any]
    error: str | None = None


def failed(error: str) -> Outcome:
    """Return the outcome of a file that came to nothing."""
    return Outcome({}, {}, ' '.join(error.split()))


def retarget(settings: Settings, expected: str, job: Job) -> Outcome:
    """Retarget one file; whatever is wrong with it is said in the outcome.

    Args:
        settings: What to make of it.
        expected: The `identity` that the results will be filed under.
        job: The file.

    Raises:
        MotionClipError: The robot cannot be loaded here, or is another one.
    """
    retargeter = _loaded(settings, expected)
    with tempfile.TemporaryDirectory(prefix='motionclip-') as folder:
        # Read from a file, because the readers tell kinds of files apart by their names.
        path = Path(folder) / PurePosixPath(job.name).name
        try:
            path.write_bytes(job.content)
            trajectory, report, _ = settings.retargeted(retargeter, load_motion(path))
            return Outcome(
                {
                    name: _written(name, trajectory, retargeter.robot, Path(folder))
                    for name in settings.formats
                },
                # Times differ from run to run; all else is the same wherever it is made.
                {name: value for name, value in report.items() if name != 'milliseconds'},
            )
        except MotionClipError as error:
            return failed(re.sub(rf'{re.escape(str(path))}(: |, )?', '', str(error)))
        except Exception as error:  # a file may break what no one foresaw; the others go on
            return failed(f'{type(error).__name__}: {error}')


@functools.lru_cache(maxsize=1)
def _loaded(settings: Settings, expected: str) -> Retargeter:
    """Load the robot once in each process."""
    retargeter = settings.retargeter()
    if identity(retargeter, settings.live) != expected:
        raise ConfigError(
            f'robot {settings.robot} or motionclip {__version__} is not the same on all machines; '
            'install the same version and the same robot files everywhere'
        )
    return retargeter


def _written(name: str, trajectory: RobotTrajectory, robot: Robot, folder: Path) -> bytes:
    """Return the bytes of the trajectory in one format."""
    path = folder / f'trajectory{FORMATS[name]}'
    save(name, trajectory, robot, path)
    return path.read_bytes()


def save(name: str, trajectory: RobotTrajectory, robot: Robot, path: Path) -> None:
    """Write a trajectory in one of `FORMATS`."""
    if name == 'csv':
        save_csv(trajectory, path)
    elif name == 'mujoco':
        save_mujoco(trajectory, robot, path)
    else:
        trajectory.save(path)
