"""The vocabulary of the retargeting problem: the tree, what is asked of it, its postures."""

from typing import NamedTuple, Self

import numpy as np
from jaxtyping import Bool, Float, Int


class Tree(NamedTuple):
    """A robot's joints behind a free-floating base; parents stand before their children.

    Attributes:
        parent: Parent joint of each joint; -1 is the base.
        rotation: Rotation from the joint frame at angle 0 to the parent's frame.
        position: Origin of the joint in the parent's frame [m].
        axis: Unit axis in the joint frame.
        prismatic: True for joints that slide along their axis.
    """

    parent: Int[np.ndarray, ' joint']
    rotation: Float[np.ndarray, 'joint 3 3']
    position: Float[np.ndarray, 'joint 3']
    axis: Float[np.ndarray, 'joint 3']
    prismatic: Bool[np.ndarray, ' joint']


class Tasks(NamedTuple):
    """What points of the robot should do in every frame.

    Attributes:
        body: Joint that carries each task's point; -1 is the base.
        offset: The point in that joint's frame [m].
        alignment: Rotation from the task's frame to that joint's frame.
        target_position: Where the point should be in the world [m].
        target_rotation: Wanted rotation from the task's frame to the world.
        position_weight: Weight of each world axis [cost/m^2]; 0 switches it off.
        orientation_weight: Weight of the rotation error [cost/rad^2].
        one_sided: True where the height counts only while below the target (a floor).
    """

    body: Int[np.ndarray, ' task']
    offset: Float[np.ndarray, 'task 3']
    alignment: Float[np.ndarray, 'task 3 3']
    target_position: Float[np.ndarray, 'frame task 3']
    target_rotation: Float[np.ndarray, 'frame task 3 3']
    position_weight: Float[np.ndarray, 'frame task 3']
    orientation_weight: Float[np.ndarray, 'frame task']
    one_sided: Bool[np.ndarray, 'frame task']

    def at(self, frames: Int[np.ndarray, ' frame']) -> 'Tasks':
        """Return the tasks of some frames alone."""
        return self._replace(
            **{
                name: np.ascontiguousarray(getattr(self, name)[frames])
                for name in self._fields[self._fields.index('target_position') :]
            }
        )


def in_a_row(clips: list[Tasks]) -> Tasks:
    """Join clips that ask the same points, one after the other."""
    first = Tasks._fields.index('target_position')
    joined = {n: np.concatenate([getattr(c, n) for c in clips]) for n in Tasks._fields[first:]}
    return clips[0]._replace(**joined)


class State(NamedTuple):
    """The robot's whole posture in every frame.

    Attributes:
        base_position: Origin of the base link in the world [m].
        base_rotation: Rotation from the base link to the world.
        joints: Joint positions [rad, or m for sliding joints].
    """

    base_position: Float[np.ndarray, 'frame 3']
    base_rotation: Float[np.ndarray, 'frame 3 3']
    joints: Float[np.ndarray, 'frame joint']

    def at(self, frames: Int[np.ndarray, ' chosen']) -> Self:
        """Return some frames alone, in arrays of their own."""
        return type(self)(*(np.ascontiguousarray(values[frames]) for values in self))

    def write(self, part: Self, frames: Int[np.ndarray, ' chosen']) -> None:
        """Write some frames over."""
        for values, new in zip(self, part, strict=True):
            values[frames] = new


class Clearance(NamedTuple):
    """Parts of the robot that must not meet, nor sink into the floor.

    Each is a capsule: all points near a segment.

    Attributes:
        body: Joint that carries each capsule; -1 is the base.
        start: One end of its segment in that joint's frame [m].
        along: From there to the other end [m]; zero for a sphere.
        radius: [m].
        reach: Half the segment plus the radius: no point is further from the middle [m].
        pairs: Capsules that could meet, as indices.
        above_floor: Capsules that must not sink below height 0 of the world.
        margin: Distance below which they are pushed apart [m].
        weight: [cost/m^2] of what is lacking to the margin.
    """

    body: Int[np.ndarray, ' capsule']
    start: Float[np.ndarray, 'capsule 3']
    along: Float[np.ndarray, 'capsule 3']
    radius: Float[np.ndarray, ' capsule']
    reach: Float[np.ndarray, ' capsule']
    pairs: Int[np.ndarray, 'pair 2']
    above_floor: Bool[np.ndarray, ' capsule']
    margin: float
    weight: float


NO_CLEARANCE = Clearance(
    np.zeros(0, np.int64),
    np.zeros((0, 3)),
    np.zeros((0, 3)),
    np.zeros(0),
    np.zeros(0),
    np.zeros((0, 2), np.int64),
    np.zeros(0, bool),
    0.0,
    0.0,
)
"""Nothing that could meet."""


class NormalEquations(NamedTuple):
    """Gauss-Newton quantities of the tracking cost, 1/2 sum of weight * error^2.

    The degrees of freedom of a frame are the base's translation and rotation vector, both in
    world axes, and then the joints.

    Attributes:
        cost: Summed cost of each frame.
        gradient: Its derivative by the degrees of freedom.
        matrix: J'WJ; only the lower triangle is filled.
    """

    cost: Float[np.ndarray, ' frame']
    gradient: Float[np.ndarray, 'frame dof']
    matrix: Float[np.ndarray, 'frame dof dof']

    @classmethod
    def empty(cls, frames: int, joints: int) -> Self:
        """Return arrays of the right shapes, to be written over."""
        dof = joints + 6
        return cls(np.empty(frames), np.empty((frames, dof)), np.empty((frames, dof, dof)))


class Rates(NamedTuple):
    """What rates cost, for each degree of freedom; the base's six come first.

    Attributes:
        posture: Pull to the neutral posture [cost/rad^2].
        neutral: That posture [rad]; 0 for the base.
        acceleration: [cost/(rad/s^2)^2].
        jerk: [cost/(rad/s^3)^2].
        limits: Largest velocity, acceleration and jerk; infinite where there is none.
        excess: [cost/(rad/s)^2] and so on beyond the limits of velocity, acceleration, jerk.
        step: Time between frames [s].
    """

    posture: Float[np.ndarray, ' dof']
    neutral: Float[np.ndarray, ' dof']
    acceleration: Float[np.ndarray, ' dof']
    jerk: Float[np.ndarray, ' dof']
    limits: Float[np.ndarray, '3 dof']
    excess: Float[np.ndarray, '3']
    step: float


class TimeRows(NamedTuple):
    """Weights that the rows between frames put into the normal matrix.

    Attributes:
        velocity: [cost/(rad)^2] on the difference of two frames.
        acceleration: [cost/(rad)^2] on the second difference of three frames.
    """

    velocity: Float[np.ndarray, 'pair dof']
    acceleration: Float[np.ndarray, 'triple dof']

    @classmethod
    def empty(cls, frames: int, dof: int) -> Self:
        """Return arrays of the right shapes, to be written over."""
        return cls(np.empty((max(frames - 1, 0), dof)), np.empty((max(frames - 2, 0), dof)))
