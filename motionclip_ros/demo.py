"""The whole way for one text: three ROS 2 processes, a recording, and pictures of it."""

import importlib.metadata
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from motionclip_model import __version__
from motionclip_model.errors import ConfigError, DependencyError, MotionClipError
from motionclip_model.storage import write_json
from motionclip_ros import topics
from motionclip_ros.assessment import Verdict, assess, played
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.client import GeneratorClient
from motionclip_ros.nodes.running import stay_on_this_machine
from motionclip_ros.processes import ProcessError, Processes
from motionclip_ros.progress import OnPart, followed, standard_error, working
from motionclip_ros.rendering import Frame, contact_sheet, robot_frames, write_film
from motionclip_ros.retargeting.robots.robot import Robot, load_robot

FILM_FPS = 25.0

_GENERATOR = 'motionclip_ros.nodes.generator'
_START_TIMEOUT = 180.0
_ANSWER_TIMEOUT = 120.0
_SETTLING = 1.0
_SHEET_FRAMES = 8
_MARKER = 'report.json'

_OK, _FAILED, _REFUSED = 0, 1, 2


def run_demo(
    text: str,
    out: Path,
    seconds: float | None = None,
    seed: int | None = None,
    model: str = 'base',
    robot: str = 'g1',
    on_report: Callable[[dict[str, Any]], None] | None = None,
) -> int:
    """Send a text to a simulated robot over ROS 2 and keep what happens.

    Args:
        text: What the robot is to do.
        out: Folder for the results; an earlier demo's is replaced once there is something
            new.
        seconds: Length of the motion [s]; None leaves it to the model.
        seed: Seed of the random numbers; None for the most typical motion.
        model: Model name or checkpoint path.
        robot: Robot name or URDF path.
        on_report: Told what report.json holds, once there is something new.

    Returns:
        The exit status: 0 when the robot moved, followed, and all of it is recorded; 2 when
        the text (or what it is to run with) was refused; 1 when anything else went wrong.
    """
    console = standard_error()
    out = Path(out)
    try:
        _check_replaceable(out)
        loaded = load_robot(robot)
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=out.parent, prefix=f'.{out.name}.'))
    except (MotionClipError, OSError) as error:
        _say_problem(str(error), console)
        return _REFUSED
    status = _FAILED
    try:
        refusal = _perform(text, draft, seconds, seed, model, robot)
        if refusal is not None:
            _say_problem(refusal, console)
            status = _REFUSED
            return status
        verdict = _evaluate(draft, loaded, console)
        _replace(draft, out)
        if on_report is not None:
            on_report(json.loads((out / _MARKER).read_bytes()))
        _announce(out, verdict, console)
        status = _OK if verdict.problem is None else _FAILED
    except ProcessError as error:
        status = _REFUSED if error.status == _REFUSED else _FAILED
        _keep_logs(draft, out, str(error), console)
    except MotionClipError as error:
        _keep_logs(draft, out, str(error), console)
    except KeyboardInterrupt:
        console.print('stopped')
        status = 130
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return status


def _perform(
    text: str,
    draft: Path,
    seconds: float | None,
    seed: int | None,
    model: str,
    robot: str,
) -> str | None:
    """Start everything, send the text, wait for the motion's end; return a refusal if any."""
    os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
    stay_on_this_machine()
    environment = {**os.environ, 'ROS_LOG_DIR': str(draft / 'logs' / 'ros')}
    with (
        Processes(draft / 'logs', environment) as processes,
        working('starting the nodes') as work,
        GeneratorClient() as client,
    ):
        processes.start('motionclip_ros.nodes.recorder', _parameters(output=str(draft / 'bag')))
        processes.start(
            'motionclip_ros.nodes.simulator', _parameters(robot=robot, link_frames=True)
        )
        processes.start(
            _GENERATOR,
            _parameters(
                model=model,
                robot=robot,
                seconds=0.0 if seconds is None else float(seconds),
                seed=-1 if seed is None else seed,
            ),
        )
        deadline = time.monotonic() + _START_TIMEOUT
        told = ''
        while missing := client.waiting_for():
            if missing != told:
                work.stage(f'waiting for {missing}')
                told = missing
            _spin(client, processes, deadline, f'{missing} did not start')
        work.stage('generating')
        client.send(text)
        deadline = time.monotonic() + _ANSWER_TIMEOUT
        while client.report is None:
            if client.refusal is not None:
                return client.refusal
            _spin(client, processes, deadline, 'the generator gave no answer')
        length = client.report['trajectory_seconds']
        work.stage(f'the robot moves for {length:.1f} s')
        end = time.monotonic() + length + _SETTLING
        while time.monotonic() < end:
            client.spin(0.1)
            processes.check()
        work.stage('closing the recording')
    return None


def _spin(client: GeneratorClient, processes: Processes, deadline: float, problem: str) -> None:
    client.spin(0.1)
    processes.check()
    if time.monotonic() > deadline:
        raise MotionClipError(f'timed out: {problem}')


def _parameters(**values: str | float | bool) -> list[str]:
    """Write node parameters as command-line arguments; JSON quotes whatever needs it."""
    arguments = ['--ros-args']
    for name, value in values.items():
        arguments += ['-p', f'{name}:={_yaml(value)}']
    return arguments


def _yaml(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    # A quoted scalar stays a string even if it looks like a number or holds a colon.
    return "'{}'".format(value.replace("'", "''")) if isinstance(value, str) else repr(value)


def _evaluate(draft: Path, robot: Robot, console: Console) -> Verdict:
    """Read the recording back and write everything that comes from it."""
    bag = Bag(draft / 'bag')
    verdict = assess(bag, robot.limits)
    report: dict[str, Any] = bag.report() if bag.counts.get(topics.REPORT) else {}
    report.update(verdict.report)
    report['problem'] = verdict.problem
    report['urdf_sha256'] = robot.sha256
    report['robot_sha256'] = robot.fingerprint
    report['versions'] = {
        'motionclip': __version__,
        **{name: importlib.metadata.version(name) for name in ('mujoco', 'pin', 'rosbags')},
    }
    if bag.counts.get(topics.HUMAN_MOTION):
        bag.human_motion().save(draft / 'motion.npz')
    if bag.counts.get(topics.TRAJECTORY) and bag.counts.get(topics.BASE_TRAJECTORY):
        bag.trajectory().save(draft / 'trajectory.npz')
        try:
            with working('drawing the robot') as work:
                _draw(bag, robot, draft, work)
        except DependencyError as error:
            report['pictures'] = str(error)
            console.print(f'no pictures: {error}', style='yellow', markup=False)
    write_json(draft / _MARKER, report)
    return verdict


def _draw(bag: Bag, robot: Robot, draft: Path, on_frame: OnPart) -> None:
    """Film the simulated robot from the measured joint positions."""
    joints = played(bag)
    seconds = (joints.received - joints.received[0]) / 1e9
    times = np.arange(0.0, seconds[-1], 1.0 / FILM_FPS)
    rows = np.minimum(np.searchsorted(seconds, times), len(seconds) - 1)
    picked = {round(index) for index in np.linspace(0, len(times) - 1, _SHEET_FRAMES)}
    sheet, captions = [], []
    frames = robot_frames(robot.urdf_path, joints.joint_names, joints.positions[rows])

    def kept() -> Iterator[Frame]:
        for index, frame in enumerate(followed(frames, len(rows), on_frame)):
            if index in picked:
                sheet.append(frame)
                captions.append(f'{times[index]:.1f} s')
            yield frame

    write_film(kept(), draft / 'motion.mp4', FILM_FPS)
    contact_sheet(sheet, draft / 'motion.png', columns=4, captions=captions)


def _check_replaceable(out: Path) -> None:
    """Make sure that only an earlier demo's folder will be replaced."""
    if out.is_dir() and any(out.iterdir()) and not (out / _MARKER).is_file():
        raise ConfigError(f'{out} holds something else than a demo; name a new folder')
    if out.exists() and not out.is_dir():
        raise ConfigError(f'{out} is not a folder; name another')


def _replace(draft: Path, out: Path) -> None:
    """Put the new results in the place of the old ones."""
    mask = os.umask(0)
    os.umask(mask)
    draft.chmod(0o777 & ~mask)  # mkdtemp makes the folder private
    old = draft.with_name(f'{draft.name}.old')
    if out.exists():
        out.rename(old)
    draft.rename(out)
    shutil.rmtree(old, ignore_errors=True)


def _keep_logs(draft: Path, out: Path, problem: str, console: Console) -> None:
    """Say what went wrong and leave the processes' logs beside the results' place."""
    kept = out.with_name(f'{out.name}.failed')
    shutil.rmtree(kept, ignore_errors=True)
    if (draft / 'logs').is_dir():
        (draft / 'logs').rename(kept)
        problem = f'{problem} (logs in {kept})'
    _say_problem(problem, console)


def _say_problem(problem: str, console: Console) -> None:
    console.print(f'motionclip: {problem}', style='red', highlight=False, markup=False)


def _announce(out: Path, verdict: Verdict, console: Console) -> None:
    """Say what was made and where."""
    says = {
        'bag': 'recording: ros2 bag play opens it',
        'motion.mp4': 'film of the simulated robot',
        'motion.png': 'the same as a contact sheet',
        'motion.npz': 'human motion, AMASS layout',
        'trajectory.npz': 'robot trajectory as it was commanded',
        'report.json': 'latencies, tracking, margins, versions',
        'logs': 'what the three processes said',
    }
    for name, meaning in says.items():
        if (out / name).exists():
            console.print(f'{out / name}  ({meaning})', markup=False, highlight=False)
    figures = verdict.report.get('simulation')
    if figures:
        console.print(
            f'largest joint motion {figures["largest_joint_motion_deg"]:.0f} degrees, tracking '
            f'error {figures["tracking_rms_deg"]:.2f} degrees rms, text to trajectory '
            f'{figures["text_to_trajectory_ms"]:.0f} ms',
            highlight=False,
        )
    if verdict.problem is not None:
        _say_problem(verdict.problem, console)
