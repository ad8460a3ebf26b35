"""A robot's YAML file as text that a person can edit."""

from collections.abc import Iterable, Mapping

import yaml

from motionclip_ros.retargeting.robots.correspondence import Correspondence, Foot, LinkMatch
from motionclip_ros.retargeting.robots.guess import Guess

_REST = """\
# Joint angles [rad] that put the robot into SMPL's rest pose: upright, arms straight out to
# the sides, palms down. All other joints are 0. Segment lengths and the meaning of "the same
# orientation" are read off here."""

_LINKS = """\
# Each link follows one SMPL joint.
#   rigid_to    the link's wanted position is fixed in that other link
#   limb_from   it lies on the human's limb direction from that link, a robot's segment away
#   position    weight [cost/m^2], orientation: weight [cost/rad^2]; 0 if not given
# The first link is the base. A link stands after the one it refers to."""

_FEET = """\
# The corners of each sole in its link's frame [m], and the SMPL joints that tell whether the
# heel and the toes stand on the floor."""

_LIMITS = """\
# A URDF holds no acceleration limits. The last pattern (shell style) that fits a joint's
# name counts [rad/s^2]. NAME.joint_limits.yaml beside this file may hold other
# limits, as MoveIt writes them."""

_CAPSULES = """\
# What the robot may not touch itself with: capsules in each link's frame, [start, end,
# radius] [m], and the pairs of links that are kept apart."""


def as_yaml(guess: Guess) -> str:
    """Write a guessed correspondence with its reasons.

    Args:
        guess: What was found.

    Returns:
        The text of the robot's YAML file; `Correspondence.load` reads the same back.
    """
    given = guess.robot.correspondence
    title = (
        f'# {guess.robot.name}, {len(guess.robot.joint_names)} joints: which link follows which'
    )
    parts = [[f'{title} SMPL joint,', '# guessed by motionclip robot add. Edit what is wrong.']]
    parts += [[*(f'# Note: {note}' for note in guess.notes)]] if guess.notes else []
    parts.append(['urdf:', *_entries(given.urdf or {})])
    if given.base_kind == 'fixed':
        parts.append(['# The base does not move: there are no legs.', 'base: fixed'])
    if given.front != (1.0, 0.0, 0.0) or given.up != (0.0, 0.0, 1.0):
        axes = [f'front: {_flow(given.front)}', f'up: {_flow(given.up)}']
        parts.append(['# The root link does not have x to the front and z up.', *axes])
    rest = _entries(given.human_rest_posture)
    parts.append([_REST, 'human_rest_posture:' if rest else 'human_rest_posture: {}', *rest])
    reasons = {found.link: f'{found.sure}: {found.why}' for found in reversed(guess.findings)}
    links = [_link(link, match, reasons[link]) for link, match in given.links.items()]
    parts.append([_LINKS, 'links:', *links])
    if given.feet:
        parts.append([_FEET, 'feet:', *(_foot(*foot) for foot in given.feet.items())])
    parts.append([_LIMITS, 'acceleration_limits:', *_entries(given.acceleration_limits)])
    parts += _collision(given)
    return '\n\n'.join('\n'.join(lines) for lines in parts) + '\n'


def _collision(given: Correspondence) -> Iterable[list[str]]:
    if given.capsules:
        capsules = [
            f'  {_flow(link)}: {_flow([[a, b, round(r, 4)] for a, b, r in _rounded(shapes)])}'
            for link, shapes in given.capsules.items()
        ]
        yield [_CAPSULES, 'capsules:', *capsules]
    if given.collision_pairs is not None:
        pairs = [f'  - {_flow(pair)}' for pair in given.collision_pairs]
        yield ['collision_pairs:' if pairs else 'collision_pairs: []', *pairs]


def _rounded(shapes: Iterable[tuple[Iterable[float], Iterable[float], float]]) -> Iterable:  # type: ignore[type-arg]
    for start, end, radius in shapes:
        yield [round(x, 4) for x in start], [round(x, 4) for x in end], radius


def _link(link: str, match: LinkMatch, reason: str) -> str:
    entries: dict[str, object] = {'human': match.human}
    for key in ('rigid_to', 'limb_from'):
        if getattr(match, key) is not None:
            entries[key] = getattr(match, key)
    for key in ('position', 'orientation'):
        if getattr(match, key):
            entries[key] = getattr(match, key)
    return f'  # {reason}\n  {_flow(link)}: {_flow(entries)}'


def _foot(link: str, foot: Foot) -> str:
    return (
        f'  {_flow(link)}:\n    human_heel: {foot.human_heel}\n    human_toe: {foot.human_toe}\n'
        f'    heel_corners: {_flow(foot.heel_corners)}\n    toe_corners: {_flow(foot.toe_corners)}'
    )


def _entries(values: Mapping[str, object]) -> list[str]:
    return [f'  {_flow(name)}: {_flow(value)}' for name, value in values.items()]


def _flow(value: object) -> str:
    """Write a value on one line, quoted where YAML needs it."""
    plain = _plain(value)
    if isinstance(plain, dict | list):
        text = yaml.safe_dump(plain, default_flow_style=True, sort_keys=False, width=10**6)
        return text.strip()
    text = yaml.safe_dump([plain], default_flow_style=True, width=10**6)
    return text.strip()[1:-1]


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(inside) for key, inside in value.items()}
    return [_plain(inside) for inside in value] if isinstance(value, tuple | list) else value
