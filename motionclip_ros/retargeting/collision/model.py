"""`CollisionModel`: a robot's capsules, and which of them must stay apart."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from motionclip_model.errors import ConfigError
from motionclip_ros.retargeting.collision.capsules import Capsules, on_joints
from motionclip_ros.retargeting.collision.library import fitted
from motionclip_ros.retargeting.collision.pairs import expand
from motionclip_ros.retargeting.robots.robot import Robot


class CollisionModel(NamedTuple):
    """What the solver keeps apart.

    Attributes:
        capsules: All capsules.
        pairs: Pairs of capsules, those of the same two links one after the other.
        links: The link that each capsule belongs to.
    """

    capsules: Capsules
    pairs: Int[np.ndarray, 'pair 2']
    links: tuple[str, ...]

    @property
    def link_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of links that the pairs of capsules stand for."""
        named = ((self.links[one], self.links[other]) for one, other in self.pairs)
        return tuple(dict.fromkeys(named))


def collision_model(robot: Robot) -> CollisionModel:
    """Make a robot's collision model.

    It comes from the robot's correspondence. What that leaves open is fitted to the URDF's
    geometry once, and kept in the user's cache.

    Args:
        robot: The robot.

    Returns:
        The model; empty for a robot without geometry.

    Raises:
        ConfigError: A pair names a link that has no capsules.
    """
    by_link, link_pairs = fitted(robot)
    links = list(by_link)
    for pair in link_pairs:
        if missing := set(pair) - by_link.keys():
            raise ConfigError(
                f'{robot.correspondence.source}: collision_pairs names {", ".join(missing)}, '
                f'which has no capsules; there are {", ".join(links)}'
            )
    capsules = on_joints(robot, by_link)
    owner = np.repeat(np.arange(len(links)), [len(by_link[link]) for link in links])
    indices = [(links.index(one), links.index(other)) for one, other in link_pairs]
    pairs, _ = expand(owner, np.array(indices, np.int64).reshape(-1, 2))
    return CollisionModel(capsules, pairs, tuple(links[index] for index in owner))
