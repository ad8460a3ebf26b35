"""Every reader of something from outside, as a function of a file or folder.

Each raises a `MotionClipError` for what it does not take, and nothing else.
"""

import contextlib
import copy
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np

from bad_inputs.samples import JOINTS
from motionclip_model.abstention import load_familiarity
from motionclip_model.body import SmplBody
from motionclip_model.checkpoint import load_network
from motionclip_model.data.amass import AmassFiles
from motionclip_model.data.babel import read_babel
from motionclip_model.data.bvh import load_bvh
from motionclip_model.data.clip import load_rows
from motionclip_model.data.texts import read_splits, read_texts
from motionclip_model.errors import MotionClipError
from motionclip_model.instruction import understand
from motionclip_model.motion import Motion
from motionclip_model.training.config import TrainConfig
from motionclip_ros import messages
from motionclip_ros.bag import Bag
from motionclip_ros.batch.settings import read_posture
from motionclip_ros.cli import main
from motionclip_ros.cli.mixing import read_table
from motionclip_ros.plotting.evaluations import read_evaluation
from motionclip_ros.plotting.reports import read_report
from motionclip_ros.plotting.runs import load_run
from motionclip_ros.plotting.subjects import read_document
from motionclip_ros.repairing import repair
from motionclip_ros.replaying import read_replay
from motionclip_ros.retargeting.export import load_csv
from motionclip_ros.retargeting.feasibility.thresholds import Thresholds
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots import meshes
from motionclip_ros.retargeting.robots.correspondence import Correspondence
from motionclip_ros.retargeting.robots.guess import guess
from motionclip_ros.retargeting.robots.joint_limits import overridden
from motionclip_ros.retargeting.robots.robot import _model
from motionclip_ros.retargeting.robots.urdf import read_urdf
from motionclip_ros.retargeting.trajectory import RobotTrajectory

Reader = Callable[[Path], object]


def trajectory_npz(path: Path) -> None:
    """A robot trajectory, after the question whether it is one."""
    RobotTrajectory.is_in(path)
    RobotTrajectory.load(path)


def joint_limits(path: Path) -> None:
    """Limits of two joints."""
    bounds = (np.full(2, sign) for sign in (-2.0, 2.0, 9.0, 90.0, 9.0, np.inf))
    overridden(JointLimits(*bounds), JOINTS, path)


def checkpoint(path: Path) -> None:
    """A checkpoint, and what it says of texts."""
    load_network(path)
    load_familiarity(path)


def report(path: Path) -> None:
    """A report, as `motionclip plot` reads it."""
    read_report(read_document(path), 'x', (), str(path))


def evaluation(path: Path) -> None:
    """An evaluation, as `motionclip plot` reads it."""
    read_evaluation(read_document(path), 'x', '', str(path))


def texts(path: Path) -> None:
    """A corpus' texts; a bad line is skipped, not refused."""
    read_texts(path.parent, [])


def splits(path: Path) -> None:
    """A corpus' splits."""
    read_splits(path.parent)


def babel(path: Path) -> None:
    """Labels of BABEL."""
    read_babel(path.parent, AmassFiles({}))


def mesh(path: Path) -> None:
    """A mesh of a robot."""
    meshes.load_mesh.cache_clear()
    meshes.load_mesh(path)


def body(path: Path) -> None:
    """SMPL's body; the library that moves it is not needed to read it."""
    sys.modules.setdefault('smplx.lbs', SimpleNamespace(lbs=None))
    SmplBody(path)


def bag(path: Path) -> None:
    """A recording: what was performed, measured, and can be played again."""
    recording = Bag(path)
    recording.performed()
    read_replay(path, ['motionclip/report'])


def urdf(path: Path) -> None:
    """A robot description alone, as far as Pinocchio."""
    _model(read_urdf(path))


def text(path: Path) -> None:
    """A text command, in UTF-8 that may hold surrogates."""
    understand(path.read_bytes().decode('utf-8', 'surrogateescape'))


def message(path: Path) -> None:
    """A message, whose fields a file of JSON says."""
    case = json.loads(path.read_text(), object_hook=lambda fields: SimpleNamespace(**fields))
    base = copy.copy(case.message)
    base.joint_names = getattr(base, 'joint_names', ())[:0] or ['base']
    arguments = (base,) if case.reader == 'robot_trajectory' else ()
    getattr(messages, case.reader)(case.message, *arguments)


def command(path: Path) -> None:
    """A command line, in this process; what it prints as its mistake is raised."""
    case = json.loads(path.read_text())
    for name, content in case['files'].items():
        (path.parent / name).write_text(content)
    given = [word.replace('{}', str(path.parent)) for word in case['arguments']]
    printed = io.StringIO()
    with (
        mock.patch.object(sys, 'argv', ['motionclip', *given]),
        contextlib.redirect_stderr(printed),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        try:
            main()
        except SystemExit as end:
            if end.code not in (None, 0, 1, 2):
                raise RuntimeError(f'exit status {end.code}') from None
    lines = printed.getvalue().splitlines()
    if lines:
        raise PrintedError(lines)


class PrintedError(MotionClipError):
    """What a command said on standard error."""

    def __init__(self, lines: list[str]):
        """Keep all lines apart, so that two are not taken for one."""
        super().__init__(lines[-1])
        self.args = ('\n'.join(lines),)


READERS: dict[str, Reader] = {
    'babel': babel,
    'bag': bag,
    'body': body,
    'bvh': load_bvh,
    'checkpoint': checkpoint,
    'command': command,
    'correspondence': Correspondence.load,
    'edits': lambda path: read_table(path, ('base', 'from', 'to')),
    'evaluation': evaluation,
    'joint limits': joint_limits,
    'mesh': mesh,
    'message': message,
    'motion': Motion.load,
    'posture': read_posture,
    'repair': repair,
    'report': report,
    'robot': guess,
    'rows': load_rows,
    'run': lambda path: load_run(path, 'x'),
    'splits': splits,
    'text': text,
    'texts': texts,
    'thresholds': Thresholds.load,
    'training': TrainConfig.load,
    'urdf': urdf,
    'trajectory': trajectory_npz,
    'trajectory table': load_csv,
}
"""Readers by the name of what they read."""
