"""Faults: each breaks something in a lab, looks what happens, and leaves the lab whole."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from ros_talk import call, set_parameter
from std_srvs.srv import Trigger

from lasting.lab import PATIENCE, Lab

KILLED = ('generator', 'simulator', 'recorder', 'client')
_SMALL = 800_000  # [bytes] that a disk takes until it is full: some seconds of a recording
_FROZEN = 3.0  # [s]


def kill(lab: Lab, name: str, after: float) -> list[str]:
    """Kill a process some seconds after a motion began, and start it again."""
    lab.forget()
    if name == 'client':
        process = lab.client('a person bows')
        lab.graph.spin(after)
        process.kill()
        process.wait()
    else:
        lab.begin()
        lab.graph.spin(after)
        lab.kill(name)
    killed = time.time()
    lab.graph.spin(0.3)
    wrong = lab.recorded(killed) if name == 'recorder' else []
    if name != 'client':
        lab.start(name)
    return wrong + recovered(lab)


def recovered(lab: Lab) -> list[str]:
    """Have the next command executed; returns what was wrong with the robot since the fault."""
    lab.perform()
    lab.settled()
    return lab.unsafe() + lab.where_told()


def freeze_simulator(lab: Lab) -> list[str]:
    """Let the robot's process stand still for three seconds in mid-motion."""
    lab.forget()
    lab.begin()
    lab.graph.spin(0.8)
    process = lab.running['simulator']
    process.send_signal(signal.SIGSTOP)
    lab.graph.spin(_FROZEN)
    process.send_signal(signal.SIGCONT)
    lab.graph.spin(0.3)
    return recovered(lab)


def restart_generator(lab: Lab) -> list[str]:
    """Kill the generator in mid-motion, and have the next one take over as soon as it can."""
    lab.forget()
    lab.begin('a person waves')
    lab.kill('generator')
    lab.start('generator')
    return recovered(lab)


def deactivate(lab: Lab) -> list[str]:
    """Deactivate the generator in mid-motion: it must brake before it is silent."""
    lab.forget()
    lab.begin()
    lab.graph.spin(1.0)
    told = len(lab.talk.arrived)
    change(lab, Transition.TRANSITION_DEACTIVATE)
    lab.until(lambda: len(lab.talk.arrived) > told)
    lab.settled()
    wrong = lab.unsafe() + lab.where_told()
    change(lab, Transition.TRANSITION_ACTIVATE)
    lab.ready()
    return wrong + recovered(lab)


def change(lab: Lab, transition: int) -> None:
    """Have the generator change its state."""
    request = ChangeState.Request(transition=Transition(id=transition))
    call(lab.graph, ChangeState, '/motionclip/change_state', request)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a disk that is soon full; None for who may not."""
    folder.mkdir(exist_ok=True)
    mount = ['mount', '-t', 'tmpfs', '-o', f'size={_SMALL}', 'small', str(folder)]
    if subprocess.run(mount, stderr=subprocess.DEVNULL, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(['umount', '--lazy', folder], check=True)


def record_on(lab: Lab, disk: Path) -> Callable[[], None]:
    """Have the recording go on on a small disk; returns what makes room there."""
    call(lab.graph, Trigger, '/recorder/stop', Trigger.Request())
    record_again(lab, disk)

    def make_room() -> None:
        size = f'remount,size={100 * _SMALL}'
        subprocess.run(['mount', '-o', size, disk], check=True)

    return make_room


def limit_file(lab: Lab) -> Callable[[], None]:
    """Let the recording's file grow hardly further; returns what lifts that."""
    lab.graph.spin(3.0)
    size = sum(path.stat().st_size for path in lab.bag.glob('*.mcap'))
    process, limit = lab.running['recorder'].pid, resource.RLIMIT_FSIZE
    resource.prlimit(process, limit, (size + _SMALL, resource.RLIM_INFINITY))
    return lambda: resource.prlimit(process, limit, (resource.RLIM_INFINITY,) * 2)


def fill_disk(lab: Lab) -> list[str]:
    """Let a recording fill its disk; for who may mount none, let its file grow no further."""
    lab.forget()
    before = lab.log('recorder').count('cannot record on')
    with small_disk(lab.graph.folder / 'small') as disk:
        make_room = record_on(lab, disk) if disk else limit_file(lab)
        lab.begin()
        lab.until(lambda: lab.log('recorder').count('cannot record on') > before)
        full = time.time()
        wrong = recovered(lab)
        make_room()
        return wrong + lab.recorded(full) + record_again(lab)


def record_again(lab: Lab, disk: Path | None = None) -> list[str]:
    """Have a recorder that gave up begin anew, in another folder."""
    lab.next_bag(disk)
    set_parameter(lab.graph, 'output', str(lab.bag), node='recorder')
    answer = call(lab.graph, Trigger, '/recorder/start', Trigger.Request())
    return [] if answer.success else [f'recorder: {answer.message}']


def set_clock_back(lab: Lab) -> list[str]:
    """Let the simulated time begin anew, in mid-motion, by another simulator."""
    lab.forget()
    lab.begin()
    lab.graph.spin(0.5)
    lab.kill('simulator')
    lab.start('simulator')
    wrong = recovered(lab)
    if lab.stop('recorder') != 0:
        wrong.append('the recorder failed')
    wrong += lab.opens()
    lab.start('recorder')
    return wrong


def two_commanders(lab: Lab) -> list[str]:
    """Start a second generator, and kill the first while both are spoken to."""
    lab.forget()
    first = lab.running['generator']
    wrong = []
    second = lab.second()
    lab.begin()
    refused = second.ask('a person waves')
    if refused['outcome'] != 'refused' or str(first.pid) not in refused['message']:
        wrong.append(f'the second: {refused}')
    lab.kill('generator')
    killed = time.monotonic()
    while (asked := time.monotonic()) - killed < PATIENCE:
        if second.ask('a person waves')['outcome'] != 'refused':
            break
        lab.graph.spin(0.1)
    else:
        return [*wrong, 'the second never takes over']
    lab.takeovers.append(asked - killed)
    lab.settled()
    wrong += lab.unsafe() + lab.where_told()
    second.end()
    lab.start('generator')
    return wrong + recovered(lab)


def fill_shared_memory(lab: Lab) -> list[str]:
    """Fill /dev/shm to its last byte while a robot moves, then start a process more."""
    lab.forget()
    lab.begin()
    filler = Path('/dev/shm/filler')
    with filler.open('wb', buffering=0) as file:
        for size in (65536, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    died = [name for name, process in lab.running.items() if process.poll() is not None]
    wrong = [f'{name} died' for name in died]
    wrong += recovered(lab)
    if (said := lab.refusal('recorder')) and not said.startswith('/dev/shm is full'):
        wrong.append(f'a node that is started then: {said}')
    os.unlink(filler)
    lab.stop('recorder')
    lab.start('recorder')
    return wrong + recovered(lab)


SIMULATED = ('-p', 'use_sim_time:=true')
FAULTS: Mapping[str, tuple[Callable[[Lab], list[str]], tuple[str, ...]]] = {
    'simulator frozen for 3 s': (freeze_simulator, ()),
    'generator started again': (restart_generator, ()),
    'deactivated in mid-motion': (deactivate, ()),
    'disk full while recording': (fill_disk, ()),
    'clock set back': (set_clock_back, SIMULATED),
    'two commanders': (two_commanders, ()),
}
"""What is done, and options of all nodes."""
