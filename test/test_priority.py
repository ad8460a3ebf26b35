"""Nodes that a robot waits for run before other programs, where the system lets them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SESSION = Path('/proc/self/autogroup')
ASK = """
import os, sys, threading
from pathlib import Path
from motionclip_ros.priority import ask_for_priority
session = Path('/proc/self/autogroup')
if user := int(sys.argv[1]):
    os.setuid(user)
before, has, later = os.getpriority(os.PRIO_PROCESS, 0), ask_for_priority(), []
thread = threading.Thread(target=lambda: later.append(os.getpriority(os.PRIO_PROCESS, 0)))
thread.start()
thread.join()
group = session.read_text().split()[-1] if session.exists() else 0
print(has, before, os.getpriority(os.PRIO_PROCESS, 0), later[0], group)
"""


def asked(user: int = 0, session: bool = False) -> tuple[bool, int, int, int, int]:
    """What a process has before and after it asks, a later thread of it, and its session."""
    command = [sys.executable, '-c', ASK, str(user)]
    said = subprocess.check_output(command, text=True, start_new_session=session)
    has, *numbers = said.split()
    return has == 'True', *map(int, numbers)


def test_threads_started_later_inherit_what_a_node_is_given() -> None:
    has, before, after, later, group = asked(session=True)
    assert later == after
    assert after <= -10 if has else after == before
    if has and SESSION.exists():
        assert group == -10


def test_a_session_of_other_programs_stays_as_it_is() -> None:
    group = asked()[-1]
    assert group == (int(SESSION.read_text().split()[-1]) if SESSION.exists() else 0)


@pytest.mark.skipif(os.name != 'posix' or os.getuid() != 0, reason='only root can be another user')
def test_who_may_not_ask_goes_on_as_before() -> None:
    has, before, after, later, _ = asked(user=65534)
    assert not has
    assert before == after == later
