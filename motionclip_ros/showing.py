"""Pictures of motions and trajectories for the command line."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from motionclip_model.errors import ConfigError
from motionclip_model.motion import Motion
from motionclip_ros.rendering import Frame, contact_sheet, human_frames, robot_frames, write_film
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

FILM_FPS = 25.0
_SHEET_FRAMES = 12


def trajectory_frames(
    robot: Robot, trajectory: RobotTrajectory, times: np.ndarray, steady: bool
) -> Iterator[Frame]:
    """Draw a robot at some times of a trajectory.

    Args:
        robot: Whose trajectory it is.
        trajectory: What the robot does.
        times: [frame] times from the start [s].
        steady: See `robot_frames`.
    """
    found = trajectory.sample(times)
    return robot_frames(
        robot.urdf_path,
        trajectory.joint_names,
        found.positions,
        found.base_position,
        found.base_quaternion_xyzw,
        steady=steady,
    )


def show(
    path: Path, motion: Motion | None, robot: Robot | None, trajectory: RobotTrajectory | None
) -> None:
    """Draw a person, a robot, or both side by side, as film or contact sheet.

    Both are drawn at the same share of their durations, so that a stretched robot trajectory
    stays beside what it copies.

    Args:
        path: .png for a contact sheet, .mp4 or .gif for a film.
        motion: Person to draw, if any.
        robot: Robot to draw, if any.
        trajectory: What the robot does.

    Raises:
        ConfigError: Another ending.
        DependencyError: Nothing on this machine can draw.
    """
    if path.suffix not in ('.png', '.mp4', '.gif'):
        raise ConfigError(f'{path}: a picture is written as .png, .mp4 or .gif')
    seconds = max(motion.seconds if motion else 0.0, trajectory.seconds if trajectory else 0.0)
    film = path.suffix != '.png'
    count = max(2, round(seconds * FILM_FPS) + 1) if film else _SHEET_FRAMES
    share = np.linspace(0.0, 1.0, count)
    columns: list[Iterator[Frame]] = []
    if motion is not None:
        columns.append(_motion_frames(motion, share, film))
    if robot is not None and trajectory is not None:
        columns.append(trajectory_frames(robot, trajectory, share * trajectory.seconds, film))
    frames = (np.hstack(pair) for pair in zip(*columns, strict=True))
    if film:
        write_film(frames, path, FILM_FPS)
    else:
        captions = [f'{part * seconds:.1f} s' for part in share]
        contact_sheet(list(frames), path, columns=4 if len(columns) == 1 else 3, captions=captions)


def _motion_frames(motion: Motion, share: np.ndarray, steady: bool) -> Iterator[Frame]:
    """Draw a person at the nearest frames of an evenly sampled motion."""
    wanted = np.round(share * (len(motion) - 1)).astype(int)
    sampled = Motion(motion.joint_rotations[wanted], motion.root_position[wanted], fps=FILM_FPS)
    return human_frames(sampled, fps=FILM_FPS, steady=steady)
