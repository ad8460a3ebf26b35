"""Robots known by nothing but the text of their URDF, as ROS 2 passes it on."""

import hashlib
import os
from pathlib import Path

from motionclip_model.storage import write_atomically
from motionclip_ros.retargeting.robots import catalogue, naming
from motionclip_ros.retargeting.robots.adding import add_robot
from motionclip_ros.retargeting.robots.correspondence import Correspondence


def described(urdf: str) -> str:
    """Find a robot by its description.

    Args:
        urdf: The text of a URDF. Meshes are found by their packages; without them there are
            no pictures, and self-collision is not looked at.

    Returns:
        What `load_robot` takes: the name of a known robot with this very URDF, or the path of a
        YAML file in the user's cache, guessed as `motionclip robot add` does.

    Raises:
        RobotError: The description cannot be used.
    """
    content = urdf.encode()
    for name, config in naming.known().items():
        path = catalogue.urdf_of(Correspondence.load(config))
        if path.is_file() and path.read_bytes() == content:
            return name
    digest = hashlib.sha256(content).hexdigest()[:16]
    folder = _cache() / digest
    config = folder / 'robot.yaml'
    if not config.is_file():
        with write_atomically(folder / 'robot.urdf') as file:
            file.write(content)
        add_robot(folder / 'robot.urdf', 'robot', folder)
    return str(config)


def _cache() -> Path:
    base = os.environ.get('XDG_CACHE_HOME', '')
    return (Path(base) if base else Path.home() / '.cache') / 'motionclip' / 'described'
