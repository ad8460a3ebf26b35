"""The action GenerateMotion, where `motionclip_interfaces` is installed."""

import importlib
from collections.abc import Callable
from typing import Any

from rclpy.action.server import ServerGoalHandle
from rclpy.node import Node

from motionclip_ros import conversions
from motionclip_ros.inbox import Request
from motionclip_ros.nodes.actions import DeferredActionServer
from motionclip_ros.nodes.running import one_line
from motionclip_ros.performance import Outcome
from motionclip_ros.reporting import performance_report

_REACHED = ('executed', 'previewed')


class GoalServer:
    """Makes requests of goals, and results of their outcomes; without the type it says so once."""

    def __init__(
        self,
        node: Node,
        is_active: Callable[[], bool],
        on_request: Callable[[Request], None],
        on_cancel: Callable[[Request], None],
    ):
        """Serve the action `~/generate_motion`.

        Args:
            node: Owner of the server.
            is_active: Whether goals are welcome.
            on_request: Told of each request.
            on_cancel: Told of each that somebody wants to end.
        """
        self._is_active, self._on_request, self._on_cancel = is_active, on_request, on_cancel
        self._requests: dict[bytes, Request] = {}
        self._server: Any = None
        try:
            self._kind = importlib.import_module('motionclip_interfaces.action').GenerateMotion
        except ImportError:
            node.get_logger().warning(
                'motionclip_interfaces is not installed: no action ~/generate_motion, only the '
                'topic ~/text; `make interfaces` builds it'
            )
            return
        self._server = DeferredActionServer(
            node, self._kind, '~/generate_motion', self._is_welcome, self._begin, self._cancel
        )

    def destroy(self) -> None:
        """Serve no more."""
        if self._server is not None:
            self._server.destroy()

    def _is_welcome(self, goal: Any) -> bool:
        return self._is_active()

    def _begin(self, goal_handle: ServerGoalHandle) -> None:
        goal = goal_handle.request

        def on_progress(stage: str, progress: float) -> None:
            goal_handle.publish_feedback(
                self._kind.Feedback(stage=stage, progress=float(progress))
            )

        def on_end(outcome: Outcome) -> None:
            del self._requests[bytes(goal_handle.goal_id.uuid)]
            self._server.answer(
                goal_handle, self._result(outcome), succeeded=outcome.name in _REACHED
            )

        request = Request(
            goal.text,
            goal.seconds or None,
            None if goal.seed == -1 else goal.seed,
            tuple(goal.joints),
            goal.execute,
            on_progress,
            on_end,
        )
        self._requests[bytes(goal_handle.goal_id.uuid)] = request
        self._on_request(request)

    def _cancel(self, goal_handle: ServerGoalHandle) -> None:
        request = self._requests.get(bytes(goal_handle.goal_id.uuid))
        if request is not None:
            self._on_cancel(request)

    def _result(self, outcome: Outcome) -> Any:
        result = self._kind.Result(
            success=outcome.name in _REACHED,
            message=one_line(f'{outcome.name}: {outcome.message}'),
        )
        performance = outcome.performance
        if performance is not None and performance.generation is not None:
            command = performance.command
            result.trajectory = conversions.joint_trajectory(command.trajectory, command.start)
            result.report = conversions.report(performance_report(performance)).data
        return result
