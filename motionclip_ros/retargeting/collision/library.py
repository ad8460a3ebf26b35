"""Hulls, fitted capsules and chosen pairs, kept in the user's cache: they take seconds to find."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionclip_model.errors import ConfigError
from motionclip_model.reading import read_arrays, read_json
from motionclip_model.storage import write_atomically, write_json
from motionclip_ros.retargeting.collision.capsules import LinkCapsules
from motionclip_ros.retargeting.collision.fitting import fit_capsules
from motionclip_ros.retargeting.collision.geometry import Piece, read_shape
from motionclip_ros.retargeting.collision.pairs import choose_pairs
from motionclip_ros.retargeting.robots.meshes import mesh_path
from motionclip_ros.retargeting.robots.robot import Robot

_METHOD = 1
"""Counts the changes of fitting and choosing, so that older results are not used."""


class Fitted(NamedTuple):
    """What of a robot may collide.

    Attributes:
        capsules: Link -> its capsules in its frame.
        pairs: Links that must not touch.
    """

    capsules: LinkCapsules
    pairs: tuple[tuple[str, str], ...]


def fitted(robot: Robot) -> Fitted:
    """Fit and choose what the robot's correspondence leaves open, or recall it."""
    given = robot.correspondence
    if given.capsules is not None and given.collision_pairs is not None:
        return Fitted(given.capsules, given.collision_pairs)
    known = _remembered(robot)
    if given.collision_pairs is None:
        return known
    # Links without geometry got no capsules, whatever is said of them.
    pairs = [pair for pair in given.collision_pairs if set(pair) <= known.capsules.keys()]
    return Fitted(known.capsules, tuple(pairs))


def pieces(robot: Robot) -> tuple[Piece, ...]:
    """Read the convex pieces of a robot's links from its meshes, or recall them."""
    path = _cache_file(robot).with_suffix('.npz')
    try:
        arrays = read_arrays(path, ('links', 'counts', 'points'), ConfigError)
        parts = np.split(arrays['points'], np.cumsum(arrays['counts'])[:-1])
        links = arrays['links'].tolist()
        return tuple(Piece(str(link), part) for link, part in zip(links, parts, strict=True))
    except (ConfigError, ValueError):
        pass  # not there, or not ours
    found = read_shape(robot).pieces
    if found:
        with suppress(OSError), write_atomically(path) as file:
            np.savez(
                file,
                links=np.array([piece.link for piece in found]),
                counts=np.array([len(piece.points) for piece in found]),
                points=np.concatenate([piece.points for piece in found]),
            )
    return found


def _remembered(robot: Robot) -> Fitted:
    """Recall what was found, or find it now."""
    path = _cache_file(robot)
    known = _recalled(path)
    if known is None:
        given = robot.correspondence.capsules
        capsules = fit_capsules(robot) if given is None else given
        known = Fitted(capsules, choose_pairs(robot, capsules))
        with suppress(OSError):  # a home that cannot be written to costs only time
            write_json(path, known._asdict())
    return known


def _recalled(path: Path) -> Fitted | None:
    try:
        content = read_json(path, ConfigError)
        capsules = {
            str(link): tuple(
                ((x0, y0, z0), (x1, y1, z1), float(radius))
                for (x0, y0, z0), (x1, y1, z1), radius in entries
            )
            for link, entries in content['capsules'].items()
        }
        return Fitted(capsules, tuple((str(one), str(other)) for one, other in content['pairs']))
    except (ConfigError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not there, or not ours


def _cache_file(robot: Robot) -> Path:
    """Name a file by everything that the result depends on."""
    stamps: list[object] = [_METHOD, robot.sha256, robot.correspondence.capsules]
    for mesh in robot.urdf.root.iter('mesh'):
        path = mesh_path(robot, mesh.get('filename', ''))
        if path is not None:
            status = path.stat()
            stamps.append((path.name, status.st_size, status.st_mtime_ns))
    digest = hashlib.sha256(json.dumps(stamps).encode()).hexdigest()
    base = os.environ.get('XDG_CACHE_HOME', '')
    folder = (Path(base) if base else Path.home() / '.cache') / 'motionclip'
    return folder / 'collision' / f'{digest[:32]}.json'
