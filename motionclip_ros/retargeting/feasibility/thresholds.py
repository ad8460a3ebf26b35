"""`Thresholds`: from where on a figure of the report refuses a trajectory, or warns of it."""

import os
from dataclasses import dataclass, fields
from functools import cache
from typing import Self

from motionclip_model.errors import ConfigError
from motionclip_model.reading import read_yaml
from motionclip_ros import resources

SHIPPED = 'config/feasibility.yaml'
"""File with the thresholds that count when no other file is named."""


@dataclass(frozen=True)
class Thresholds:
    """What is asked of a trajectory.

    Attributes:
        max_stretch: Refused if it must be slowed more than this; no longer the same motion.
        max_limb_error_deg: Refused if the limbs point further from the human's, on average.
        max_torque_excess_part: Refused if a joint lacks torque for a larger part of the time;
            shorter, it only lags for a moment.
        position_tolerance_rad: Refused if a joint goes further than this beyond its range;
            less is rounding.
        max_self_collision_cm: Refused if two links go deeper than this into each other.
        self_collision_cm: Depth from which on a frame counts as a collision; warns.
        min_zmp_inside_part: Warns that a balance controller is needed if the zero moment
            point is above the soles in a smaller part of the frames that have support.
        max_foot_slide_m_s: Warns if standing soles slide faster, on average.
        max_foot_penetration_cm: Warns if a sole goes deeper into the floor.
        max_foot_floating_cm: Warns if soles that should stand are higher, on average.
        friction: Coefficient between sole and floor, for the forces of the ground.
    """

    max_stretch: float = 3.0
    max_limb_error_deg: float = 25.0
    max_torque_excess_part: float = 0.05
    position_tolerance_rad: float = 1e-4
    max_self_collision_cm: float = 5.0
    self_collision_cm: float = 0.5
    min_zmp_inside_part: float = 0.95
    max_foot_slide_m_s: float = 0.15
    max_foot_penetration_cm: float = 3.0
    max_foot_floating_cm: float = 3.0
    friction: float = 0.7

    def __post_init__(self) -> None:
        """Refuse what no figure can be compared with."""
        for entry in fields(self):
            value = getattr(self, entry.name)
            if not 0.0 <= value < float('inf'):
                raise ConfigError(f'{entry.name} is {value}; it must be 0 or more, and finite')
        for name in ('max_torque_excess_part', 'min_zmp_inside_part'):
            if getattr(self, name) > 1.0:
                raise ConfigError(f'{name} is {getattr(self, name)}; a part is at most 1')
        if self.max_stretch < 1.0:
            raise ConfigError(f'max_stretch is {self.max_stretch}; 1 allows no slowing at all')

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read thresholds from a YAML file; what it does not name keeps its default.

        Raises:
            ConfigError: The file is missing, not YAML, or has an unknown or invalid entry.
        """
        content = read_yaml(path)
        content = {} if content is None else content
        if not isinstance(content, dict):
            raise ConfigError(f'{path}: must hold "name: number" entries, not {content!r:.60}')
        known = [entry.name for entry in fields(cls)]
        if unknown := sorted(str(name) for name in content if name not in known):
            raise ConfigError(
                f'{path}: unknown entry {", ".join(unknown)}; known are {", ".join(known)}'
            )
        for name, value in content.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ConfigError(f'{path}: {name} is {value!r:.60}; it must be a number')
        try:
            return cls(**{name: float(value) for name, value in content.items()})
        except ConfigError as error:
            raise ConfigError(f'{path}: {error}') from None


@cache
def shipped_thresholds() -> Thresholds:
    """Return the thresholds of `config/feasibility.yaml`.

    Raises:
        ConfigError: Somebody edited the file and left it invalid.
    """
    return Thresholds.load(resources.find(SHIPPED))
