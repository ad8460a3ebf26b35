"""Joint limits that a URDF cannot hold or that a user wants tighter: MoveIt's YAML files.

    default_velocity_scaling_factor: 0.5
    joint_limits:
      left_elbow_joint:
        has_velocity_limits: true
        max_velocity: 2.0

A limit counts where its `has_..._limits` is true, as in MoveIt. Positions may only narrow what
the URDF allows, since that is where the mechanics end; all others replace the URDF's.
"""

import os
from collections.abc import Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from motionclip_model.errors import ConfigError
from motionclip_model.reading import read_yaml
from motionclip_ros.retargeting.limits import JointLimits

_KINDS = ('velocity', 'acceleration', 'jerk', 'effort')
_NUMBERS = ('min_position', 'max_position', *(f'max_{kind}' for kind in _KINDS))
_SWITCHES = ('has_position_limits', *(f'has_{kind}_limits' for kind in _KINDS))
_SCALED = ('velocity', 'acceleration')
_FACTORS = tuple(f'default_{kind}_scaling_factor' for kind in _SCALED)


def overridden(
    limits: JointLimits, names: Sequence[str], path: str | os.PathLike[str]
) -> JointLimits:
    """Apply a joint_limits.yaml.

    Args:
        limits: What the URDF and the robot's YAML file say.
        names: Names of the joints.
        path: The file.

    Returns:
        The limits that count.

    Raises:
        ConfigError: The file cannot be read, names an unknown joint or entry, or leaves a
            joint no room.
    """
    content = _read(Path(path))
    values = {entry.name: getattr(limits, entry.name).copy() for entry in fields(limits)}
    for joint, entries in _mapping(content.get('joint_limits') or {}, f'{path}').items():
        if joint not in names:
            near = get_close_matches(joint, names, 1, cutoff=0.0)
            raise ConfigError(f'{path}: no joint {joint!r}; did you mean {near[0]}?')
        place = f'{path}: {joint}'
        _override(values, names.index(joint), _checked(entries, place), place)
    for kind, factor in zip(_SCALED, _FACTORS, strict=True):
        scale = _number(content.get(factor, 1.0), f'{path}: {factor}')
        if not 0.0 < scale <= 1.0:
            raise ConfigError(f'{path}: {factor} is {scale}; it must be above 0 and at most 1')
        values[kind] *= scale
    return replace(limits, **values)


def _override(
    values: dict[str, np.ndarray], joint: int, entries: dict[str, Any], place: str
) -> None:
    """Change one joint's limits in place."""
    if entries.get('has_position_limits'):
        lower, upper = values['lower'][joint], values['upper'][joint]
        new = [
            _number(entries.get(key, old), f'{place}: {key}')
            for key, old in (('min_position', lower), ('max_position', upper))
        ]
        if new[0] > new[1] or new[0] > upper or new[1] < lower:
            raise ConfigError(
                f'{place}: positions from {new[0]:g} to {new[1]:g} leave no room in the '
                f'{lower:g} to {upper:g} of the URDF'
            )
        values['lower'][joint], values['upper'][joint] = max(lower, new[0]), min(upper, new[1])
    for kind in _KINDS:
        if entries.get(f'has_{kind}_limits'):
            if f'max_{kind}' not in entries:
                raise ConfigError(f'{place}: has_{kind}_limits is true; give max_{kind}, too')
            limit = _number(entries[f'max_{kind}'], f'{place}: max_{kind}')
            if not limit > 0.0:
                raise ConfigError(f'{place}: max_{kind} is {limit:g}; it must be above 0')
            values[kind][joint] = limit


def _read(path: Path) -> dict[str, Any]:
    content = read_yaml(path)
    entries = _mapping(content, str(path))
    known = {'joint_limits', *_FACTORS}
    if unknown := sorted(entries.keys() - known):
        raise ConfigError(
            f'{path}: unknown entry {", ".join(unknown)}; known are {", ".join(sorted(known))}'
        )
    return entries


def _checked(content: Any, place: str) -> dict[str, Any]:
    entries = _mapping(content, place)
    if unknown := sorted(entries.keys() - {*_NUMBERS, *_SWITCHES}):
        raise ConfigError(
            f'{place}: unknown entry {", ".join(unknown)}; known are '
            f'{", ".join(sorted((*_NUMBERS, *_SWITCHES)))}'
        )
    for switch in _SWITCHES:
        if not isinstance(entries.get(switch, False), bool):
            raise ConfigError(
                f'{place}: {switch} is {entries[switch]!r}; it must be true or false'
            )
    return entries


def _mapping(content: Any, place: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ConfigError(f'{place}: must hold "name: value" entries, not {content!r:.60}')
    return {str(name): value for name, value in content.items()}


def _number(content: Any, place: str) -> float:
    if isinstance(content, bool) or not isinstance(content, int | float) or content != content:
        raise ConfigError(f'{place} is {content!r:.60}; it must be a number')
    return float(content)
