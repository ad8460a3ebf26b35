"""`Robot`: a URDF as the retargeter sees it: tree, limits, rest posture and named links."""

import itertools
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pinocchio
from jaxtyping import Bool, Float, Int

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots import catalogue
from motionclip_ros.retargeting.robots.correspondence import Correspondence
from motionclip_ros.retargeting.robots.fingerprint import fingerprint
from motionclip_ros.retargeting.robots.joint_limits import overridden
from motionclip_ros.retargeting.robots.urdf import Urdf, read_urdf
from motionclip_ros.retargeting.solving import placing
from motionclip_ros.retargeting.solving.problem import State, Tree

_redirecting = threading.Lock()
"""Two threads must not exchange standard error at a time."""

_MOST_MASSLESS = 0.25  # share of the joints that may carry no mass


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
        urdf: The checked and mended description.
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
    urdf: Urdf
    fixed_base: bool = False
    notes: tuple[str, ...] = ()
    has_dynamics: bool = True

    @property
    def upright(self) -> Float[np.ndarray, '3 3']:
        """Rotation from the root link to x front, y left, z up; identity for most robots."""
        front, up = np.array(self.correspondence.front), np.array(self.correspondence.up)
        return np.array([front, np.cross(up, front), up])

    @property
    def neutral(self) -> Float[np.ndarray, ' joint']:
        """Every joint at 0, or at the limit nearest to it [rad]."""
        return self.limits.clipped(np.zeros(len(self.joint_names)))

    def frame(self, link: str) -> Frame:
        """Look up a link by name.

        Raises:
            RobotError: The URDF has no such link.
        """
        if link not in self.frames:
            raise RobotError(
                f'{self.urdf_path}: no link {link!r}; the URDF has {", ".join(self.frames)}'
            )
        return self.frames[link]

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
    def frames(self) -> dict[str, Frame]:
        """Every link's place, in the URDF's order."""
        frames = {}
        for frame in self.model.frames:
            if frame.type == pinocchio.FrameType.BODY:
                place = frame.placement
                # Pinocchio counts the universe and the free flyer first. Its arrays are views.
                body = int(frame.parentJoint) - 2
                frames[frame.name] = Frame(body, place.translation.copy(), place.rotation.copy())
        return frames

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of URDF, meshes, limits and correspondence, hexadecimal."""
        return fingerprint(self)

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
        turn, origin = placing.place(self.tree, state)
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
        turn, origin = placing.place(self.tree, state)
        return np.asarray(
            origin[:, body + 1] + np.einsum('tkab,kb->tka', turn[:, body + 1], offset)
        )


def load_robot(
    name_or_path: str | os.PathLike[str], joint_limits: str | os.PathLike[str] | None = None
) -> Robot:
    """Load a robot by name, or from a file.

    Args:
        name_or_path: A robot that `motionclip robot list` names (`g1`), the path of a robot's
            YAML file, or the path of a URDF. Beside the URDF `model.urdf` a file `model.yaml`
            may say which link follows which human joint; without one the URDF must have the
            G1's link names.
        joint_limits: Tighter or further limits, as MoveIt writes them; see `joint_limits.py`.
            By default, for a robot `g1.yaml`, the file `g1.joint_limits.yaml` beside it or
            else `joint_limits.yaml`, if there is one.

    Returns:
        The robot with all links and joints that its correspondence asks for.

    Raises:
        RobotError: The name is unknown, or the URDF is missing, unreadable or incomplete.
        ConfigError: The correspondence or the limits are invalid.
    """
    config, urdf_path = catalogue.locate(os.fspath(name_or_path))
    correspondence = Correspondence.load(config)
    urdf = read_urdf(urdf_path or catalogue.urdf_of(correspondence))
    return robot_from(urdf, correspondence, joint_limits or catalogue.limits_beside(config))


def robot_from(
    urdf: Urdf,
    correspondence: Correspondence,
    joint_limits: str | os.PathLike[str] | None = None,
) -> Robot:
    """Make a robot of its description and its correspondence.

    Raises:
        RobotError: Pinocchio cannot use the URDF, or it lacks what the correspondence names.
        ConfigError: The limits are invalid.
    """
    model = _model(urdf)
    names = tuple(model.names[2:])
    bounds = np.array([urdf.bounds[name] for name in names])
    limits = JointLimits(
        lower=bounds[:, 0],
        upper=bounds[:, 1],
        velocity=bounds[:, 2],
        acceleration=np.array([correspondence.acceleration_limit(name) for name in names]),
        effort=bounds[:, 3],
        jerk=np.full(len(names), np.inf),
    )
    if joint_limits is not None:
        limits = overridden(limits, names, joint_limits)
    tree = _tree(model, urdf.path)
    massless = _massless(model)
    notes = urdf.notes
    if massless.any():
        listed = ', '.join(np.array(names)[massless][:6])
        notes += (f'no mass hangs on {int(massless.sum())} joints: {listed}',)
    robot = Robot(
        name=model.name,
        urdf_path=urdf.path,
        sha256=urdf.sha256,
        model=model,
        joint_names=names,
        tree=tree,
        limits=limits,
        correspondence=correspondence,
        urdf=urdf,
        fixed_base=correspondence.base_kind == 'fixed',
        notes=notes,
        # Fingers and antennas without a mass do no harm; limbs without one do.
        has_dynamics=bool(massless.mean() < _MOST_MASSLESS),
    )
    _check_asked(robot)
    return robot


def _model(urdf: Urdf) -> Any:
    """Build Pinocchio's model of a mended description."""
    with _complaints() as found:
        try:
            return pinocchio.buildModelFromXML(urdf.xml, pinocchio.JointModelFreeFlyer())
        except (ValueError, RuntimeError) as error:
            reason = str(error)
    told = [line.partition(':')[2] for line in found if line.startswith('Error:')]
    reason = ' '.join((told[0] if told else reason).split())
    raise RobotError(f'{urdf.path}: not a URDF that Pinocchio can read ({reason})')


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Gather what urdfdom prints on standard error; a mistake is to be one line, and ours.

    Yields:
        The lines, complete once the context is left.
    """
    lines: list[str] = []
    with tempfile.TemporaryFile() as file, _redirecting:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            file.seek(0)
            lines += file.read(10_000).decode(errors='replace').splitlines()


def _massless(model: Any) -> Bool[np.ndarray, ' joint']:
    """Tell which joints carry no mass at all."""
    mass = np.array([inertia.mass for inertia in model.inertias])
    for joint in range(model.njoints - 1, 1, -1):  # children stand behind their parents
        mass[model.parents[joint]] += mass[joint]
    return np.asarray(mass[2:] < 1e-6)


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
    links = robot.frames
    if missing := [link for link in asked.links if link not in links]:
        raise RobotError(
            f'{robot.urdf_path}: no link {", ".join(missing)}, which {asked.source} asks for; '
            f'the URDF has {", ".join(links)}. Put a correspondence with its link names beside '
            f'it as {robot.urdf_path.with_suffix(".yaml").name}: motionclip robot add guesses one'
        )
    if robot.frame(asked.base).body != -1:
        raise RobotError(
            f'{robot.urdf_path}: {asked.base}, the first link in {asked.source}, is not the '
            'root link of the URDF'
        )
    for joint in asked.human_rest_posture:
        robot.joint_index(joint)
    for link in [*(asked.capsules or {}), *itertools.chain(*(asked.collision_pairs or ()))]:
        robot.frame(link)
