"""The tracking kernels agree with each other, with Pinocchio and with finite differences."""

import numpy as np
import pinocchio
import pytest
from retargeting_cases import random_state, random_tasks
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving import (
    clearing,
    compiled,
    kernel,
    kernel_numpy,
    placing,
    smoothness,
)
from motionclip_ros.retargeting.solving.clearing import near_pairs
from motionclip_ros.retargeting.solving.problem import Clearance, State, Tasks, Tree

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
    monkeypatch.setattr(compiled, 'numba', None)
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


def capsules(robot, seed: int) -> Clearance:
    """Capsules at random on the robot, some of them spheres, all pairs of different bodies."""
    rng = np.random.default_rng(seed)
    count = 16
    body = rng.integers(-1, len(robot.joint_names), count)
    along = 0.1 * rng.normal(size=(count, 3))
    along[:3] = 0.0
    radius = rng.uniform(0.02, 0.1, count)
    reach = np.linalg.norm(along, axis=1) / 2 + radius
    pairs = np.array([(a, b) for a in range(count) for b in range(a) if body[a] != body[b]])
    start = 0.05 * rng.normal(size=(count, 3))
    return Clearance(
        body, start, along, radius, reach, pairs, rng.random(count) < 0.5, 0.02, 100.0
    )


def test_numba_and_numpy_agree_on_clearance(robot) -> None:
    state, tasks = random_state(robot, 40, 0), random_tasks(robot, 40, 1, LINKS)
    clearance = capsules(robot, 8)
    fast = kernel.normal_equations(robot.tree, tasks, state, clearance)
    slow = kernel_numpy.sweep(robot.tree, tasks, state, clearance)
    without = kernel.normal_equations(robot.tree, tasks, state)
    assert (fast.cost > without.cost + 1e-3).any()  # some capsules do meet
    for ours, theirs in zip(fast, slow, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


def test_clearance_has_the_slope_of_its_cost(robot) -> None:
    state = random_state(robot, 12, 4)
    tasks, clearance = random_tasks(robot, 12, 5, ('pelvis',)), capsules(robot, 9)
    found = kernel.normal_equations(robot.tree, tasks, state, clearance)
    for dof in range(len(robot.joint_names) + 6):
        costs = []
        for step in (1e-6, -1e-6):
            move = np.zeros(len(robot.joint_names) + 6)
            move[dof] = step
            there = State(
                state.base_position + move[:3],
                Rotation.from_rotvec(move[3:6]).as_matrix() @ state.base_rotation,
                state.joints + move[6:],
            )
            costs.append(kernel.normal_equations(robot.tree, tasks, there, clearance).cost)
        slope = (costs[0] - costs[1]) / 2e-6
        np.testing.assert_allclose(found.gradient[:, dof], slope, rtol=1e-5, atol=1e-5)


def test_a_row_of_clearance_is_the_product_of_its_slope(robot) -> None:
    """With one pair in reach the matrix has rank one: J'J of that distance."""
    state, clearance = random_state(robot, 40, 4), capsules(robot, 9)
    tasks = random_tasks(robot, 40, 5, ('pelvis',))
    for pair in clearance.pairs[:20]:
        alone = clearance._replace(pairs=pair[None], above_floor=np.zeros(16, bool))
        with_it = kernel.normal_equations(robot.tree, tasks, state, alone)
        without = kernel.normal_equations(robot.tree, tasks, state)
        slope = with_it.gradient - without.gradient
        cost = with_it.cost - without.cost
        met = cost > 1e-6
        # gradient = -w h g and cost = w h^2 / 2, so w g g' = gradient gradient' / (2 cost).
        expected = slope[met, :, None] * slope[met, None] / (2 * cost[met, None, None])
        np.testing.assert_allclose(
            (with_it.matrix - without.matrix)[met], np.tril(expected), atol=1e-8
        )


@pytest.mark.parametrize('seed', range(3))
def test_nearest_points_of_segments_are_nearest(seed) -> None:
    rng = np.random.default_rng(seed)
    start_a, along_a, start_b, along_b = rng.normal(size=(4, 200, 3))
    along_a[:20] = 0.0
    along_b[10:30] = 0.0
    along_b[30:40] = 2.0 * along_a[30:40]  # parallel
    s, t = kernel_numpy.nearest_on_segments(start_a, along_a, start_b, along_b)
    grid = np.linspace(0.0, 1.0, 41)

    def apart(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        a = start_a + p[..., None] * along_a
        return np.linalg.norm(a - start_b - q[..., None] * along_b, axis=-1)

    ours = apart(s, t)
    for p in grid:
        for q in grid:
            assert (ours <= apart(np.full(200, p), np.full(200, q)) + 1e-9).all()


def test_pairs_left_out_are_far_apart(robot) -> None:
    state, clearance = random_state(robot, 30, 4), capsules(robot, 9)
    near = near_pairs(robot.tree, clearance, state, 0.1)
    assert 0 < len(near) < len(clearance.pairs)
    least = kernel_numpy.least_gaps(robot.tree, clearance, state)
    np.testing.assert_array_equal(near, clearance.pairs[least < 0.1])
    kept = {tuple(pair) for pair in near}
    far = np.array([pair for pair in clearance.pairs if tuple(pair) not in kept])
    tasks = random_tasks(robot, 30, 5, ('pelvis',))
    alone = clearance._replace(pairs=far, margin=0.1, above_floor=np.zeros(16, bool))
    cost = kernel.normal_equations(robot.tree, tasks, state, alone).cost
    np.testing.assert_array_equal(cost, kernel.normal_equations(robot.tree, tasks, state).cost)


def test_places_are_those_of_the_numpy_twin(robot) -> None:
    state = random_state(robot, 12, 3)
    for ours, theirs in zip(
        placing.place(robot.tree, state), kernel_numpy.place(robot.tree, state), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-12)


@pytest.mark.skipif(not compiled.available(), reason='nothing is compiled')
def test_machine_code_runs_beside_other_threads() -> None:
    """Else a stop would wait for a motion that is being made."""
    functions = [
        function
        for module in (clearing, compiled, kernel, smoothness)
        for function in vars(module).values()
        if hasattr(function, 'targetoptions')
    ]
    assert len(functions) > 10
    assert all(function.targetoptions['nogil'] for function in functions)
