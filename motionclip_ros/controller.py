"""A joint trajectory controller: a follower that watches how well it is followed.

The rules are those of ros2_controllers' `joint_trajectory_controller`: tolerances along the path
and at its end, a time in which the end has to be reached, and the codes of `control_msgs`'
action FollowJointTrajectory. Unlike that controller, it brakes where it gives up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_model.errors import TrajectoryError
from motionclip_ros.follower import JointCommand, JointState, JointTrajectoryFollower

SUCCESSFUL, INVALID_GOAL = 0, -1
PATH_TOLERANCE_VIOLATED, GOAL_TOLERANCE_VIOLATED = -4, -5


class Outcome(NamedTuple):
    """How an execution ended.

    Attributes:
        code: As in FollowJointTrajectory.
        text: One line for people.
        canceled: Whether somebody called it off.
    """

    code: int
    text: str
    canceled: bool = False


@dataclass(frozen=True, eq=False)
class Tolerances:
    """How far joints may be from where they should be.

    Attributes:
        path: On the way [rad]; infinite where it does not matter.
        goal: At the end [rad], likewise.
        goal_time: How late the end may be reached [s]; 0 waits for ever.
    """

    path: Float[np.ndarray, ' joint']
    goal: Float[np.ndarray, ' joint']
    goal_time: float = 0.0

    @classmethod
    def uniform(cls, joints: int, path: float, goal: float, goal_time: float) -> 'Tolerances':
        """Give every joint the same; 0 means that it does not matter."""
        return cls(
            np.full(joints, path or np.inf), np.full(joints, goal or np.inf), float(goal_time)
        )

    def changed(
        self,
        joint_names: tuple[str, ...],
        path: Mapping[str, float],
        goal: Mapping[str, float],
        goal_time: float,
    ) -> 'Tolerances':
        """Return tolerances of which a goal states some.

        Args:
            joint_names: Order of the arrays.
            path: Joint -> tolerance; 0 keeps the present one, below 0 lifts it.
            goal: The same at the end.
            goal_time: 0 keeps the present one, below 0 waits for ever.

        Raises:
            TrajectoryError: There is no such joint.
        """
        new_time = self.goal_time if goal_time == 0.0 else max(goal_time, 0.0)
        return Tolerances(
            _changed(self.path, joint_names, path),
            _changed(self.goal, joint_names, goal),
            new_time,
        )


class Execution:
    """One command while it is carried out.

    Attributes:
        begin: When it was accepted, on the controller's clock [s].
        end: When its last point is due.
        tolerances: What it is judged by.
        outcome: How it ended; None before that.
    """

    def __init__(self, begin: float, end: float, tolerances: Tolerances):
        """Begin."""
        self.begin, self.end, self.tolerances = begin, end, tolerances
        self.outcome: Outcome | None = None


class JointTrajectoryController:
    """Carries out one command at a time.

    Attributes:
        joint_names: All joints, in the order of all arrays.
        tolerances: What commands are judged by that state no tolerances of their own.
        active: What is being carried out, if anything is.
    """

    def __init__(self, follower: JointTrajectoryFollower, tolerances: Tolerances):
        """Hold the follower's position until the first command."""
        self.joint_names = follower.joint_names
        self.tolerances = tolerances
        self.active: Execution | None = None
        self._follower = follower

    def check(self, command: JointCommand, now: float, start: float | None = None) -> None:
        """Make sure that a command could be carried out.

        Args:
            command: See `JointTrajectoryFollower.accept`.
            now: Time on the controller's clock [s].
            start: When the command's clock starts [s]; None for now.

        Raises:
            TrajectoryError: It could not.
        """
        self._follower.check(command, now, start)

    def accept(
        self,
        command: JointCommand,
        now: float,
        start: float | None = None,
        tolerances: Tolerances | None = None,
    ) -> Execution | None:
        """Replace what is being carried out.

        Args:
            command: See `JointTrajectoryFollower.accept`.
            now: Time on the controller's clock [s].
            start: When the command's clock starts [s]; None for now.
            tolerances: What it is judged by, if not by the usual ones.

        Returns:
            What to watch; None for an empty command, which is a stop.

        Raises:
            TrajectoryError: It cannot be carried out; what there is goes on.
        """
        self._follower.accept(command, now, start)
        if not len(command.times):
            self._leave(Outcome(INVALID_GOAL, 'stopped by an empty trajectory', canceled=True))
            return None
        self._leave(Outcome(INVALID_GOAL, 'replaced by a newer trajectory'))
        end = (now if start is None else start) + float(command.times[-1])
        self.active = Execution(now, end, tolerances or self.tolerances)
        return self.active

    def cancel(self, now: float) -> None:
        """Brake, and give up what is being carried out."""
        self._follower.stop(now)
        self._leave(Outcome(INVALID_GOAL, 'canceled', canceled=True))

    def desired(self, now: float) -> JointState:
        """Where the joints should be and how fast they should move at a time [s]."""
        return self._follower.desired(now)

    def update(self, now: float, measured: JointState) -> JointState:
        """Judge what has become of the command, and return where the joints should be.

        Args:
            now: Time on the controller's clock [s].
            measured: Where the joints are.
        """
        desired = self.desired(now)
        if self.active is not None:
            outcome = self._judged(
                self.active, now, np.abs(measured.positions - desired.positions)
            )
            if outcome is not None:
                if outcome.code:
                    self._follower.stop(now)
                self._leave(outcome)
        return desired

    def _judged(self, active: Execution, now: float, error: np.ndarray) -> Outcome | None:
        if now < active.end:
            return self._exceeded(error, active.tolerances.path, PATH_TOLERANCE_VIOLATED)
        outside = self._exceeded(error, active.tolerances.goal, GOAL_TOLERANCE_VIOLATED)
        if outside is None:
            return Outcome(SUCCESSFUL, 'reached the end')
        patience = active.tolerances.goal_time
        return outside if patience and now > active.end + patience else None

    def _exceeded(self, error: np.ndarray, allowed: np.ndarray, code: int) -> Outcome | None:
        if (error <= allowed).all():
            return None
        joint = int(np.argmax(error - allowed))
        where = 'on the way' if code == PATH_TOLERANCE_VIOLATED else 'at the end'
        return Outcome(
            code,
            f'{self.joint_names[joint]} is {error[joint]:.3f} rad from where it should be '
            f'{where}, {allowed[joint]:g} rad are allowed',
        )

    def _leave(self, outcome: Outcome) -> None:
        if self.active is not None:
            self.active.outcome, self.active = outcome, None


def _changed(
    present: np.ndarray, joint_names: tuple[str, ...], wanted: Mapping[str, float]
) -> np.ndarray:
    changed = present.copy()
    for name, tolerance in wanted.items():
        if name not in joint_names:
            raise TrajectoryError(f'a tolerance is given for the unknown joint {name!r}')
        if tolerance:
            changed[joint_names.index(name)] = tolerance if tolerance > 0.0 else np.inf
    return changed
