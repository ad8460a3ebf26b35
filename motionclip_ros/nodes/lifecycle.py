"""A lifecycle node that survives what is asked of it at the wrong time."""

from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn


class SteadyLifecycleNode(LifecycleNode):  # type: ignore[misc]
    """Refuses transitions that its state does not have.

    In Jazzy such a request ends the process, and whoever asked waits for ever; Kilted refuses it
    like this (ros2/rclpy, issue 1209).
    """

    def _LifecycleNodeMixin__change_state(  # noqa: N802
        self, transition_id: int
    ) -> TransitionCallbackReturn:
        try:
            return super()._LifecycleNodeMixin__change_state(transition_id)  # type: ignore[misc]
        except rclpy_implementation.RCLError:
            self.get_logger().error(f'transition {transition_id} is not possible in this state')
            return TransitionCallbackReturn.ERROR
