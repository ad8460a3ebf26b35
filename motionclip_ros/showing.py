"""Films and contact sheets of people and robots, one scene after the other."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import ConfigError, TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros.film import captioned, contact_sheet, write_film
from motionclip_ros.progress import OnPart, followed, unheard
from motionclip_ros.rendering import Frame, human_frames, robot_frames
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import Sample
from motionclip_ros.scenes import Scene

FILM_FPS = 25.0
_GIF_FPS = 12.5  # half the time to make, and half the size
_SHEET_FRAMES = 12


class _Shot(NamedTuple):
    """The pictures of one scene: their times in the film and in the scene [s]."""

    scene: Scene
    film_times: Float[np.ndarray, ' picture']
    times: Float[np.ndarray, ' picture']


def show(
    path: Path, scenes: Sequence[Scene], robot: Robot | None, on_frame: OnPart = unheard
) -> None:
    """Draw people, robots, or both side by side.

    Args:
        path: .png for a contact sheet, .mp4 or .gif for a film.
        scenes: What happens, in this order. A person stays as it is while there is none.
        robot: Whose trajectories they are, if there are any.
        on_frame: Told how many pictures are drawn.

    Raises:
        ConfigError: Another ending, or nothing to draw.
        TrajectoryError: The trajectories are those of different robots.
        DependencyError: Nothing on this machine can draw.
    """
    rates = {'.png': None, '.mp4': FILM_FPS, '.gif': _GIF_FPS}
    if path.suffix not in rates:
        raise ConfigError(f'{path}: a picture is written as .png, .mp4 or .gif')
    rate = rates[path.suffix]
    shots, is_film = _shots(scenes, rate), rate is not None
    columns = []
    person = _person(shots)
    if person is not None:
        columns.append(human_frames(person, fps=FILM_FPS, steady=is_film))
    if robot is not None and any(scene.trajectory is not None for scene in scenes):
        columns.append(_robot(shots, robot, is_film))
    if not columns:
        raise ConfigError(f'{path}: neither a person nor a robot to draw')
    drawn = (np.hstack(pair) for pair in zip(*columns, strict=True))
    frames = followed(drawn, sum(len(shot.times) for shot in shots), on_frame)
    whens = [f'{moment:.1f} s' for shot in shots for moment in shot.film_times]
    texts = [shot.scene.caption for shot in shots for _ in shot.film_times]
    if rate is not None:
        write_film(map(captioned, frames, texts, whens), path, rate)
    else:
        lines = [f'{when}  {text}' for when, text in zip(whens, texts, strict=True)]
        contact_sheet(list(frames), path, columns=4 if len(columns) == 1 else 3, captions=lines)


def _shots(scenes: Sequence[Scene], rate: float | None) -> list[_Shot]:
    """Spread pictures evenly over all scenes: so many in a second, or as many as a sheet has."""
    ends = np.cumsum([scene.seconds for scene in scenes])
    count = _SHEET_FRAMES if rate is None else max(2, round(ends[-1] * rate) + 1)
    times = np.linspace(0.0, ends[-1], count)
    # The moment at which one ends and the next begins belongs to the next.
    number = np.minimum(np.searchsorted(ends, times, side='right'), len(scenes) - 1)
    return [
        _Shot(scene, times[number == index], times[number == index] - (end - scene.seconds))
        for index, (scene, end) in enumerate(zip(scenes, ends, strict=True))
    ]


def _person(shots: Sequence[_Shot]) -> Motion | None:
    """Return what the person does in all pictures; it waits while it has nothing to do."""
    known = [shot.scene.motion for shot in shots if shot.scene.motion is not None]
    if not known:
        return None
    rotations, places = [], []
    doing, last = known[0], 0
    for shot in shots:
        frames = np.full(len(shot.times), last)
        if shot.scene.motion is not None:
            doing = shot.scene.motion
            last = len(doing) - 1
            frames = np.round(shot.scene.part(shot.times) * last).astype(int)
        rotations.append(doing.joint_rotations[frames])
        places.append(doing.root_position[frames])
    return Motion(np.concatenate(rotations), np.concatenate(places), fps=FILM_FPS)


def _robot(shots: Sequence[_Shot], robot: Robot, is_film: bool) -> Iterator[Frame]:
    """Draw what the robot does; it waits while it has nothing to do."""
    known = [shot.scene.trajectory for shot in shots if shot.scene.trajectory is not None]
    names = known[0].joint_names
    if any(trajectory.joint_names != names for trajectory in known):
        raise TrajectoryError('the trajectories have different joints; draw them one by one')
    doing, last, samples = known[0], 0.0, []
    for shot in shots:
        times = np.full(len(shot.times), last)
        if shot.scene.trajectory is not None:
            doing, last, times = shot.scene.trajectory, shot.scene.seconds, shot.times
        samples.append(doing.sample(times))
    found = Sample(*(np.concatenate(arrays) for arrays in zip(*samples, strict=True)))
    return robot_frames(
        robot.urdf_path,
        names,
        found.positions,
        found.base_position,
        found.base_quaternion_xyzw,
        steady=is_film,
    )
