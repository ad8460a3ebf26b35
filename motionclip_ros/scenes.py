"""What there is to see in a file: who moves, what for, and how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from motionclip_model.data.motion_file import load_motion
from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_model.reading import read_yaml
from motionclip_ros.bag import Bag, Performed
from motionclip_ros.execution.state import SECOND
from motionclip_ros.preview import part_done
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@dataclass(frozen=True, eq=False)
class Scene:
    """A person, a robot, or both, doing one thing.

    Attributes:
        caption: What that is.
        seconds: How long it is to be seen [s].
        motion: What the person does; None where there is none.
        trajectory: What the robot does; None where there is none.
        begins: When the person begins, while the robot is on its way to the first pose [s].
    """

    caption: str
    seconds: float
    motion: Motion | None = None
    trajectory: RobotTrajectory | None = None
    begins: float = 0.0

    def part(self, time: Float[np.ndarray, ' time']) -> Float[np.ndarray, ' time']:
        """Return how much of the motion the person has done at a time [s]: 0 to 1.

        The person keeps pace with the robot, which may need longer.
        """
        whole = self.seconds if self.trajectory is None else self.trajectory.seconds
        return np.asarray(part_done(time, self.begins, whole))


def load_scenes(
    path: Path, beside: Path | None = None, namespace: str | None = None
) -> tuple[list[Scene], str | None]:
    """Read a motion, a trajectory, a recording, or a folder that `motionclip generate` wrote.

    Args:
        path: The file or folder.
        beside: The human motion that a trajectory file was made from, if it is to be seen too.
        namespace: Of the robot in a recording; it need not be said where there is only one.

    Returns:
        The scenes in their order, and the robot's name or URDF where the file knows it.

    Raises:
        ConfigError: It is none of them, or what is said of it does not fit it.
        MotionClipError: It is damaged.
    """
    is_recording = (path / 'metadata.yaml').is_file()
    if namespace is not None and not is_recording:
        raise ConfigError(f'{path} is no recording; leave --namespace out')
    if beside is not None and (path.is_dir() or not RobotTrajectory.is_in(path)):
        raise ConfigError(
            f'{path} is no trajectory file; --beside is the human motion that one was made from'
        )
    if is_recording:
        performed = Bag(path, namespace).performed()
        scenes = [scene for scene, _ in recorded(performed, path)]
        return scenes, performed[-1].provenance(path).sources.robot
    if path.is_dir():
        return _generated(path), None
    if RobotTrajectory.is_in(path):
        trajectory = RobotTrajectory.load(path)
        motion = None if beside is None else load_motion(beside)
        return [Scene(path.stem, trajectory.seconds, motion, trajectory)], None
    motion = load_motion(path)
    return [Scene(path.stem, motion.seconds, motion)], None


def recorded(performed: Sequence[Performed], place: object) -> list[tuple[Scene, Performed]]:
    """Return what a robot was told, each as long as it was executed, and what is known of it.

    Args:
        performed: From a recording.
        place: The recording, for messages.

    Raises:
        ConfigError: A report lacks something.
    """
    starts = [each.provenance(place).start for each in performed]
    scenes = []
    for each, start, following in zip(performed, starts, [*starts[1:], None], strict=True):
        whole = each.trajectory.seconds
        until = whole if following is None else min(whole, (following - start) / SECOND)
        if until > 0.0:
            caption = str(each.report.get('text', ''))
            begins = float(each.report.get('motion_begins_s', 0.0))
            scenes.append((Scene(caption, until, each.motion, each.trajectory, begins), each))
    return scenes


def _generated(folder: Path) -> list[Scene]:
    trajectories = sorted(folder.glob('trajectory*.npz'))
    if not trajectories:
        raise ConfigError(
            f'{folder}: neither a recording nor a folder of `motionclip generate`, which hold '
            'metadata.yaml and trajectory.npz'
        )
    scenes = []
    for path in trajectories:
        mark = path.stem.removeprefix('trajectory')
        motion, report = folder / f'motion{mark}.npz', folder / f'report{mark}.json'
        facts = read_yaml(report) if report.is_file() else None
        caption = facts.get('text', path.stem) if isinstance(facts, dict) else path.stem
        human = load_motion(motion) if motion.is_file() else None
        trajectory = RobotTrajectory.load(path)
        scenes.append(Scene(str(caption), trajectory.seconds, human, trajectory))
    return scenes
