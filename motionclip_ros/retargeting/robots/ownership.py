"""Which joints are meant by `left_arm`, `legs` or `head_*`, for any robot."""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import reduce

import numpy as np
from jaxtyping import Bool

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.naming import GROUPS, PARTS, UNIONS
from motionclip_ros.retargeting.robots.robot import Robot

_LIMBS = {'leg': ('hip', 'knee', 'ankle', 'foot'), 'arm': ('shoulder', 'elbow', 'wrist', 'hand')}


def owned(robot: Robot, names: Sequence[str]) -> Bool[np.ndarray, ' joint']:
    """Tell which joints are named.

    Args:
        robot: A robot with its correspondence.
        names: Groups (`naming.GROUPS`), joint names, or shell patterns of joint names.

    Returns:
        True for every joint that at least one name covers.

    Raises:
        RobotError: A name covers no joint of this robot, or there is no name.
    """
    if not names:
        raise RobotError(f'no joints named; give {", ".join(GROUPS)}, or names of joints')
    return reduce(np.logical_or, [_covered(robot, name) for name in names])


def groups(robot: Robot) -> dict[str, Bool[np.ndarray, ' joint']]:
    """Divide a robot's joints into its parts, by its correspondence and its tree.

    A joint on the way to links of one side's leg belongs to that leg, with everything that
    hangs on it; arms alike. Joints on the way to both sides, or to the torso, are the waist;
    what else the torso carries is the head. Wheels and the like belong to `all` alone.

    Args:
        robot: A robot with its correspondence.

    Returns:
        For each of `GROUPS` the joints that it covers, perhaps none.
    """
    ways = _ways(robot)
    left, right = ways['left_leg'] | ways['left_arm'], ways['right_leg'] | ways['right_arm']
    legs, arms = ways['left_leg'] | ways['right_leg'], ways['left_arm'] | ways['right_arm']
    waist = ways['trunk'] | (left & right) | (legs & arms)
    found = {name: _with_descendants(robot, ways[name] & ~waist) for name in PARTS[:4]}
    limbs = reduce(np.logical_or, found.values())
    found['waist'] = waist
    carried = _with_descendants(robot, ways['head'] & ~waist)
    if (arms & waist).any():  # the torso moves, so what it carries can be told from the rest
        carried |= _with_descendants(robot, waist & arms)
    found['head'] = carried & ~waist & ~limbs
    for name, parts in UNIONS.items():
        found[name] = reduce(np.logical_or, [found[part] for part in parts])
    found['all'] = np.ones(len(robot.joint_names), bool)
    return found


def _covered(robot: Robot, name: str) -> Bool[np.ndarray, ' joint']:
    joints = robot.joint_names
    if name in GROUPS:
        covered = groups(robot)[name]
        if not covered.any():
            raise RobotError(f'{robot.name} has no joints in {name}; {_choices(robot)}')
        return covered
    covered = np.array([fnmatchcase(joint, name) for joint in joints])
    if not covered.any():
        near = get_close_matches(name, [*GROUPS, *joints], 1)
        hint = f'did you mean {near[0]}? ' if near else ''
        raise RobotError(f'{robot.name} has no joint {name!r}; {hint}{_choices(robot)}')
    return covered


def _choices(robot: Robot) -> str:
    present = [name for name, covered in groups(robot).items() if covered.any()]
    return (
        f'groups are {", ".join(present)}; joints are {", ".join(robot.joint_names)}; '
        'patterns such as *elbow* work, too'
    )


def _ways(robot: Robot) -> dict[str, Bool[np.ndarray, ' joint']]:
    """For each limb the joints between the base and its links; `trunk` and `head` likewise."""
    names = ('left_leg', 'right_leg', 'left_arm', 'right_arm', 'trunk', 'head')
    ways = {name: np.zeros(len(robot.joint_names), bool) for name in names}
    for link, match in robot.correspondence.links.items():
        side, _, part = match.human.partition('_')
        limb = next((limb for limb, parts in _LIMBS.items() if part in parts), None)
        name = f'{side}_{limb}' if limb else 'head' if side in ('neck', 'head') else 'trunk'
        joint = robot.frame(link).body
        while joint >= 0:
            ways[name][joint] = True
            joint = int(robot.tree.parent[joint])
    return ways


def _with_descendants(
    robot: Robot, joints: Bool[np.ndarray, ' joint']
) -> Bool[np.ndarray, ' joint']:
    """Add everything that hangs on some joints."""
    found = joints.copy()
    for joint, parent in enumerate(robot.tree.parent):  # parents stand first
        found[joint] |= parent >= 0 and found[parent]
    return found
