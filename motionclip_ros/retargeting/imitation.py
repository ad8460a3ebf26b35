"""Robot -> human: the motion of a person whose limbs point where the robot's do.

The way back from `hanging`. A human bone takes the direction of the robot's limb and its twist
from the body that carries the limb; pelvis, chest, feet and hands turn as the robot's links have
turned since SMPL's rest pose.
"""

import itertools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation
from scipy.special import softmax

from motionclip_model import skeleton
from motionclip_model.errors import RobotError
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.contacts import ANKLE_HEIGHT
from motionclip_ros.retargeting.hanging import BASE_TO_SMPL, leg_scale, rest_poses
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.soles import carried, sole_corners
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

_TRUNK = ('pelvis', 'spine1', 'spine2', 'spine3', 'neck', 'head')
_ALONG = 0.8  # cosine between a joint's axis and a limb that the joint twists
_PARALLEL = np.radians(15.0)  # soles further apart are not both on the floor [rad]
_LEVEL = 0.005  # [m] by which a sole must be lower than the other to bear clearly more
_CALM = 0.1  # [s] over which the base comes to lean


class _Bone(NamedTuple):
    """A limb of the robot and the human bone that follows it.

    Attributes:
        human: SMPL joint where the bone begins.
        start: Index of the link where the limb begins.
        end: Index of the link where it ends.
        body: Joint whose body is the limb; -1 is the base.
        direction: The bone in SMPL's rest pose, of length 1.
    """

    human: int
    start: int
    end: int
    body: int
    direction: Float[np.ndarray, '3']


class Imitator:
    """Shows a robot's motions as a person's.

    Attributes:
        robot: Whose motions they are.
    """

    def __init__(self, robot: Robot):
        """Measure the robot in SMPL's rest pose."""
        self.robot = robot
        matches = robot.correspondence.links
        self._links = tuple(matches)
        self._human = [skeleton.JOINT_INDEX[match.human] for match in matches.values()]
        self._scale = leg_scale(robot)
        self._rest = rest_poses(robot)
        state = State(np.zeros((1, 3)), robot.upright[None], robot.human_rest[None])
        turn, origin = placing.place(robot.tree, state)
        self._rest_turn, self._rest_origin = turn[0], origin[0]
        self._bones = [
            self._bone(self._links.index(match.limb_from), end)
            for end, match in enumerate(matches.values())
            if match.limb_from is not None
        ]
        corners = carried(robot, sole_corners(robot))
        self._corner_body = np.array([corner.body for corner in corners], np.int64)
        self._corner = np.array([corner.position for corner in corners]).reshape(-1, 3)

    def imitate(self, state: State, fps: float) -> Motion:
        """Let a person do what the robot does.

        Args:
            state: The robot's path, its base in the z-up world.
            fps: Frames per second.

        Returns:
            The motion, with the lowest foot as high as the robot's, scaled.

        Raises:
            MotionError: Fewer than two frames.
        """
        turns = self._world_rotations(state)
        parents = list(skeleton.PARENTS[1:])
        local = turns.copy()
        local[:, 1:] = np.swapaxes(turns[:, parents], -1, -2) @ turns[:, 1:]
        base = self.robot.link_poses((self.robot.correspondence.base,), state)[0][:, 0]
        root = base / self._scale
        if len(self._corner):
            soles = self.robot.points(self._corner_body, self._corner, state)[..., 2].min(axis=1)
            root[:, 2] = soles / self._scale - _lowest(local)
        return Motion(local, root, fps)

    def imitate_path(self, trajectory: RobotTrajectory, fps: float) -> Motion:
        """Let a person do what a trajectory says, base and joints.

        Args:
            trajectory: A path of this robot, of at least two frames.
            fps: Frames per second of the motion.

        Raises:
            RobotError: The trajectory lacks a joint of the robot.
            MotionError: It is too short.
        """
        known = {name: column for column, name in enumerate(trajectory.joint_names)}
        if missing := [name for name in self.robot.joint_names if name not in known]:
            raise RobotError(
                f'the trajectory lacks {", ".join(missing)}; name the robot that it was made for'
            )
        first = trajectory.time_from_start[0]
        frames = int((trajectory.seconds - first) * fps + 1e-6) + 1
        sample = trajectory.sample(first + np.arange(frames) / fps)
        columns = [known[name] for name in self.robot.joint_names]
        turns = Rotation.from_quat(sample.base_quaternion_xyzw).as_matrix()
        return self.imitate(State(sample.base_position, turns, sample.positions[:, columns]), fps)

    def grounded(self, joints: Float[np.ndarray, 'frame joint'], fps: float) -> State:
        """Find where the base is while all that is known is the joints.

        The lower sole touches the floor and does not slip. While the soles are parallel they lie
        flat, as in a bow or a squat; while they are not, as in a step, the base is upright.
        Without feet, and with a base that is bolted down, it stays where it is.

        Args:
            joints: Joint positions [rad].
            fps: Frames per second.

        Returns:
            The path; in the first frame the base is at the origin and faces along x.
        """
        robot, frames = self.robot, len(joints)
        still = State(np.zeros((frames, 3)), np.tile(robot.upright, (frames, 1, 1)), joints)
        feet = tuple(robot.correspondence.feet)
        if not feet or robot.fixed_base:
            return still
        # A sole lies flat where the foot is turned as in the rest pose, but for its heading.
        rest = self._rest[1][[self._links.index(foot) for foot in feet]]
        turn = robot.link_poses(feet, still)[1] @ np.swapaxes(rest, -1, -2)
        tilt = _tilt(turn[..., 2], fps)
        corners = robot.points(self._corner_body, self._corner, still)
        corners = np.einsum('tab,tkb->tka', tilt, corners)
        ahead = tilt[:, None] @ turn
        headings = np.unwrap(np.arctan2(ahead[..., 1, 0], ahead[..., 0, 0]), axis=0)
        foot = np.array([feet.index(corner.link) for corner in sole_corners(robot)])
        soles = [corners[:, foot == one].mean(axis=1) for one in range(len(feet))]
        heading, place = _walked(np.stack(soles, axis=1), headings)
        position = np.column_stack([place, -corners[..., 2].min(axis=1)])
        facing = Rotation.from_euler('z', heading[:, None]).as_matrix()
        return State(position, facing @ tilt @ robot.upright, joints)

    def _world_rotations(self, state: State) -> np.ndarray:
        """Rotation of every SMPL joint to the world [frame, 24, 3, 3]."""
        positions, rotations = self.robot.link_poses(self._links, state)
        turned = rotations @ np.swapaxes(self._rest[1], -1, -2) @ BASE_TO_SMPL.T
        known = {human: turned[:, link] for link, human in enumerate(self._human)}
        bodies = placing.place(self.robot.tree, state)[0]
        for bone in self._bones:
            carrier = bodies[:, bone.body + 1] @ self._rest_turn[bone.body + 1].T @ BASE_TO_SMPL.T
            limb = positions[:, bone.end] - positions[:, bone.start]
            limb /= np.linalg.norm(limb, axis=-1, keepdims=True)
            known[bone.human] = _shortest_turn(carrier @ bone.direction, limb) @ carrier
        _fill_trunk(known)
        for joint in range(skeleton.JOINT_COUNT):
            known.setdefault(joint, known[max(skeleton.PARENTS[joint], 0)])
        return np.stack([known[joint] for joint in range(skeleton.JOINT_COUNT)], axis=1)

    def _bone(self, start: int, end: int) -> _Bone:
        human, tip = self._human[start], self._human[end]
        offset = np.zeros(3)
        joint = tip
        while joint not in (human, -1):
            offset += skeleton.OFFSETS[joint]
            joint = skeleton.PARENTS[joint]
        # Of the joints on the way, those near the start or along the limb turn the limb; the
        # others turn what hangs on it.
        places = self._rest[0][[start, end]]
        limb = (places[1] - places[0]) / np.linalg.norm(places[1] - places[0])
        first, body = (self.robot.frame(self._links[link]).body for link in (start, end))
        while body != first and body >= 0:
            near, far = np.linalg.norm(places - self._rest_origin[body + 1], axis=1)
            axis = self._rest_turn[body + 1] @ self.robot.tree.axis[body]
            if near < far or abs(axis @ limb) > _ALONG:
                break
            body = int(self.robot.tree.parent[body])
        return _Bone(human, start, end, body, offset / np.linalg.norm(offset))


def _tilt(up: np.ndarray, fps: float) -> np.ndarray:
    """Find how the base leans, by the normals [frame, foot, 3] of the soles beside it.

    Returns:
        Rotations [frame, 3, 3] from the upright base to the leaning one, none about the vertical.
    """
    mean = up.mean(axis=1)
    agreement = np.linalg.norm(mean, axis=-1)
    apart = 2.0 * np.arccos(np.clip(agreement, 0.0, 1.0))
    trust = gaussian_filter1d(np.exp(-((apart / _PARALLEL) ** 2)), _CALM * fps, mode='nearest')
    normal = mean / np.maximum(agreement, 1e-9)[:, None]
    lean = Rotation.from_matrix(_shortest_turn(normal, np.array([0.0, 0.0, 1.0]))).as_rotvec()
    return Rotation.from_rotvec(lean * trust[:, None]).as_matrix()


def _walked(soles: np.ndarray, headings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Carry the base over whichever sole is lower.

    Args:
        soles: [frame, foot, 3] middles of the soles beside the base [m].
        headings: [frame, foot] their directions [rad].

    Returns:
        The base's headings [frame, rad] and places [frame, 2] [m].
    """
    height = soles[:-1, :, 2] + soles[1:, :, 2]
    bears = softmax(-height / (2.0 * _LEVEL), axis=1)
    turned = (bears * -np.diff(headings, axis=0)).sum(axis=1)
    heading = np.concatenate([[0.0], np.cumsum(turned)])
    cosine, sine = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = soles[..., 0], soles[..., 1]
    floor = np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1)
    steps = (bears[..., None] * -np.diff(floor, axis=0)).sum(axis=1)
    return heading, np.concatenate([np.zeros((1, 2)), np.cumsum(steps, axis=0)])


def _lowest(local: np.ndarray) -> np.ndarray:
    """Height of the lowest point of the feet over the pelvis [frame]."""
    pose = skeleton.forward_kinematics(local, np.zeros((len(local), 3)))
    index = skeleton.JOINT_INDEX
    heights = [
        pose.positions[:, index[f'{side}_{part}'], 2] - drop
        for side in ('left', 'right')
        for part, drop in (('ankle', ANKLE_HEIGHT), ('foot', 0.0))
    ]
    return np.asarray(np.min(heights, axis=0))


def _shortest_turn(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Least rotations [frame, 3, 3] that bring unit vectors onto others."""
    axis = np.cross(source, target)
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, (source * target).sum(axis=-1))
    return Rotation.from_rotvec(axis * (angle / np.maximum(sine, 1e-9))[:, None]).as_matrix()


def _fill_trunk(known: dict[int, np.ndarray]) -> None:
    """Share the turns between known joints of the trunk among those in between, in place."""
    trunk = [skeleton.JOINT_INDEX[name] for name in _TRUNK]
    ends = [place for place, joint in enumerate(trunk) if joint in known]
    for low, high in itertools.pairwise(ends):
        first, last = known[trunk[low]], known[trunk[high]]
        bend = Rotation.from_matrix(np.swapaxes(first, -1, -2) @ last).as_rotvec()
        for place in range(low + 1, high):
            part = Rotation.from_rotvec(bend * ((place - low) / (high - low))).as_matrix()
            known[trunk[place]] = first @ part
