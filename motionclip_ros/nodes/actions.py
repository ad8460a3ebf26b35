"""Action servers whose goals are answered later, from any thread.

In rclpy an execute callback either blocks the executor or, awaiting something, keeps it busy.
Here a goal is handed over at once, and its result is given when there is one.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.action.server import ActionServer, CancelResponse, GoalResponse, ServerGoalHandle
from rclpy.node import Node

_KEPT = 10  # [s] that a result waits for who wanted it


class DeferredActionServer(ActionServer):  # type: ignore[misc]
    """Tells of goals and of who cancels them; `answer` ends a goal."""

    def __init__(
        self,
        node: Node,
        kind: Any,
        name: str,
        is_welcome: Callable[[Any], bool],
        on_goal: Callable[[ServerGoalHandle], None],
        on_cancel: Callable[[ServerGoalHandle], None],
    ):
        """Serve an action.

        Args:
            node: Whose executor calls the functions below.
            kind: Type of the action.
            name: Its name.
            is_welcome: Whether to accept a goal request.
            on_goal: Told of each goal that was accepted.
            on_cancel: Told of each goal that somebody wants to end.
        """
        self._on_goal, self._on_cancel = on_goal, on_cancel
        super().__init__(
            node,
            kind,
            name,
            execute_callback=lambda _: None,
            goal_callback=lambda request: (
                GoalResponse.ACCEPT if is_welcome(request) else GoalResponse.REJECT
            ),
            handle_accepted_callback=self._begin,
            cancel_callback=self._cancel,
            # Jazzy would keep every result, trajectories and all, for a quarter of an hour.
            result_timeout=_KEPT,
        )

    def notify_execute(
        self, goal_handle: ServerGoalHandle, execute_callback: Callable[..., Any] | None
    ) -> None:
        """Begin nothing until there is a result."""
        if execute_callback is not None:
            super().notify_execute(goal_handle, execute_callback)

    def answer(self, goal_handle: ServerGoalHandle, result: Any, *, succeeded: bool) -> None:
        """End a goal; one that was not reached counts as canceled where that was asked for."""
        self.notify_execute(goal_handle, partial(_answered, result=result, succeeded=succeeded))

    def _begin(self, goal_handle: ServerGoalHandle) -> None:
        goal_handle.execute()  # it is being worked on from now on
        self._on_goal(goal_handle)

    def _cancel(self, goal_handle: ServerGoalHandle) -> CancelResponse:
        # The goal counts as canceling only after this returns, and its answer comes later.
        self._on_cancel(goal_handle)
        return CancelResponse.ACCEPT


def _answered(goal_handle: ServerGoalHandle, result: Any, succeeded: bool) -> Any:
    if succeeded:
        goal_handle.succeed()
    elif goal_handle.is_cancel_requested:
        goal_handle.canceled()
    else:
        goal_handle.abort()
    return result
