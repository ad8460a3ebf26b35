"""Nodes that a robot waits for run before other programs, where the system lets them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from motionclip_ros import priority

ASK = """
import os, sys, threading
from motionclip_ros.priority import ask_for_priority, session_niceness
if user := int(sys.argv[1]):
    os.setuid(user)
before, has, later = os.getpriority(os.PRIO_PROCESS, 0), ask_for_priority(), []
thread = threading.Thread(target=lambda: later.append(os.getpriority(os.PRIO_PROCESS, 0)))
thread.start()
thread.join()
print(has, before, os.getpriority(os.PRIO_PROCESS, 0), later[0], session_niceness())
"""


HURRY = """
import os, sys
from motionclip_ros.priority import hurry
if user := int(sys.argv[1]):
    os.setuid(user)
os.nice(3)
can = hurry(True)
meanwhile = os.sched_getscheduler(0)
hurry(False)
print(can, meanwhile, os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0))
"""


def asked(user: int = 0, session: bool = False) -> tuple[bool, int, int, int, int | None]:
    """What a process has before and after it asks, a later thread of it, and its session."""
    command = [sys.executable, '-c', ASK, str(user)]
    said = subprocess.check_output(command, text=True, start_new_session=session)
    has, before, after, later, group = said.split()
    niceness = None if group == 'None' else int(group)
    return has == 'True', int(before), int(after), int(later), niceness


def test_threads_started_later_inherit_what_a_node_is_given() -> None:
    has, before, after, later, group = asked(session=True)
    assert later == after
    assert after <= -10 if has else after == before
    if has and group is not None:
        assert group == -10


def test_a_session_of_other_programs_stays_as_it_is() -> None:
    assert asked()[-1] == priority.session_niceness()


@pytest.mark.skipif(shutil.which('chrt') is None, reason='chrt is not installed')
def test_what_somebody_has_chosen_stays() -> None:
    chosen = ['chrt', '--batch', '0', sys.executable, '-c', HURRY, '0']
    said = subprocess.check_output(chosen, text=True).split()
    assert said[1:3] == [str(os.SCHED_BATCH)] * 2


@pytest.mark.parametrize('user', [0, 65534])
@pytest.mark.skipif(os.getuid() != 0, reason='only root can be another user')
def test_a_thread_hurries_for_a_while_where_it_may(user: int) -> None:
    said = subprocess.check_output([sys.executable, '-c', HURRY, str(user)], text=True)
    can, meanwhile, after, niceness = said.split()
    assert int(meanwhile) == (os.SCHED_RR if can == 'True' else os.SCHED_OTHER)
    assert int(after) == os.SCHED_OTHER
    assert int(niceness) == 3 + os.getpriority(os.PRIO_PROCESS, 0)
    assert can == 'False' or user == 0


@pytest.mark.parametrize(
    ('said', 'niceness'),
    [('/autogroup-14 nice -10\n', -10), ('\n', None), ('', None), (None, None)],
)
def test_a_session_may_have_no_group_of_its_own(
    said: str | None, niceness: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = tmp_path / 'autogroup'
    if said is not None:
        group.write_text(said)
    monkeypatch.setattr(priority, '_SESSION', group)
    monkeypatch.setattr(priority.os, 'getsid', lambda _: os.getpid())
    assert priority.session_niceness() == niceness
    priority._raise_session()  # and it takes no time where there is none to ask for
    assert not niceness or group.read_text() == str(priority.NICENESS)
    assert said is None or niceness or group.read_text() == said


@pytest.mark.skipif(os.getuid() != 0, reason='only root can be another user')
def test_who_may_not_ask_goes_on_as_before() -> None:
    has, before, after, later, _ = asked(user=65534)
    assert not has
    assert before == after == later
