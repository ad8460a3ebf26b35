"""What a generator makes of a request, and what it wants to know of robot and listeners."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from motionclip_model.errors import TrajectoryError
from motionclip_ros.execution.commander import Command
from motionclip_ros.execution.state import MovingState
from motionclip_ros.inbox import Request
from motionclip_ros.provenance import Provenance
from motionclip_ros.retargeting.limits import JointLimits


class CalledOffError(Exception):
    """Nobody wants the motion any more that is being made."""


class LateError(TrajectoryError):
    """A motion was not ready when it was to take over another."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            'this machine is too busy to take over the motion that is under way; try again'
        )


class Terms(NamedTuple):
    """What of the robot's limits may be used: parts above 0 and at most 1."""

    velocity_scaling: float
    acceleration_scaling: float


@dataclass(frozen=True, eq=False)
class Performance:
    """What the robot is told.

    Attributes:
        request: What was asked for.
        generation: Motion, trajectory and figures; None for a stop.
        command: The trajectory with its start.
        provenance: What it was made from.
        planned_ms: How long it took to plan [ms].
    """

    request: Request
    generation: Any
    command: Command
    provenance: Provenance
    planned_ms: float


class Outcome(NamedTuple):
    """How a request ended.

    Attributes:
        name: executed, previewed, refused, replaced, stopped or failed.
        message: One line for people.
        performance: What the robot was told, or would be, if anything.
        trace: Where the program failed, if it did.
    """

    name: str
    message: str
    performance: Performance | None = None
    trace: str = ''


class Outlet(Protocol):
    """Who knows the robot and everybody who listens."""

    def now(self) -> int:
        """Return the time on the robot's clock [ns]."""

    def was_set_back(self) -> bool:
        """Whether that clock was set back since this was last asked."""

    def sleep_until(self, moment: int) -> None:
        """Wait for a time on that clock [ns]."""

    def terms(self) -> Terms:
        """Return what of the limits may be used."""

    def secure(self, patience: float) -> None:
        """Make sure that nobody else commands the robot.

        Args:
            patience: How long to wait until that is known [s].

        Raises:
            MotionClipError: Somebody does, or it is not known.
        """

    def measured(self, limits: JointLimits) -> MovingState | None:
        """Return where the robot is; None if that need not be known.

        Raises:
            MotionClipError: It has to be known, and is not.
        """

    def written(self, command: Command) -> Any:
        """Return the message of a command, before the moment from which milliseconds count.

        Raises:
            UnsafeError: It must not be told that, whenever it is.
        """

    def send(self, performance: Performance, message: Any) -> None:
        """Tell the robot, by the message of its command, and everybody else.

        Raises:
            UnsafeError: It must not be told that; nobody was told anything.
            LateError: It would not arrive in time; nor was anybody told anything.
        """

    def halt(self) -> None:
        """Do what can be done to stop a robot of which nothing is known."""

    def forget(self) -> None:
        """Count no longer on what the robot was told: its controller gave that up."""

    def preview(self, performance: Performance) -> None:
        """Show what the robot would do, and does not."""

    def ended(self, request: Request, outcome: Outcome) -> None:
        """Tell what became of a request."""
