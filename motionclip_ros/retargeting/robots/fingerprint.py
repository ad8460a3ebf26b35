"""One hash of everything that a robot is made of, by which two of the same name are told apart."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from motionclip_model.storage import file_hash
from motionclip_ros.retargeting.robots.meshes import resolved


def fingerprint(robot: Any) -> str:
    """Hash what decides a robot's trajectories and what is said of them.

    Args:
        robot: A `Robot`.

    Returns:
        SHA-256 of its URDF, its meshes (they decide what collides), its limits as they count, and
        which link follows which human joint; hexadecimal. Where the files lie does not matter.
    """
    correspondence = asdict(robot.correspondence)
    for place in ('source', 'urdf'):
        del correspondence[place]
    limits = {
        field.name: getattr(robot.limits, field.name).tolist() for field in fields(robot.limits)
    }
    parts = [robot.sha256, robot.joint_names, correspondence, limits, dict(_meshes(robot))]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _meshes(robot: Any) -> Iterator[tuple[str, str | None]]:
    """Yield what the URDF calls each mesh, and the hash of its file; None where there is none."""
    for uri in {mesh.get('filename', '') for mesh in robot.urdf.root.iter('mesh')}:
        path = resolved(robot.urdf_path, uri)
        yield uri, None if path is None else _hash(path)


def _hash(path: Path) -> str | None:
    try:
        return file_hash(path)
    except OSError:
        return None
