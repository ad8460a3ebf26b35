"""The joint angles that put a robot into SMPL's rest pose: legs straight, arms out, palms down.

They are found with the robot's own kinematics, limb by limb: least squares on the directions of
the limb's segments, and on where the elbow bends to. Arms out to the sides with the palms down
have elbows that bend forward; this fixes the turn of the upper arm, which directions leave open.
"""

from typing import NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Float
from scipy.optimize import least_squares

from motionclip_ros.retargeting.robots import names
from motionclip_ros.retargeting.robots.anatomy import Anatomy, Limb
from motionclip_ros.retargeting.robots.robot import Robot

_NEUTRAL = 0.02  # [1/rad] pull to the neutral posture where the pose leaves a choice
_END_NEUTRAL = 0.1  # [1/rad] the same for wrists, which the pose does not ask to bend
_HAND = 0.3  # weight of the hand's turn: few robots can tell how they hold it
_STRAIGHT = np.radians(8.0)  # robots whose legs are this straight at neutral stay there
_CLOSE = np.radians(3.0)  # a pose within the limits that comes this close is good enough
_ROUND = np.pi / 2  # [rad] designers make such poses of right angles
_NEAR_ROUND = 0.4  # [rad] from a multiple of `_ROUND`
_STRAIGHT_ENOUGH = np.radians(7.0)  # joints lie off the line of a limb by as much
_STARTS = 6
_GOOD = 0.02  # cost of a pose with which nobody would quarrel


class RestPosture(NamedTuple):
    """Joint angles and how well they fit.

    Attributes:
        angles: Every joint [rad]; what is in no limb is neutral.
        error: Largest error of each limb's directions [rad], in the anatomy's order.
        beyond: Names of joints that are beyond their limits: the robot cannot stand like this.
    """

    angles: Float[np.ndarray, ' joint']
    error: tuple[float, ...]
    beyond: tuple[str, ...]


def find_rest_posture(robot: Robot, anatomy: Anatomy) -> RestPosture:
    """Find the rest posture, inside the joint limits where the robot can reach it.

    Args:
        robot: A robot.
        anatomy: Its limbs.

    Returns:
        The posture. A limb that cannot reach the pose is put there regardless of its limits,
        since the pose tells what its links' directions mean, not where the robot shall go.
    """
    angles = robot.neutral.copy()
    errors = []
    for limb in anatomy.limbs:
        pose = _LimbPose(robot, anatomy, limb, angles)
        found, error = _solve(pose, free=False)
        if error > _CLOSE:
            freed, freed_error = _solve(pose, free=True)
            if freed_error < error - _CLOSE:
                found, error = freed, freed_error
        angles[list(limb.joints)] = found
        errors.append(error)
    limits = robot.limits
    outside = (angles < limits.lower - 1e-3) | (angles > limits.upper + 1e-3)
    beyond = tuple(name for name, out in zip(robot.joint_names, outside, strict=True) if out)
    return RestPosture(angles, tuple(errors), beyond)


class _LimbPose:
    """How far one limb is from the rest pose at some joint angles."""

    def __init__(
        self, robot: Robot, anatomy: Anatomy, limb: Limb, neutral: Float[np.ndarray, ' joint']
    ):
        self.robot, self.limb, self.neutral = robot, limb, neutral
        self.upright = anatomy.upright
        self.data = robot.model.createData()
        self.variables = list(limb.joints)
        side = 1.0 if limb.side == 'left' else -1.0
        self.direction = np.array([0.0, side, 0.0] if limb.kind == 'arm' else [0.0, 0.0, -1.0])
        self.place(neutral[self.variables])
        self.foot = self.turn(limb.joints[-1])
        self.index = self._index() if limb.kind == 'arm' else None

    def place(self, angles: Float[np.ndarray, ' variable']) -> None:
        """Compute all placements."""
        q = np.concatenate([[0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], self.neutral])
        q[[7 + joint for joint in self.variables]] = angles
        pinocchio.forwardKinematics(self.robot.model, self.data, q)

    def turn(self, joint: int) -> Float[np.ndarray, '3 3']:
        """Rotation from a joint's frame to upright axes."""
        return np.asarray(self.upright @ self.data.oMi[joint + 2].rotation)

    def at(
        self, joint: int, point: Float[np.ndarray, '3'] | None = None
    ) -> Float[np.ndarray, '3']:
        """Place of a joint, or of a point in its frame, in upright axes."""
        place = self.upright @ self.data.oMi[joint + 2].translation
        return np.asarray(place if point is None else place + self.turn(joint) @ point)

    def segments(self) -> list[np.ndarray]:
        """Unit directions of upper and lower segment."""
        limb = self.limb
        root, bend = self.at(limb.joints[limb.root]), self.at(limb.joints[limb.bend])
        last = limb.joints[-1]
        end = self.at(last) if limb.has_end else self.at(last, limb.tip)
        return [_unit(part) for part in (bend - root, end - bend)]

    def error(self) -> float:
        """Largest angle between a segment and where it should point [rad]."""
        cosines = [np.clip(part @ self.direction, -1.0, 1.0) for part in self.segments()]
        return float(np.arccos(min(cosines)))

    def flexion(self, angles: Float[np.ndarray, ' variable']) -> float:
        """Which way the knee or elbow has more room: +1 or -1."""
        joint, angle = self.limb.joints[self.limb.bend], angles[self.limb.bend]
        limits = self.robot.limits
        return 1.0 if limits.upper[joint] - angle > angle - limits.lower[joint] else -1.0

    def residuals(
        self, angles: Float[np.ndarray, ' variable'], flexion: float
    ) -> Float[np.ndarray, ' residual']:
        """Errors of directions, of the bend, of the hand or foot, and the pull to neutral."""
        self.place(angles)
        limb = self.limb
        parts = [part - self.direction for part in self.segments()]
        joint = limb.joints[limb.bend]
        axis = self.turn(joint) @ self.robot.tree.axis[joint]
        bends_to = np.array([1.0 if limb.kind == 'arm' else -1.0, 0.0, 0.0])
        parts.append(0.5 * (flexion * np.cross(axis, self.direction) - bends_to))
        last = self.turn(limb.joints[-1])
        if limb.kind == 'leg':  # feet are level and point forward at neutral
            parts.append(0.5 * pinocchio.log3(self.foot.T @ last))
        elif self.index is not None:
            parts.append(_HAND * (last @ self.index - [1.0, 0.0, 0.0]))
        if limb.kind == 'arm' and limb.has_end:
            hand = _unit(last @ limb.tip)
            parts.append(np.array([max(0.0, 0.85 - hand @ self.direction)]))
        pull = np.where(np.arange(len(angles)) > limb.bend, _END_NEUTRAL, _NEUTRAL)
        parts.append(pull * (angles - self.neutral[self.variables]))
        return np.concatenate(parts)

    def _index(self) -> Float[np.ndarray, '3'] | None:
        """Direction from the little finger to the index, in the last joint's frame."""
        limb, robot = self.limb, self.robot
        last = limb.joints[-1]
        inside = self.data.oMi[last + 2]
        places: dict[str, list[np.ndarray]] = {'index': [], 'little': []}
        for name, frame in robot.frames.items():
            finger = names.finger(name)
            if finger is not None and _carried_by(robot, frame.body, last):
                body = self.data.oMi[frame.body + 2]
                places[finger].append(inside.actInv(body.act(frame.position)))
        if not all(places.values()):
            return None
        across = np.mean(places['index'], axis=0) - np.mean(places['little'], axis=0)
        return _unit(across) if np.linalg.norm(across) > 0.01 else None


def _solve(pose: _LimbPose, free: bool) -> tuple[Float[np.ndarray, ' variable'], float]:
    """Find the best angles from several starts, within the limits or regardless of them."""
    robot, joints = pose.robot, pose.variables
    neutral = pose.neutral[joints]
    pose.place(neutral)
    if pose.limb.kind == 'leg' and pose.error() < _STRAIGHT:
        return neutral, pose.error()
    lower, upper = robot.limits.lower[joints] - 1e-6, robot.limits.upper[joints] + 1e-6
    if free:
        lower, upper = np.minimum(lower, -np.pi), np.maximum(upper, np.pi)
    rng = np.random.default_rng(0)
    starts = [neutral, *(rng.uniform(lower, upper) for _ in range(_STARTS))]
    best = (np.inf, neutral)
    for start in starts:
        for flexion in (1.0, -1.0):
            found = least_squares(
                pose.residuals,
                np.clip(start, lower, upper),
                bounds=(lower, upper),
                args=(flexion,),
                max_nfev=40,
            )
            cost = float(found.cost) + (1.0 if pose.flexion(found.x) != flexion else 0.0)
            if cost < best[0] - 1e-9:
                best = (cost, found.x)
        if best[0] < _GOOD:  # other starts would find the same
            break
    found = _rounded(pose, best[1], lower, upper)
    pose.place(found)
    return found, pose.error()


def _rounded(
    pose: _LimbPose,
    angles: Float[np.ndarray, ' variable'],
    lower: Float[np.ndarray, ' variable'],
    upper: Float[np.ndarray, ' variable'],
) -> Float[np.ndarray, ' variable']:
    """Take right angles where they do as well, as far as anyone can see."""
    whole = np.round(angles / _ROUND) * _ROUND
    near = (np.abs(whole - angles) < _NEAR_ROUND) & (whole >= lower) & (whole <= upper)
    tried = np.where(near, whole, angles)
    pose.place(tried)
    return tried if pose.error() < _STRAIGHT_ENOUGH else angles


def _carried_by(robot: Robot, body: int, joint: int) -> bool:
    while body > joint:  # parents stand before their children
        body = int(robot.tree.parent[body])
    return body == joint


def _unit(vector: Float[np.ndarray, '3']) -> Float[np.ndarray, '3']:
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0))
