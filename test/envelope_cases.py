"""Commands for the safety envelope, good and bad, and a controller that sees what they do."""

from types import SimpleNamespace

import numpy as np
from hypothesis import settings
from scipy.interpolate import PPoly
from test_trajectory import NAMES

from motionclip_ros.execution.followed import Seen
from motionclip_ros.execution.state import SECOND
from motionclip_ros.follower import JointTrajectoryFollower
from motionclip_ros.messages import joint_command
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.trajectory import RobotTrajectory

BEGAN = 1_700_000_000 * SECOND
NIGHTLY = 50
"""How many times as many cases the nightly profile tries."""


def cases(count: int) -> settings:
    """Settings for a property that is tried on so many cases, and many more at night."""
    nightly = settings.get_current_profile_name() == 'nightly'
    return settings(max_examples=count * (NIGHTLY if nightly else 1), deadline=None)


def message(trajectory: RobotTrajectory, start: int = 0) -> SimpleNamespace:
    """What is published of a trajectory, times in whole nanoseconds."""
    rows = zip(
        trajectory.time_from_start.tolist(),
        trajectory.positions.tolist(),
        trajectory.velocities.tolist(),
        strict=True,
    )
    return raw(trajectory.joint_names, list(rows), start)


def raw(names, rows, start: int = 0) -> SimpleNamespace:
    """A message of any points: time [s], positions, velocities."""
    points = []
    for time, positions, velocities in rows:
        sec, nanosec = divmod(round(time * SECOND), SECOND)
        points.append(
            SimpleNamespace(
                time_from_start=SimpleNamespace(sec=sec, nanosec=nanosec),
                positions=positions,
                velocities=velocities,
            )
        )
    sec, nanosec = divmod(start, SECOND)
    stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
    return SimpleNamespace(
        header=SimpleNamespace(stamp=stamp), joint_names=list(names), points=points
    )


class Controller:
    """Does what it is told, and complains where that would hurt a robot.

    It knows nothing of how the envelope reckons: it moves in small steps and looks at where it
    gets.
    """

    def __init__(self, positions: np.ndarray, bounds: JointLimits, began: int = BEGAN):
        unbounded = np.full(len(positions), np.inf)
        self.bounds, self._began = bounds, began
        self._follower = JointTrajectoryFollower(NAMES, -unbounded, unbounded, positions)
        self._until = 0.0

    def seconds(self, now: int) -> float:
        return (now - self._began) / SECOND

    def seen(self, now: int) -> Seen:
        state = self._follower.desired(self.seconds(now))
        return Seen(state.positions, state.velocities, now)

    def moves(self, now: int) -> bool:
        return bool(self._follower.desired(self.seconds(now)).velocities.any())

    def accept(self, published: SimpleNamespace, now: int) -> None:
        """Take a command over; it must not make the robot jump, nor break a limit after it."""
        command, moment = joint_command(published), self.seconds(now)
        before = self._follower.desired(moment)
        start = (command.stamp - self._began) / SECOND if command.stamp else None
        self._follower.accept(command, moment, start)
        after = self._follower.desired(moment)
        assert np.abs(after.positions - before.positions).max() <= 3e-5
        assert np.abs(after.velocities - before.velocities).max() <= 3e-3
        if not len(command.times):
            return  # it gives up, and brakes in its own way
        end = command.times[-1] + (0.0 if start is None else start - moment)
        eased = command.times[0] if start is None and command.times[0] >= 0.03 else 0.0
        self._watch(moment, moment + end + 0.01, eased)

    def _watch(self, begin: float, end: float, eased: float) -> None:
        """Look at positions, speeds and accelerations in steps.

        A controller that starts on arrival may push harder for the first `eased` seconds.
        """
        times = np.linspace(begin, end, int(min(max((end - begin) / 5e-4, 8), 3000)))
        path = self._follower._path  # asked for one moment at a time, it would take a minute
        cubics = PPoly(path.coefficients, path.knots)
        inside = np.minimum(times - begin, path.knots[-1])
        positions = cubics(inside)
        velocities = np.where((inside < path.knots[-1])[:, None], cubics(inside, 1), 0.0)
        bounds, step = self.bounds, times[1] - times[0]
        swing = np.where(times - begin <= eased, 5e-3, 2e-6)[:, None]
        assert (positions >= bounds.lower - swing).all()
        assert (positions <= bounds.upper + swing).all()
        assert (np.abs(velocities) <= bounds.velocity * (1.0 + 2e-6) + 1e-5).all()
        gained = np.abs(np.diff(velocities, axis=0))
        # Its path begins a hair off the one before.
        slack = 2e-3 + np.where(np.arange(len(gained)) == 0, 6e-3, 0.0)[:, None]
        push = np.where(times[:-1] - begin <= eased, 2.0, 1.0)[:, None] * bounds.acceleration
        assert (gained <= push * step * 1.001 + slack).all()
