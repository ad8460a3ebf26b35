"""The whole-clip solver: exact slopes, limits that hold, targets that are reached."""

import numpy as np
import pytest
from retargeting_cases import random_state, random_tasks
from scipy.spatial.transform import Rotation

from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving import compiled, solver
from motionclip_ros.retargeting.solving.descent import Problem, Weights, evaluate
from motionclip_ros.retargeting.solving.problem import State, Tasks
from motionclip_ros.retargeting.solving.solver import solve

LINKS = (
    'pelvis',
    'torso_link',
    'left_elbow_link',
    'left_wrist_yaw_link',
    'right_elbow_link',
    'right_wrist_yaw_link',
    'left_knee_link',
    'left_ankle_roll_link',
    'right_knee_link',
    'right_ankle_roll_link',
)


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def problem(robot, tasks: Tasks, weights: Weights | None = None) -> Problem:
    """A clip at 30 frames/s."""
    return Problem(robot.tree, robot.limits, tasks, robot.neutral, weights or Weights(), 1 / 30)


def smooth_state(robot, frames: int, seed: int) -> State:
    """Slow sines of all joints about the neutral posture, the base wandering and turning."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None] / 30
    limits = robot.limits
    phase, rate = rng.uniform(0, 6.28, (2, 1, len(limits.lower)))
    joints = limits.clipped(robot.neutral + 0.5 * np.sin(phase + 0.4 * rate * time))
    position = np.concatenate([0.5 * time, 0.2 * np.sin(time), 0.8 + 0 * time], axis=1)
    return State(position, Rotation.from_euler('z', 0.5 * time).as_matrix(), joints)


def reaching(robot, state: State) -> Tasks:
    """Tasks that the given path fulfils exactly."""
    positions, rotations = robot.link_poses(LINKS, state)
    tasks = random_tasks(robot, len(state.joints), 0, LINKS)
    return tasks._replace(
        target_position=positions,
        target_rotation=rotations,
        one_sided=np.zeros_like(tasks.one_sided),
        position_weight=np.full_like(tasks.position_weight, 20.0),
        orientation_weight=np.full_like(tasks.orientation_weight, 4.0),
    )


def test_the_gradient_is_the_slope_of_the_whole_cost(robot) -> None:
    # The base's turns are smoothed with a first-order model, exact only for small turns.
    weights = Weights(base_turn_acceleration=0.0, velocity_excess=1e-2, acceleration_excess=1e-5)
    state = random_state(robot, 5, 1)
    clip = problem(robot, random_tasks(robot, 5, 2, LINKS), weights)
    found = evaluate(clip, state)
    assert found.between.velocity.any()  # the hinge rows take part
    for frame in (0, 2, 4):
        for dof in (0, 2, 4, 6, 9, 20, 34):
            costs = []
            for step in (1e-6, -1e-6):
                move = np.zeros_like(found.equations.gradient)
                move[frame, dof] = step
                moved = State(
                    state.base_position + move[:, :3],
                    Rotation.from_rotvec(move[:, 3:6]).as_matrix() @ state.base_rotation,
                    state.joints + move[:, 6:],
                )
                costs.append(evaluate(clip, moved).cost)
            slope = (costs[0] - costs[1]) / 2e-6
            assert found.equations.gradient[frame, dof] == pytest.approx(slope, rel=1e-4, abs=1e-2)


@pytest.mark.parametrize('frames', [2, 3, 17, 90])
def test_a_path_the_robot_can_walk_is_found(robot, frames) -> None:
    truth = smooth_state(robot, frames, 3)
    start = State(truth.base_position, truth.base_rotation, np.tile(robot.neutral, (frames, 1)))
    found = solve(problem(robot, reaching(robot, truth)), start).state
    wanted, _ = robot.link_poses(LINKS, truth)
    places, _ = robot.link_poses(LINKS, found)
    assert np.linalg.norm(places - wanted, axis=-1).mean() < 0.01


@pytest.mark.parametrize('seed', range(4))
def test_no_target_drives_a_joint_out_of_its_limits(robot, seed) -> None:
    tasks = random_tasks(robot, 30, seed, LINKS)  # targets that jump about, metres away
    start = random_state(robot, 30, seed)
    found = solve(problem(robot, tasks), start).state
    assert np.isfinite(found.joints).all()
    assert (found.joints >= robot.limits.lower).all()
    assert (found.joints <= robot.limits.upper).all()
    turned = found.base_rotation @ np.swapaxes(found.base_rotation, -1, -2)
    np.testing.assert_allclose(turned, np.tile(np.eye(3), (30, 1, 1)), atol=1e-9)


def test_a_start_far_away_ends_in_the_same_place(robot) -> None:
    truth = smooth_state(robot, 40, 5)
    clip = problem(robot, reaching(robot, truth))
    near = solve(clip, truth).state
    far = solve(
        clip,
        State(truth.base_position + 2.0, truth.base_rotation, np.tile(robot.neutral, (40, 1))),
    ).state
    places = [robot.link_poses(LINKS, state)[0] for state in (near, far)]
    assert np.linalg.norm(places[0] - places[1], axis=-1).mean() < 0.01


def test_smoothness_is_bought_with_tracking(robot) -> None:
    truth = smooth_state(robot, 40, 6)
    rng = np.random.default_rng(6)
    tasks = reaching(robot, truth)
    tasks = tasks._replace(
        target_position=tasks.target_position + 0.02 * rng.normal(size=(40, len(LINKS), 3))
    )
    roughness, error = [], []
    for weight in (2e-7, 2e-6, 2e-5):
        found = solve(problem(robot, tasks, Weights(joint_acceleration=weight)), truth).state
        roughness.append(np.square(np.diff(found.joints, 2, axis=0)).sum())
        places, _ = robot.link_poses(LINKS, found)
        error.append(np.square(places - tasks.target_position).sum())
    assert roughness == sorted(roughness, reverse=True)
    assert error == sorted(error)


def test_the_floor_pushes_only_upwards(robot) -> None:
    truth = smooth_state(robot, 20, 7)
    tasks = reaching(robot, truth)
    # One more task: the left ankle may be anywhere above a floor far below, or far above.
    lifted = []
    for height in (-5.0, 1.0):
        target = tasks.target_position.copy()
        weight = tasks.position_weight.copy()
        one_sided = tasks.one_sided.copy()
        ankle = LINKS.index('left_ankle_roll_link')
        target[:, ankle, 2] = height
        weight[:, ankle] = [0.0, 0.0, 100.0]
        one_sided[:, ankle] = True
        changed = tasks._replace(
            target_position=target, position_weight=weight, one_sided=one_sided
        )
        found = solve(problem(robot, changed), truth).state
        lifted.append(robot.link_poses(LINKS, found)[0][:, ankle, 2].mean())
    natural = robot.link_poses(LINKS, truth)[0][:, LINKS.index('left_ankle_roll_link'), 2].mean()
    assert lifted[0] == pytest.approx(natural, abs=0.03)
    assert lifted[1] > natural + 0.1


def test_a_clip_in_chunks_is_as_good_as_in_one(robot, monkeypatch) -> None:
    truth = smooth_state(robot, 150, 8)
    clip = problem(robot, reaching(robot, truth))
    start = truth._replace(joints=np.tile(robot.neutral, (150, 1)))
    whole = solve(clip, start)
    monkeypatch.setattr(solver, '_CHUNK', 40)
    monkeypatch.setattr(solver, '_OVERLAP', 12)
    parts = solve(clip, start)
    one, other = (evaluate(clip, found.state).cost for found in (whole, parts))
    assert other < 1.05 * one + 1e-3
    jumps = [np.abs(np.diff(s.state.joints, 2, axis=0)).max(axis=1) for s in (whole, parts)]
    assert jumps[1].max() < 1.2 * jumps[0].max()  # nothing shows where chunks meet


def test_what_is_fixed_stays(robot) -> None:
    truth = smooth_state(robot, 60, 9)
    fixed = np.zeros((1, len(robot.joint_names) + 6), bool)
    fixed[:, :12] = True
    start = truth._replace(joints=np.tile(robot.limits.upper, (60, 1)))
    clip = problem(robot, random_tasks(robot, 60, 9, LINKS))._replace(fixed=fixed)
    found = solve(clip, start).state
    np.testing.assert_array_equal(found.base_position, start.base_position)
    np.testing.assert_allclose(found.base_rotation, start.base_rotation, atol=1e-12)
    np.testing.assert_array_equal(found.joints[:, :6], start.joints[:, :6])
    assert (found.joints[:, 6:] != start.joints[:, 6:]).any()


def test_without_numba_the_same_path_comes_out(robot, monkeypatch) -> None:
    truth = smooth_state(robot, 20, 10)
    clip = problem(robot, reaching(robot, truth))
    start = truth._replace(joints=np.tile(robot.neutral, (20, 1)))
    fast = solve(clip, start).state
    monkeypatch.setattr(compiled, 'numba', None)
    slow = solve(clip, start).state
    np.testing.assert_allclose(fast.joints, slow.joints, atol=1e-9)


def test_an_arm_on_the_wrong_side_finds_another_way(robot) -> None:
    """A bad place is started again from its surroundings, and only where that is better."""
    truth = smooth_state(robot, 120, 11)
    clip = problem(robot, reaching(robot, truth)).within_limits()
    joints = clip.limits.clipped(truth.joints)
    arm = robot.joint_index('left_shoulder_yaw_joint')
    joints[50:70, arm] = clip.limits.lower[arm]
    joints[50:70, arm + 1] = clip.limits.upper[arm + 1]
    lost = truth._replace(joints=joints)
    before = evaluate(clip, lost).equations.cost
    assert before.max() > solver._BAD
    solver._try_another_way(clip, lost)
    after = evaluate(clip, lost).equations.cost
    assert after.max() < 0.1 * before.max()
    np.testing.assert_array_equal(lost.joints[:30], clip.limits.clipped(truth.joints)[:30])
    found = truth._replace(joints=clip.limits.clipped(truth.joints))
    solver._try_another_way(clip, found)
    np.testing.assert_array_equal(found.joints, clip.limits.clipped(truth.joints))
