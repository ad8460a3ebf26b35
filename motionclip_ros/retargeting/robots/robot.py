"""`Robot`: a URDF as the retargeter sees it: tree, limits, rest posture and named links."""

import hashlib
import os
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Float, Int

from motionclip_model.errors import RobotError
from motionclip_ros import resources
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.correspondence import Correspondence
from motionclip_ros.retargeting.solving import kernel_numpy
from motionclip_ros.retargeting.solving.problem import State, Tree


class Frame(NamedTuple):
    """A link's place on the joint that carries it.

    Attributes:
        body: Joint that carries the link; -1 is the base.
        position: The link's origin in that joint's frame [m].
        rotation: Rotation from the link's frame to that joint's frame.
    """

    body: int
    position: Float[np.ndarray, '3']
    rotation: Float[np.ndarray, '3 3']


@dataclass(frozen=True, eq=False)
class Robot:
    """A humanoid behind a free-floating base.

    Attributes:
        name: Name in the URDF.
        urdf_path: The URDF file.
        sha256: Hash of its bytes, hexadecimal.
        model: Pinocchio's model with a free-flyer root joint.
        joint_names: The actuated joints, in the order of all joint arrays.
        tree: The same joints for the kernels.
        limits: Bounds of the joints.
        correspondence: Which link follows which human joint.
        fixed_base: True if the base never moves.
        notes: What had to be mended in the URDF, one line each.
        has_dynamics: False if masses are missing, so that no torque can be told.
    """

    name: str
    urdf_path: Path
    sha256: str
    model: Any
    joint_names: tuple[str, ...]
    tree: Tree
    limits: JointLimits
    correspondence: Correspondence
    fixed_base: bool = False
    notes: tuple[str, ...] = ()
    has_dynamics: bool = True

    @property
    def neutral(self) -> Float[np.ndarray, ' joint']:
        """Every joint at 0, or at the limit nearest to it [rad]."""
        return self.limits.clipped(np.zeros(len(self.joint_names)))

    def frame(self, link: str) -> Frame:
        """Look up a link by name.

        Raises:
            RobotError: The URDF has no such link.
        """
        if link not in self._frames:
            raise RobotError(
                f'{self.urdf_path}: no link {link!r}; the URDF has {", ".join(self._frames)}'
            )
        return self._frames[link]

    def joint_index(self, joint: str) -> int:
        """Look up an actuated joint by name.

        Raises:
            RobotError: The URDF has no such joint.
        """
        if joint not in self.joint_names:
            raise RobotError(
                f'{self.urdf_path}: no joint {joint!r}; the URDF has {", ".join(self.joint_names)}'
            )
        return self.joint_names.index(joint)

    @cached_property
    def _frames(self) -> dict[str, Frame]:
        frames = {}
        for frame in self.model.frames:
            if frame.type == pinocchio.FrameType.BODY:
                place = frame.placement
                # Pinocchio counts the universe and the free flyer first. Its arrays are views.
                body = int(frame.parentJoint) - 2
                frames[frame.name] = Frame(body, place.translation.copy(), place.rotation.copy())
        return frames

    @cached_property
    def human_rest(self) -> Float[np.ndarray, ' joint']:
        """Joint angles in SMPL's rest pose [rad]."""
        posture = np.zeros(len(self.joint_names))
        for joint, angle in self.correspondence.human_rest_posture.items():
            posture[self.joint_index(joint)] = angle
        return posture

    def link_poses(
        self, links: tuple[str, ...], state: State
    ) -> tuple[Float[np.ndarray, 'frame link 3'], Float[np.ndarray, 'frame link 3 3']]:
        """Place links in the world.

        Args:
            links: Link names.
            state: The robot's posture in every frame.

        Returns:
            Positions [m] and rotations from link to world.
        """
        frames = [self.frame(link) for link in links]
        turn, origin = kernel_numpy.place(self.tree, state)
        body = np.array([frame.body for frame in frames]) + 1
        offset = np.array([frame.position for frame in frames])
        rotation = np.array([frame.rotation for frame in frames])
        positions = origin[:, body] + np.einsum('tkab,kb->tka', turn[:, body], offset)
        return positions, turn[:, body] @ rotation

    def points(
        self, body: Int[np.ndarray, ' point'], offset: Float[np.ndarray, 'point 3'], state: State
    ) -> Float[np.ndarray, 'frame point 3']:
        """Place points of joints in the world.

        Args:
            body: Joint that carries each point; -1 is the base.
            offset: The points in those joints' frames [m].
            state: The robot's posture in every frame.

        Returns:
            Positions [m].
        """
        turn, origin = kernel_numpy.place(self.tree, state)
        return np.asarray(
            origin[:, body + 1] + np.einsum('tkab,kb->tka', turn[:, body + 1], offset)
        )


def load_robot(name_or_path: str | os.PathLike[str]) -> Robot:
    """Load a robot by name, or from a URDF file.

    Args:
        name_or_path: A file in `config/robots/` without its ending (`g1`), or the path of a
            URDF. Beside the URDF `model.urdf` a file `model.yaml` may say which link follows
            which human joint; without one the URDF must have the G1's link names.

    Returns:
        The robot with all links and joints that its correspondence asks for.

    Raises:
        RobotError: The name is unknown, or the URDF is missing, unreadable or incomplete.
        ConfigError: The correspondence is invalid.
    """
    text = os.fspath(name_or_path)
    if not text.endswith('.urdf'):
        known = resources.listing('config/robots', '.yaml')
        if text not in known:
            raise RobotError(
                f'no robot {text!r}; known are {", ".join(known)}, or give the path of a '
                '.urdf file'
            )
        correspondence = Correspondence.load(resources.find(f'config/robots/{text}.yaml'))
        return _read(_packaged_urdf(correspondence), correspondence)
    path = Path(text)
    beside = path.with_suffix('.yaml')
    config = beside if beside.is_file() else resources.find('config/robots/g1.yaml')
    return _read(path, Correspondence.load(config))


def _packaged_urdf(correspondence: Correspondence) -> Path:
    """Find the URDF that a correspondence names inside an installed distribution."""
    place = correspondence.urdf or {}
    if not {'distribution', 'file'} <= place.keys():
        raise RobotError(
            f'{correspondence.source}: urdf needs a distribution and a file inside it'
        )
    try:
        distribution = metadata.distribution(place['distribution'])
    except metadata.PackageNotFoundError:
        raise RobotError(
            f'the URDF is in {place["distribution"]}, which is not installed; '
            f'pip install {place["distribution"]}'
        ) from None
    return Path(str(distribution.locate_file(place['file'])))


def _read(path: Path, correspondence: Correspondence) -> Robot:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RobotError(f'{path}: cannot be read ({error.strerror})') from None
    try:
        # Checked first, because Pinocchio's parser prints its complaints about XML itself.
        if ElementTree.fromstring(content).tag != 'robot':
            raise ValueError('its outermost element is not <robot>')
        model = pinocchio.buildModelFromXML(
            content.decode('utf-8'), pinocchio.JointModelFreeFlyer()
        )
    except (ElementTree.ParseError, ValueError, RuntimeError) as error:
        reason = ' '.join(str(error).split())
        raise RobotError(f'{path}: not a URDF that Pinocchio can read ({reason})') from None
    if model.njoints < 3:
        raise RobotError(f'{path}: no actuated joints; is this the whole robot?')
    names = tuple(model.names[2:])
    robot = Robot(
        name=model.name,
        urdf_path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        model=model,
        joint_names=names,
        tree=_tree(model, path),
        limits=JointLimits(
            lower=model.lowerPositionLimit[7:].copy(),
            upper=model.upperPositionLimit[7:].copy(),
            velocity=model.velocityLimit[6:].copy(),
            acceleration=np.array([correspondence.acceleration_limit(name) for name in names]),
            effort=model.effortLimit[6:].copy(),
            jerk=np.full(len(names), np.inf),
        ),
        correspondence=correspondence,
        fixed_base=correspondence.base_kind == 'fixed',
    )
    _check_asked(robot)
    return robot


def _tree(model: Any, path: Path) -> Tree:
    """Copy the kinematics out of Pinocchio, joint by joint."""
    parents, rotations, positions, axes, prismatic = [], [], [], [], []
    for index in range(2, model.njoints):
        joint = model.joints[index]
        if joint.nq != 1 or joint.nv != 1:
            raise RobotError(
                f'{path}: joint {model.names[index]} is of type {joint.shortname()}; '
                'only revolute and prismatic joints with limits can be retargeted'
            )
        data = joint.createData()
        joint.calc(data, np.zeros(1))
        subspace = np.asarray(data.S).reshape(6)
        prismatic.append(bool(np.abs(subspace[:3]).max() > 0.5))
        axes.append(subspace[:3] if prismatic[-1] else subspace[3:])
        placement = model.jointPlacements[index]
        parents.append(model.parents[index] - 2)
        rotations.append(placement.rotation.copy())
        positions.append(placement.translation.copy())
    return Tree(
        np.array(parents, np.int64),
        np.array(rotations),
        np.array(positions),
        np.array(axes),
        np.array(prismatic),
    )


def _check_asked(robot: Robot) -> None:
    """Make sure that the URDF has everything its correspondence speaks of."""
    asked = robot.correspondence
    links = robot._frames
    if missing := [link for link in asked.links if link not in links]:
        raise RobotError(
            f'{robot.urdf_path}: no link {", ".join(missing)}, which {asked.source} asks for; '
            f'the URDF has {", ".join(links)}. Put a correspondence with its link names beside '
            f'it as {robot.urdf_path.with_suffix(".yaml").name}'
        )
    if robot.frame(asked.base).body != -1:
        raise RobotError(
            f'{robot.urdf_path}: {asked.base}, the first link in {asked.source}, is not the '
            'root link of the URDF'
        )
    for joint in asked.human_rest_posture:
        robot.joint_index(joint)
