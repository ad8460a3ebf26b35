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
    rest_wanted,
)
from motionclip_ros.retargeting.robots.correspondence import Foot
from motionclip_ros.retargeting.robots.robot import Frame, Robot
from motionclip_ros.retargeting.solving.problem import State, Tasks
from motionclip_ros.retargeting.stances import Soles, find_stances, sole_heading

_CONTACT_WEIGHT = 300.0  # [cost/m^2] on each corner of a standing sole
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
    corners = _corners(robot)
    base = np.zeros((len(motion), 3))
    if robot.fixed_base:
        places, standing = _bolted_places(robot, corners, posture, base)
    else:
        base[:, :2] = motion.root_position[:, :2] * scale
        base[:, 2] = _base_height(motion, robot, wanted, corners, scale)
        places, standing = _corner_places(motion, robot, wanted, corners, base)
    wanted = wanted._replace(positions=wanted.positions + base[:, None])
    shifted = _with_feet(robot, wanted, corners, places, standing)
    tasks, links = _link_tasks(robot, shifted)
    start = State(base, wanted.rotations[:, 0].copy(), np.tile(posture, (len(motion), 1)))
    corner_tasks = _corner_tasks(robot, corners, places, standing)
    return Targets(_joined(tasks, corner_tasks), links, standing, start, scale)


class _Corner(NamedTuple):
    """One corner of a sole."""

    link: str
    point: np.ndarray
    human: str
    heel: bool


def _corners(robot: Robot) -> list[_Corner]:
    def of(link: str, foot: Foot) -> list[_Corner]:
        heel = [_Corner(link, np.array(p), foot.human_heel, True) for p in foot.heel_corners]
        toes = [_Corner(link, np.array(p), foot.human_toe, False) for p in foot.toe_corners]
        return heel + toes

    return [c for link, foot in robot.correspondence.feet.items() for c in of(link, foot)]


def _corner_positions(robot: Robot, wanted: Wanted, corners: list[_Corner]) -> np.ndarray:
    """Return where the corners would be with the links on their targets [frame, corner, 3]."""
    names = list(robot.correspondence.links)
    index = [names.index(corner.link) for corner in corners]
    points = np.array([corner.point for corner in corners]).reshape(-1, 3)
    turned = np.einsum('tkab,kb->tka', wanted.rotations[:, index], points)
    return np.asarray(wanted.positions[:, index] + turned)


def _base_height(
    motion: Motion, robot: Robot, wanted: Wanted, corners: list[_Corner], scale: float
) -> np.ndarray:
    """Return the base height at which the lowest sole is as high as the human's, scaled."""
    if not corners:
        return np.asarray(motion.root_position[:, 2] * scale)
    joints = tuple(dict.fromkeys(corner.human for corner in corners))
    clearance = foot_heights(motion, joints).heights.min(axis=1)
    lowest = _corner_positions(robot, wanted, corners)[..., 2].min(axis=1)
    return np.asarray(np.maximum(clearance, 0.0) * scale - lowest)


def _corner_places(
    motion: Motion, robot: Robot, wanted: Wanted, corners: list[_Corner], base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where the corners belong [frame, corner, 3] and when they stand [frame, corner].

    The base's path is bent in place.
    """
    places = np.zeros((len(motion), len(corners), 3))
    if not corners:
        return places, np.zeros((len(motion), 0), bool)
    standing = contacts(motion, tuple(corner.human for corner in corners))
    links = list(robot.correspondence.feet)
    foot = np.array([links.index(corner.link) for corner in corners])
    heel = np.array([corner.heel for corner in corners])
    hung = _corner_positions(robot, wanted, corners)
    at_rest = _corner_positions(robot, rest_wanted(robot), corners)
    local = np.zeros((len(corners), 2))
    heading = np.zeros((len(motion), len(links)))
    for one in range(len(links)):
        own = foot == one
        heading[:, one] = sole_heading(hung[:, own], heel[own])
        ahead = sole_heading(at_rest[:, own], heel[own])[0]
        c, s = np.cos(ahead), np.sin(ahead)
        flat = at_rest[0, own, :2] - at_rest[0, own, :2].mean(axis=0)
        local[own] = flat @ np.array([[c, -s], [s, c]])
    soles = Soles(hung, heading, foot, local)
    stances = find_stances(soles, standing, base[:, :2], motion.fps)
    base[:, :2] = stances.base
    places[..., :2] = stances.corners
    return places, standing


def _bolted_places(
    robot: Robot, corners: list[_Corner], posture: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of soles that another controller keeps still, all standing.

    The base's height is set in place.
    """
    points = _carried(robot, corners)
    body = np.array([point.body for point in points], np.int64)
    offset = np.array([point.position for point in points]).reshape(-1, 3)
    state = State(np.zeros((1, 3)), np.eye(3)[None], posture[None])
    places = robot.points(body, offset, state)[0]
    if len(corners):
        base[:, 2] = -places[:, 2].min()
    places = np.tile(places, (len(base), 1, 1)) + base[:, None]
    return places, np.ones(places.shape[:2], bool)


def _carried(robot: Robot, corners: list[_Corner]) -> list[Frame]:
    """Return the corners on the joints that carry them."""
    carriers = [robot.frame(corner.link) for corner in corners]
    # Ankle frames carry the corners; a corner itself has no orientation to track.
    return [
        Frame(frame.body, frame.position + frame.rotation @ corner.point, frame.rotation)
        for frame, corner in zip(carriers, corners, strict=True)
    ]


def _with_feet(
    robot: Robot,
    wanted: Wanted,
    corners: list[_Corner],
    places: np.ndarray,
    standing: np.ndarray,
) -> Wanted:
    """Shift the legs' targets to where the soles belong, and swing smoothly in between.

    A foot's whole shift goes to its ankle, and half of it to the knee.
    """
    matches, names = robot.correspondence.links, list(robot.correspondence.links)
    positions = wanted.positions.copy()
    away = places - _corner_positions(robot, wanted, corners)
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
    robot: Robot, corners: list[_Corner], places: np.ndarray, standing: np.ndarray
) -> Tasks:
    """Hold standing corners in their places on the floor, and keep the others above it."""
    weight = np.zeros(places.shape)
    weight[standing] = _CONTACT_WEIGHT
    weight[~standing, 2] = _FLOOR_WEIGHT
    points = _carried(robot, corners)
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
