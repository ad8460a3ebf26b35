"""What a path holds that can be plotted, and the page that it becomes.

What takes seconds to import, PyTorch for a run and Pinocchio for a trajectory, is imported where
it is needed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motionclip_model.errors import ConfigError
from motionclip_model.reading import read_json
from motionclip_ros.plotting.document import Document
from motionclip_ros.plotting.evaluation_figures import evaluation_document
from motionclip_ros.plotting.evaluations import is_evaluation, read_evaluation
from motionclip_ros.plotting.report_figures import report_plots
from motionclip_ros.plotting.reports import Report, is_report, read_report
from motionclip_ros.plotting.style import SERIES
from motionclip_ros.retargeting.trajectory import RobotTrajectory

if TYPE_CHECKING:
    from motionclip_model.motion import Motion
    from motionclip_ros.retargeting.robots.robot import Robot

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
    if not path.is_dir() or _is_run(path):
        return [path]
    reports = sorted(path.glob('report*.json'))
    return reports if len(reports) > 1 else [path]


def _is_run(path: Path) -> bool:
    """Whether `motionclip train` writes, or wrote, into a folder."""
    return path.is_dir() and ((path / 'run.json').is_file() or (path / 'tensorboard').is_dir())


_RUN, _EVALUATION = 'a training run', 'an evaluation'
_REPORT, _TRAJECTORY, _GENERATED = 'a retargeting report', 'a trajectory', 'a generated motion'


def _kind(path: Path) -> str:
    if path.is_dir():
        if _is_run(path):
            return _RUN
        if (path / 'report.json').is_file() and (path / 'trajectory.npz').is_file():
            return _GENERATED
        raise ConfigError(f'{path}: neither a training run nor made by generate; {ALLOWED}')
    if path.suffix == '.npz':
        if RobotTrajectory.is_in(path):
            return _TRAJECTORY
        raise ConfigError(f'{path}: no robot trajectory; retarget a human motion first')
    content = read_document(path)
    if is_evaluation(content):
        return _EVALUATION
    if is_report(content):
        return _REPORT
    raise ConfigError(f'{path}: neither an evaluation nor a retargeting report; {ALLOWED}')


def read_document(path: Path) -> dict[str, Any]:
    """Read a JSON file of any of the commands; nothing of what is no object.

    Raises:
        ConfigError: It cannot be read, or is not JSON.
    """
    try:
        content = read_json(path, ConfigError)
    except ConfigError as error:
        raise ConfigError(f'{error}; {ALLOWED}') from None
    return content if isinstance(content, dict) else {}


def _names(paths: Sequence[Path]) -> list[str]:
    """Name things by as much of their paths as tells them apart."""
    if len(set(paths)) < len(paths):
        raise ConfigError(f'{max(paths, key=paths.count)} is named twice')
    ends = [
        path.absolute().with_suffix('') if path.is_file() else path.absolute() for path in paths
    ]
    # Many files are called so; what they belong to is their folder's to say.
    least = 2 if any(end.name in ('figures', 'report', 'trajectory') for end in ends) else 1
    for parts in range(least, 4):
        names = ['/'.join(end.parts[-parts:]) for end in ends]
        if max(Counter(names).values()) == 1:
            return names
    return [str(path) for path in paths]


def _written(path: Path) -> str:
    moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return f'{path}, {moment:%Y-%m-%d %H:%M} UTC'


def _run_page(paths: dict[str, Path], choices: Choices) -> Document:
    from motionclip_ros.plotting.run_figures import run_document
    from motionclip_ros.plotting.runs import load_run

    return run_document([load_run(path, name) for name, path in paths.items()], choices.over)


def _evaluation_page(paths: dict[str, Path], choices: Choices) -> Document:
    return evaluation_document(
        [
            read_evaluation(read_document(path), name, _written(path), str(path))
            for name, path in paths.items()
        ]
    )


def _report_page(paths: dict[str, Path], choices: Choices) -> Document:
    return _reports_document([_load_report(path, name) for name, path in paths.items()])


def _load_report(path: Path, name: str) -> Report:
    facts = (('file written', _written(path)),)
    return read_report(read_document(path), name, facts, str(path))


def _trajectory_page(paths: dict[str, Path], choices: Choices) -> Document:
    """Examine trajectories; a single one is also drawn over time."""
    from motionclip_model.data.motion_file import load_motion
    from motionclip_ros.retargeting.robots.robot import load_robot

    robot = load_robot(choices.robot, choices.limits)
    motion = None if choices.motion is None else load_motion(choices.motion)
    trajectories = {name: RobotTrajectory.load(path) for name, path in paths.items()}
    reports = [
        _examined(robot, trajectory, motion, name, paths[name])
        for name, trajectory in trajectories.items()
    ]
    document = _reports_document(reports)
    if len(reports) > 1:
        return document
    return _over_time(document, robot, next(iter(trajectories.values())), motion, reports[0])


def _examined(
    robot: 'Robot', trajectory: RobotTrajectory, motion: 'Motion | None', name: str, path: Path
) -> Report:
    from motionclip_ros.retargeting.feasibility.report import assess_trajectory

    content = assess_trajectory(robot, trajectory, motion)
    return read_report(content, name, (('file written', _written(path)),), str(path))


def _over_time(
    document: Document,
    robot: 'Robot',
    trajectory: RobotTrajectory,
    motion: 'Motion | None',
    report: Report,
) -> Document:
    """Add what only the trajectory itself can tell."""
    from motionclip_ros.plotting.course_figures import course_plots
    from motionclip_ros.plotting.courses import take_course

    course = take_course(robot, trajectory, motion)
    return replace(document, plots=(*document.plots, *course_plots(course, report)))


def _generated_page(paths: dict[str, Path], choices: Choices) -> Document:
    """Draw what `motionclip generate` wrote; a single motion also over time."""
    from motionclip_model.data.motion_file import load_motion
    from motionclip_ros.retargeting.robots.robot import load_robot

    reports = [_load_report(folder / 'report.json', name) for name, folder in paths.items()]
    if len(reports) > 1:
        return _reports_document(reports)
    report, robot = reports[0], load_robot(choices.robot, choices.limits)
    folder = paths[report.name]
    if report.written.urdf_sha256 != robot.sha256:
        raise ConfigError(
            f'{folder}: made for {report.written.robot}, of another URDF than {choices.robot}; '
            'name the robot with --robot, or plot report.json alone'
        )
    path = folder / 'trajectory.npz'
    trajectory, motion = RobotTrajectory.load(path), None
    if abs(report.figures.get('seconds', -1.0) - trajectory.seconds) > 1e-6:
        # A node's trajectory begins where the robot stood, which its report does not judge.
        fresh = _examined(robot, trajectory, None, report.name, path)
        facts = tuple(dict.fromkeys((*report.facts, *fresh.facts)))
        report = replace(fresh, facts=facts)
    elif (folder / 'motion.npz').is_file():
        motion = load_motion(folder / 'motion.npz')
    return _over_time(_reports_document([report]), robot, trajectory, motion, report)


def _reports_document(reports: Sequence[Report]) -> Document:
    alone = len(reports) == 1
    facts = [
        (name if alone else f'{report.name}: {name}', value)
        for report in reports
        for name, value in report.facts
    ]
    title = f'Retargeting {"report" if alone else "reports"} {", ".join(r.name for r in reports)}'
    headline = [report.headline for report in reports]
    warnings = [f'warning: {line}' for line in reports[0].written.warnings] if alone else []
    return Document(title, (*headline, *warnings), tuple(facts), tuple(report_plots(reports)))


_PAGES: dict[str, Callable[[dict[str, Path], Choices], Document]] = {
    _RUN: _run_page,
    _EVALUATION: _evaluation_page,
    _REPORT: _report_page,
    _TRAJECTORY: _trajectory_page,
    _GENERATED: _generated_page,
}
