"""A node's clock, and whether it was set back: then nobody knows what a robot does meanwhile."""

import threading
import time

from rclpy.clock import JumpHandle, JumpThreshold, ROSClock, TimeJump
from rclpy.duration import Duration

_BACK = 50_000_000  # [ns] of a clock's step back that is no accident of the network
_SLEWED = 1000  # part of time by which a clock may be slowed that is set right gently


class WatchedClock:
    """Simulated or system time, and its steps back, however seldom somebody looks.

    The step of a simulated clock is told by the clock. That of the system's is seen by a clock
    that nobody can set: between two looks it passes more time than the system's.
    """

    def __init__(self, clock: ROSClock):
        """Begin to watch.

        Args:
            clock: A node's.
        """
        self._clock, self._lock = clock, threading.Lock()
        self._told = False
        self._ahead: int | None = None
        self._looked = 0
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(nanoseconds=-_BACK))
        self._handle: JumpHandle = clock.create_jump_callback(threshold, post_callback=self._hear)

    def destroy(self) -> None:
        """Watch no longer."""
        self._handle.unregister()

    def now(self) -> int:
        """Return the time [ns]."""
        return int(self._clock.now().nanoseconds)

    def was_set_back(self) -> bool:
        """Whether it was set back, or exchanged for another, since this was last asked."""
        with self._lock:
            told, self._told = self._told, False
            if self._clock.ros_time_is_active:
                self._ahead = None
                return told
            # It is read between two looks at the other: a thread may have to wait anywhere.
            before = time.monotonic_ns()
            now = self.now()
            after = time.monotonic_ns()
            ahead, self._ahead = self._ahead, now - after
            passed, self._looked = after - self._looked, after
            return told or (ahead is not None and now - before < ahead - _BACK - passed // _SLEWED)

    def _hear(self, _: TimeJump) -> None:
        self._told = True
