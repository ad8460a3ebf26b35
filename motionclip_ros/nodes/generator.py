"""Node `motionclip`: texts in, human motions and robot trajectories out."""

import gc
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from std_msgs.msg import String

from motionclip_model import __version__
from motionclip_model.errors import MotionClipError
from motionclip_ros import topics
from motionclip_ros.execution.commander import Command, Commander
from motionclip_ros.inbox import Request, asks_to_stop
from motionclip_ros.nodes.description import robot_name
from motionclip_ros.nodes.goals import GoalServer
from motionclip_ros.nodes.lifecycle import SteadyLifecycleNode
from motionclip_ros.nodes.outlet import RobotOutlet
from motionclip_ros.nodes.running import FLOOD, one_line, overridable, resume, serve
from motionclip_ros.parameters import declaration
from motionclip_ros.parameters.definitions import GeneratorParameters
from motionclip_ros.performance import Outcome
from motionclip_ros.performing import Performer
from motionclip_ros.priority import hurry
from motionclip_ros.provenance import Sources

LoadPipeline = Callable[[GeneratorParameters], Any]

_LOOK = 0.1  # [s] between looks at how the robot gets on


class GeneratorNode(SteadyLifecycleNode):
    """Loads everything when configured, serves while active, and brakes when it no longer is.

    Attributes:
        is_configured: Whether model and robot are loaded.
    """

    def __init__(self, load_pipeline: LoadPipeline):
        """Declare parameters; nothing is loaded yet.

        Args:
            load_pipeline: Gives an object with `generate`, `robot` and `hashes`, as
                `motionclip_ros.pipeline.Pipeline` has them.

        Raises:
            ConfigError: A parameter is invalid.
        """
        # Before anything can go wrong: a context that shuts down destroys unfinished nodes, too.
        self._performer: Performer | None = None
        self.is_configured = False
        super().__init__(topics.GENERATOR)
        self._problem = ''
        self._load = load_pipeline
        self._settings = declaration.declare(self, GeneratorParameters)
        declaration.watch(self, GeneratorParameters, self._apply)

    @classmethod
    def started(cls, load_pipeline: LoadPipeline) -> Self:
        """Make a node, configured and active unless somebody else shall see to that.

        Raises:
            MotionClipError: A parameter is invalid, or the pipeline cannot be loaded.
        """
        node = cls(load_pipeline)
        for transition in (node.trigger_configure, node.trigger_activate):
            if not node._settings.autostart:
                break
            if transition() != TransitionCallbackReturn.SUCCESS:
                raise MotionClipError(node._problem)
        return node

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load model and robot, and open the doors."""
        settings = self._settings
        try:
            settings = replace(settings, robot=robot_name(self, settings))
            self._pipeline = pipeline = self._load(settings)
            self._sources = Sources(
                model=settings.model,
                robot=settings.robot,
                joint_limits=settings.joint_limits,
                version=__version__,
                **pipeline.hashes(),
            )
            self._outlet = RobotOutlet(
                self,
                pipeline.robot,
                self._sources,
                settings,
                self._watch,
                self._finished,
                self._asked_to_stop,
            )
        except MotionClipError as error:
            self._problem = one_line(error)
            if not settings.autostart:  # else it is the last word of the process
                self.get_logger().error(self._problem)
            return TransitionCallbackReturn.FAILURE
        except Exception:  # rclpy would not say a word
            self._problem = f'internal error while configuring: {traceback.format_exc()}'
            self.get_logger().error(self._problem)
            return TransitionCallbackReturn.FAILURE
        self._texts = self.create_subscription(
            String, '~/text', callback=self._on_text, **overridable(FLOOD)
        )
        self._goals = GoalServer(self, self._is_active, self._on_request, self._on_cancel)
        self.is_configured = True
        # What is loaded now stays: whoever looks for garbage need not look at it again, which
        # takes a third of a second and may come while a text is being served.
        gc.collect()
        gc.freeze()
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Serve."""
        done = super().on_activate(state)
        names = self._pipeline.robot.joint_names
        commander = Commander(names, self._settings.stamped)
        self._performer = Performer(self._pipeline, self._outlet, self._sources, commander)
        self._looking = self.create_timer(_LOOK, self._look)
        self._looking.cancel()  # until there is something to look at
        self._outlet.begin()
        self.get_logger().info('ready')
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Brake, and say nothing more."""
        self._quit()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of model, robot and doors."""
        self._close()
        gc.unfreeze()
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Do both."""
        self._quit()
        self._close()
        return super().on_shutdown(state)

    def destroy_node(self) -> None:
        """Brake, wait for that to be heard, and go."""
        self._quit()
        super().destroy_node()

    def _apply(self, settings: GeneratorParameters) -> None:
        self._settings = settings
        if self.is_configured:
            self._outlet.settings = settings

    def _quit(self) -> None:
        if self._performer is not None:
            performer, self._performer = self._performer, None
            performer.close()
            hurry(False)  # the next one's worker inherits it
            self.destroy_timer(self._looking)  # its thread, which has ended, may have started it
            self._outlet.end()

    def _close(self) -> None:
        if self.is_configured:
            self.is_configured = False
            self._goals.destroy()
            self.destroy_subscription(self._texts)
            self._outlet.destroy()
            self._pipeline = None

    def _is_active(self) -> bool:
        return self._performer is not None

    def _on_text(self, message: String) -> None:
        if self._performer is None:
            self.get_logger().warning('inactive: a text is ignored', throttle_duration_sec=5.0)
            return
        settings = self._settings
        seed = None if settings.seed == -1 else settings.seed
        self._on_request(Request(message.data, settings.seconds or None, seed))

    def _on_request(self, request: Request) -> None:
        performer = self._performer
        if performer is None:
            return
        if asks_to_stop(request.text):
            self._asked_to_stop()
            outcome = Outcome('stopped', 'the robot brakes')
            self._outlet.ended(request, outcome)
            request.on_end(outcome)
        else:
            performer.say(request)

    def _asked_to_stop(self) -> None:
        # Two brakes at once would be a jump.
        if self._performer is not None and not self._outlet.exclusivity.pass_on_stop():
            self._performer.stop()

    def _on_cancel(self, request: Request) -> None:
        if self._performer is not None:
            self._performer.cancel(request)

    def _watch(self) -> None:
        """Look at the robot from now on."""
        resume(self, self._looking)

    def _look(self) -> None:
        performer = self._performer
        if performer is None or not self._outlet.exclusivity.is_known:
            return
        moves = performer.look(self._outlet.link.answers)
        hurry(moves)  # a stop that is said meanwhile shall not wait for a core
        if not moves:
            self._looking.cancel()
            if performer.look(self._outlet.link.answers):  # it began in between
                self._looking.reset()

    def _finished(self, command: Command, problem: str | None) -> None:
        if self._performer is not None:
            self._performer.finished(command, problem)


def _load(settings: GeneratorParameters) -> Any:
    # PyTorch comes with the pipeline; who only wants the node class does not pay for it.
    from motionclip_ros.pipeline import Pipeline

    pipeline = Pipeline.load(settings.model, settings.robot, settings.joint_limits or None)
    pipeline.warm_up()
    return pipeline


def main() -> None:
    """Run the node."""
    serve(lambda: GeneratorNode.started(_load), urgent=True)


if __name__ == '__main__':
    main()
