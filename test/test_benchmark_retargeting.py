"""The benchmark measures what it says it measures."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import Targets, make_targets
from motionclip_ros.retargeting.trajectory import RobotTrajectory

sys.path.append(str(ROOT / 'benchmark'))

from retargeting_peers import feet, figures, length, ours, peers, recorded, worst

SEED = 5


@pytest.fixture(scope='module')
def robot() -> Robot:
    return load_robot('g1')


@pytest.fixture(scope='module')
def walk(clips: dict[str, Path]) -> Motion:
    return Motion.load(clips['walk'])


@pytest.fixture(scope='module')
def reachable(robot: Robot, walk: Motion) -> Targets:
    """Targets that some calm path of the robot meets exactly."""
    targets = make_targets(walk[:12], robot)
    posture = 0.3 * (robot.limits.lower + robot.limits.upper)
    swing = np.linspace(0.0, 0.2, 12)[:, None] * np.sin(np.arange(len(posture)))
    state = targets.start._replace(joints=robot.limits.clipped(posture + swing))
    positions, rotations = robot.link_poses(targets.links, state)
    tasks = ours.first_tasks(targets.tasks, len(targets.links))
    return targets._replace(
        tasks=tasks._replace(
            target_position=positions,
            target_rotation=rotations,
            orientation_weight=np.full_like(tasks.orientation_weight, 2.0),
        ),
        start=state,
    )


def turns(motion: Motion) -> np.ndarray:
    """Angle by which each joint turns from frame to frame [rad]."""
    rotations = motion.joint_rotations
    between = np.swapaxes(rotations[:-1], -1, -2) @ rotations[1:]
    return Rotation.from_matrix(between.reshape(-1, 3, 3)).magnitude()


def test_joined_clips_have_the_wanted_length_and_never_jump(clips: dict[str, Path]) -> None:
    parts = [Motion.load(clips[name]) for name in ('walk', 'wave', 'dance')]
    whole = length.joined(parts, 500)
    assert len(whole) == 500
    # A passage turns a joint by half a turn at most, at 1.5 times the mean pace of its 16 steps.
    assert turns(whole).max() < max(turns(part).max() for part in parts) + 1.5 * np.pi / 16
    steps = np.linalg.norm(np.diff(whole.root_position[:, :2], axis=0), axis=1)
    assert steps.max() < 0.1


def test_a_joined_clip_begins_with_the_first_one(walk: Motion) -> None:
    whole = length.joined([walk], 150)
    kept = len(walk) - 15
    assert np.array_equal(whole.joint_rotations[:kept], walk.joint_rotations[:kept])
    assert np.array_equal(whole.root_position[:kept], walk.root_position[:kept])


@pytest.mark.parametrize('peer', ['loop', 'pink'])
def test_per_frame_peers_meet_targets_that_can_be_met(
    robot: Robot, reachable: Targets, peer: str
) -> None:
    work = peers.tracked(robot, reachable)
    if peer == 'pink':
        pytest.importorskip('pink')
        pytest.importorskip('daqp')
        solved = peers.Pink(work, 30.0).solve(peers.ITERATIONS, peers.SETTLED)
        assert 1.0 <= solved.solves < peers.ITERATIONS
    else:
        solved = peers.pinocchio_loop(work)
    at_rest = reachable.start._replace(joints=np.tile(robot.neutral, (12, 1)))
    still, met = (
        normal_equations(robot.tree, reachable.tasks, state).cost[-1]
        for state in (at_rest, solved.state)
    )
    assert met < 1e-3 * still
    assert np.all(solved.state.joints >= robot.limits.lower - 1e-9)
    assert np.all(solved.state.joints <= robot.limits.upper + 1e-9)


def test_what_is_measured_is_what_the_retargeter_asks_for(robot: Robot, walk: Motion) -> None:
    whole = ours.asked(Retargeter(robot), walk)
    assert len(whole.start.joints) == len(walk)
    bare = ours.links_only(whole)
    assert len(bare.clearance.pairs) == 0
    count = len(whole.targets.links)
    assert len(bare.tasks.body) == count < len(whole.problem.tasks.body)
    assert np.array_equal(
        bare.tasks.target_position, whole.targets.tasks.target_position[:, :count]
    )


def test_excess_is_the_part_by_which_a_limit_is_exceeded(robot: Robot) -> None:
    limits = robot.limits
    times = np.linspace(0.0, 1.0, 11)

    def moving(speed: np.ndarray) -> RobotTrajectory:
        velocities = np.tile(speed, (11, 1))
        middle = (limits.lower + limits.upper) / 2
        positions = middle + (times[:, None] - 0.5) * speed
        base = np.tile([0.0, 0.0, 0.0, 1.0], (11, 1))
        return RobotTrajectory(robot.joint_names, times, positions, velocities, base[:, :3], base)

    slow = 0.1 * (limits.upper - limits.lower)
    assert worst.excess(moving(slow), limits) <= 0.0
    across = 1.5 * (limits.upper - limits.lower)
    assert worst.excess(moving(across), limits) == pytest.approx(0.25)


def test_a_lifted_robot_is_off_the_floor_and_a_still_one_does_not_slide(
    robot: Robot, walk: Motion
) -> None:
    standing = feet.support(robot, walk)
    assert 0.0 < standing.human_speed < 0.5
    count = len(walk)
    sole = min(
        point[2] for point in robot.correspondence.feet['left_ankle_roll_link'].heel_corners
    )
    state = State(np.zeros((count, 3)), np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 29)))
    ankle = robot.link_poses(('left_ankle_roll_link',), state)[0][0, 0, 2]
    for height in (0.05, -0.02):
        base = np.tile([0.0, 0.0, height - ankle - sole], (count, 1))
        measured = feet.feet(robot, standing, state._replace(base_position=base), walk.fps)
        assert measured.speed == pytest.approx(0.0, abs=1e-9)
        assert measured.height == pytest.approx(100 * abs(height), abs=0.2)
        assert measured.away == 1.0
        assert measured.worst_depth == pytest.approx(100 * max(0.0, -height), abs=0.2)


def test_tables_show_the_summary_alone_and_json_has_no_nan() -> None:
    table = figures.Table('t', ('clip', 'x'), [['a', 1.234], ['b', 1234.5], ['median', np.nan]], 1)
    assert '| a      | 1.23' in table.text(whole=True)
    assert '1.23' not in table.text(whole=False)
    assert '| median | - ' in table.text(whole=False)
    assert json.dumps(table.figures(), allow_nan=False)


def test_recorded_costs_are_those_that_our_solver_lowers(shared: Path, robot: Robot) -> None:
    recording = recorded.Recorded(shared, robot)
    for clip in ('02_01', '85_02'):
        state = recording.state(clip)
        ours_cost = normal_equations(robot.tree, recording.tasks(clip), state).cost.mean()
        assert recording.cost(clip, state) == pytest.approx(2 * ours_cost, rel=1e-6)
    assert recording.cost(clip, state) == pytest.approx(5033, abs=1)  # as GMR counted it


def test_a_rebuilt_human_points_its_limbs_as_the_captured_one(shared: Path, robot: Robot) -> None:
    recording = recorded.Recorded(shared, robot)
    captured, rebuilt = recording.motion('16_07'), recording._rebuilt('16_07')
    path = Retargeter(robot).retarget(captured).trajectory
    state = figures.path_state(path)
    expected = figures.quality(robot, captured, state).limb_error
    assert figures.quality(robot, rebuilt, state).limb_error == pytest.approx(expected, abs=1e-3)
    # GMR shifts every clip to its own floor.
    away = np.abs(rebuilt.root_position - captured.root_position).max(axis=0)
    assert np.all(away < [1e-3, 1e-3, 0.02])
