"""From a request to a robot that has done it: what a generator does, without ROS.

One thread makes motions, always the newest; who knows the robot says where it is and tells it
what to do. Each request ends with one outcome.
"""

import threading
import time
import traceback
from collections.abc import Iterator
from typing import Any

import numpy as np

from motionclip_model.errors import MotionClipError, TrajectoryError, UnsafeError
from motionclip_model.interruption import interruptible
from motionclip_ros.execution.checking import scaled_limits
from motionclip_ros.execution.commander import LEADS, STOP_LEAD, Command, Commander
from motionclip_ros.execution.state import RESTING, SECOND, MovingState
from motionclip_ros.inbox import Inbox, Request
from motionclip_ros.performance import (
    CalledOffError,
    LateError,
    Outcome,
    Outlet,
    Performance,
    Terms,
)
from motionclip_ros.provenance import Provenance, Sources
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

PROGRESS = {'encoding': 0.0, 'decoding': 0.02, 'retargeting': 0.05, 'planning': 0.08}
"""How much of the whole is done when a stage begins; the robot's motion is the rest."""

_EXECUTING = 0.1
_UNDECIDED = 3.0  # [s] for several who may command the robot to agree on one
_PATIENCE = 5 * SECOND  # [ns] for a controller that says when it is done
_LONGEST_LEAD = 1.0  # [s] that a stop may go on with what the robot does


class Performer:
    """Serves one request at a time, the newest first.

    Attributes:
        commander: What the robot was told.
    """

    def __init__(self, pipeline: Any, outlet: Outlet, sources: Sources, commander: Commander):
        """Start the thread that makes motions.

        Args:
            pipeline: As `motionclip_ros.pipeline.Pipeline`.
            outlet: Who knows the robot.
            sources: What model and robot are.
            commander: Plans what the robot is told.
        """
        self.commander = commander
        self._pipeline, self._outlet, self._sources = pipeline, outlet, sources
        self._inbox = Inbox()
        self._performing: Performance | None = None
        # Between a look at what the robot does and the word that it shall do something else.
        self._sending = threading.RLock()
        self._worker = threading.Thread(target=self._work)
        self._worker.start()

    def say(self, request: Request) -> None:
        """Ask for a motion."""
        request.on_progress('waiting', 0.0)
        replaced = self._inbox.put(request)
        if replaced is not None:
            self._end(replaced, Outcome('replaced', f'by {request.text!r}'))

    def stop(self) -> None:
        """Brake at once, and call off everything so far."""
        with self._sending:
            waiting, performing = self._inbox.stop(), self._brake()
        self._stopped(waiting, performing, 'the robot brakes')

    def cancel(self, request: Request) -> None:
        """Call one request off, wherever it is."""
        performing = None
        with self._sending:
            waiting = self._inbox.call_off(request)
            if self._performing is not None and self._performing.request is request:
                performing = self._brake()
        # What is being made ends when its maker finds out.
        self._stopped(request if waiting else None, performing, 'it was canceled')

    def look(self, answers: bool) -> bool:
        """Tell how the robot gets on, and find out whether it is done; to be called often.

        Args:
            answers: Whether somebody calls `finished` when it is done.

        Returns:
            Whether there is anything to look at.
        """
        with self._sending:
            performing, now = self._performing, self._outlet.now()
            set_back = self._halts_for_clock()
            silence = None if performing is None else self._silence()
            if silence is not None:  # the robot may do anything meanwhile
                self._forget()
        if performing is None:
            return False
        command = performing.command
        if not answers and now >= command.end:
            self.finished(command, silence)
        elif set_back and now < command.end:
            self.finished(command, 'the clock was set back while the robot moved')
        elif now >= command.end + _PATIENCE:
            self.finished(command, 'the controller does not say that it is done')
        else:
            done = min(command.elapsed(now) / command.trajectory.seconds, 1.0)
            progress = _EXECUTING + (1.0 - _EXECUTING) * done
            performing.request.on_progress('executing', progress)
        return True

    def finished(self, command: Command, problem: str | None = None) -> None:
        """Hear that the robot has done what it was told, or why it has not."""
        with self._sending:
            # A stop may fail, too, though nobody waits for it.
            if problem is not None and self.commander.current is command:
                self._forget()
            performing = self._performing
            if performing is None or performing.command is not command:
                return
            self._performing = None
        if problem is None:
            performing.request.on_progress('executing', 1.0)
        name = 'executed' if problem is None else 'failed'
        message = problem or f'{performing.request.text!r} is done'
        self._end(performing.request, Outcome(name, message, performing))

    def close(self) -> None:
        """Brake, call off everything, and wait for the thread."""
        with self._sending:
            waiting, performing = self._inbox.close(), None
            if self.commander.running(self._outlet.now()) is not None:
                performing = self._brake()
        self._worker.join()
        if self._performing is not None:
            self.finished(self._performing.command)
        self._stopped(waiting, performing, 'the generator was deactivated')

    def _work(self) -> None:
        """Serve requests until there are no more."""
        while (request := self._inbox.take()) is not None:
            outcome: Outcome | None
            try:
                outcome = self._perform(request)
            except CalledOffError:
                outcome = Outcome('stopped', f'{request.text!r} was called off')
            except MotionClipError as error:
                outcome = Outcome('refused', str(error))
            except Exception as error:  # one bad text must not end the service of all others
                message = f'internal error: {error}'
                outcome = Outcome('failed', message, trace=traceback.format_exc())
            if outcome is not None:
                self._end(request, outcome)

    def _perform(self, request: Request) -> Outcome | None:
        """Make a motion and begin it; returns the outcome if it ends with that."""

        def check() -> None:
            if request.called_off:
                with self._sending:  # whoever calls it off may have something urgent to say
                    raise CalledOffError

        def on_stage(stage: str) -> None:
            check()
            request.on_progress(stage, PROGRESS[stage])

        if request.execute:
            self._outlet.secure(_UNDECIDED)
        posture = self._posture(request) if request.joints else {}
        with interruptible(check):
            generation = self._pipeline.generate(
                request.text,
                request.seconds,
                request.seed,
                joints=request.joints,
                posture=posture,
                on_stage=on_stage,
            )
        retargeting = generation.report['retargeting']
        if retargeting['verdict'] == 'refuse':
            raise TrajectoryError(
                f'the robot cannot do this: {retargeting["reason"]}; try another seed or text'
            )
        on_stage('planning')
        if not request.execute:
            performance = self._rehearsed(request, generation, posture)
            self._outlet.preview(performance)
            return Outcome('previewed', f'{request.text!r} is shown', performance)
        replaced = self._launch(request, generation, posture)
        if replaced is not None:
            self._end(replaced.request, Outcome('replaced', f'by {request.text!r}', replaced))
        return None

    def _measured(self, request: Request) -> MovingState | None:
        """Return where the robot is; what is only shown can do without."""
        try:
            return self._outlet.measured(self._pipeline.robot.limits)
        except MotionClipError:
            if request.execute:
                raise
        return None

    def _silence(self) -> str | None:
        """Return why it is not known where the robot is, if so."""
        try:
            self._outlet.measured(self._pipeline.robot.limits)
        except MotionClipError as error:
            return str(error)
        return None

    def _posture(self, request: Request) -> dict[str, float]:
        """Return where the joints stay that are not to move."""
        robot, current = self._pipeline.robot, self.commander.current
        if current is not None:
            places = current.trajectory.positions[-1]
        else:
            measured = self._measured(request)
            places = robot.neutral if measured is None else measured.positions
        return dict(zip(robot.joint_names, robot.limits.clipped(places).tolist(), strict=True))

    def _rehearsed(
        self, request: Request, generation: Any, posture: dict[str, float]
    ) -> Performance:
        """Plan what a standing robot would be told."""
        terms, began = self._outlet.terms(), time.perf_counter()
        command = Commander(self.commander.joint_names, stamped=False).plan(
            generation.trajectory, 0, self._measured(request), self._limits(terms), 0.0
        )
        provenance = self._provenance(request, command, terms, generation, posture)
        planned = 1e3 * (time.perf_counter() - began)
        return Performance(request, generation, command, provenance, planned)

    def _launch(
        self, request: Request, generation: Any, posture: dict[str, float]
    ) -> Performance | None:
        """Begin a motion; returns the performance that it replaces."""
        terms, held_back = self._outlet.terms(), None
        for lead in LEADS:
            began = time.perf_counter()
            with self._sending:
                self._halts_for_clock()
            measured = self._measured(request)
            command, message = self._prepared(
                generation.trajectory, self._outlet.now(), measured, terms, lead
            )
            with self._sending:
                if request.called_off:
                    raise CalledOffError
                self._outlet.secure(0.0)
                launched = self.commander.launched(command, self._outlet.now())
                if launched is None:
                    continue
                performance = Performance(
                    request,
                    generation,
                    launched,
                    self._provenance(request, launched, terms, generation, posture),
                    1e3 * (time.perf_counter() - began),
                )
                # Before it is sent: who looks then must find something to look at.
                replaced, self._performing = self._performing, performance
                held_back = self._held_back(performance, message)
                if held_back is None:
                    return replaced
                self._performing = replaced
        raise held_back or LateError

    def _brake(self) -> Performance | None:
        """Bring the robot to rest; returns what it was doing for somebody."""
        performing, self._performing = self._performing, None
        request, terms = Request('stop'), Terms(1.0, 1.0)
        for lead in self._stop_leads():
            self._halts_for_clock()
            now, measured = self._outlet.now(), None
            if self.commander.running(now) is None:
                measured = self._moving()
                if measured is None:
                    break
            try:
                command, message = self._prepared(None, now, measured, terms, lead)
            except UnsafeError:
                continue
            launched = self.commander.launched(command, self._outlet.now())
            if launched is not None:
                provenance = self._provenance(request, launched, terms, None, {})
                stop = Performance(request, None, launched, provenance, 0.0)
                if self._held_back(stop, message) is None:
                    break
        else:  # this machine is too busy to brake as planned, or the robot is not as it should be
            self._halt()
        return performing

    def _stop_leads(self) -> Iterator[float]:
        """Yield how long before a stop takes over it is planned, once more after each failure [s].

        What failed tells how busy this machine is: the next attempt gets half as much time again
        as it took, and a quarter more than it had.
        """
        lead = STOP_LEAD
        while lead <= _LONGEST_LEAD:
            began = self._outlet.now()
            yield lead
            took = max(self._outlet.now() - began, 0) / SECOND  # the clock may be set back
            lead = max(1.25 * lead, 1.5 * took)

    def _held_back(self, performance: Performance, message: Any) -> TrajectoryError | None:
        """Tell the robot what was launched; returns why it must not be told that."""
        try:
            self._outlet.send(performance, message)
        except (UnsafeError, LateError) as error:
            self.commander.withdraw(performance.command)
            return error
        return None

    def _halts_for_clock(self) -> bool:
        """Halt a robot of which nobody knows what it does, as the clock was set back.

        Where it is, in what it was told, cannot be said any more, nor so how it goes on.
        """
        set_back = self._outlet.was_set_back()
        if set_back and self.commander.current is not None:
            self._halt()
        return set_back

    def _halt(self) -> None:
        """Stop a robot in the only way that is left; where that leaves it is to be seen."""
        self._outlet.halt()
        self._forget()

    def _forget(self) -> None:
        self.commander.forget()
        self._outlet.forget()

    def _prepared(
        self,
        motion: RobotTrajectory | None,
        now: int,
        measured: MovingState | None,
        terms: Terms,
        lead: float,
    ) -> tuple[Command, Any]:
        """Plan a command and write its message, and wait where it starts on arrival."""
        command = self.commander.plan(motion, now, measured, self._limits(terms), lead)
        message = self._outlet.written(command)
        if not self.commander.stamped:
            self._outlet.sleep_until(command.takes_over)
        return command, message

    def _moving(self) -> MovingState | None:
        """Return how a robot moves that does nothing by our command; None if it stands.

        Where nobody knows, it is told to stop in the only way that is left.
        """
        try:
            measured = self._outlet.measured(self._pipeline.robot.limits)
        except MotionClipError:
            measured = None
        if measured is None:
            self._halt()
        elif np.abs(measured.velocities).max() > RESTING:
            return measured
        return None

    def _limits(self, terms: Terms) -> JointLimits:
        return scaled_limits(self._pipeline.robot.limits, *terms)

    def _provenance(
        self,
        request: Request,
        command: Command,
        terms: Terms,
        generation: Any,
        posture: dict[str, float],
    ) -> Provenance:
        return Provenance(
            text=request.text if generation is None else generation.text,
            is_stop=generation is None,
            seed=request.seed,
            requested_seconds=request.seconds,
            joints=tuple(request.joints),
            posture=posture,
            velocity_scaling=terms.velocity_scaling,
            acceleration_scaling=terms.acceleration_scaling,
            origin=command.origin,
            start=command.start,
            sources=self._sources,
        )

    def _stopped(
        self, waiting: Request | None, performing: Performance | None, message: str
    ) -> None:
        if waiting is not None:
            self._end(waiting, Outcome('stopped', message))
        if performing is not None:
            self._end(performing.request, Outcome('stopped', message, performing))

    def _end(self, request: Request, outcome: Outcome) -> None:
        self._outlet.ended(request, outcome)
        request.on_end(outcome)
