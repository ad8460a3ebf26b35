"""The tracking kernels agree with each other, with Pinocchio and with finite differences."""

import numpy as np
import pinocchio
import pytest
from retargeting_cases import random_state, random_tasks
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving import kernel, kernel_numpy
from motionclip_ros.retargeting.solving.problem import State, Tasks, Tree

LINKS = ('pelvis', 'torso_link', 'left_ankle_roll_link', 'right_rubber_hand', 'head_link')


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def with_sliding_joint(tree: Tree) -> Tree:
    """The same tree with its first wrist joint sliding instead of turning."""
    prismatic = tree.prismatic.copy()
    prismatic[20] = True
    return tree._replace(prismatic=prismatic)


@pytest.mark.parametrize('sliding', [False, True])
def test_numba_and_numpy_agree(robot, sliding) -> None:
    tree = with_sliding_joint(robot.tree) if sliding else robot.tree
    state, tasks = random_state(robot, 40, 0), random_tasks(robot, 40, 1, LINKS)
    fast = kernel.normal_equations(tree, tasks, state)
    slow = kernel_numpy.sweep(tree, tasks, state)
    for ours, theirs in zip(fast, slow, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_numpy_stands_in_without_numba(robot, monkeypatch) -> None:
    state, tasks = random_state(robot, 3, 0), random_tasks(robot, 3, 1, LINKS)
    expected = kernel.normal_equations(robot.tree, tasks, state)
    monkeypatch.setattr(kernel, 'numba', None)
    monkeypatch.setattr(kernel, '_sweep', None)
    found = kernel.normal_equations(robot.tree, tasks, state)
    np.testing.assert_allclose(found.gradient, expected.gradient, atol=1e-9)


def test_matrix_is_the_one_of_pinocchios_jacobians(robot) -> None:
    state, tasks = random_state(robot, 5, 2), random_tasks(robot, 5, 3, LINKS)
    tasks = tasks._replace(one_sided=np.zeros_like(tasks.one_sided))
    found = kernel.normal_equations(robot.tree, tasks, state)
    model, data = robot.model, robot.model.createData()
    for frame in range(5):
        turn = Rotation.from_matrix(state.base_rotation[frame])
        q = np.concatenate([state.base_position[frame], turn.as_quat(), state.joints[frame]])
        expected = np.zeros_like(found.matrix[frame])
        for task, link in enumerate(LINKS):
            jacobian = pinocchio.computeFrameJacobian(
                model, data, q, model.getFrameId(link), pinocchio.LOCAL_WORLD_ALIGNED
            )
            # Pinocchio moves the base along its own axes, the kernel along the world's.
            for part in (slice(0, 3), slice(3, 6)):
                jacobian[:, part] = jacobian[:, part] @ turn.as_matrix().T
            weight = np.concatenate(
                [
                    tasks.position_weight[frame, task],
                    np.full(3, tasks.orientation_weight[frame, task]),
                ]
            )
            expected += jacobian.T @ (weight[:, None] * jacobian)
        np.testing.assert_allclose(found.matrix[frame], np.tril(expected), atol=1e-10)


@pytest.mark.parametrize('sliding', [False, True])
def test_gradient_is_the_slope_of_the_cost(robot, sliding) -> None:
    tree = with_sliding_joint(robot.tree) if sliding else robot.tree
    state, tasks = random_state(robot, 4, 4), random_tasks(robot, 4, 5, LINKS)
    found = kernel.normal_equations(tree, tasks, state).gradient

    def cost(dof: int, step: float) -> np.ndarray:
        move = np.zeros(found.shape[1])
        move[dof] = step
        moved = State(
            state.base_position + move[:3],
            Rotation.from_rotvec(move[3:6]).as_matrix() @ state.base_rotation,
            state.joints + move[6:],
        )
        return kernel.normal_equations(tree, tasks, moved).cost

    for dof in range(found.shape[1]):
        slope = (cost(dof, 1e-6) - cost(dof, -1e-6)) / 2e-6
        np.testing.assert_allclose(found[:, dof], slope, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize('axis', np.eye(3).tolist())
@pytest.mark.parametrize('angle', [0.0, 1e-9, 1.0, np.pi - 1e-6, np.pi])
def test_cost_of_a_turn_is_its_squared_angle(robot, axis, angle) -> None:
    state = random_state(robot, 1, 6)
    tasks = random_tasks(robot, 1, 7, ('pelvis',))
    target = Rotation.from_rotvec(angle * np.array(axis)).as_matrix() @ state.base_rotation
    tasks = Tasks(*tasks)._replace(
        target_rotation=target[:, None],
        position_weight=np.zeros((1, 1, 3)),
        orientation_weight=np.ones((1, 1)),
    )
    cost = kernel.normal_equations(robot.tree, tasks, state).cost[0]
    assert cost == pytest.approx(angle**2 / 2, abs=1e-12)
