"""What is measured of every solver alike, and the tables it is printed in."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from jaxtyping import Float
from reporting.layout import shown
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.tracking import limb_direction_error
from motionclip_ros.retargeting.retargeter import MAX_FPS
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

REPEATS = 5
"""Each time is the best of so many runs: other programs can only make a run slower."""

_Result = TypeVar('_Result')


class Quality(NamedTuple):
    """How well and how calmly a path does what the human does.

    Attributes:
        limb_error: Mean angle between the human's and the robot's limbs [deg].
        fastest: Peak joint speed [rad/s].
        jerk: Root mean square of the joints' jerk [rad/s^3].
    """

    limb_error: float
    fastest: float
    jerk: float


def quality(robot: Robot, motion: Motion, state: State, stretch: float = 1.0) -> Quality:
    """Compare a path with the human; `stretch` is by how much it is played slower."""
    fps = motion.fps / stretch
    error = float(limb_direction_error(robot, motion, state).mean())
    speed = np.abs(np.diff(state.joints, axis=0)) * fps
    return Quality(error, float(speed.max()), jerk_rms(state.joints, fps))


def jerk_rms(joints: Float[np.ndarray, 'frame joint'], fps: float) -> float:
    """Return the root mean square of the third differences [rad/s^3]."""
    jerk = np.diff(joints, 3, axis=0) * fps**3
    return float(np.sqrt((jerk**2).mean()))


def processor_seconds(
    function: Callable[[], _Result], repeats: int = REPEATS
) -> tuple[float, _Result]:
    """Return the least processor time of several runs, and what the last one gave."""
    best = np.inf
    for _ in range(repeats):
        begin = time.process_time()
        result = function()
        best = min(best, time.process_time() - begin)
    return float(best), result


def load(path: Path) -> Motion:
    """Read a clip as the retargeter sees it: at 60 frames/s at most."""
    motion = Motion.load(path)
    return motion if motion.fps <= MAX_FPS else motion.resampled(MAX_FPS)


def path_state(path: RobotTrajectory) -> State:
    """Return a trajectory's points as the solver's postures."""
    turn = Rotation.from_quat(path.base_quaternion_xyzw).as_matrix()
    return State(path.base_position, turn, path.positions)


def configuration_state(configurations: Float[np.ndarray, 'frame coordinate']) -> State:
    """Split Pinocchio's configurations: base position, quaternion (scalar last), joints."""
    turn = Rotation.from_quat(configurations[:, 3:7]).as_matrix()
    return State(configurations[:, :3].copy(), turn, configurations[:, 7:].copy())


class Table(NamedTuple):
    """Rows of text and numbers under a title.

    Attributes:
        title: What is measured.
        columns: Heads, units included.
        rows: Text stays as it is; numbers get as many digits as are worth reading.
        summary: Which rows (the last ones) are the summary that documents show.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    summary: int

    def text(self, whole: bool) -> str:
        """Set the table in Markdown, which terminals show well enough."""
        rows = self.rows if whole else self.rows[-self.summary :]
        cells = [list(self.columns)] + [[shown(value) for value in row] for row in rows]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        cells.insert(1, ['-' * width for width in widths])
        lines = (
            ' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            for row in cells
        )
        return f'\n### {self.title}\n\n' + '\n'.join(f'| {line} |' for line in lines)

    def figures(self) -> dict[str, Any]:
        """Return all of it for a file; nothing for what was not measured."""
        rows = [
            [None if isinstance(x, float) and not np.isfinite(x) else x for x in row]
            for row in self.rows
        ]
        return self._asdict() | {'columns': list(self.columns), 'rows': rows}


def ratio_table(title: str, rates: Mapping[str, Sequence[float]], ours: Sequence[str]) -> Table:
    """Compare the frames/s of our solvers with those of all others, clip by clip."""
    others = [name for name in rates if name not in ours]
    rows = [
        [mine, *(float(np.median(np.divide(rates[mine], rates[other]))) for other in others)]
        for mine in ours
    ]
    return Table(title, ('', *(f'x {other}' for other in others)), rows, len(rows))
