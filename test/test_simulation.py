"""The follower never leaves limits or jumps; the simulated robot does what it is told."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicHermiteSpline
from scipy.spatial.transform import Rotation

from motionclip_model.errors import RobotError, TrajectoryError
from motionclip_ros.follower import JointCommand, JointState, JointTrajectoryFollower
from motionclip_ros.mujoco_model import robot_spec
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.simulation import Simulation

NAMES = ('a', 'b', 'c')
LOWER, UPPER = np.array([-1.0, -2.0, -0.5]), np.array([1.0, 2.0, 0.5])


def follower() -> JointTrajectoryFollower:
    return JointTrajectoryFollower(NAMES, LOWER, UPPER, np.zeros(3))


def command(**changes) -> JointCommand:
    values = {
        'joint_names': ('b', 'a'),
        'times': np.array([0.5, 1.0]),
        'positions': np.array([[0.6, 0.2], [1.0, 0.4]]),
        'velocities': np.array([[1.0, 0.5], [0.0, 0.0]]),
    }
    return JointCommand(**{**values, **changes})


def states(of: JointTrajectoryFollower, start: float, end: float, step: float = 1e-3):
    samples = [of.desired(time) for time in np.arange(start, end, step)]
    return np.array([s.positions for s in samples]), np.array([s.velocities for s in samples])


def test_points_are_met_by_name():
    obeys = follower()
    obeys.accept(command(), 2.0)
    np.testing.assert_allclose(obeys.desired(2.5).positions, [0.2, 0.6, 0.0])
    np.testing.assert_allclose(obeys.desired(2.5).velocities, [0.5, 1.0, 0.0])
    np.testing.assert_allclose(obeys.desired(9.0).positions, [0.4, 1.0, 0.0])
    assert not obeys.desired(9.0).velocities.any()


@given(
    st.floats(0.01, 0.99),
    st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=3),
    st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_replacement_is_continuous_and_inside_limits(moment, goal, with_velocities):
    obeys = follower()
    obeys.accept(command(), 0.0)
    before = obeys.desired(moment)
    new = JointCommand(
        NAMES,
        np.array([0.4]),
        np.array([goal]),
        np.zeros((1, 3)) if with_velocities else None,
    )
    obeys.accept(new, moment)
    after = obeys.desired(moment)
    np.testing.assert_allclose(after.positions, before.positions, atol=1e-12)
    np.testing.assert_allclose(after.velocities, before.velocities, atol=1e-9)
    positions, _ = states(obeys, moment, moment + 1.0)
    assert (positions >= LOWER).all()
    assert (positions <= UPPER).all()
    np.testing.assert_allclose(positions[-1], goal, atol=1e-12)


def test_a_command_that_began_already_is_joined_where_it_is_now():
    obeys = follower()
    points = np.array([[0.2, 0.1], [0.6, 0.2], [1.0, 0.4]])
    slopes = np.array([[0.8, 0.2], [0.8, 0.4], [0.0, 0.0]])
    late = JointCommand(('b', 'a'), np.array([0.01, 0.5, 1.0]), points, slopes)
    obeys.accept(late, 5.0, 4.7)
    expected = CubicHermiteSpline(late.times, points[:, 0], slopes[:, 0])
    for time in (5.0, 5.2, 5.6):
        assert obeys.desired(time).positions[1] == pytest.approx(expected(time - 4.7))
    np.testing.assert_allclose(obeys.desired(5.7).positions, [0.4, 1.0, 0.0])


def test_a_command_that_begins_later_is_led_into_without_a_jump():
    obeys = follower()
    obeys.accept(command(), 0.0)
    before = obeys.desired(0.6)
    obeys.accept(command(positions=np.array([[0.3, 0.2], [0.1, 0.4]])), 0.6, 0.9)
    np.testing.assert_allclose(obeys.desired(0.6), before, atol=1e-12)
    np.testing.assert_allclose(obeys.desired(1.4).positions, [0.2, 0.3, 0.0])
    np.testing.assert_allclose(obeys.desired(1.9).positions, [0.4, 0.1, 0.0])


def test_a_command_that_is_over_is_refused():
    obeys = follower()
    obeys.accept(command(), 0.0)
    expected = obeys.desired(0.7)
    with pytest.raises(TrajectoryError, match=r'ended 0\.500 s ago; check that the clocks agree'):
        obeys.accept(command(), 2.0, 0.5)
    np.testing.assert_array_equal(obeys.desired(0.7).positions, expected.positions)


def test_joints_left_out_come_to_rest_without_a_jump():
    obeys = follower()
    obeys.accept(command(), 0.0)
    obeys.accept(JointCommand(('a',), np.array([0.5]), np.zeros((1, 1)), np.zeros((1, 1))), 0.5)
    positions, velocities = states(obeys, 0.5, 1.5)
    assert velocities[0, 1] == pytest.approx(1.0)
    assert velocities[-1, 1] == 0.0
    assert np.abs(np.diff(positions[:, 1])).max() < 1.1e-3
    assert (np.diff(velocities[:, 1]) <= 1e-12).all()


def test_an_empty_command_decelerates_to_a_stop():
    obeys = follower()
    obeys.accept(command(), 0.0)
    obeys.stop(0.5)
    assert obeys.desired(0.5).velocities[1] == pytest.approx(1.0)
    positions, velocities = states(obeys, 0.5, 1.0)
    assert 0.6 < positions[-1, 1] < 0.7
    assert not velocities[-1].any()


def test_a_stop_near_a_limit_brakes_before_it():
    obeys = follower()
    positions = np.array([[1.99], [1.99]])
    obeys.accept(
        JointCommand(('b',), np.array([0.5, 0.6]), positions, np.array([[3.0], [0.0]])), 0.0
    )
    obeys.stop(0.4999)
    after, velocities = states(obeys, 0.4999, 1.5)
    assert after[:, 1].max() <= UPPER[1] + 1e-12
    # It brakes: hitting the limit would take all of the 3 rad/s in one step.
    assert np.abs(np.diff(velocities[:, 1])).max() < 1.0
    assert not velocities[-1].any()


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'times': np.array([0.0, 1.0])}, 'after time 0'),
        ({'times': np.array([0.5, 0.5])}, 'does not increase at point 1'),
        ({'times': np.array([0.5, np.nan])}, 'after time 0'),
        ({'positions': np.array([[np.nan, 0.0], [0.0, 0.0]])}, 'NaN'),
        ({'velocities': np.array([[0.0, np.inf], [0.0, 0.0]])}, 'NaN or infinite'),
        ({'positions': np.zeros((3, 2))}, 'shape'),
        ({'joint_names': ('a', 'a')}, 'twice'),
        ({'velocities': np.ones((2, 2))}, 'still moving'),
    ],
)
def test_malformed_commands_are_refused(changes, reason):
    with pytest.raises(TrajectoryError, match=reason) as caught:
        command(**changes)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize(
    ('changes', 'reason'),
    [
        ({'joint_names': ('a', 'z')}, "unknown joint 'z'; this robot has a, b, c"),
        ({'positions': np.array([[0.0, 0.0], [0.0, 1.01]])}, r'a = 1.0100 rad at point 1'),
    ],
)
def test_refused_commands_leave_the_present_one_in_force(changes, reason):
    obeys = follower()
    obeys.accept(command(), 0.0)
    expected = obeys.desired(0.7)
    with pytest.raises(TrajectoryError, match=reason):
        obeys.accept(command(**changes), 0.2)
    np.testing.assert_array_equal(obeys.desired(0.7).positions, expected.positions)


@pytest.fixture(scope='module')
def robot():
    return load_robot('g1')


def test_simulated_robot_tracks_within_two_degrees(robot):
    simulation = Simulation(robot)
    assert set(simulation.joint_names) == set(robot.joint_names)
    obeys = JointTrajectoryFollower(
        simulation.joint_names, simulation.lower, simulation.upper, simulation.state.positions
    )
    times = np.arange(1, 101) * 0.02
    phase = np.minimum(times, 2.0)
    positions = np.stack([-0.6 + 0.6 * np.cos(np.pi * phase), 0.5 * np.sin(np.pi * phase)], 1)
    velocities = np.gradient(positions, 0.02, axis=0)
    velocities[-1] = 0.0
    names = ('right_shoulder_roll_joint', 'right_elbow_joint')
    obeys.accept(JointCommand(names, times, positions, velocities), 0.0)
    start, errors = simulation.base_position, []
    while simulation.time < 2.2:
        desired = obeys.desired(simulation.time)
        simulation.step(desired)
        errors.append(simulation.state.positions - desired.positions)
        assert (np.abs(simulation.efforts) <= simulation.effort_limits + 1e-9).all()
    assert np.degrees(np.sqrt(np.mean(np.square(errors)))) < 2.0
    assert np.linalg.norm(simulation.base_position - start) < 0.005


def hold(simulation: Simulation, seconds: float) -> None:
    rest = JointState(simulation.state.positions, np.zeros(len(simulation.joint_names)))
    end = simulation.time + seconds
    while simulation.time < end:
        simulation.step(rest)


def test_a_robot_with_a_free_base_stands_on_its_soles_and_falls_without_motors(robot):
    simulation = Simulation(robot, 'free')
    height = simulation.base_position[2]
    hold(simulation, 3.0)
    assert simulation.base_position[2] == pytest.approx(height, abs=0.01)
    simulation.weaken(0.0)
    hold(simulation, 3.0)
    assert 0.0 < simulation.base_position[2] < 0.5  # on the floor, not below it
    assert np.isfinite(simulation.link_poses().positions).all()


def test_weak_motors_let_the_arms_sink(robot):
    strong, weak = Simulation(robot), Simulation(robot)
    weak.weaken(0.01)
    out = strong.state.positions.copy()
    out[strong.joint_names.index('left_shoulder_roll_joint')] = 1.5
    for simulation in (strong, weak):
        while simulation.time < 1.0:
            simulation.step(JointState(out, np.zeros_like(out)))
    index = strong.joint_names.index('left_shoulder_roll_joint')
    assert strong.state.positions[index] == pytest.approx(1.5, abs=0.05)
    assert weak.state.positions[index] < 0.8


def test_link_poses_are_those_of_the_kinematics(robot):
    simulation = Simulation(robot)
    hold(simulation, 0.2)
    found = simulation.link_poses()
    base = found.names[0]
    assert base == robot.correspondence.base
    order = [simulation.joint_names.index(name) for name in robot.joint_names]
    state = State(
        found.positions[:1],
        Rotation.from_quat(found.quaternions_xyzw[:1]).as_matrix(),
        simulation.state.positions[None, order],
    )
    positions, rotations = robot.link_poses(found.names, state)
    # A body's pose is that of the last step's beginning.
    np.testing.assert_allclose(found.positions, positions[0], atol=1e-3)
    turned = Rotation.from_quat(found.quaternions_xyzw).as_matrix()
    np.testing.assert_allclose(turned, rotations[0], atol=1e-2)
    assert simulation.link_poses(1).names == (base,)


def test_motors_are_no_stronger_than_the_urdf_says(robot):
    simulation = Simulation(robot)
    order = [robot.joint_names.index(name) for name in simulation.joint_names]
    np.testing.assert_allclose(simulation.effort_limits, robot.limits.effort[order])
    np.testing.assert_allclose(simulation.lower, robot.limits.lower[order])
    np.testing.assert_allclose(simulation.upper, robot.limits.upper[order])


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (None, 'cannot be read'),
        ('<robot', 'not a URDF'),
        ('<html/>', 'outermost element is <html>'),
        ('<robot name="r"></robot>', '0 root links'),
        (
            '<robot name="r"><link name="l"><visual><geometry><mesh filename="package://no/m.stl"/>'
            '</geometry></visual></link></robot>',
            'package://no/m.stl not found',
        ),
    ],
)
def test_unusable_urdf_is_one_line(tmp_path, content, reason):
    path = tmp_path / 'robot.urdf'
    if content is not None:
        path.write_text(content)
    with pytest.raises(RobotError, match=reason) as caught:
        robot_spec(path)
    assert '\n' not in str(caught.value)
