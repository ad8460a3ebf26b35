"""A new robot: guessed, given collision bodies, written, drawn."""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from motionclip_model.errors import RobotError
from motionclip_model.storage import write_atomically
from motionclip_ros.retargeting.collision.fitting import fit_capsules
from motionclip_ros.retargeting.collision.pairs import choose_pairs
from motionclip_ros.retargeting.robots import naming
from motionclip_ros.retargeting.robots.guess import Guess, guess
from motionclip_ros.retargeting.robots.joint_limits import overridden
from motionclip_ros.retargeting.robots.picture import draw_correspondence
from motionclip_ros.retargeting.robots.robot import Robot, load_robot, robot_from
from motionclip_ros.retargeting.robots.writing import as_yaml

_NAME = re.compile(r'[A-Za-z0-9][A-Za-z0-9_.-]*')


class Added(NamedTuple):
    """A robot that was added.

    Attributes:
        robot: As it is loaded from its file.
        guess: What was found and why.
        config: Its YAML file.
        picture: The picture to check it by.
    """

    robot: Robot
    guess: Guess
    config: Path
    picture: Path


def add_robot(
    urdf: Path,
    name: str | None = None,
    folder: Path | None = None,
    joint_limits: Path | None = None,
    replace_old: bool = False,
) -> Added:
    """Guess a robot's correspondence and write it where it is found by name.

    Args:
        urdf: Its description.
        name: What it is called from now on; the URDF's file name by default.
        folder: Where its files go; by default where `load_robot` looks for names.
        joint_limits: MoveIt's limits, which are kept beside it.
        replace_old: Whether files of an earlier robot of this name may be overwritten.

    Returns:
        The robot and its files.

    Raises:
        RobotError: The URDF cannot be used, or the name is unusable or taken.
        ConfigError: The joint limits do not fit the robot.
    """
    name = name or re.sub(r'[^a-z0-9_.-]+', '_', urdf.stem.lower()).strip('_.-')
    if not _NAME.fullmatch(name) or name.endswith('joint_limits'):
        raise RobotError(
            f'a robot cannot be called {name!r}; use letters, digits, _, - and . (--name)'
        )
    config = (folder or naming.own_folder()) / f'{name}.yaml'
    taken = config if config.is_file() else naming.known().get(name) if not folder else None
    if taken is not None and not replace_old:
        raise RobotError(f'{name} is {taken} already; choose another --name, or insist: --force')
    found = _with_collision(guess(urdf))
    if joint_limits is not None:
        overridden(found.robot.limits, found.robot.joint_names, joint_limits)
        limits = config.with_name(f'{name}.joint_limits.yaml')
        _write(limits, joint_limits.read_text(encoding='utf-8'))
    _write(config, as_yaml(found))
    robot = load_robot(config)
    picture = config.with_suffix('.png')
    draw_correspondence(robot, picture)
    return Added(robot, found, config, picture)


def _with_collision(found: Guess) -> Guess:
    """Fit collision bodies and choose the pairs to watch, where links have shapes."""
    capsules = fit_capsules(found.robot)
    pairs = choose_pairs(found.robot, capsules) if capsules else ()
    given = replace(found.robot.correspondence, capsules=capsules, collision_pairs=pairs)
    note = () if capsules else ('no shapes: self-collisions are not looked at',)
    robot = robot_from(found.robot.urdf, given)
    return replace(found, robot=robot, notes=(*found.notes, *note))


def _write(path: Path, text: str) -> None:
    with write_atomically(path) as file:
        file.write(text.encode())
