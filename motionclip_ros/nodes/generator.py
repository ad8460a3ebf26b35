"""Node `motionclip`: texts in, human motions and robot trajectories out."""

import contextlib
import queue
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory

from motionclip_model.errors import MotionClipError, RobotError, TrajectoryError
from motionclip_ros import conversions, messages, parameters, topics
from motionclip_ros.nodes.running import LATCHED, LATEST, RELIABLE, one_line, serve
from motionclip_ros.parameters import GeneratorParameters
from motionclip_ros.retargeting.approach import executable

LoadPipeline = Callable[[GeneratorParameters], Any]

_MOST_WAITING = 10
"""Texts that may wait for their turn; who sends more has lost track."""


class GeneratorNode(Node):  # type: ignore[misc]
    """Serves `~/text`; everything that goes wrong with a text is a warning, not an end."""

    def __init__(self, load_pipeline: LoadPipeline):
        """Declare parameters, load the pipeline, and listen.

        Args:
            load_pipeline: Gives an object with `generate(text, seconds, seed)` and `robot`,
                as `motionclip_ros.pipeline.Pipeline` has them.

        Raises:
            MotionClipError: A parameter is invalid, or the pipeline cannot be loaded.
        """
        super().__init__(topics.GENERATOR)
        settings = parameters.declare(self, GeneratorParameters)
        self._pipeline = load_pipeline(settings)
        self._measured: dict[str, float] = {}
        self._measured_at = -np.inf
        self._status: dict[str, Any] = {'model': settings.model, 'robot': settings.robot}
        self._summary, self._failed = 'ready', False
        self._human = self.create_publisher(MultiDOFJointTrajectory, '~/human_motion', LATCHED)
        self._base = self.create_publisher(MultiDOFJointTrajectory, '~/base_trajectory', LATCHED)
        self._joints = self.create_publisher(JointTrajectory, '~/joint_trajectory', RELIABLE)
        self._report = self.create_publisher(String, '~/report', LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, RELIABLE)
        self.create_subscription(String, '~/text', self._on_text, RELIABLE)
        self.create_subscription(JointState, topics.JOINT_STATES, self._on_joint_state, LATEST)
        self.create_timer(0.5, self._publish_diagnostics)
        # Measurements and the heartbeat go on while a text is being served. A thread of our
        # own, because rclpy's multi-threaded executor keeps the interpreter busy while a
        # callback runs, which made a text ten times slower.
        self._texts: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._worker = threading.Thread(target=self._work)
        self._worker.start()
        self.get_logger().info('ready')

    def destroy_node(self) -> None:
        """Finish the text that is being served, then the node."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._texts.get_nowait()
        self._texts.put(None)
        self._worker.join()
        super().destroy_node()

    def _on_joint_state(self, message: JointState) -> None:
        try:
            self._measured = messages.joint_positions(message)
        except MotionClipError as error:
            self.get_logger().warning(one_line(error), throttle_duration_sec=5.0)
        else:
            self._measured_at = time.monotonic()

    def _on_text(self, message: String) -> None:
        try:
            self._texts.put_nowait(message.data)
        except queue.Full:
            self.get_logger().warning(f'text dropped: {_MOST_WAITING} are waiting already')

    def _work(self) -> None:
        """Serve texts in the order in which they came, until there is None."""
        while (text := self._texts.get()) is not None:
            try:
                summary = self._serve(text)
            except MotionClipError as error:
                self._summary, self._failed = one_line(error), True
                self.get_logger().warning(self._summary)
            except Exception as error:  # one bad text must not end the service of all others
                self._summary, self._failed = f'internal error: {one_line(error)}', True
                self.get_logger().error(f'{self._summary}\n{traceback.format_exc()}')
            else:
                self._summary, self._failed = summary, False
                self.get_logger().info(summary)
            self._publish_diagnostics()

    def _serve(self, text: str) -> str:
        """Generate and publish; returns one line about it."""
        settings = parameters.read(self, GeneratorParameters)
        began = time.perf_counter()
        generation = self._pipeline.generate(text, settings.seconds or None, settings.seed)
        generated = time.perf_counter()
        retargeting = generation.report['retargeting']
        if retargeting['verdict'] == 'refuse':
            raise TrajectoryError(
                f'the robot cannot do this: {retargeting["reason"]}; try another seed or text'
            )
        trajectory = executable(
            generation.trajectory,
            self._pipeline.robot.limits,
            self._measured_positions(generation.trajectory.joint_names, settings),
        )
        approached = time.perf_counter()
        self._human.publish(conversions.human_motion(generation.motion))
        self._base.publish(conversions.base_trajectory(trajectory))
        self._joints.publish(conversions.joint_trajectory(trajectory))
        published = time.perf_counter()
        report = {
            **generation.report,
            'text': generation.text,
            'seed': generation.seed,
            'trajectory_seconds': trajectory.seconds,
            'trajectory_points': len(trajectory.time_from_start),
            'latency_ms': {
                **generation.report['latency_ms'],
                'approach': 1e3 * (approached - generated),
                'publish': 1e3 * (published - approached),
                'total': 1e3 * (published - began),
            },
        }
        self._report.publish(conversions.report(report))
        self._status['last_latency_ms'] = f'{1e3 * (published - began):.1f}'
        return (
            f'{generation.text!r}: {trajectory.seconds:.1f} s of motion in '
            f'{1e3 * (published - began):.0f} ms'
        )

    def _measured_positions(
        self, joint_names: tuple[str, ...], settings: GeneratorParameters
    ) -> np.ndarray | None:
        """Where the robot's joints are, or None if that is unknown and need not be known."""
        age = time.monotonic() - self._measured_at
        missing = [name for name in joint_names if name not in self._measured]
        if age <= settings.joint_state_timeout and not missing:
            return np.array([self._measured[name] for name in joint_names])
        if not settings.require_joint_states:
            return None
        if not self._measured:
            reason = f'nothing on {topics.JOINT_STATES} yet'
        elif missing:
            reason = f'{topics.JOINT_STATES} lacks {", ".join(missing)}'
        else:
            reason = f'the last joint state is {age:.1f} s old'
        raise RobotError(
            f'{reason}; start the robot, or set require_joint_states to false to begin from rest'
        )

    def _publish_diagnostics(self) -> None:
        values = {
            **self._status,
            'trajectory_listeners': self._joints.get_subscription_count(),
            'joint_states': bool(self._measured),
        }
        self._diagnostics.publish(
            conversions.diagnostics(
                topics.GENERATOR,
                self._summary,
                values,
                self.get_clock().now().to_msg(),
                warning=self._failed,
            )
        )


def _load(settings: GeneratorParameters) -> Any:
    # PyTorch comes with the pipeline; who only wants the node class does not pay for it.
    from motionclip_ros.pipeline import Pipeline

    pipeline = Pipeline.load(model=settings.model, robot=settings.robot)
    pipeline.warm_up()
    return pipeline


def main() -> None:
    """Run the node."""
    serve(lambda: GeneratorNode(_load))


if __name__ == '__main__':
    main()
