"""The links of a URDF made one tree: loops cut, strays left out, mimic joints held."""

import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pinocchio


def parent(joint: ElementTree.Element) -> str:
    """Return the link that carries a joint."""
    return _link(joint, 'parent')


def child(joint: ElementTree.Element) -> str:
    """Return the link that a joint carries."""
    return _link(joint, 'child')


def _link(joint: ElementTree.Element, role: str) -> str:
    element = joint.find(role)
    return '' if element is None else element.get('link', '').strip()


def child_element(element: ElementTree.Element, tag: str) -> ElementTree.Element:
    """Return the first child with a tag; make it if there is none."""
    found = element.find(tag)
    return ElementTree.SubElement(element, tag) if found is None else found


def is_empty_root(root: ElementTree.Element, joint: ElementTree.Element) -> bool:
    """Whether a joint hangs on an empty link (`world`) that carries nothing else."""
    name = parent(joint)
    others = [other for other in root.findall('joint') if other is not joint]
    return all(name not in (parent(other), child(other)) for other in others) and any(
        link.get('name') == name and link.find('visual') is None and link.find('inertial') is None
        for link in root.findall('link')
    )


def make_tree(root: ElementTree.Element, notes: list[str]) -> None:
    """Leave one tree of links.

    Args:
        root: The description, changed in place.
        notes: Gets a line for what was left out.

    Raises:
        ValueError: A joint names no link or an unknown one, or no link is a root.
    """
    links = {link.get('name', '') for link in root.findall('link')}
    if not links:
        raise ValueError('not a URDF of a robot: it has no links')
    carried: dict[str, str] = {}
    for joint in root.findall('joint'):
        for role in ('parent', 'child'):
            name = _link(joint, role)
            if name not in links:
                raise ValueError(
                    f'joint {joint.get("name")} has no {role} link {name!r}; the URDF has '
                    f'{", ".join(sorted(links)[:20])}'
                )
            child_element(joint, role).set('link', name)
        if child(joint) in carried:
            notes.append(
                f'link {child(joint)} hangs on two joints; the loop is cut at '
                f'{joint.get("name")}, {carried[child(joint)]} stays'
            )
            root.remove(joint)
        else:
            carried[child(joint)] = joint.get('name', '')
    _leave_one_root(root, sorted(links - carried.keys()), notes)


def _leave_one_root(root: ElementTree.Element, roots: list[str], notes: list[str]) -> None:
    """Keep the largest tree; a second one is a stray that nothing holds."""
    if not roots:
        raise ValueError('no root link: its joints form a circle; remove one of them')
    below = defaultdict(list)
    for joint in root.findall('joint'):
        below[parent(joint)].append(child(joint))
    trees: list[list[str]] = []
    for start in roots:
        tree = [start]
        for link in tree:  # grows while it is read
            tree += below[link]
        trees.append(tree)
    kept = set(sorted(trees, key=len)[-1])
    strays = [link.get('name', '') for link in root.findall('link')]
    strays = [link for link in strays if link not in kept]
    for part in [*root.findall('link'), *root.findall('joint')]:
        name = part.get('name', '') if part.tag == 'link' else child(part)
        if name not in kept:
            root.remove(part)
    if strays:
        more = f' and {len(strays) - 3} more' if len(strays) > 3 else ''
        notes.append(f'left out links that hang on nothing: {", ".join(strays[:3])}{more}')


def fix_mimics(
    root: ElementTree.Element, ranges: Mapping[str, tuple[float, ...]], notes: list[str]
) -> None:
    """Hold every mimic joint where it is while its master is at rest.

    Args:
        root: The description, changed in place.
        ranges: Lower and upper limit of every moving joint.
        notes: Gets a line for the held joints.
    """
    mimics = {
        joint.get('name', ''): mimic
        for joint in root.findall('joint')
        if (mimic := joint.find('mimic')) is not None and joint.get('type') != 'fixed'
    }

    known: dict[str, float] = {}

    def rest(name: str) -> float:
        followers: list[str] = []
        seen: set[str] = set()
        while name in mimics and name not in known and name not in seen:
            followers.append(name)
            seen.add(name)
            name = mimics[name].get('joint', '').strip()
        lower, upper = ranges.get(name, (0.0, 0.0))
        place = known.get(name, min(max(0.0, lower), upper))
        for follower in reversed(followers):
            mimic = mimics[follower]
            place = float(mimic.get('multiplier', 1)) * place + float(mimic.get('offset', 0))
            if name not in seen:  # of those that mimic each other, each one's own master is at 0
                known[follower] = place
        return place

    for joint in root.findall('joint'):
        if joint.get('name') in mimics:
            _hold(joint, rest(joint.get('name', '')))
    if mimics:
        more = f' and {len(mimics) - 6} more' if len(mimics) > 6 else ''
        notes.append(
            f'mimic joints are held where their masters rest: {", ".join([*mimics][:6])}{more}'
        )


def _hold(joint: ElementTree.Element, position: float) -> None:
    """Make a fixed joint of a moving one at some position [rad or m]."""
    axis = np.array(child_element(joint, 'axis').get('xyz', '1 0 0').split(), float)
    axis /= np.linalg.norm(axis) or 1.0
    origin = child_element(joint, 'origin')
    place = np.array(origin.get('xyz', '0 0 0').split(), float)
    turn = pinocchio.rpy.rpyToMatrix(np.array(origin.get('rpy', '0 0 0').split(), float))
    if joint.get('type') == 'prismatic':
        place += turn @ axis * position
    elif position:
        turn = turn @ pinocchio.exp3(axis * position)
        origin.set('rpy', ' '.join(map(repr, pinocchio.rpy.matrixToRpy(turn).tolist())))
    origin.set('xyz', ' '.join(map(repr, place.tolist())))
    joint.set('type', 'fixed')
    for tag in ('mimic', 'axis', 'limit', 'safety_controller', 'calibration', 'dynamics'):
        for element in joint.findall(tag):
            joint.remove(element)
