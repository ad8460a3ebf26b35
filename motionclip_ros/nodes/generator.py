"""Node `motionclip`: texts in, human motions and robot trajectories out."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory, MultiDOFJointTrajectory
from visualization_msgs.msg import MarkerArray

from motionclip_model.errors import MotionClipError, RobotError, TrajectoryError
from motionclip_ros import conversions, messages, parameters, topics
from motionclip_ros.inbox import Inbox, Request, asks_to_stop
from motionclip_ros.nodes.running import FLOOD, LATCHED, LATEST, RELIABLE, one_line, serve
from motionclip_ros.parameters import GeneratorParameters
from motionclip_ros.preview import Preview
from motionclip_ros.retargeting.approach import executable

LoadPipeline = Callable[[GeneratorParameters], Any]

_PREVIEW_RATE = 30.0  # [1/s], as screens like it


class _CalledOffError(Exception):
    """A stop came while a text was being served."""


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
        self._joint_state: bytes | None = None
        self._measured_at = -np.inf
        self._status: dict[str, Any] = {'model': settings.model, 'robot': settings.robot}
        self._summary, self._failed = 'ready', False
        self._human = self.create_publisher(MultiDOFJointTrajectory, '~/human_motion', LATCHED)
        self._base = self.create_publisher(MultiDOFJointTrajectory, '~/base_trajectory', LATCHED)
        self._joints = self.create_publisher(JointTrajectory, '~/joint_trajectory', RELIABLE)
        self._report = self.create_publisher(String, '~/report', LATCHED)
        self._outcome = self.create_publisher(String, '~/outcome', FLOOD)
        self._markers = self.create_publisher(MarkerArray, '~/markers', LATCHED)
        self._shown = self.create_publisher(JointState, '~/preview/joint_states', RELIABLE)
        self._preview: Preview | None = None
        self._preview_began = 0.0
        self._preview_timer = self.create_timer(1.0 / _PREVIEW_RATE, self._show)
        self._preview_timer.cancel()  # until there is something to show
        self._diagnostics = self.create_publisher(DiagnosticArray, topics.DIAGNOSTICS, RELIABLE)
        self.create_subscription(String, '~/text', self._on_text, FLOOD)
        self.create_subscription(
            JointState, topics.JOINT_STATES, self._on_joint_state, LATEST, raw=True
        )
        self.create_timer(0.5, self._publish_diagnostics)
        # Measurements and the heartbeat go on while a text is being served. A thread of our
        # own, because rclpy's multi-threaded executor keeps the interpreter busy while a
        # callback runs, which made a text ten times slower.
        self._inbox = Inbox()
        self._publishing = threading.Lock()  # a stop must not slip in before what it stops
        self._worker = threading.Thread(target=self._work)
        self._worker.start()
        self.get_logger().info('ready')

    def destroy_node(self) -> None:
        """Finish the text that is being served, then the node."""
        self._inbox.close()
        self._worker.join()
        super().destroy_node()

    def _on_joint_state(self, message: bytes) -> None:
        # Most of a hundred a second are never looked at, so none is unpacked yet.
        self._joint_state, self._measured_at = message, time.monotonic()

    def _on_text(self, message: String) -> None:
        text = message.data
        if asks_to_stop(text):
            with self._publishing:
                replaced = self._inbox.stop()
                self._joints.publish(JointTrajectory())  # empty: brake and stay
                self._preview_timer.cancel()
            self.get_logger().info('stop')
            self._tell(text, 'stopped', 'the robot brakes')
        else:
            replaced = self._inbox.put(text)
        if replaced is not None:
            self._tell(replaced.text, 'replaced', f'by {text!r}')

    def _work(self) -> None:
        """Serve texts, always the newest, until there is None."""
        while (request := self._inbox.take()) is not None:
            outcome, failed = 'refused', True
            try:
                self._summary = self._serve(request)
            except _CalledOffError:
                outcome, failed = 'stopped', False
                self._summary = f'{request.text!r} was called off'
            except MotionClipError as error:
                self._summary = one_line(error)
            except Exception as error:  # one bad text must not end the service of all others
                outcome, self._summary = 'failed', f'internal error: {one_line(error)}'
                self.get_logger().error(traceback.format_exc())
            else:
                outcome, failed = 'executed', False
            self._failed = failed
            if failed:  # rclpy lets no line of code log with two severities
                self.get_logger().warning(self._summary)
            else:
                self.get_logger().info(self._summary)
            self._tell(request.text, outcome, self._summary)
            self._publish_diagnostics()

    def _tell(self, text: str, outcome: str, message: str) -> None:
        self._outcome.publish(
            conversions.report({'text': text, 'outcome': outcome, 'message': message})
        )

    def _serve(self, request: Request) -> str:
        """Generate and publish; returns one line about it."""
        settings = parameters.read(self, GeneratorParameters)
        began = time.perf_counter()
        generation = self._pipeline.generate(request.text, settings.seconds or None, settings.seed)
        generated = time.perf_counter()
        retargeting = generation.report['retargeting']
        if retargeting['verdict'] == 'refuse':
            raise TrajectoryError(
                f'the robot cannot do this: {retargeting["reason"]}; try another seed or text'
            )
        start = self._measured_positions(generation.trajectory.joint_names, settings)
        trajectory = executable(generation.trajectory, self._pipeline.robot.limits, start).trajectory
        approached = time.perf_counter()
        human = conversions.human_motion(generation.motion)
        base = conversions.base_trajectory(trajectory)
        command = conversions.joint_trajectory(trajectory)
        with self._publishing:
            if self._inbox.called_off(request):
                raise _CalledOffError
            self._human.publish(human)
            self._base.publish(base)
            self._joints.publish(command)
            self._preview = Preview(generation.motion, trajectory)
            self._preview_began = time.monotonic()
            self._preview_timer.reset()
        published = time.perf_counter()
        report = {
            **generation.report,
            'text': generation.text,
            'seed': generation.seed,
            **origin(settings, self._pipeline.robot, start),
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
        measured: dict[str, float] = {}
        if self._joint_state is not None:
            state = deserialize_message(self._joint_state, JointState)
            measured = messages.joint_positions(state)
        missing = [name for name in joint_names if name not in measured]
        if age <= settings.joint_state_timeout and not missing:
            return np.array([measured[name] for name in joint_names])
        if not settings.require_joint_states:
            return None
        if not measured:
            reason = f'nothing on {topics.JOINT_STATES} yet'
        elif missing:
            reason = f'{topics.JOINT_STATES} lacks {", ".join(missing)}'
        else:
            reason = f'the last joint state is {age:.1f} s old'
        raise RobotError(
            f'{reason}; start the robot, or set require_joint_states to false to begin from rest'
        )

    def _show(self) -> None:
        """Publish the present moment of the preview."""
        preview, elapsed = self._preview, time.monotonic() - self._preview_began
        if preview is None or elapsed > preview.seconds:
            self._preview_timer.cancel()
        if preview is None:
            return
        shown, stamp = preview.at(elapsed), self.get_clock().now().to_msg()
        self._markers.publish(conversions.skeleton_markers(shown, stamp))
        still = np.zeros(len(shown.positions))
        self._shown.publish(
            conversions.joint_state(preview.joint_names, shown.positions, still, still, stamp)
        )

    def _publish_diagnostics(self) -> None:
        values = {
            **self._status,
            'trajectory_listeners': self._joints.get_subscription_count(),
            'joint_states': self._joint_state is not None,
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


def origin(settings: GeneratorParameters, robot: Any, start: np.ndarray | None) -> dict[str, Any]:
    """Tell what a trajectory was made from besides text and model hash, for `verification`."""
    return {
        'requested_seconds': settings.seconds or None,
        'model': settings.model,
        'robot': settings.robot,
        'urdf_sha256': robot.sha256,
        'start_positions': None if start is None else start.tolist(),
    }


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
