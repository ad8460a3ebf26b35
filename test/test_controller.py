"""The controller says what became of each command, and gives up in time."""

import numpy as np
import pytest
from test_simulation import LOWER, NAMES, UPPER, command, follower

from motionclip_model.errors import TrajectoryError
from motionclip_ros.controller import (
    GOAL_TOLERANCE_VIOLATED,
    PATH_TOLERANCE_VIOLATED,
    SUCCESSFUL,
    JointTrajectoryController,
    Tolerances,
)
from motionclip_ros.follower import JointCommand, JointState

STEP = 0.002


def controller(path: float = 0.0, goal: float = 0.0, goal_time: float = 0.0):
    return JointTrajectoryController(follower(), Tolerances.uniform(3, path, goal, goal_time))


def run(of: JointTrajectoryController, until: float, error: float = 0.0, begin: float = 0.0):
    """Let a robot follow with a constant error of its first joint; returns what was desired."""
    desired = [of.desired(begin).positions]
    for now in np.arange(begin, until, STEP):
        measured = JointState(desired[-1] + [error, 0.0, 0.0], np.zeros(3))
        desired.append(of.update(now, measured).positions)
    return np.array(desired[1:])


def test_a_command_that_is_followed_succeeds_at_its_end():
    obeys = controller(path=0.1, goal=0.01)
    execution = obeys.accept(command(), 0.0)
    run(obeys, 0.99)
    assert execution.outcome is None
    run(obeys, 1.1, begin=0.99)
    assert execution.outcome.code == SUCCESSFUL
    assert obeys.active is None


def test_who_leaves_the_path_is_stopped_without_a_jump():
    obeys = controller(path=0.1)
    execution = obeys.accept(command(), 0.0)
    desired = run(obeys, 0.5)
    assert execution.outcome is None
    later = run(obeys, 1.5, error=0.2, begin=0.5)
    assert execution.outcome.code == PATH_TOLERANCE_VIOLATED
    assert execution.outcome.text.startswith('a is 0.200 rad from where it should be on the way')
    steps = np.diff(np.vstack([desired, later]), axis=0)
    assert np.abs(np.diff(steps, axis=0)).max() < 20.0 * STEP**2  # it brakes
    assert not steps[-1].any()
    assert later[-1, 1] < 0.8  # of the 1.0 at the end


@pytest.mark.parametrize('patience', [0.0, 0.3])
def test_the_end_has_to_be_reached_in_time(patience):
    obeys = controller(goal=0.05, goal_time=patience)
    execution = obeys.accept(command(), 0.0)
    run(obeys, 1.2, error=0.2)
    assert execution.outcome is None
    run(obeys, 2.0, error=0.2, begin=1.2)
    if patience:
        assert execution.outcome.code == GOAL_TOLERANCE_VIOLATED
        assert 'at the end, 0.05 rad are allowed' in execution.outcome.text
    else:
        assert execution.outcome is None  # it may still come
        run(obeys, 2.1, begin=2.0)
        assert execution.outcome.code == SUCCESSFUL


def test_without_tolerances_everything_succeeds():
    obeys = controller()
    execution = obeys.accept(command(), 0.0)
    run(obeys, 1.1, error=2.0)
    assert execution.outcome.code == SUCCESSFUL


def test_a_newer_command_an_empty_one_and_a_cancel_end_what_there_was():
    obeys = controller()
    first = obeys.accept(command(), 0.0)
    second = obeys.accept(command(), 0.3)
    assert first.outcome.text == 'replaced by a newer trajectory'
    empty = JointCommand((), np.zeros(0), np.zeros((0, 0)))
    assert obeys.accept(empty, 0.6) is None
    assert second.outcome.canceled
    assert obeys.active is None
    third = obeys.accept(command(), 1.0)
    obeys.cancel(1.2)
    assert third.outcome.canceled
    assert not obeys.update(2.5, JointState(np.zeros(3), np.zeros(3))).velocities.any()


def test_a_refused_command_leaves_the_present_one_alone():
    obeys = controller()
    execution = obeys.accept(command(), 0.0)
    with pytest.raises(TrajectoryError):
        obeys.accept(command(joint_names=('a', 'z')), 0.2)
    assert obeys.active is execution
    assert execution.outcome is None


def test_a_command_may_state_its_own_tolerances():
    usual = Tolerances.uniform(3, 0.1, 0.05, 0.5)
    stated = usual.changed(NAMES, {'a': 0.3, 'b': -1.0, 'c': 0.0}, {'b': 0.2}, -1.0)
    np.testing.assert_array_equal(stated.path, [0.3, np.inf, 0.1])
    np.testing.assert_array_equal(stated.goal, [0.05, 0.2, 0.05])
    assert stated.goal_time == 0.0
    assert usual.changed(NAMES, {}, {}, 0.0).goal_time == 0.5
    with pytest.raises(TrajectoryError, match="unknown joint 'z'"):
        usual.changed(NAMES, {'z': 0.1}, {}, 0.0)
    obeys = controller(path=0.1)
    execution = obeys.accept(command(), 0.0, tolerances=stated)
    run(obeys, 0.5, error=0.2)
    assert execution.outcome is None
    assert (LOWER < UPPER).all()
