"""What a TAB offers for the values of options; loads nothing that takes long."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import motionclip_model
from motionclip_ros.retargeting.robots import naming

Offer = Callable[[str], list[str]]
"""Given the beginning of a value, returns those that begin so."""


def robots(incomplete: str) -> list[str]:
    """Offer the robots that are known by name; for anything else the shell offers files."""
    return _beginning(naming.known(), incomplete)


def models(incomplete: str) -> list[str]:
    """Offer the shipped checkpoints; for anything else the shell offers files."""
    weights = Path(motionclip_model.__file__).with_name('weights')
    return _beginning(sorted(file.stem for file in weights.glob('*.safetensors')), incomplete)


def joint_groups(incomplete: str) -> list[str]:
    """Offer groups of joints for the last of several with commas between."""
    return _next_of(naming.GROUPS, incomplete)


def formats(incomplete: str) -> list[str]:
    """Offer formats of trajectories for the last of several with commas between."""
    return _next_of(('npz', 'csv', 'mujoco'), incomplete)


def one_of(*values: str) -> Offer:
    """Offer some words."""
    return lambda incomplete: _beginning(values, incomplete)


def _beginning(values: Iterable[str], incomplete: str) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]


def _next_of(values: Iterable[str], incomplete: str) -> list[str]:
    before, comma, last = incomplete.rpartition(',')
    given = before.split(',')
    return [f'{before}{comma}{value}' for value in _open(values, given) if value.startswith(last)]


def _open(values: Iterable[str], given: list[str]) -> Iterator[str]:
    return (value for value in values if value not in given)
