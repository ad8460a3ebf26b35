"""Small robots of boxes and balls, for the collision tests."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_ros.retargeting.robots.correspondence import Correspondence, LinkMatch
from motionclip_ros.retargeting.robots.robot import Robot, robot_from
from motionclip_ros.retargeting.robots.urdf import read_urdf
from motionclip_ros.retargeting.solving.problem import State

BuildRobot = Callable[..., Robot]


def box(size: str, xyz: str = '0 0 0', rpy: str = '0 0 0', kind: str = 'collision') -> str:
    """A box of a link."""
    return element(f'<box size="{size}"/>', xyz, rpy, kind)


def element(shape: str, xyz: str = '0 0 0', rpy: str = '0 0 0', kind: str = 'collision') -> str:
    """Some shape of a link."""
    return f'<{kind}><origin xyz="{xyz}" rpy="{rpy}"/><geometry>{shape}</geometry></{kind}>'


def link(name: str, *shapes: str) -> str:
    """A link with its shapes."""
    inertia = '<inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/>'
    inertial = f'<inertial><mass value="1"/>{inertia}</inertial>'
    return f'<link name="{name}">{inertial}{"".join(shapes)}</link>'


def joint(parent: str, child: str, axis: str, kind: str = 'prismatic', xyz: str = '0 0 0') -> str:
    """A joint named after the link that it moves."""
    limit = '<limit lower="-1.5" upper="1.5" velocity="3" effort="4"/>'
    return (
        f'<joint name="{child}_joint" type="{kind}"><parent link="{parent}"/>'
        f'<child link="{child}"/><origin xyz="{xyz}"/><axis xyz="{axis}"/>{limit}</joint>'
    )


def build(folder: Path, *parts: str, **entries: Any) -> Robot:
    """Read a robot of links and joints; the first link is the base."""
    path = folder / 'small.urdf'
    path.write_text(f'<robot name="small">{"".join(parts)}</robot>')
    base = parts[0].split('"')[1]
    correspondence = Correspondence(
        'small.yaml', {base: LinkMatch('pelvis')}, acceleration_limits={'*': 100.0}, **entries
    )
    return robot_from(read_urdf(path), correspondence)


def state(joints: np.ndarray) -> State:
    """A robot at home with some joint positions [frame, joint]."""
    frames = len(joints)
    return State(np.zeros((frames, 3)), np.tile(np.eye(3), (frames, 1, 1)), joints)
