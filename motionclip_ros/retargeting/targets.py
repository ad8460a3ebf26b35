"""Human motion -> what each robot link should do, frame by frame.

Limb directions are taken from the human, lengths from the robot: a link's wanted position is
its parent's plus the human's direction times the robot's own segment. Targets made this way
can be reached by any robot with human-like limbs, and no table of scales is needed.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.contacts import contacts, foot_heights
from motionclip_ros.retargeting.robots.correspondence import Foot
from motionclip_ros.retargeting.robots.robot import Frame, Robot
from motionclip_ros.retargeting.solving.problem import State, Tasks

BASE_TO_SMPL: np.ndarray = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
"""Rotation from robot axes (x front, y left, z up) to SMPL body axes (x left, y up, z front)."""
BASE_TO_SMPL.setflags(write=False)

_CONTACT_WEIGHT = 60.0  # [cost/m^2] on each corner of a standing sole
_FLOOR_WEIGHT = 60.0  # [cost/m^2] on each corner below the floor


class Targets(NamedTuple):
    """Everything that the solver is asked for.

    Attributes:
        tasks: Tracked links first, then the sole corners, in the order of `corners`.
        links: Names of the tracked links.
        standing: For each sole corner, whether it stands on the floor.
        start: A first guess: the base on its target, the joints at rest.
        scale: Robot's leg length over the human's.
    """

    tasks: Tasks
    links: tuple[str, ...]
    standing: Bool[np.ndarray, 'frame corner']
    start: State
    scale: float


class _Wanted(NamedTuple):
    """Wanted place of each link of the correspondence, in its order."""

    positions: Float[np.ndarray, 'frame link 3']
    rotations: Float[np.ndarray, 'frame link 3 3']


def make_targets(motion: Motion, robot: Robot) -> Targets:
    """Ask the robot to do what the human does.

    Args:
        motion: A human motion.
        robot: A robot with its correspondence.

    Returns:
        Tasks for the motion's frames.

    Raises:
        MotionError: The motion is malformed (it cannot be built then).
    """
    matches = robot.correspondence.links
    scale = leg_scale(robot)
    wanted = _hang_links(motion, robot)
    corners = _corners(robot)
    base = motion.root_position * scale
    base[:, 2] = _base_height(motion, robot, wanted, corners, scale)
    wanted = wanted._replace(positions=wanted.positions + base[:, None])
    tracked = [i for i, m in enumerate(matches.values()) if m.position or m.orientation]
    links = tuple(list(matches)[i] for i in tracked)
    frames = len(motion)
    weights = [list(matches.values())[i] for i in tracked]
    link_tasks = _tasks(
        [robot.frame(link) for link in links],
        wanted.positions[:, tracked],
        wanted.rotations[:, tracked],
        np.tile(np.array([m.position for m in weights])[:, None], (frames, 1, 3)),
        np.tile(np.array([m.orientation for m in weights]), (frames, 1)),
        np.zeros((frames, len(tracked)), bool),
    )
    corner_tasks, standing = _corner_tasks(motion, robot, wanted, corners)
    start = State(base, wanted.rotations[:, 0].copy(), np.tile(robot.neutral, (frames, 1)))
    return Targets(_joined(link_tasks, corner_tasks), links, standing, start, scale)


def leg_scale(robot: Robot) -> float:
    """Return the robot's leg length (hip to sole) over the human's; 1 without feet."""
    matches = robot.correspondence.links
    rest, _ = _rest(robot)
    names = list(matches)
    ours = theirs = 0.0
    for link, foot in robot.correspondence.feet.items():
        ours += max(-corner[2] for corner in foot.heel_corners)
        theirs += float(-skeleton.OFFSETS[skeleton.JOINT_INDEX[foot.human_toe], 1])
        current = link
        while (parent := matches[current].limb_from) is not None:
            ours += float(np.linalg.norm(rest[names.index(current)] - rest[names.index(parent)]))
            theirs += float(
                np.linalg.norm(
                    _HUMAN_REST[skeleton.JOINT_INDEX[matches[current].human]]
                    - _HUMAN_REST[skeleton.JOINT_INDEX[matches[parent].human]]
                )
            )
            current = parent
    return ours / theirs if ours > 0.0 and theirs > 0.0 else 1.0


_HUMAN_REST = skeleton.forward_kinematics(
    np.tile(np.eye(3), (skeleton.JOINT_COUNT, 1, 1)), np.zeros(3)
).positions


def _rest(robot: Robot) -> tuple[np.ndarray, np.ndarray]:
    """Return the links' places [link, 3] and turns [link, 3, 3] in SMPL's rest pose."""
    state = State(np.zeros((1, 3)), np.eye(3)[None], robot.human_rest[None])
    positions, rotations = robot.link_poses(tuple(robot.correspondence.links), state)
    return positions[0], rotations[0]


def _hang_links(motion: Motion, robot: Robot) -> _Wanted:
    """Place every link relative to the base's origin."""
    matches = robot.correspondence.links
    names = list(matches)
    rest_position, rest_rotation = _rest(robot)
    human = [skeleton.JOINT_INDEX[match.human] for match in matches.values()]
    rotations = motion.pose.rotations[:, human] @ BASE_TO_SMPL @ rest_rotation
    positions = np.zeros((len(motion), len(names), 3))
    for i, match in enumerate(matches.values()):
        if match.rigid_to is not None:
            parent = names.index(match.rigid_to)
            local = rest_rotation[parent].T @ (rest_position[i] - rest_position[parent])
            positions[:, i] = positions[:, parent] + rotations[:, parent] @ local
        elif match.limb_from is not None:
            parent = names.index(match.limb_from)
            limb = motion.pose.positions[:, human[i]] - motion.pose.positions[:, human[parent]]
            length = np.linalg.norm(rest_position[i] - rest_position[parent])
            limb *= length / np.linalg.norm(limb, axis=-1, keepdims=True)
            positions[:, i] = positions[:, parent] + limb
    return _Wanted(positions, rotations)


class _Corner(NamedTuple):
    """One corner of a sole."""

    link: str
    point: np.ndarray
    human: str


def _corners(robot: Robot) -> list[_Corner]:
    def of(link: str, foot: Foot) -> list[_Corner]:
        heel = [_Corner(link, np.array(p), foot.human_heel) for p in foot.heel_corners]
        return heel + [_Corner(link, np.array(p), foot.human_toe) for p in foot.toe_corners]

    return [c for link, foot in robot.correspondence.feet.items() for c in of(link, foot)]


def _corner_positions(robot: Robot, wanted: _Wanted, corners: list[_Corner]) -> np.ndarray:
    """Return where the corners would be with the links on their targets [frame, corner, 3]."""
    names = list(robot.correspondence.links)
    index = [names.index(corner.link) for corner in corners]
    points = np.array([corner.point for corner in corners])
    turned = np.einsum('tkab,kb->tka', wanted.rotations[:, index], points)
    return np.asarray(wanted.positions[:, index] + turned)


def _base_height(
    motion: Motion, robot: Robot, wanted: _Wanted, corners: list[_Corner], scale: float
) -> np.ndarray:
    """Return the base height at which the lowest sole is as high as the human's, scaled."""
    if not corners:
        return np.asarray(motion.root_position[:, 2] * scale)
    joints = tuple(dict.fromkeys(corner.human for corner in corners))
    clearance = foot_heights(motion, joints).heights.min(axis=1)
    lowest = _corner_positions(robot, wanted, corners)[..., 2].min(axis=1)
    return np.asarray(np.maximum(clearance, 0.0) * scale - lowest)


def _corner_tasks(
    motion: Motion, robot: Robot, wanted: _Wanted, corners: list[_Corner]
) -> tuple[Tasks, np.ndarray]:
    """Hold standing corners in one place on the floor, and keep the others above it."""
    frames = len(motion)
    places = _corner_positions(robot, wanted, corners) if corners else np.zeros((frames, 0, 3))
    standing = np.zeros((frames, len(corners)), bool)
    if corners:
        standing = contacts(motion, tuple(corner.human for corner in corners))
    for corner in range(len(corners)):
        for run in _runs(standing[:, corner]):
            places[run, corner, :2] = places[run, corner, :2].mean(axis=0)
    places[..., 2] = 0.0
    weight = np.zeros((frames, len(corners), 3))
    weight[standing] = _CONTACT_WEIGHT
    weight[~standing, 2] = _FLOOR_WEIGHT
    # Ankle frames carry the corners; a corner itself has no orientation to track.
    carriers = [robot.frame(corner.link) for corner in corners]
    points = [
        Frame(frame.body, frame.position + frame.rotation @ corner.point, frame.rotation)
        for frame, corner in zip(carriers, corners, strict=True)
    ]
    rotations = np.tile(np.eye(3), (frames, len(corners), 1, 1))
    tasks = _tasks(points, places, rotations, weight, np.zeros(weight.shape[:2]), ~standing)
    return tasks, standing


def _runs(flags: np.ndarray) -> list[slice]:
    """Return the runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _tasks(
    places: list[Frame],
    target_position: np.ndarray,
    target_rotation: np.ndarray,
    position_weight: np.ndarray,
    orientation_weight: np.ndarray,
    one_sided: np.ndarray,
) -> Tasks:
    return Tasks(
        np.array([place.body for place in places], np.int64),
        np.array([place.position for place in places]).reshape(-1, 3),
        np.array([place.rotation for place in places]).reshape(-1, 3, 3),
        target_position,
        target_rotation,
        position_weight,
        orientation_weight,
        one_sided,
    )


def _joined(first: Tasks, second: Tasks) -> Tasks:
    per_task, per_frame = Tasks._fields[:3], Tasks._fields[3:]
    return Tasks(
        *(np.concatenate([getattr(first, n), getattr(second, n)]) for n in per_task),
        *(np.concatenate([getattr(first, n), getattr(second, n)], axis=1) for n in per_frame),
    )
