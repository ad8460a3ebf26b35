"""Exported trajectories say the same in the formats of others."""

from pathlib import Path

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionclip_model.errors import TrajectoryError
from motionclip_model.motion import Motion
from motionclip_ros.mujoco_model import actuated_joints, compiled, robot_spec
from motionclip_ros.retargeting.export import load_csv, mujoco_order, save_csv, save_mujoco
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.trajectory import RobotTrajectory

ARRAYS = ('time_from_start', 'positions', 'velocities', 'base_position', 'base_quaternion_xyzw')


@pytest.fixture(scope='module')
def robot() -> Robot:
    return load_robot('g1')


@pytest.fixture(scope='module')
def trajectory(robot, clips) -> RobotTrajectory:
    return Retargeter(robot).retarget(Motion.load(clips['kick'])).trajectory


@pytest.fixture
def branching(tmp_path: Path) -> Robot:
    """A robot whose joints stand in the file in another order than that of their names."""
    joint = '<joint name="{0}" type="{2}"><parent link="{1}"/><child link="{0}_link"/>'
    joint += '<axis xyz="0 1 0"/><limit lower="-1" upper="1" velocity="2" effort="3"/></joint>'
    tree = [
        ('z', 'pelvis', 'revolute'),
        ('a', 'pelvis', 'revolute'),
        ('plate', 'z_link', 'fixed'),
        ('m', 'plate_link', 'prismatic'),
        ('b', 'z_link', 'revolute'),
    ]
    links = ''.join(
        f'<link name="{name}"><inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" '
        'ixy="0" ixz="0" iyz="0"/></inertial></link>'
        for name in ('pelvis', *(f'{entry[0]}_link' for entry in tree))
    )
    urdf = tmp_path / 'branching.urdf'
    urdf.write_text(f'<robot name="b">{links}{"".join(joint.format(*e) for e in tree)}</robot>')
    urdf.with_suffix('.yaml').write_text(
        "links: {pelvis: {human: pelvis, position: 1.0}}\nacceleration_limits: {'*': 100.0}\n"
    )
    return load_robot(urdf)


def test_a_table_holds_the_whole_trajectory_to_the_last_bit(trajectory, tmp_path) -> None:
    save_csv(trajectory, tmp_path / 't.csv')
    back = load_csv(tmp_path / 't.csv')
    assert back.joint_names == trajectory.joint_names
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(back, name), getattr(trajectory, name))


@pytest.mark.parametrize(
    ('change', 'reason'),
    [
        (lambda text: '', 'its columns must be'),
        (lambda text: text.replace('base_qw', 'w'), 'columns must be time'),
        (lambda text: text.rstrip('\n') + ',1\n', 'line 3 has not'),
        (lambda text: text.replace('0.5', 'half'), 'half'),
        (lambda text: text.replace('0.5', 'nan'), 'NaN'),
    ],
)
def test_a_damaged_table_is_one_line(tmp_path, change, reason: str) -> None:
    path = tmp_path / 't.csv'
    turn = np.tile([0.0, 0.0, 0.0, 1.0], (2, 1))
    still = RobotTrajectory(
        ('j',), np.arange(2.0), np.full((2, 1), 0.5), np.zeros((2, 1)), np.zeros((2, 3)), turn
    )
    save_csv(still, path)
    path.write_text(change(path.read_text()))
    with pytest.raises(TrajectoryError, match=reason) as caught:
        load_csv(path)
    assert str(caught.value).startswith(f'{path}: ')
    assert '\n' not in str(caught.value)


def test_mujoco_puts_every_link_where_we_put_it(robot, trajectory, tmp_path) -> None:
    save_mujoco(trajectory, robot, tmp_path / 'm.npz')
    model = compiled(robot_spec(robot.urdf_path, meshes=False))
    data = mujoco.MjData(model)
    links = tuple(robot.correspondence.links)
    turn = Rotation.from_quat(trajectory.base_quaternion_xyzw).as_matrix()
    ours, _ = robot.link_poses(links, State(trajectory.base_position, turn, trajectory.positions))
    with np.load(tmp_path / 'm.npz') as arrays:
        assert tuple(arrays['joint_names']) == actuated_joints(model)
        for qpos, expected in zip(arrays['qpos'], ours, strict=True):
            data.qpos[:] = qpos
            mujoco.mj_kinematics(model, data)
            found = np.array([data.body(link).xpos for link in links])
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_qvel_is_the_rate_of_qpos_as_mujoco_defines_it(robot, trajectory, tmp_path) -> None:
    save_mujoco(trajectory, robot, tmp_path / 'm.npz')
    model = compiled(robot_spec(robot.urdf_path, meshes=False))
    with np.load(tmp_path / 'm.npz') as arrays:
        qpos, qvel, step = arrays['qpos'], arrays['qvel'], 1.0 / float(arrays['fps'])
    assert step * (len(qpos) - 1) == pytest.approx(trajectory.seconds)
    columns = [trajectory.joint_names.index(name) for name in actuated_joints(model)]
    np.testing.assert_array_equal(qvel[:, 6:], trajectory.velocities[:, columns])
    mean = np.empty(model.nv)
    for before, now, after in zip(qpos[:-2], qvel[1:-1], qpos[2:], strict=True):
        mujoco.mj_differentiatePos(model, mean, 2 * step, before, after)
        np.testing.assert_allclose(now[:6], mean[:6], atol=1e-8)


def test_joints_stand_in_mujocos_order_and_not_in_that_of_names(branching, tmp_path) -> None:
    model = compiled(robot_spec(branching.urdf_path, meshes=False))
    assert mujoco_order(branching) == actuated_joints(model) != branching.joint_names
    count = len(branching.joint_names)
    rng = np.random.default_rng(0)
    positions = rng.uniform(-1.0, 1.0, (5, count))
    trajectory = RobotTrajectory.through(
        branching.joint_names, np.array([0.0, 0.1, 0.2, 0.3, 0.5]), positions, np.zeros((5, 3)),
        np.tile([0.0, 0.0, 0.0, 1.0], (5, 1)), branching.limits,
    )  # fmt: skip
    save_mujoco(trajectory, branching, tmp_path / 'm.npz')
    with np.load(tmp_path / 'm.npz') as arrays:
        for column, name in enumerate(arrays['joint_names']):
            ours = trajectory.sample(np.linspace(0.0, 0.5, 5)).positions
            index = branching.joint_names.index(name)
            np.testing.assert_allclose(arrays['qpos'][:, 7 + column], ours[:, index], atol=1e-12)


def test_another_robots_trajectory_is_refused(trajectory, branching, tmp_path) -> None:
    with pytest.raises(TrajectoryError, match='no joint'):
        save_mujoco(trajectory, branching, tmp_path / 'm.npz')


def test_the_same_trajectory_is_the_same_bytes(robot, trajectory, tmp_path) -> None:
    writers = (trajectory.save, lambda path: save_mujoco(trajectory, robot, path))
    for writer in writers:
        writer(tmp_path / 'one.npz')
        writer(tmp_path / 'two.npz')
        one, two = ((tmp_path / f'{name}.npz').read_bytes() for name in ('one', 'two'))
        assert one == two
        assert b'\x00\x00!\x00' in one[:40]  # 1 January 1980: the archive holds no clock
