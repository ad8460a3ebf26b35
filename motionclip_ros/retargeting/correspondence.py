"""`Correspondence`: which robot link follows which SMPL joint; read from a robot's YAML file."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml

from motionclip_model import skeleton
from motionclip_model.errors import ConfigError

_Entry = TypeVar('_Entry')
Point = tuple[float, float, float]


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
            if not isinstance(value, int | float) or not 0.0 <= value < float('inf'):
                raise ConfigError(f'{name} is {value!r}; a weight is a number, 0 or more')


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
        """Refuse unknown joints and soles without corners; make the corners tuples."""
        _check_human(self.human_heel)
        _check_human(self.human_toe)
        for name in ('heel_corners', 'toe_corners'):
            object.__setattr__(self, name, _points(name, getattr(self, name)))


@dataclass(frozen=True)
class Correspondence:
    """Everything about a robot that its URDF does not say.

    Attributes:
        source: File it was read from, for messages.
        links: Robot link -> how it follows the human; the first one is the base.
        feet: Foot link -> its sole.
        human_rest_posture: Joint -> angle [rad] in SMPL's rest pose; 0 if not named.
        acceleration_limits: Pattern of joint names -> limit [rad/s^2]; the last fit counts.
        urdf: Distribution and file inside it that hold the URDF, where they are known.
    """

    source: str
    links: Mapping[str, LinkMatch]
    feet: Mapping[str, Foot] = field(default_factory=dict)
    human_rest_posture: Mapping[str, float] = field(default_factory=dict)
    acceleration_limits: Mapping[str, float] = field(default_factory=dict)
    urdf: Mapping[str, str] | None = None

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
            if not isinstance(angle, int | float) or abs(angle) > 7.0:
                raise ConfigError(
                    f'{self.source}: human_rest_posture of {joint} is {angle!r}, not radians'
                )
        for pattern, limit in self.acceleration_limits.items():
            if not isinstance(limit, int | float) or not 0.0 < limit < float('inf'):
                raise ConfigError(
                    f'{self.source}: acceleration limit {pattern!r} is {limit!r}; it must be a '
                    'positive number [rad/s^2]'
                )

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
        try:
            content = yaml.safe_load(Path(path).read_text(encoding='utf-8'))
        except OSError as error:
            raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigError(f'{path}: not YAML ({" ".join(str(error).split())})') from None
        entries = _mapping(content, str(path))
        known = {entry.name for entry in fields(cls)} - {'source'}
        if unknown := sorted(map(str, entries.keys() - known)):
            raise ConfigError(
                f'{path}: unknown entry {", ".join(unknown)}; known are {", ".join(sorted(known))}'
            )
        for name in known & entries.keys():
            entries[name] = _mapping(entries[name], f'{path}: {name}')
        for name, kind in (('links', LinkMatch), ('feet', Foot)):
            entries[name] = {
                link: _build(kind, values, f'{path}: {name}: {link}')
                for link, values in entries.get(name, {}).items()
            }
        return cls(source=str(path), **entries)


def _check_human(joint: Any) -> None:
    if joint not in skeleton.JOINT_INDEX:
        raise ConfigError(f'no SMPL joint {joint!r}; there are {", ".join(skeleton.JOINT_NAMES)}')


def _points(name: str, values: Any) -> tuple[Point, ...]:
    try:
        points = tuple((float(x), float(y), float(z)) for x, y, z in values)
    except (TypeError, ValueError):
        points = ()
    if not points:
        raise ConfigError(f'{name} must be a list of points [x, y, z] in metres, got {values!r}')
    return points


def _mapping(content: Any, place: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f'{place} must hold "name: value" entries, got {type(content).__name__}')
    return dict(content)


def _build(kind: type[_Entry], values: Any, place: str) -> _Entry:
    """Make one entry of the file; say where it stands when it is wrong."""
    try:
        return kind(**_mapping(values, place))
    except TypeError as error:
        raise ConfigError(f'{place}: {str(error).partition(" ")[2]}') from None
    except ConfigError as error:
        raise ConfigError(f'{place}: {str(error).removeprefix(f"{place} ")}') from None
