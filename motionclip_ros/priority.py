"""Run before other programs, as processes do that a robot waits for."""

import os
import time
from pathlib import Path

NICENESS = -10
"""A tenfold share of a busy processor, and still not real time."""

_LOWEST = 1  # of the real-time priorities: before all programs, after all drivers

_SESSION = Path('/proc/self/autogroup')


def ask_for_priority() -> bool:
    """Ask to run before other programs; returns whether the system lets this process.

    Threads that are started later, those of DDS too, inherit it from the calling one.
    """
    try:
        here = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, min(here, NICENESS))
        _raise_session()
    except OSError:
        return False
    return True


def hurry(wanted: bool) -> bool:
    """Let the calling thread run in real time, or as before; returns whether the system does.

    For a thread that does a little at a time, while a robot moves. One that computes for long
    would take a core from everybody, and threads that it starts meanwhile inherit it. What
    somebody has chosen for the process, by chrt say, stays.
    """
    before, hurried = (os.SCHED_OTHER, 0), (os.SCHED_RR, _LOWEST)
    if (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) not in (before, hurried):
        return True
    policy, priority = hurried if wanted else before
    try:
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError:
        return False
    return True


def session_niceness() -> int | None:
    """Of the group in which this session shares the processors; None where it has none."""
    said = _SESSION.read_text().split() if _SESSION.exists() else []
    return int(said[-1]) if said else None


def _raise_session() -> None:
    """Ask the same for this session: Linux shares the time among those first.

    That of a terminal is left as it is: others run in it, and it outlives this process. Nor is
    there one to ask for where a container starts its processes in no session's group.
    """
    if os.getsid(0) != os.getpid() or session_niceness() is None:
        return
    for _ in range(10):
        try:
            _SESSION.write_text(str(NICENESS))
        except BlockingIOError:  # it lets one ask in a tenth of a second, whoever it is
            time.sleep(0.1)
        else:
            return
