"""`Urdf`: a robot description, checked and mended so that a retargeter can use it.

Robot descriptions in the wild lack limits, contain loops, mimic joints or joints without end.
What has one sensible reading is mended, and `notes` says how; the rest is refused in one line.
"""

import hashlib
import math
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from motionclip_model.errors import RobotError
from motionclip_model.reading import parse_xml, read_bytes
from motionclip_ros.retargeting.robots import urdf_tree

_MAX_BYTES = 32_000_000  # the largest robots with hands stay below 1 MB
_TURN = 2.0 * math.pi
_WIDEST = 4.0 * math.pi  # [rad] beyond this a position limit is a placeholder
_USUAL_SPEED = {'revolute': 10.0, 'prismatic': 1.0}  # [rad/s], [m/s]
_MOVING = ('revolute', 'continuous', 'prismatic')
_NUMBERS = {
    'xyz': 3, 'rpy': 3, 'size': 3, 'scale': 3, 'mass:value': 1, 'radius': 1, 'length': 1,
    'lower': 1, 'upper': 1, 'velocity': 1, 'effort': 1, 'multiplier': 1, 'offset': 1,
    'ixx': 1, 'ixy': 1, 'ixz': 1, 'iyy': 1, 'iyz': 1, 'izz': 1,
}  # fmt: skip


class Bounds(NamedTuple):
    """What a URDF allows one joint; [rad] or, for sliding joints, [m]."""

    lower: float
    upper: float
    velocity: float
    effort: float


@dataclass(frozen=True, eq=False)
class Urdf:
    """A checked and mended URDF.

    Attributes:
        path: The file.
        sha256: Hash of its bytes as they are, hexadecimal.
        root: Its mended XML: one tree of links, every joint fixed, revolute or prismatic.
        bounds: Limits of the moving joints; an infinite effort is an unknown one.
        notes: What was mended, one line each.
    """

    path: Path
    sha256: str
    root: ElementTree.Element
    bounds: dict[str, Bounds]
    notes: tuple[str, ...]

    @property
    def xml(self) -> str:
        """The mended description."""
        return ElementTree.tostring(self.root, encoding='unicode')

    @property
    def child_links(self) -> dict[str, str]:
        """Moving joint -> the link that it carries."""
        return {
            joint.get('name', ''): urdf_tree.child(joint)
            for joint in self.root.findall('joint')
            if joint.get('type') != 'fixed'
        }

    @property
    def parent_links(self) -> dict[str, str]:
        """Moving joint -> the link that carries it."""
        return {
            joint.get('name', ''): urdf_tree.parent(joint)
            for joint in self.root.findall('joint')
            if joint.get('type') != 'fixed'
        }


def read_urdf(path: Path) -> Urdf:
    """Read, check and mend a URDF.

    Args:
        path: The file.

    Returns:
        A description with one tree of links and joints of one degree of freedom.

    Raises:
        RobotError: The file is missing, no URDF, or wrong in a way that has no one reading.
    """
    content = read_bytes(path, RobotError, _MAX_BYTES)
    try:
        root = _parsed(content)
        _check(root)
        notes: list[str] = []
        _settle_types(root, notes)
        urdf_tree.make_tree(root, notes)
        bounds = _bounds(root, notes)
        urdf_tree.fix_mimics(root, {name: b[:2] for name, b in bounds.items()}, notes)
    except ValueError as error:
        raise RobotError(f'{path}: {error}') from None
    moving = {joint.get('name') for joint in root.findall('joint') if joint.get('type') != 'fixed'}
    if not moving:
        raise RobotError(f'{path}: no actuated joints; is this the whole robot?')
    bounds = {name: bound for name, bound in bounds.items() if name in moving}
    return Urdf(path, hashlib.sha256(content).hexdigest(), root, bounds, tuple(notes))


def _parsed(content: bytes) -> ElementTree.Element:
    try:
        root = parse_xml(content)
    except ValueError as error:
        raise ValueError(f'not a URDF ({error})') from None
    if root.tag != 'robot':
        raise ValueError(f'not a URDF (its outermost element is <{root.tag}>, not <robot>)')
    if any(
        'xacro' in str(part.tag) or '${' in (part.text or '') + ''.join(part.attrib.values())
        for part in root.iter()
    ):
        raise ValueError('is a xacro file; make a URDF of it: xacro robot.xacro > robot.urdf')
    return root


def _check(root: ElementTree.Element) -> None:
    """Refuse numbers that are none, and names that are missing or stand for two things."""
    for kind in ('link', 'joint'):
        parts = root.findall(kind)
        for part in parts:
            part.set('name', part.get('name', '').strip())
        count = Counter(part.get('name') for part in parts)
        if '' in count:
            raise ValueError(f'not a URDF that can be used: a {kind} has no name; give it one')
        if twice := [name for name, number in count.items() if number > 1]:
            raise ValueError(
                f'{len(twice)} {kind} names stand for two {kind}s ({twice[0]}); rename one'
            )
    for part in (p for p in root if p.tag in ('link', 'joint')):
        for element in part.iter():
            for key, value in element.attrib.items():
                size = _NUMBERS.get(key, _NUMBERS.get(f'{element.tag}:{key}'))
                if size is not None and not _is_numbers(value, size):
                    raise ValueError(
                        f'{part.tag} {part.get("name")} has {key}="{value:.40}" in '
                        f'<{element.tag}>; {size} finite number{"s" * (size > 1)} must stand there'
                    )


def _is_numbers(text: str, size: int) -> bool:
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return False
    # Limits may be infinite, which `_bounds` mends.
    usable = all(math.isfinite(x) or (size == 1 and not math.isnan(x)) for x in numbers)
    return usable and len(numbers) == size


def _settle_types(root: ElementTree.Element, notes: list[str]) -> None:
    """Turn endless joints into bounded ones; refuse those of several degrees of freedom."""
    endless = []
    for joint in root.findall('joint'):
        name, kind = joint.get('name', ''), joint.get('type', '')
        if kind == 'continuous':
            endless.append(name)
            joint.set('type', 'revolute')
            limit = urdf_tree.child_element(joint, 'limit')
            limit.set('lower', str(-_TURN))
            limit.set('upper', str(_TURN))
        elif kind == 'floating' and urdf_tree.is_empty_root(root, joint):
            world = urdf_tree.parent(joint)
            root.remove(joint)
            root.remove(next(link for link in root.findall('link') if link.get('name') == world))
            notes.append(f'left out link {world} and the floating joint {name} above the robot')
        elif kind not in (*_MOVING, 'fixed'):
            raise ValueError(
                f'joint {name} is of type {kind or "none"}; only fixed, revolute, continuous and '
                'prismatic joints can be retargeted'
            )
    if endless:
        notes.append(f'joints without end turn one turn either way: {_listed(endless)}')


def _bounds(root: ElementTree.Element, notes: list[str]) -> dict[str, Bounds]:
    """Read the limits of the moving joints; give those that lack some what is usual."""
    bounds: dict[str, Bounds] = {}
    unbounded, speedless, effortless = [], [], []
    for joint in root.findall('joint'):
        name, kind = joint.get('name', ''), joint.get('type', '')
        if kind == 'fixed':
            continue
        limit = urdf_tree.child_element(joint, 'limit')
        lower, upper = (float(limit.get(key, '0')) for key in ('lower', 'upper'))
        missing = 'lower' not in limit.attrib and 'upper' not in limit.attrib
        widest = _WIDEST if kind == 'revolute' else math.inf
        if missing or not (abs(lower) <= widest and abs(upper) <= widest):
            unbounded.append(name)
            reach = (_TURN / 2 if missing else _TURN) if kind == 'revolute' else 0.0
            wide = (-math.inf, math.inf) if missing else (lower, upper)
            lower, upper = max(wide[0], -reach), min(wide[1], reach)
        speed, effort = (float(limit.get(key, '0')) for key in ('velocity', 'effort'))
        if not 0.0 < speed < math.inf and 'mimic' not in {part.tag for part in joint}:
            speedless.append(name)
        if effort <= 0.0:
            effortless.append(name)
        speed = speed if 0.0 < speed < math.inf else _USUAL_SPEED[kind]
        bounds[name] = Bounds(lower, upper, speed, effort if effort > 0.0 else math.inf)
        # What Pinocchio and MuJoCo read; neither takes "inf".
        for key, value in zip(('lower', 'upper', 'velocity'), bounds[name], strict=False):
            limit.set(key, repr(value))
        limit.set('effort', repr(effort if 0.0 < effort < math.inf else 0.0))
    if unbounded:
        notes.append(
            f'no usable position limits; one turn in all (sliding: none): {_listed(unbounded)}'
        )
    if speedless:
        notes.append(f'no velocity limit; taken as 10 rad/s (1 m/s): {_listed(speedless)}')
    if effortless:
        notes.append(f'no effort limit; torque is not checked there: {_listed(effortless)}')
    return bounds


def _listed(names: list[str]) -> str:
    more = len(names) - 6
    return ', '.join(names[:6]) + (f' and {more} more' if more > 0 else '')
