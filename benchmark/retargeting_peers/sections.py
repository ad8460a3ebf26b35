"""The sections of the benchmark: each measures and gives its tables."""

import importlib.util
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.solving.solver import Problem, Weights, solve
from retargeting_peers import length, worst
from retargeting_peers.feet import DEEP, collisions, feet, support
from retargeting_peers.figures import (
    Table,
    jerk_rms,
    load,
    path_state,
    processor_seconds,
    quality,
)
from retargeting_peers.ours import asked, first_tasks, links_only
from retargeting_peers.peers import ITERATIONS, SETTLED, Pink, pinocchio_loop
from retargeting_peers.recorded import FPS, Recorded

_NO_SHARED = 'left out: the folder of shared data is not here; MOTIONCLIP_SHARED names it'
_QUALITY = ('limb direction, deg', 'peak speed, rad/s', 'rms jerk, rad/s^3')


class Setting(NamedTuple):
    """What there is to measure.

    Attributes:
        retargeter: Ours, warm.
        clips: AMASS files for speed and length.
        samples: The folder of sample clips.
        shared: The folder of shared data, if there is one.
    """

    retargeter: Retargeter
    clips: Sequence[Path]
    samples: Path
    shared: Path | None


def speed(setting: Setting) -> Iterator[Table]:
    """Time all solvers on the same link targets."""
    by_solver: dict[str, list[list[float]]] = {}
    rows: list[list[str | float]] = []
    for path in setting.clips:
        for name, figures in _solvers(setting.retargeter, path).items():
            by_solver.setdefault(name, []).append(figures)
            rows.append([path.stem.removesuffix('_poses'), name, *figures])
    medians = {name: np.median(figures, axis=0) for name, figures in by_solver.items()}
    rows += [['median', name, *map(float, figures)] for name, figures in medians.items()]
    columns = ('clip', 'solver', 'frames/s', 'solves a frame', 'tracking cost', *_QUALITY)
    yield Table('Speed on the same link targets', columns, rows, len(medians))
    if _PINK not in medians:
        return
    ratios = [
        [
            ours,
            *(
                float(np.median(_rates(by_solver[ours]) / _rates(by_solver[peer])))
                for peer in medians
                if peer not in _OURS
            ),
        ]
        for ours in _OURS
    ]
    peers = [f'x {peer}' for peer in medians if peer not in _OURS]
    yield Table('Times as many frames/s, median over clips', ('', *peers), ratios, len(_OURS))


_WHOLE, _SOLVER, _LINKS = (
    'retarget with report',
    'solver, all parts',
    'solver, no contacts or collisions',
)
_OURS = (_WHOLE, _SOLVER, _LINKS)
_PINK = 'pin-pink, daqp, until settled'
_PINK_ONCE = 'pin-pink, daqp, 1 solve'
_PINK_MANY = f'pin-pink, daqp, {ITERATIONS} solves'
_LOOP = 'Pinocchio loop'


def _rates(figures: Sequence[Sequence[float]]) -> np.ndarray:
    return np.array(figures)[:, 0]


def _solvers(retargeter: Retargeter, path: Path) -> dict[str, list[float]]:
    """Run every solver on one clip."""
    motion, robot = load(path), retargeter.robot
    whole = asked(retargeter, motion)
    bare = links_only(whole)
    frames = len(motion)

    def figures(seconds: float, solves: float, state: State, stretch: float = 1.0) -> list[float]:
        tasks = first_tasks(whole.targets.tasks, len(whole.targets.links))
        cost = float(normal_equations(robot.tree, tasks, state).cost.mean())
        return [frames / seconds, solves, cost, *quality(robot, motion, state, stretch)]

    # A motion keeps its joints' places once they are computed: each run gets a fresh one.
    fresh = iter([motion[:] for _ in range(100)])
    seconds, (trajectory, report) = processor_seconds(lambda: retargeter.retarget(next(fresh)))
    result = {_WHOLE: figures(seconds, np.nan, path_state(trajectory), report['time_stretch'])}
    for name, problem in ((_SOLVER, whole.problem), (_LINKS, bare)):
        seconds, solution = processor_seconds(lambda problem=problem: solve(problem, whole.start))
        result[name] = figures(seconds, solution.steps, solution.state)
    if importlib.util.find_spec('pink') and importlib.util.find_spec('daqp'):
        pink = Pink(robot, whole.targets, motion.fps)
        for name, most, settled in (
            (_PINK_ONCE, 1, 0.0),
            (_PINK, ITERATIONS, SETTLED),
            (_PINK_MANY, ITERATIONS, 0.0),
        ):
            seconds, found = processor_seconds(lambda m=most, s=settled: pink.solve(m, s), 3)
            result[name] = figures(seconds, found.solves, found.state)
    seconds, found = processor_seconds(lambda: pinocchio_loop(robot, whole.targets), 3)
    result[_LOOP] = figures(seconds, found.solves, found.state)
    return result


# What smoothness is worth against GMR's weights, which are 50 to 100 times ours.
_GMR_WEIGHTS = Weights(
    joint_acceleration=6e-5, base_acceleration=6e-4, base_turn_acceleration=1.5e-4
)


def gmr(setting: Setting) -> Iterator[Table]:
    """Compare with GMR's recorded solutions, on its targets and on ours."""
    if setting.shared is None:
        yield _left_out('GMR')
        return
    retargeter, robot = setting.retargeter, setting.retargeter.robot
    recorded = Recorded(setting.shared, robot)
    theirs_rows: list[list[str | float]] = []
    ours_rows: list[list[str | float]] = []
    for clip in recorded.clips:
        found = recorded.state(clip)
        tasks, start = recorded.tasks(clip), recorded.start(clip)
        problem = Problem(robot.tree, recorded.limits, tasks, robot.neutral, _GMR_WEIGHTS, 1 / FPS)
        seconds, solution = processor_seconds(lambda p=problem, s=start: solve(p, s))
        theirs_rows.append(
            [
                clip,
                recorded.cost(clip, solution.state),
                recorded.cost(clip, found),
                jerk_rms(solution.state.joints, FPS),
                jerk_rms(found.joints, FPS),
                float(np.abs(np.diff(solution.state.joints, axis=0)).max() * FPS),
                float(np.abs(np.diff(found.joints, axis=0)).max() * FPS),
                len(found.joints) / seconds,
            ]
        )
        motion = recorded.motion(clip)
        path, report = retargeter.retarget(motion)
        pair = (
            quality(robot, motion, path_state(path), report['time_stretch']),
            quality(robot, motion, found),
        )
        figures = [value for values in zip(*pair, strict=True) for value in values]
        ours_rows.append([clip, *figures, report['time_stretch']])
    columns = ('clip', 'J', "GMR's J", 'rms jerk', "GMR's", 'peak speed', "GMR's", 'frames/s')
    yield _with_median("On GMR's targets, with its joint limits", columns, theirs_rows)
    columns = tuple(head for name in _QUALITY for head in (name, "GMR's"))
    yield _with_median('On our targets', ('clip', *columns, 'time stretch'), ours_rows)


def feet_and_parts(setting: Setting) -> Iterator[Table]:
    """Compare what feet do, and how often parts of the robot meet."""
    if setting.shared is None:
        yield _left_out('Feet')
        return
    retargeter, robot = setting.retargeter, setting.retargeter.robot
    recorded = Recorded(setting.shared, robot)
    by_solver: dict[str, list[list[float]]] = {}
    rows: list[list[str | float]] = []
    for clip in recorded.clips:
        motion = recorded.motion(clip)
        standing = support(robot, motion)
        by_solver.setdefault('human', []).append([standing.human_speed, *[np.nan] * 5])
        path, _ = retargeter.retarget(motion)
        for name, state in (('ours', path_state(path)), ('GMR', recorded.state(clip))):
            figures = [*feet(robot, standing, state, FPS), collisions(robot, state)]
            by_solver.setdefault(name, []).append(figures)
        rows += [[clip, name, *figures[-1]] for name, figures in by_solver.items()]
    for label, summary in (('median', np.median), ('worst', np.max)):
        rows += [
            [label, name, *map(float, summary(figures, axis=0))]
            for name, figures in by_solver.items()
        ]
    columns = (
        'clip',
        'solver',
        'support foot, m/s',
        'off the floor, cm',
        'part over 1 cm',
        'below floor, cm',
        'deepest, cm',
        f'frames with parts {1e3 * DEEP:.0f} mm deep',
    )
    yield Table('Feet while the human stands, and collisions', columns, rows, 6)


def lengths(setting: Setting) -> Iterator[Table]:
    """Time the whole retarget for clips of several lengths."""
    rows = [[*length.measured(frames, setting.clips).values()] for frames in length.LENGTHS]
    columns = ('frames', 'ms', 'ms/frame', 'peak memory, MB', 'of it before, MB')
    yield Table('Length of the clip', columns, rows, len(rows))


def worst_cases(setting: Setting) -> Iterator[Table]:
    """Retarget what is hard, and what should be easy."""
    folders = [setting.samples]
    if setting.shared is not None:
        folders.insert(0, setting.shared / 'data' / 'amass')
    columns = ('clip', *_QUALITY, 'time stretch', 'verdict', 'over a limit, part')
    rows: list[list[str | float]] = []
    for label, path in worst.named_clips(folders):
        case = worst.tried(setting.retargeter, worst.load_clip(path))
        rows.append([label, *case.quality, case.stretch, case.verdict, max(0.0, case.excess)])
    yield Table('Hard clips', columns, rows, len(rows))
    if setting.shared is None:
        yield _left_out('Walking')
        return
    cases = [
        worst.tried(setting.retargeter, worst.load_clip(path))
        for path in worst.walking_clips(setting.shared / 'data')
    ]
    stretches = np.array([case.stretch for case in cases])
    row = [
        float(len(cases)),
        float((stretches <= 1.0).mean()),
        float(stretches.max()),
        float(np.median([case.quality.limb_error for case in cases])),
        max(0.0, *(case.excess for case in cases)),
    ]
    heads = ('clips', 'part at own pace', 'most stretched', 'limb direction, deg', 'over a limit')
    yield Table('Walking clips', heads, [row], 1)


def _with_median(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str | float]]
) -> Table:
    middle = np.median([row[1:] for row in rows], axis=0)
    return Table(title, columns, [*rows, ['median', *map(float, middle)]], 1)


def _left_out(what: str) -> Table:
    return Table(what, ('',), [[_NO_SHARED]], 1)


SECTIONS: Mapping[str, Callable[[Setting], Iterator[Table]]] = {
    'speed': speed,
    'gmr': gmr,
    'feet': feet_and_parts,
    'length': lengths,
    'worst': worst_cases,
}
"""By the names that the command line takes."""
