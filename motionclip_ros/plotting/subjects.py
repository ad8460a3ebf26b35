"""What a path holds that can be plotted, and the page that it becomes."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from motionclip_model.data.motion_file import load_motion
from motionclip_model.errors import ConfigError
from motionclip_ros.plotting.course_figures import course_plots
from motionclip_ros.plotting.document import Document
from motionclip_ros.plotting.evaluation_figures import evaluation_document
from motionclip_ros.plotting.evaluations import is_evaluation, read_evaluation
from motionclip_ros.plotting.report_figures import report_plots
from motionclip_ros.plotting.reports import Report, is_report, read_report, take_course
from motionclip_ros.plotting.run_figures import run_document
from motionclip_ros.plotting.runs import is_run, load_run
from motionclip_ros.plotting.style import SERIES
from motionclip_ros.retargeting.feasibility.report import assess_trajectory
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

ALLOWED = (
    'what can be plotted: the folder of a training run, JSON of `motionclip evaluate`, `check`, '
    '`retarget` or `generate`, a trajectory .npz, a folder of `motionclip generate`'
)


@dataclass(frozen=True)
class Choices:
    """How to look at what is plotted.

    Attributes:
        over: 'steps' or 'time', for training runs.
        robot: Robot that a trajectory is for.
        motion: What the human did, beside a trajectory; None if unknown.
        limits: A file of joint limits in place of the robot's own.
    """

    over: str = 'steps'
    robot: str = 'g1'
    motion: Path | None = None
    limits: Path | None = None

    def load_robot(self) -> Robot:
        """Load the robot with the limits that count."""
        return load_robot(self.robot, self.limits)


def plot_document(paths: Sequence[Path], choices: Choices) -> Document:
    """Read paths of one kind and draw them.

    Args:
        paths: One, or several to compare.
        choices: How to look at them.

    Raises:
        MotionClipError: A path holds nothing that can be plotted, or they are of several kinds.
    """
    paths = [inner for path in paths for inner in _expanded(path)]
    if len(paths) > len(SERIES):
        raise ConfigError(
            f'{len(paths)} things to compare; no more than {len(SERIES)} can be told apart'
        )
    kinds = {path: _kind(path) for path in paths}
    if len(set(kinds.values())) > 1:
        told = ', '.join(f'{path} is {kind}' for path, kind in kinds.items())
        raise ConfigError(f'only things of one kind share a page; {told}')
    draw = _PAGES[kinds[paths[0]]]
    return draw(dict(zip(_names(paths), paths, strict=True)), choices)


def _expanded(path: Path) -> list[Path]:
    """Take a folder of several samples for their reports, which can be compared."""
    if not path.exists():
        raise ConfigError(f'{path}: no such file or folder')
    if not path.is_dir() or is_run(path):
        return [path]
    reports = sorted(path.glob('report*.json'))
    return reports if len(reports) > 1 else [path]


_RUN, _EVALUATION = 'a training run', 'an evaluation'
_REPORT, _TRAJECTORY, _GENERATED = 'a retargeting report', 'a trajectory', 'a generated motion'


def _kind(path: Path) -> str:
    if path.is_dir():
        if is_run(path):
            return _RUN
        if (path / 'report.json').is_file() and (path / 'trajectory.npz').is_file():
            return _GENERATED
        raise ConfigError(f'{path}: neither a training run nor made by generate; {ALLOWED}')
    if path.suffix == '.npz':
        if RobotTrajectory.is_in(path):
            return _TRAJECTORY
        raise ConfigError(f'{path}: no robot trajectory; retarget a human motion first')
    content = _read_json(path)
    if is_evaluation(content):
        return _EVALUATION
    if is_report(content):
        return _REPORT
    raise ConfigError(f'{path}: neither an evaluation nor a retargeting report; {ALLOWED}')


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except OSError as error:
        raise ConfigError(f'{path}: cannot be read ({error.strerror})') from None
    except ValueError as error:
        raise ConfigError(f'{path}: not JSON ({error}); {ALLOWED}') from None
    return content if isinstance(content, dict) else {}


def _names(paths: Sequence[Path]) -> list[str]:
    """Name things by as much of their paths as tells them apart."""
    if len(set(paths)) < len(paths):
        raise ConfigError(f'{max(paths, key=paths.count)} is named twice')
    ends = [path.absolute().with_suffix('') if path.is_file() else path.absolute()
            for path in paths]  # fmt: skip
    for parts in (1, 2, 3):
        names = ['/'.join(end.parts[-parts:]) for end in ends]
        if max(Counter(names).values()) == 1:
            return names
    return [str(path) for path in paths]


def _written(path: Path) -> str:
    moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return f'{path}, {moment:%Y-%m-%d %H:%M} UTC'


def _run_page(paths: dict[str, Path], choices: Choices) -> Document:
    return run_document([load_run(path, name) for name, path in paths.items()], choices.over)


def _evaluation_page(paths: dict[str, Path], choices: Choices) -> Document:
    return evaluation_document(
        [
            read_evaluation(_read_json(path), name, _written(path), str(path))
            for name, path in paths.items()
        ]
    )


def _report_page(paths: dict[str, Path], choices: Choices) -> Document:
    return _reports_document([_load_report(path, name) for name, path in paths.items()])


def _load_report(path: Path, name: str) -> Report:
    facts = (('file written', _written(path)),)
    return read_report(_read_json(path), name, facts, str(path))


def _trajectory_page(paths: dict[str, Path], choices: Choices) -> Document:
    """Examine trajectories; a single one is also drawn over time."""
    robot = choices.load_robot()
    motion = None if choices.motion is None else load_motion(choices.motion)
    reports, courses = [], []
    for name, path in paths.items():
        trajectory = RobotTrajectory.load(path)
        reports.append(_examined(robot, trajectory, motion, name, path))
        courses.append((trajectory, motion))
    document = _reports_document(reports)
    if len(courses) > 1:
        return document
    course = take_course(robot, *courses[0])
    return replace(document, plots=(*document.plots, *course_plots(course, reports[0])))


def _examined(
    robot: Robot, trajectory: RobotTrajectory, motion: Any, name: str, path: Path
) -> Report:
    content = assess_trajectory(robot, trajectory, motion)
    return read_report(content, name, (('file written', _written(path)),), str(path))


def _generated_page(paths: dict[str, Path], choices: Choices) -> Document:
    """Draw what `motionclip generate` wrote; a single motion also over time."""
    folders = dict(paths)
    reports = [_load_report(folder / 'report.json', name) for name, folder in folders.items()]
    if len(reports) > 1:
        return _reports_document(reports)
    folder, report, robot = next(iter(folders.values())), reports[0], choices.load_robot()
    if report.written.urdf_sha256 != robot.sha256:
        raise ConfigError(
            f'{folder}: made for {report.written.robot} of another URDF than that of '
            f'{choices.robot}; name it with --robot, or plot its report.json alone'
        )
    trajectory, motion = RobotTrajectory.load(folder / 'trajectory.npz'), None
    if abs(report.figures.get('seconds', -1.0) - trajectory.seconds) > 1e-6:
        # What a node sent begins where the robot stood, which its report does not judge.
        told, name = report.facts, report.name
        report = _examined(robot, trajectory, None, name, folder / 'trajectory.npz')
        report = replace(report, facts=(*told, *report.facts))
    elif (folder / 'motion.npz').is_file():
        motion = load_motion(folder / 'motion.npz')
    document = _reports_document([report])
    course = take_course(robot, trajectory, motion)
    return replace(document, plots=(*document.plots, *course_plots(course, report)))


def _reports_document(reports: Sequence[Report]) -> Document:
    alone = len(reports) == 1
    facts = [(name if alone else f'{report.name}: {name}', value)
             for report in reports for name, value in report.facts]  # fmt: skip
    title = f'Retargeting {"report" if alone else "reports"} {", ".join(r.name for r in reports)}'
    headline = tuple(report.headline for report in reports)
    return Document(title, headline, tuple(facts), tuple(report_plots(reports)))


_PAGES: dict[str, Callable[[dict[str, Path], Choices], Document]] = {
    _RUN: _run_page,
    _EVALUATION: _evaluation_page,
    _REPORT: _report_page,
    _TRAJECTORY: _trajectory_page,
    _GENERATED: _generated_page,
}
