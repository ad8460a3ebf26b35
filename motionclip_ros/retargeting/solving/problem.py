"""The vocabulary of the retargeting problem: the tree, what is asked of it, its postures."""

from typing import NamedTuple

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
