"""Rows between frames: exact slopes, a true band, and the same numbers without numba."""

import numpy as np
import pytest
from retargeting_cases import random_state, random_tasks
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving import smoothness, smoothness_numpy
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import NormalEquations, Rates, State, TimeRows

FRAMES = 7


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def rates(joints: int, base_turns: bool = False) -> Rates:
    """Weights and limits so uneven that a row in the wrong place shows."""
    rng = np.random.default_rng(0)
    dof = joints + 6
    acceleration, jerk = rng.uniform(1e-4, 1e-3, dof), rng.uniform(1e-6, 1e-5, dof)
    if not base_turns:  # their rows are of first order, exact only for small turns
        acceleration[3:6] = jerk[3:6] = 0.0
    limits = np.full((3, dof), np.inf)
    limits[:, 6:] = rng.uniform(1.0, 30.0, (3, joints)) * [[1.0], [30.0], [900.0]]
    posture = np.concatenate([np.zeros(6), rng.uniform(0.1, 1.0, joints)])
    return Rates(
        posture, 0.1 * np.ones(dof), acceleration, jerk, limits, np.array([1.0, 1e-2, 1e-5]), 0.1
    )


def blank(frames: int, joints: int) -> NormalEquations:
    """Equations without tasks."""
    empty = NormalEquations.empty(frames, joints)
    return NormalEquations(*(np.zeros_like(values) for values in empty))


def cost(wanted: Rates, state: State) -> float:
    frames, joints = state.joints.shape
    rows = TimeRows.empty(frames, joints + 6)
    return smoothness.add_time_rows(wanted, state, blank(frames, joints), rows)


@pytest.mark.parametrize('frames', [1, 2, 3, 4, 9])
def test_numba_and_numpy_agree(robot, frames) -> None:
    state = random_state(robot, frames, 1)
    joints = len(robot.joint_names)
    wanted = rates(joints, base_turns=True)
    tasks = random_tasks(robot, frames, 2, ('pelvis', 'left_rubber_hand'))
    found = []
    for module in (smoothness, smoothness_numpy):
        equations = normal_equations(robot.tree, tasks, state)
        rows = TimeRows.empty(frames, joints + 6)
        total = module.add_time_rows(wanted, state, equations, rows)
        held = np.random.default_rng(3).random((frames, joints + 6)) < 0.2
        band = np.full((frames, joints + 6, 2 * joints + 13), np.nan)
        module.fill_band(equations, rows, held, np.linspace(0.1, 0.9, frames), 1e6, band)
        move = 0.1 * np.random.default_rng(4).normal(size=held.shape)
        after = module.moved(state, move, robot.limits.lower, robot.limits.upper)
        found.append((np.array(total), *equations[1:], *rows, band, *after))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9)


def test_the_gradient_is_the_slope_of_the_cost(robot) -> None:
    joints = len(robot.joint_names)
    state, wanted = random_state(robot, FRAMES, 5), rates(joints)
    equations = blank(FRAMES, joints)
    rows = TimeRows.empty(FRAMES, joints + 6)
    smoothness.add_time_rows(wanted, state, equations, rows)
    assert rows.velocity.any()  # limits on rates take part
    for frame in range(FRAMES):
        for dof in (0, 2, 6, 17, joints + 5):
            costs = []
            for step in (1e-6, -1e-6):
                move = np.zeros((FRAMES, joints + 6))
                move[frame, dof] = step
                far = np.full(joints, np.inf)
                costs.append(cost(wanted, smoothness.moved(state, move, -far, far)))
            slope = (costs[0] - costs[1]) / 2e-6
            assert equations.gradient[frame, dof] == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_the_band_bounds_the_curvature_from_above(robot) -> None:
    """Without limits the cost is quadratic: band minus true Hessian must have no negative."""
    joints = 3
    dof = joints + 6
    limitless = rates(joints)._replace(limits=np.full((3, dof), np.inf))
    rng = np.random.default_rng(6)
    turn = np.tile(np.eye(3), (FRAMES, 1, 1))
    state = State(rng.normal(size=(FRAMES, 3)), turn, rng.normal(size=(FRAMES, joints)))
    equations, rows = blank(FRAMES, joints), TimeRows.empty(FRAMES, dof)
    smoothness.add_time_rows(limitless, state, equations, rows)
    band = np.zeros((FRAMES, dof, 2 * dof + 1))
    smoothness.fill_band(
        equations, rows, np.zeros((FRAMES, dof), bool), np.zeros(FRAMES), 0.0, band
    )
    flat = band.reshape(FRAMES * dof, -1)
    matrix = np.zeros((FRAMES * dof, FRAMES * dof + 2 * dof + 1))
    for row in range(len(flat)):
        matrix[row, row : row + flat.shape[1]] = flat[row]
    matrix = matrix[:, : FRAMES * dof]
    matrix = matrix + np.triu(matrix, 1).T

    def gradient(move: np.ndarray) -> np.ndarray:
        here = blank(FRAMES, joints)
        there = State(state.base_position + move[:, :3], turn, state.joints + move[:, 6:])
        smoothness.add_time_rows(limitless, there, here, TimeRows.empty(FRAMES, dof))
        return here.gradient.ravel()

    turning = np.tile((np.arange(dof) // 3) == 1, FRAMES)
    hessian = np.array(
        [gradient(unit.reshape(FRAMES, dof)) - equations.gradient.ravel()
         for unit in np.eye(FRAMES * dof)]
    )  # fmt: skip
    keep = np.ix_(~turning, ~turning)
    spare = np.linalg.eigvalsh(matrix[keep] - hessian[keep])
    assert spare.min() > -1e-9 * spare.max()
    jerkless = limitless._replace(jerk=np.zeros(dof))
    equations = blank(FRAMES, joints)
    smoothness.add_time_rows(jerkless, state, equations, rows)
    smoothness.fill_band(
        equations, rows, np.zeros((FRAMES, dof), bool), np.zeros(FRAMES), 0.0, band
    )
    # Without jerk rows nothing is bounded, all is exact.
    move = np.where(turning.reshape(FRAMES, dof), 0.0, rng.normal(size=(FRAMES, dof)))
    flat = band.reshape(FRAMES * dof, -1)
    product = np.zeros(FRAMES * dof)
    for row in range(len(flat)):
        for k in range(min(flat.shape[1], FRAMES * dof - row)):
            product[row + k] += flat[row, k] * move.ravel()[row]
            if k:
                product[row] += flat[row, k] * move.ravel()[row + k]
    here = blank(FRAMES, joints)
    there = State(state.base_position + move[:, :3], turn, state.joints + move[:, 6:])
    smoothness.add_time_rows(jerkless, there, here, TimeRows.empty(FRAMES, dof))
    np.testing.assert_allclose(product, (here.gradient - equations.gradient).ravel(), atol=1e-9)


def test_a_step_turns_the_base_about_the_worlds_axes(robot) -> None:
    state = random_state(robot, 2, 7)
    move = np.zeros((2, len(robot.joint_names) + 6))
    move[:, 3:6] = 0.3, -0.2, 0.5
    after = smoothness.moved(state, move, robot.limits.lower, robot.limits.upper)
    expected = Rotation.from_rotvec([0.3, -0.2, 0.5]).as_matrix() @ state.base_rotation
    np.testing.assert_allclose(after.base_rotation, expected, atol=1e-14)
