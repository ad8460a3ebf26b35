"""The action FollowJointTrajectory, served by a controller that is no ROS node itself."""

import importlib
from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from motionclip_model.errors import MotionClipError
from motionclip_ros import conversions, messages
from motionclip_ros.controller import (
    INVALID_GOAL,
    Execution,
    JointTrajectoryController,
    Tolerances,
)
from motionclip_ros.follower import JointCommand, JointState
from motionclip_ros.nodes.actions import DeferredActionServer
from motionclip_ros.nodes.running import one_line


def follow_joint_trajectory() -> Any:
    """Return the action's type.

    Raises:
        ImportError: `control_msgs` is not installed.
    """
    return importlib.import_module('control_msgs.action').FollowJointTrajectory


class FollowingServer:
    """Hands goals to a controller, and tells their senders what became of them.

    Attributes:
        active: The goal that is being carried out, and what the controller says of it.
    """

    def __init__(self, node: Node, name: str, controller: JointTrajectoryController, clock: Any):
        """Serve the action.

        Args:
            node: Owner of the server.
            name: Of the action.
            controller: Who does the work.
            clock: Gives `now` [s] on the controller's clock, `start(command)` likewise, tells
                by `is_lost()` of a command that shall not arrive, and has a lock `acting`.

        Raises:
            ImportError: `control_msgs` is not installed.
        """
        self._node, self._controller, self._clock = node, controller, clock
        self._kind = follow_joint_trajectory()
        self.active: tuple[ServerGoalHandle, Execution] | None = None
        self._server = DeferredActionServer(
            node,
            self._kind,
            name,
            self._is_welcome,
            self._on_goal,
            self._on_cancel,
        )

    def destroy(self) -> None:
        """Serve no more."""
        self._server.destroy()

    def look(self) -> None:
        """Answer the goal that is carried out, if it has ended."""
        if self.active is None:
            return
        goal_handle, execution = self.active
        if execution.outcome is not None:
            self.active = None
            self._server.answer(
                goal_handle,
                self._kind.Result(
                    error_code=execution.outcome.code, error_string=execution.outcome.text
                ),
                succeeded=execution.outcome.code == self._kind.Result.SUCCESSFUL,
            )

    def tell(self, desired: JointState, measured: JointState, stamp: Any) -> None:
        """Publish how the goal that is carried out gets on, if there is one."""
        if self.active is None:
            return
        elapsed = self._clock.now - self.active[1].begin
        feedback = self._kind.Feedback(joint_names=list(self._controller.joint_names))
        feedback.header.stamp = stamp
        error = JointState(
            desired.positions - measured.positions, desired.velocities - measured.velocities
        )
        for name, state in (('desired', desired), ('actual', measured), ('error', error)):
            setattr(feedback, name, conversions.trajectory_point(state, elapsed))
        self.active[0].publish_feedback(feedback)

    def _is_welcome(self, goal: Any) -> bool:
        if self._clock.is_lost():
            return False
        try:
            command, _ = self._read(goal)
            with self._clock.acting:
                self._controller.check(command, self._clock.now, self._clock.start(command))
        except MotionClipError as error:
            self._node.get_logger().warning(f'goal rejected: {one_line(error)}')
            return False
        return True

    def _on_goal(self, goal_handle: ServerGoalHandle) -> None:
        command, tolerances = self._read(goal_handle.request)
        try:
            with self._clock.acting:
                execution = self._controller.accept(
                    command, self._clock.now, self._clock.start(command), tolerances
                )
                self.look()  # what it replaces has ended
                self.active = None if execution is None else (goal_handle, execution)
        except MotionClipError as error:  # time has passed since it was looked at
            result = self._kind.Result(error_code=INVALID_GOAL, error_string=one_line(error))
            self._server.answer(goal_handle, result, succeeded=False)
            return
        self._node.get_logger().info(
            f'following a goal of {len(command.times)} points, {len(command.joint_names)} joints'
        )

    def _on_cancel(self, goal_handle: ServerGoalHandle) -> None:
        with self._clock.acting:
            if self.active is not None and self.active[0] == goal_handle:
                self._controller.cancel(self._clock.now)
                self.look()

    def _read(self, goal: Any) -> tuple[JointCommand, Tolerances]:
        command = messages.joint_command(goal.trajectory)
        if not len(command.times):
            raise MotionClipError('a goal without points; to stop, cancel the goal')
        tolerances = self._controller.tolerances.changed(
            self._controller.joint_names,
            {one.name: one.position for one in goal.path_tolerance},
            {one.name: one.position for one in goal.goal_tolerance},
            messages.nanoseconds(goal.goal_time_tolerance) / 1e9,
        )
        return command, tolerances
