"""Choose which links are worth watching for self-collision."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree

from motionclip_ros.retargeting.collision.capsules import (
    Capsules,
    LinkCapsules,
    near_distances,
    on_joints,
)
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_POSTURES = 3000
_MEETINGS = 8  # postures made for each pair that can meet
_REACH = 0.25  # [m] between the middles of links that are brought together
_AT_ONCE = 100  # postures; keeps memory small
_NEAR = 0.02  # [m] between links that are about to touch
_RARELY = 5  # postures in which links must be near each other to count
_ALWAYS = 0.6  # part of all postures in which links overlap that are built so
_OFTEN = 0.25  # the same where they overlap in the neutral posture, too
_SHORT = 0.12  # [m] between the axes of joints that are one joint to the eye
_LEADS = 0.03  # part of a pair's near postures in which it is as near as its neighbours
_TIE = 0.005  # [m] by which a neighbouring pair may be nearer all the same


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
    expanded, starts = expand(owner, candidates)
    joints = random_joints(robot, _POSTURES)
    made = _meetings(robot, joints[::2], body, _middles(capsules, owner), candidates)
    distances = np.concatenate(
        [
            _link_distances(robot, capsules, expanded, starts, state)
            for state in states(np.concatenate([joints, made]))
        ]
    )
    at_random = distances[:_POSTURES]
    overlap = (at_random < 0.0).mean(axis=0)
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
    """Tell which pairs are often about as near as the nearest of their links' neighbours."""
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
            leads = here[:, index] <= here[:, around].min(axis=1) + _TIE
            leading[index] = leads.mean() > _LEADS
    return leading


def _adjacent(robot: Robot, body: Int[np.ndarray, ' link']) -> Bool[np.ndarray, 'link link']:
    """Tell which links are on the same joint or on neighbouring ones."""
    parent = np.array([robot.tree.parent[joint] if joint >= 0 else -2 for joint in body])
    same = body[:, None] == body
    return same | (parent[:, None] == body) | (parent == body[:, None])


def _link_distances(
    robot: Robot,
    capsules: Capsules,
    pairs: Int[np.ndarray, 'pair 2'],
    starts: Int[np.ndarray, ' link_pair'],
    state: State,
) -> Float[np.ndarray, 'frame link_pair']:
    """Measure the distances between links that are near, the others at least as near [m]."""
    distances = near_distances(robot.tree, capsules, pairs, state, _NEAR)
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


def random_joints(robot: Robot, count: int) -> Float[np.ndarray, 'posture joint']:
    """Draw joint positions inside the limits, the same ones at every call.

    The first is neutral, and every other one stays in the middle half of each joint's way from
    there to its limits, where robots spend their time.
    """
    neutral, limits = robot.neutral, robot.limits
    # A joint without limits turns once.
    lower = np.maximum(limits.lower, neutral - np.pi)
    upper = np.minimum(limits.upper, neutral + np.pi)
    joints = np.random.default_rng(0).uniform(lower, upper, (count, len(lower)))
    joints[::2] = neutral + (joints[::2] - neutral) / 2
    joints[0] = neutral
    return np.asarray(joints)


def states(joints: Float[np.ndarray, 'posture joint']) -> Iterator[State]:
    """Yield postures in handy portions; the base, which moves all links alike, stays at home."""
    for some in np.array_split(joints, -(-len(joints) // _AT_ONCE)):
        frames = len(some)
        yield State(np.zeros((frames, 3)), np.tile(np.eye(3), (frames, 1, 1)), some)


def _middles(
    capsules: Capsules, owner: Int[np.ndarray, ' capsule']
) -> Float[np.ndarray, 'link 3']:
    """Return the middle of each link's capsules in its joint's frame [m]."""
    middle = (capsules.start + capsules.end) / 2
    return np.array([middle[owner == link].mean(axis=0) for link in range(owner.max() + 1)])


def _meetings(
    robot: Robot,
    joints: Float[np.ndarray, 'posture joint'],
    body: Int[np.ndarray, ' link'],
    middle: Float[np.ndarray, 'link 3'],
    pairs: Int[np.ndarray, 'pair 2'],
) -> Float[np.ndarray, 'made joint']:
    """Make postures in which the links of pairs come together, as chance hardly does for hands.

    One link's limb is taken from one random posture and all else from another, chosen so that
    the two links are near each other, seen from where their limbs part.
    """
    everything = State(np.zeros((len(joints), 3)), np.tile(np.eye(3), (len(joints), 1, 1)), joints)
    turn, origin = placing.place(robot.tree, everything)
    place = origin[:, body + 1] + np.einsum('tlab,lb->tla', turn[:, body + 1], middle)
    made = [np.empty((0, joints.shape[1]))]
    for one, other in pairs:
        chain, other_chain = _chain(robot, int(body[one])), _chain(robot, int(body[other]))
        limb = [joint for joint in chain if joint not in other_chain]
        if not limb or set(other_chain) <= set(chain):
            continue  # one hangs on the other: their whole way is in one limb
        parting = max((joint for joint in chain if joint in other_chain), default=-1) + 1
        seen = np.einsum(
            'tab,tla->tlb', turn[:, parting], place[:, [one, other]] - origin[:, [parting]]
        )
        distance, match = cKDTree(seen[:, 1]).query(seen[:, 0])
        near = np.argsort(distance, kind='stable')[:_MEETINGS]
        near = near[distance[near] < _REACH]
        postures = joints[match[near]]
        postures[:, limb] = joints[near][:, limb]
        made.append(postures)
    return np.concatenate(made)


def _chain(robot: Robot, body: int) -> list[int]:
    """Return a joint and all those that carry it."""
    chain = []
    while body >= 0:
        chain.append(body)
        body = int(robot.tree.parent[body])
    return chain


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
