"""`Correspondence`: which robot link follows which SMPL joint; read from a robot's YAML file."""

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Self, TypeVar

from motionclip_model import skeleton
from motionclip_model.errors import ConfigError
from motionclip_model.reading import read_yaml

_Entry = TypeVar('_Entry')
_Converter = Callable[[Any, str], Any]
Point = tuple[float, float, float]
Segment = tuple[Point, Point, float]
"""A capsule: both ends of its axis and its radius [m]."""


@dataclass(frozen=True)
class LinkMatch:
    """How one robot link follows a human joint.

    Attributes:
        human: SMPL joint.
        rigid_to: Robot link in which this link's wanted position is fixed.
        limb_from: Robot link from which the human's limb direction leads to this one.
        position: Weight of the position [cost/m^2].
        orientation: Weight of the orientation [cost/rad^2].
    """

    human: str
    rigid_to: str | None = None
    limb_from: str | None = None
    position: float = 0.0
    orientation: float = 0.0

    def __post_init__(self) -> None:
        """Refuse unknown joints, two parents, and negative weights."""
        _check_human(self.human)
        if self.rigid_to is not None and self.limb_from is not None:
            raise ConfigError('give rigid_to or limb_from, not both')
        for name in ('position', 'orientation'):
            value = getattr(self, name)
            if not 0.0 <= value < float('inf'):
                raise ConfigError(f'{name} is {value}; a weight is 0 or more')


@dataclass(frozen=True)
class Foot:
    """The sole of one foot link.

    Attributes:
        human_heel: SMPL joint above the heel.
        human_toe: SMPL joint above the ball of the foot.
        heel_corners: Sole corners at the heel, in the link's frame [m].
        toe_corners: Sole corners at the toes, in the link's frame [m].
    """

    human_heel: str
    human_toe: str
    heel_corners: tuple[Point, ...]
    toe_corners: tuple[Point, ...]

    def __post_init__(self) -> None:
        """Refuse unknown joints and soles without corners."""
        _check_human(self.human_heel)
        _check_human(self.human_toe)
        if not self.heel_corners or not self.toe_corners:
            raise ConfigError('heel_corners and toe_corners need at least one point each')


@dataclass(frozen=True)
class Correspondence:
    """Everything about a robot that its URDF does not say.

    Attributes:
        source: File it was read from, for messages.
        links: Robot link -> how it follows the human; the first one is the base.
        feet: Foot link -> its sole.
        human_rest_posture: Joint -> angle [rad] in SMPL's rest pose; 0 if not named.
        acceleration_limits: Pattern of joint names -> limit [rad/s^2]; the last fit counts.
        urdf: Where the URDF lies, if known: `file`, inside an installed `distribution` or,
            without one, beside this YAML file.
        front: Where the robot's front is in the root link's frame.
        up: Where up is in it while the robot stands upright.
        base_kind: `floating`, or `fixed` for a robot that is bolted down.
        capsules: Link -> its collision capsules in its frame; None to fit them when needed.
        collision_pairs: Links that must not touch; None to choose them when needed.
    """

    source: str
    links: Mapping[str, LinkMatch]
    feet: Mapping[str, Foot] = field(default_factory=dict)
    human_rest_posture: Mapping[str, float] = field(default_factory=dict)
    acceleration_limits: Mapping[str, float] = field(default_factory=dict)
    urdf: Mapping[str, str] | None = None
    front: Point = (1.0, 0.0, 0.0)
    up: Point = (0.0, 0.0, 1.0)
    base_kind: str = 'floating'
    capsules: Mapping[str, tuple[Segment, ...]] | None = None
    collision_pairs: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        """Refuse links that refer to nothing before them, and unusable numbers."""
        if not self.links:
            raise ConfigError(f'{self.source}: links is empty; name at least the base link')
        seen: set[str] = set()
        for link, match in self.links.items():
            parent = match.rigid_to or match.limb_from
            if seen and parent not in seen:
                raise ConfigError(
                    f'{self.source}: link {link} needs rigid_to or limb_from with a link that '
                    f'stands before it ({", ".join(sorted(seen))}), not {parent}'
                )
            seen.add(link)
        for link in self.feet:
            if link not in self.links:
                raise ConfigError(f'{self.source}: foot {link} is not among the links')
        for joint, angle in self.human_rest_posture.items():
            if not abs(angle) < 7.0:
                raise ConfigError(
                    f'{self.source}: human_rest_posture of {joint} is {angle}, not radians'
                )
        for pattern, limit in self.acceleration_limits.items():
            if not 0.0 < limit < float('inf'):
                raise ConfigError(
                    f'{self.source}: acceleration limit {pattern!r} is {limit}; it must be '
                    'positive [rad/s^2]'
                )
        cosine = sum(a * b for a, b in zip(self.front, self.up, strict=True))
        sizes = [sum(a * a for a in axis) for axis in (self.front, self.up)]
        if max(abs(cosine), *(abs(size - 1.0) for size in sizes)) > 1e-3:
            raise ConfigError(
                f'{self.source}: front {self.front} and up {self.up} must have length 1 and a '
                'right angle between them'
            )
        if self.base_kind not in ('floating', 'fixed'):
            raise ConfigError(
                f'{self.source}: base is {self.base_kind!r}; it must be floating or fixed'
            )
        for link, capsules in (self.capsules or {}).items():
            if not all(0.0 < radius < float('inf') for _, _, radius in capsules):
                raise ConfigError(f'{self.source}: a capsule of {link} has no positive radius')

    @property
    def base(self) -> str:
        """Name of the base link."""
        return next(iter(self.links))

    def acceleration_limit(self, joint: str) -> float:
        """Return the acceleration limit of a joint [rad/s^2].

        Raises:
            ConfigError: No pattern fits its name.
        """
        limits = [v for k, v in self.acceleration_limits.items() if fnmatchcase(joint, k)]
        if not limits:
            raise ConfigError(
                f"{self.source}: no acceleration limit fits joint {joint}; add '*': 250.0"
            )
        return float(limits[-1])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a robot's YAML file.

        Raises:
            ConfigError: The file is missing, not YAML, or has an unknown or invalid entry.
        """
        content = read_yaml(path)
        convert: dict[str, _Converter] = {
            'links': lambda links, place: {
                link: _build(LinkMatch, _LINK, values, f'{place}: {link}')
                for link, values in _mapping(links, place).items()
            },
            'feet': lambda feet, place: {
                link: _build(Foot, _FOOT, values, f'{place}: {link}')
                for link, values in _mapping(feet, place).items()
            },
            'human_rest_posture': _numbers,
            'acceleration_limits': _numbers,
            'urdf': lambda urdf, place: {
                name: _text(value, f'{place}: {name}')
                for name, value in _mapping(urdf, place).items()
            },
            'front': lambda axis, place: _points([axis], place)[0],
            'up': lambda axis, place: _points([axis], place)[0],
            'base': _text,
            'capsules': lambda capsules, place: {
                link: _capsules(values, f'{place}: {link}')
                for link, values in _mapping(capsules, place).items()
            },
            'collision_pairs': _pairs,
        }
        entries = _converted(cls, convert, content, str(path))
        if 'base' in entries:  # `base` itself is the base link's name
            entries['base_kind'] = entries.pop('base')
        return cls(source=str(path), **entries)


def _check_human(joint: Any) -> None:
    if joint not in skeleton.JOINT_INDEX:
        raise ConfigError(f'no SMPL joint {joint!r}; there are {", ".join(skeleton.JOINT_NAMES)}')


def _mapping(content: Any, place: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f'{place}: must hold "name: value" entries, not {content!r:.60}')
    return {str(name): value for name, value in content.items()}


def _text(content: Any, place: str) -> str:
    if not isinstance(content, str):
        raise ConfigError(f'{place} is {content!r:.60}; it must be a name')
    return content


def _number(content: Any, place: str) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float):
        raise ConfigError(f'{place} is {content!r:.60}; it must be a number')
    return float(content)


def _numbers(content: Any, place: str) -> dict[str, float]:
    return {
        name: _number(value, f'{place}: {name}')
        for name, value in _mapping(content, place).items()
    }


def _points(content: Any, place: str) -> tuple[Point, ...]:
    try:
        return tuple((float(x), float(y), float(z)) for x, y, z in content)
    except (TypeError, ValueError):
        raise ConfigError(
            f'{place} is {content!r:.60}; it must be a list of points [x, y, z] in metres'
        ) from None


def _capsules(content: Any, place: str) -> tuple[Segment, ...]:
    def segment(first: Any, second: Any, radius: Any) -> Segment:
        start, end = _points((first, second), place)
        return start, end, _number(radius, place)

    try:
        return tuple(segment(*entry) for entry in content)
    except (ConfigError, TypeError, ValueError):
        raise ConfigError(
            f'{place} is {content!r:.60}; it must be a list of [[x, y, z], [x, y, z], radius] '
            'in metres'
        ) from None


def _pairs(content: Any, place: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((_text(one, place), _text(other, place)) for one, other in content)
    except (TypeError, ValueError):
        raise ConfigError(
            f'{place} is {content!r:.60}; it must be a list of pairs [link, link]'
        ) from None


_LINK: dict[str, _Converter] = {
    'human': _text,
    'rigid_to': _text,
    'limb_from': _text,
    'position': _number,
    'orientation': _number,
}
_FOOT: dict[str, _Converter] = {
    'human_heel': _text,
    'human_toe': _text,
    'heel_corners': _points,
    'toe_corners': _points,
}


def _converted(
    kind: type, convert: Mapping[str, _Converter], content: Any, place: str
) -> dict[str, Any]:
    """Convert the entries of a mapping; refuse unknown and missing ones."""
    entries = _mapping(content, place)
    if unknown := sorted(entries.keys() - convert.keys()):
        raise ConfigError(
            f'{place}: unknown entry {", ".join(unknown)}; known are {", ".join(sorted(convert))}'
        )
    needed = [
        entry.name
        for entry in fields(kind)
        if entry.default is MISSING and entry.default_factory is MISSING and entry.name in convert
    ]
    if missing := [name for name in needed if name not in entries]:
        raise ConfigError(f'{place}: no entry {", ".join(missing)}')
    return {name: convert[name](value, f'{place}: {name}') for name, value in entries.items()}


def _build(
    kind: type[_Entry], convert: Mapping[str, _Converter], content: Any, place: str
) -> _Entry:
    """Make one entry of the file; say where it stands when it is wrong."""
    values = _converted(kind, convert, content, place)
    try:
        return kind(**values)
    except ConfigError as error:
        raise ConfigError(f'{place}: {error}') from None
