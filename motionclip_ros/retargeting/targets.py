"""Human motion -> what each robot link should do, frame by frame.

Links hang on the human's limb directions (`hanging`), soles stand where the human's do
(`stances`), and what is not standing stays above the floor.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.contacts import contacts, foot_heights
from motionclip_ros.retargeting.hanging import (
    Wanted,
    faced,
    hang_links,
    leg_scale,
)
from motionclip_ros.retargeting.robots.robot import Frame, Robot
from motionclip_ros.retargeting.soles import (
    Corner,
    carried,
    corner_positions,
    headings,
    layout,
    sole_corners,
)
from motionclip_ros.retargeting.solving.problem import State, Tasks
from motionclip_ros.retargeting.stances import Soles, find_stances

_CONTACT_WEIGHT = 500.0  # [cost/m^2] on each corner of a standing sole
_FLOOR_WEIGHT = 1000.0  # [cost/m^2] on each corner below the floor


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


def make_targets(
    motion: Motion, robot: Robot, posture: Float[np.ndarray, ' joint'] | None = None
) -> Targets:
    """Ask the robot to do what the human does.

    Args:
        motion: A human motion.
        robot: A robot with its correspondence. If its base is bolted down, the person is
            turned to face along the base's x axis in every frame.
        posture: The joints' first guess, and where a base bolted down stands on its soles;
            neutral by default [rad].

    Returns:
        Tasks for the motion's frames.

    Raises:
        MotionError: The motion is malformed (it cannot be built then).
    """
    scale = leg_scale(robot)
    if robot.fixed_base:
        motion = faced(motion)
    posture = robot.neutral if posture is None else posture
    wanted = hang_links(motion, robot)
    corners = sole_corners(robot)
    base = np.zeros((len(motion), 3))
    if robot.fixed_base:
        places, standing = bolted_places(robot, corners, posture, base)
    else:
        base[:, :2] = motion.root_position[:, :2] * scale
        base[:, 2] = _base_height(motion, robot, wanted, corners, scale)
        places, standing = _corner_places(motion, robot, wanted, corners, base)
    wanted = wanted._replace(positions=wanted.positions + base[:, None])
    shifted = _with_feet(robot, wanted, corners, places, standing)
    tasks, links = all_tasks(robot, shifted, corners, places, standing)
    start = first_guess(robot, wanted, posture)
    return Targets(tasks, links, standing, start, scale)


def all_tasks(
    robot: Robot,
    wanted: Wanted,
    corners: list[Corner],
    places: Float[np.ndarray, 'frame corner 3'],
    standing: Bool[np.ndarray, 'frame corner'],
) -> tuple[Tasks, tuple[str, ...]]:
    """Ask the links and the corners of the soles to be in their places.

    Args:
        robot: The robot.
        wanted: Where the links of the correspondence belong, in the world.
        corners: The corners of the soles.
        places: Where they belong; what does not stand only has to be above that height [m].
        standing: Which of them stand.

    Returns:
        The tasks, links first, and the names of the links that have one.
    """
    tasks, links = _link_tasks(robot, wanted)
    return _joined(tasks, _corner_tasks(robot, corners, places, standing)), links


def first_guess(robot: Robot, wanted: Wanted, joints: Float[np.ndarray, ' joint']) -> State:
    """Return the posture with the base link on its target and the joints as they are given."""
    frame = robot.frame(robot.correspondence.base)
    turn = wanted.rotations[:, 0] @ frame.rotation.T
    position = wanted.positions[:, 0] - turn @ frame.position
    return State(position, turn, np.tile(joints, (len(turn), 1)))


def _base_height(
    motion: Motion, robot: Robot, wanted: Wanted, corners: list[Corner], scale: float
) -> np.ndarray:
    """Return the base height at which the lowest sole is as high as the human's, scaled."""
    if not corners:
        return np.asarray(motion.root_position[:, 2] * scale)
    joints = tuple(dict.fromkeys(corner.human for corner in corners))
    clearance = foot_heights(motion, joints).heights.min(axis=1)
    lowest = corner_positions(robot, wanted, corners)[..., 2].min(axis=1)
    return np.asarray(np.maximum(clearance, 0.0) * scale - lowest)


def _corner_places(
    motion: Motion, robot: Robot, wanted: Wanted, corners: list[Corner], base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the corners belong [frame, corner, 3] and when they stand [frame, corner].

    The base's path is bent in place.
    """
    places = np.zeros((len(motion), len(corners), 3))
    if not corners:
        return places, np.zeros((len(motion), 0), bool)
    standing = contacts(motion, tuple(corner.human for corner in corners))
    hung = corner_positions(robot, wanted, corners)
    lie = layout(robot, corners)
    soles = Soles(hung, headings(hung, lie.foot, lie.heel), lie.foot, lie.local)
    stances = find_stances(soles, standing, base[:, :2], motion.fps)
    base[:, :2] = stances.base
    places[..., :2] = stances.corners
    return places, standing


def bolted_places(
    robot: Robot, corners: list[Corner], posture: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of soles that another controller keeps still, all standing.

    The base's height is set in place.
    """
    points = carried(robot, corners)
    body = np.array([point.body for point in points], np.int64)
    offset = np.array([point.position for point in points]).reshape(-1, 3)
    state = State(np.zeros((1, 3)), robot.upright[None], posture[None])
    places = robot.points(body, offset, state)[0]
    if len(corners):
        base[:, 2] = -places[:, 2].min()
    places = np.tile(places, (len(base), 1, 1)) + base[:, None]
    return places, np.ones(places.shape[:2], bool)


def _with_feet(
    robot: Robot,
    wanted: Wanted,
    corners: list[Corner],
    places: np.ndarray,
    standing: np.ndarray,
) -> Wanted:
    """Shift the legs' targets to where the soles belong, and swing smoothly in between.

    A foot's whole shift goes to its ankle, and half of it to the knee.
    """
    matches, names = robot.correspondence.links, list(robot.correspondence.links)
    positions = wanted.positions.copy()
    away = places - corner_positions(robot, wanted, corners)
    for link in robot.correspondence.feet:
        own = np.array([corner.link == link for corner in corners])
        stands = np.flatnonzero(standing[:, own].any(axis=1))
        if not len(stands):
            continue
        share = standing[stands][:, own, None]
        shift = (share * away[stands][:, own]).sum(axis=1) / share.sum(axis=1)
        frames = np.arange(len(places))
        shift = np.stack([np.interp(frames, stands, column) for column in shift.T], axis=1)
        current, part = link, 1.0
        while matches[current].limb_from is not None:
            positions[:, names.index(current)] += part * shift
            current, part = str(matches[current].limb_from), part / 2
    return wanted._replace(positions=positions)


def _link_tasks(robot: Robot, wanted: Wanted) -> tuple[Tasks, tuple[str, ...]]:
    """Ask every link with a weight to be on its target."""
    matches = robot.correspondence.links
    links = tuple(link for link, m in matches.items() if m.position or m.orientation)
    tracked = [list(matches).index(link) for link in links]
    frames = len(wanted.positions)
    tasks = _tasks(
        [robot.frame(link) for link in links],
        wanted.positions[:, tracked],
        wanted.rotations[:, tracked],
        np.tile(np.array([matches[link].position for link in links])[:, None], (frames, 1, 3)),
        np.tile(np.array([matches[link].orientation for link in links]), (frames, 1)),
        np.zeros((frames, len(tracked)), bool),
    )
    return tasks, links


def _corner_tasks(
    robot: Robot, corners: list[Corner], places: np.ndarray, standing: np.ndarray
) -> Tasks:
    """Hold standing corners in their places on the floor, and keep the others above it."""
    weight = np.zeros(places.shape)
    weight[standing] = _CONTACT_WEIGHT
    weight[~standing, 2] = _FLOOR_WEIGHT
    points = carried(robot, corners)
    rotations = np.tile(np.eye(3), (*standing.shape, 1, 1))
    return _tasks(points, places, rotations, weight, np.zeros(standing.shape), ~standing)


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
