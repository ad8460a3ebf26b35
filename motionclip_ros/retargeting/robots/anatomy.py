"""Legs, arms and a head found in a robot's tree, by names where they speak and by shape else.

Legs and arms come in mirrored pairs that hang on one body. What mirrors what is told by the
names (left and right swapped give another name) or by the joints' places. In each limb the
knee or elbow is the hinge that halves it best; a joint that turns about the limb itself is no
hinge.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots import names
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.robots.shapes import Shape, shapes
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State

_LEAST_JOINTS = 3  # a limb has a shoulder or hip and an elbow or knee; eyes and wheels do not
_END_JOINTS = 3  # at most these follow a knee or elbow; what comes then are fingers and toes
_SAME_PLACE = 0.03  # [m] joints nearer than this count as one
_TWIST = 0.7  # cosine above which an axis points along the limb


@dataclass(frozen=True, eq=False)
class Limb:
    """One leg or arm.

    Attributes:
        kind: `leg` or `arm`.
        side: `left` or `right`.
        joints: From hip or shoulder to ankle or wrist; no fingers, no toes.
        bend: Place in `joints` of the knee or elbow.
        root: Place in `joints` of the joint that stands for the hip or shoulder.
        has_end: Whether an ankle or wrist moves some way beyond the knee or elbow.
        tip: The limb's far end in the last joint's frame [m].
        named: Whether names agree with side, kind and bend.
    """

    kind: str
    side: str
    joints: tuple[int, ...]
    bend: int
    root: int
    has_end: bool
    tip: Float[np.ndarray, '3']
    named: bool


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The parts of a humanoid.

    Attributes:
        limbs: At most two legs and two arms.
        pelvis: Body that carries the legs; -1 is the base, as it is for robots without legs.
        torso: Body that carries the arms.
        head: Body of the head, if it can move.
        upright: Rotation from the root link to x front, y left, z up.
    """

    limbs: tuple[Limb, ...]
    pelvis: int
    torso: int
    head: int | None
    upright: Float[np.ndarray, '3 3']

    def of(self, kind: str) -> list[Limb]:
        """Return the legs or the arms, left first."""
        return sorted((limb for limb in self.limbs if limb.kind == kind), key=lambda x: x.side)


class _Tree:
    """A robot at rest: places, axes, children and names of its joints."""

    def __init__(self, robot: Robot):
        self.robot = robot
        state = State(np.zeros((1, 3)), np.eye(3)[None], robot.neutral[None])
        turn, origin = placing.place(robot.tree, state)
        self.turn, self.place = turn[0, 1:], origin[0, 1:]
        self.axis = np.einsum('kab,kb->ka', self.turn, robot.tree.axis)
        self.children: dict[int, list[int]] = {-1: []}
        for joint, parent in enumerate(robot.tree.parent.tolist()):
            self.children[joint] = []
            self.children[parent].append(joint)
        links = robot.urdf.child_links
        self.names = [(joint, links[joint]) for joint in robot.joint_names]
        self.known = {name for pair in self.names for name in pair}
        self.shapes: dict[int, list[Shape]] = {}
        for shape in shapes(robot):
            self.shapes.setdefault(shape.body, []).append(shape)

    def below(self, joint: int) -> list[int]:
        """The joint and all that hangs on it."""
        found = [joint]
        for each in found:  # grows while it is read
            found += self.children[each]
        return found

    def is_finger(self, joint: int) -> bool:
        """Whether a joint is a finger's, or slides as a gripper does."""
        return bool(self.robot.tree.prismatic[joint]) or names.is_finger(*self.names[joint])

    def mirrored(self, joint: int) -> tuple[str, int] | None:
        """Side of a joint, and its counterpart, by name."""
        for kind in (0, 1):
            found = names.mirror(self.names[joint][kind], self.known)
            if found is not None:
                others = [i for i, pair in enumerate(self.names) if pair[kind] == found[1]]
                return (found[0], others[0]) if others else None
        return None

    def points(self, body: int) -> Float[np.ndarray, 'point 3']:
        """Everything that a body consists of, in its joint's frame."""
        frames = [frame.position for frame in self.robot.frames.values() if frame.body == body]
        return np.concatenate(
            [np.array(frames).reshape(-1, 3), *(s.vertices for s in self.shapes.get(body, []))]
        )


def find_anatomy(robot: Robot) -> Anatomy:
    """Find legs, arms, torso and head.

    Args:
        robot: Any robot; its correspondence is not looked at.

    Returns:
        What was found; a robot without legs has only arms.

    Raises:
        RobotError: There are neither two legs nor two arms.
    """
    tree = _Tree(robot)
    pairs = _pairs(tree)
    legs = _best(tree, pairs, 'leg')
    arms = _best(tree, pairs, 'arm')
    if legs is None and arms is None:
        raise RobotError(
            f'{robot.urdf_path}: neither two legs nor two arms of {_LEAST_JOINTS} joints or more '
            'were found; write the correspondence by hand, config/robots/g1.yaml explains it'
        )
    upright = _upright(tree, legs, arms)
    limbs = [
        _limb(tree, kind, side, joint, upright)
        for kind, pair in (('leg', legs), ('arm', arms))
        for side, joint in (_sides(tree, pair, upright) if pair else {}).items()
    ]
    parent = robot.tree.parent
    pelvis = int(parent[legs[0]]) if legs else -1
    torso = int(parent[arms[0]]) if arms else pelvis
    used = {joint for limb in limbs for joint in tree.below(limb.joints[0])}
    return Anatomy(tuple(limbs), pelvis, torso, _head(tree, torso, used, upright), upright)


def _pairs(tree: _Tree) -> list[tuple[int, int]]:
    """Find pairs of mirrored limbs, nearest to the base first."""
    found: list[tuple[int, int]] = []

    def walk(body: int) -> None:
        rest = list(tree.children[body])
        for one, other in itertools.combinations(tree.children[body], 2):
            if one in rest and other in rest and _alike(tree, one, other):
                found.append((one, other))
                rest = [joint for joint in rest if joint not in (one, other)]
        for joint in rest:
            walk(joint)

    walk(-1)
    return found


def _alike(tree: _Tree, one: int, other: int) -> bool:
    """Whether two joints of one body begin limbs that mirror each other."""
    first, second = (
        [joint for joint in tree.below(start) if not tree.is_finger(joint)]
        for start in (one, other)
    )
    if min(len(first), len(second)) < _LEAST_JOINTS:
        return False
    by_name = tree.mirrored(one)
    if by_name is not None:
        return by_name[1] == other
    if len(first) != len(second):
        return False
    places = tree.place[first] * [1.0, -1.0, 1.0] - tree.place[second]
    return bool(np.linalg.norm(places, axis=1).max() < _SAME_PLACE)


def _best(tree: _Tree, pairs: list[tuple[int, int]], kind: str) -> tuple[int, int] | None:
    """Choose the pair that is the legs, or the arms."""
    rated = []
    for pair in pairs:
        joints = [joint for start in pair for joint in tree.below(start)]
        votes = names.limb_votes([name for joint in joints for name in tree.names[joint]])
        vote = votes[kind] - votes['arm' if kind == 'leg' else 'leg']
        if vote == 0:  # the names do not speak: legs reach lowest
            others = [joint for joint in range(len(tree.place)) if joint not in joints]
            rest = [0.0, *tree.place[others, 2]]
            lowest = tree.place[joints, 2].min() < min(rest) - _SAME_PLACE
            vote = 1 if lowest == (kind == 'leg') else -1
        if vote > 0:
            rated.append((vote, len(joints), pair))
    if kind == 'leg' and len(rated) > 1:
        return None  # four legs walk in a way that nobody can show them
    return max(rated)[2] if rated else None


def _upright(
    tree: _Tree, legs: tuple[int, int] | None, arms: tuple[int, int] | None
) -> Float[np.ndarray, '3 3']:
    """Tell where the root link's front, left and up are; usually x, y and z."""
    left, up = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    if legs is not None:
        ends = [_chain(tree, joint)[-1] for joint in legs]
        up = _nearest_axis(tree.place[list(legs)].mean(axis=0) - tree.place[ends].mean(axis=0), up)
    pair = arms or legs or (0, 0)
    side = tree.mirrored(pair[0])
    if side is not None:
        across = np.zeros(3)
        for one, other in zip(_chain(tree, pair[0]), _chain(tree, pair[1]), strict=False):
            across += tree.place[one] - tree.place[other]
        across -= up * (across @ up)
        left = _nearest_axis(across if side[0] == 'left' else -across, left)
    return np.array([np.cross(left, up), left, up])


def _nearest_axis(
    direction: Float[np.ndarray, '3'], usual: Float[np.ndarray, '3']
) -> Float[np.ndarray, '3']:
    """Round a direction to an axis; a vanishing one is the usual."""
    if np.linalg.norm(direction) < _SAME_PLACE:
        return usual
    axis = np.zeros(3)
    largest = int(np.abs(direction).argmax())
    axis[largest] = np.sign(direction[largest])
    return axis


def _sides(
    tree: _Tree, pair: tuple[int, int], upright: Float[np.ndarray, '3 3']
) -> dict[str, int]:
    """Tell left from right: by name, else by place."""
    named = tree.mirrored(pair[0])
    if named is not None:
        return {named[0]: pair[0], 'right' if named[0] == 'left' else 'left': pair[1]}
    reach = [np.sum(tree.place[tree.below(joint)] @ upright[1]) for joint in pair]
    left, right = pair if reach[0] > reach[1] else pair[::-1]
    return {'left': left, 'right': right}


def _chain(tree: _Tree, start: int) -> list[int]:
    """Follow a limb to where its fingers or toes begin."""
    chain = [start]
    while True:
        onward = [
            joint
            for joint in tree.children[chain[-1]]
            if not tree.is_finger(joint) and not names.is_toe(*tree.names[joint])
        ]
        size = sorted(len(tree.below(joint)) for joint in onward)
        if not onward or (len(size) > 1 and size[-1] == size[-2]):
            return chain
        chain.append(max(onward, key=lambda joint: len(tree.below(joint))))


def _limb(
    tree: _Tree, kind: str, side: str, start: int, upright: Float[np.ndarray, '3 3']
) -> Limb:
    """Divide a limb at its knee or elbow."""
    chain = _chain(tree, start)
    bend = _bend(tree, kind, chain)
    chain = chain[: bend + 1 + _END_JOINTS]
    named = tree.mirrored(start)
    spoken = names.limb_votes([name for joint in chain for name in tree.names[joint]])
    return Limb(
        kind,
        side,
        tuple(chain),
        bend,
        _root(tree, chain, bend, upright[2] if kind == 'leg' else None),
        bool(np.linalg.norm(tree.place[chain[-1]] - tree.place[chain[bend]]) > _SAME_PLACE),
        _tip(tree, chain[-1], chain[bend]),
        bool(named and spoken[kind]) and names.is_bend(kind, *tree.names[chain[bend]]),
    )


def _tip(tree: _Tree, last: int, bend: int) -> Float[np.ndarray, '3']:
    """Return the point of the last body that is farthest from the knee or elbow."""
    points = tree.points(last)
    world = tree.place[last] + points @ tree.turn[last].T
    return np.asarray(points[np.linalg.norm(world - tree.place[bend], axis=1).argmax()])


def _bend(tree: _Tree, kind: str, chain: list[int]) -> int:
    """Find the hinge that halves a limb best; a name that says so counts half as much again."""
    place = tree.place[chain]
    last = chain[-1]
    tip = tree.place[last] + tree.turn[last] @ _tip(tree, last, chain[0])
    score = np.zeros(len(chain))
    for k in range(1, len(chain)):
        ahead = next(
            (p for p in [*place[k + 1 :], tip] if np.linalg.norm(p - place[k]) > _SAME_PLACE), tip
        )
        along = ahead - place[k]
        along /= np.linalg.norm(along) or 1.0
        if abs(along @ tree.axis[chain[k]]) > _TWIST:
            continue
        score[k] = min(np.linalg.norm(place[k] - place[0]), np.linalg.norm(tip - place[k]))
        # Joints in one place: the first that bends the limb is its hinge.
        score[k] *= 1.5 if names.is_bend(kind, *tree.names[chain[k]]) else 1.0 - 1e-3 * k
    return int(score.argmax()) if score.max() > 0.0 else len(chain) - 1


def _root(
    tree: _Tree, chain: list[int], bend: int, vertical: Float[np.ndarray, '3'] | None
) -> int:
    """Find the joint among those before the bend that stands best for hip or shoulder.

    Its origin should stay in place in the body and keep its distance from the knee or elbow,
    whatever the joints between do, and lie on the limb's line.
    """
    robot = tree.robot
    group = list(range(max(0, bend - 3), max(1, bend)))
    rng = np.random.default_rng(0)
    count = 60
    joints = np.tile(robot.neutral, (count, 1))
    spread = rng.uniform(-0.5, 0.5, (count, bend))
    joints[:, chain[:bend]] = robot.limits.clipped(
        np.tile(robot.neutral, (count, 1)) + _scattered(spread, chain[:bend], joints.shape)
    )[:, chain[:bend]]
    state = State(np.zeros((count, 3)), np.tile(np.eye(3), (count, 1, 1)), joints)
    origin = placing.place(robot.tree, state)[1][:, 1:]
    line = vertical if vertical is not None else tree.axis[chain[bend - 1]]
    cost = []
    for k in group:
        moved = origin[:, chain[k]] - origin[:, chain[k]].mean(axis=0)
        length = np.linalg.norm(origin[:, chain[bend]] - origin[:, chain[k]], axis=1)
        limb = tree.place[chain[bend]] - tree.place[chain[k]]
        aside = limb - line * (limb @ line)
        along = abs(limb @ line) > 0.5 * np.linalg.norm(limb)
        cost.append(
            np.sqrt((moved**2).sum(axis=1).mean())
            + length.std()
            + (np.linalg.norm(aside) if along else 0.0)
        )
    return group[len(cost) - 1 - int(np.round(cost[::-1], 4).argmin())]


def _scattered(
    values: Float[np.ndarray, 'sample joint'], joints: list[int], shape: tuple[int, int]
) -> Float[np.ndarray, 'sample all']:
    scattered = np.zeros(shape)
    scattered[:, joints] = values
    return scattered


def _head(
    tree: _Tree, torso: int, used: set[int], upright: Float[np.ndarray, '3 3']
) -> int | None:
    """Find the last body of the neck: named so, or alone above the shoulders."""
    free = [joint for joint in tree.children[torso] if joint not in used]
    heads = [
        start for start in free if any(names.is_head(*tree.names[j]) for j in tree.below(start))
    ]
    if not heads:
        above = tree.place @ upright[2]
        arms = [joint for joint in tree.children[torso] if joint in used]
        heads = [
            j
            for j in free
            if arms
            and above[j] > above[arms].min()
            and abs(tree.place[j] @ upright[1]) < _SAME_PLACE
        ]
    return _chain(tree, heads[0])[-1] if len(heads) == 1 else None
