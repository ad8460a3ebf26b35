"""Choose which links are worth watching for self-collision."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int

from motionclip_ros.retargeting.collision.capsules import (
    Capsules,
    LinkCapsules,
    capsule_distances,
    on_joints,
)
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State

_POSTURES = 4000
_AT_ONCE = 100  # postures; keeps memory small
_NEAR = 0.02  # [m] between links that are about to touch
_RARELY = 5  # postures in which links must be near each other to count
_ALWAYS = 0.6  # part of all postures in which links overlap that are built so
_OFTEN = 0.25  # the same where they overlap in the neutral posture, too
_SHORT = 0.12  # [m] between the axes of joints that are one joint to the eye
_LEADS = 0.02  # part of a pair's near postures in which it is nearer than its neighbours


def choose_pairs(robot: Robot, capsules_by_link: LinkCapsules) -> tuple[tuple[str, str], ...]:
    """Choose the pairs of links that can be the first to touch in some posture.

    Left out are links on the same joint, neighbours in the tree, those joined through joints
    close together (a hip's three axes), those that overlap by construction, those that hardly
    come near each other in many random postures inside the limits, and those that in such
    postures have neighbours which are nearer (a link that is hidden between two others).

    Args:
        robot: The robot.
        capsules_by_link: Capsules of the links, in the links' frames.

    Returns:
        Pairs of link names, each in the order of the capsules.
    """
    links = [link for link, capsules in capsules_by_link.items() if capsules]
    body = np.array([robot.frame(link).body for link in links], np.int64)
    candidates = np.array(
        [
            (one, other)
            for one, other in combinations(range(len(links)), 2)
            if not _joined(robot, int(body[one]), int(body[other]))
        ]
    )
    if not len(candidates):
        return ()
    capsules = on_joints(robot, {link: capsules_by_link[link] for link in links})
    owner = np.repeat(np.arange(len(links)), [len(capsules_by_link[link]) for link in links])
    distances = np.concatenate(
        [
            link_distances(robot, capsules, owner, candidates, state)
            for state in random_postures(robot, _POSTURES)
        ]
    )
    overlap = (distances < 0.0).mean(axis=0)
    # The first posture is the neutral one.
    structural = (overlap > _ALWAYS) | ((distances[0] < 0.0) & (overlap > _OFTEN))
    candidates, distances = candidates[~structural], distances[:, ~structural]
    watched = _leading(distances, _adjacent(robot, body), candidates)
    return tuple((links[one], links[other]) for one, other in candidates[watched])


def _leading(
    distances: Float[np.ndarray, 'frame pair'],
    adjacent: Bool[np.ndarray, 'link link'],
    pairs: Int[np.ndarray, 'pair 2'],
) -> Bool[np.ndarray, ' pair']:
    """Tell which pairs are often nearer than all pairs of their links' neighbours."""
    one, other = pairs.T
    near = distances < _NEAR
    leading = np.zeros(len(pairs), bool)
    for index, (first, second) in enumerate(pairs):
        around = (adjacent[first, one] & adjacent[second, other]) | (
            adjacent[first, other] & adjacent[second, one]
        )
        when = near[:, index]
        if when.sum() >= _RARELY:
            here = distances[when]
            leads = here[:, index] <= here[:, around].min(axis=1)
            leading[index] = leads.mean() > _LEADS
    return leading


def _adjacent(robot: Robot, body: Int[np.ndarray, ' link']) -> Bool[np.ndarray, 'link link']:
    """Tell which links are on the same joint or on neighbouring ones."""
    parent = np.array([robot.tree.parent[joint] if joint >= 0 else -2 for joint in body])
    same = body[:, None] == body
    return same | (parent[:, None] == body) | (parent == body[:, None])


def link_distances(
    robot: Robot,
    capsules: Capsules,
    owner: Int[np.ndarray, ' capsule'],
    pairs: Int[np.ndarray, 'pair 2'],
    state: State,
) -> Float[np.ndarray, 'frame pair']:
    """Measure the least distance between the capsules of pairs of links [m].

    Args:
        robot: The robot.
        capsules: The capsules of all links.
        owner: Index of the link of each capsule.
        pairs: Two links each.
        state: The robot's posture in every frame.
    """
    expanded, starts = expand(owner, pairs)
    distances = capsule_distances(robot.tree, capsules, expanded, state)
    return np.minimum.reduceat(distances, starts, axis=1)


def expand(
    owner: Int[np.ndarray, ' capsule'], pairs: Int[np.ndarray, 'pair 2']
) -> tuple[Int[np.ndarray, 'expanded 2'], Int[np.ndarray, ' pair']]:
    """Pair each capsule of a link with each of the other's.

    Returns:
        Pairs of capsules, and where those of each pair of links begin.
    """
    members = [np.flatnonzero(owner == link) for link in range(owner.max(initial=-1) + 1)]
    blocks = [
        np.stack(np.meshgrid(members[one], members[other]), axis=-1).reshape(-1, 2)
        for one, other in pairs
    ]
    starts = np.cumsum([0, *(len(block) for block in blocks)])[:-1]
    return np.concatenate([np.empty((0, 2), np.int64), *blocks]), starts


def random_postures(robot: Robot, count: int) -> Iterator[State]:
    """Draw postures inside the limits, the same ones at every call; the first is neutral.

    Half of them stay in the middle half of each joint's way from neutral to its limits, where
    robots spend their time. The base stays where it is, as it moves all links alike.
    """
    random = np.random.default_rng(0)
    lower, upper = robot.limits.lower, robot.limits.upper
    # A joint without limits turns once.
    lower, upper = (
        np.maximum(lower, robot.neutral - np.pi),
        np.minimum(upper, robot.neutral + np.pi),
    )
    joints = random.uniform(lower, upper, (count, len(lower)))
    joints[::2] = robot.neutral + (joints[::2] - robot.neutral) / 2
    joints[0] = robot.neutral
    for some in np.array_split(joints, -(-count // _AT_ONCE)):
        frames = len(some)
        yield State(np.zeros((frames, 3)), np.tile(np.eye(3), (frames, 1, 1)), some)


def _joined(robot: Robot, one: int, other: int) -> bool:
    """Tell whether two bodies are the same, neighbours, or joined by axes close together."""
    tree = robot.tree
    low, high = max(one, other), min(one, other)
    chain = [low]
    while chain[-1] > high:
        chain.append(int(tree.parent[chain[-1]]))
    if chain[-1] != high:
        return False
    # All joints between the two but the uppermost lie on the way from axis to axis.
    span = sum(float(np.linalg.norm(tree.position[joint])) for joint in chain[:-2])
    return len(chain) <= 2 or span < _SHORT
