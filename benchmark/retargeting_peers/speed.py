"""Frames per second of all solvers on the same link targets."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.solving.kernel import normal_equations
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.solving.solver import solve
from retargeting_peers.figures import (
    REPEATS,
    Table,
    load,
    path_state,
    processor_seconds,
    quality,
    ratio_table,
)
from retargeting_peers.ours import asked, first_tasks, links_only
from retargeting_peers.peers import per_frame, tracked
from retargeting_peers.setting import LINKS, QUALITY, SOLVER, WHOLE, Setting


def speed(setting: Setting) -> Iterator[Table]:
    """Time all solvers on every clip."""
    by_solver: dict[str, list[list[float]]] = {}
    rows: list[Sequence[str | float]] = []
    for path in setting.clips:
        for name, figures in _solvers(setting.retargeter, path).items():
            by_solver.setdefault(name, []).append(figures)
            rows.append([path.stem.removesuffix('_poses'), name, *figures])
    rows += [
        ['median', name, *map(float, np.median(figures, axis=0))]
        for name, figures in by_solver.items()
    ]
    columns = ('clip', 'solver', 'frames/s', 'solves a frame', 'tracking cost', *QUALITY)
    yield Table('Speed on our link targets', columns, rows, len(by_solver))
    rates = {name: [row[0] for row in figures] for name, figures in by_solver.items()}
    yield ratio_table('Times as many frames/s', rates, (WHOLE, SOLVER, LINKS))


def _solvers(retargeter: Retargeter, path: Path) -> dict[str, list[float]]:
    """Run every solver on one clip."""
    motion, robot = load(path), retargeter.robot
    whole = asked(retargeter, motion)
    links = first_tasks(whole.targets.tasks, len(whole.targets.links))

    def figures(seconds: float, solves: float, state: State, stretch: float = 1.0) -> list[float]:
        cost = float(normal_equations(robot.tree, links, state).cost.mean())
        rate = len(motion) / seconds
        return [rate, solves, cost, *quality(robot, motion, state, stretch)]

    # A motion keeps its joints' places once they are computed: each run gets a fresh one.
    fresh = iter([motion[:] for _ in range(REPEATS)])
    seconds, (trajectory, report, _) = processor_seconds(lambda: retargeter.retarget(next(fresh)))
    stretch = report['time_stretch']
    result = {WHOLE: figures(seconds, np.nan, path_state(trajectory), stretch)}
    for name, problem in ((SOLVER, whole.problem), (LINKS, links_only(whole))):
        seconds, solution = processor_seconds(partial(solve, problem, whole.start))
        result[name] = figures(seconds, solution.steps, solution.state)
    for name, (seconds, found) in per_frame(tracked(robot, whole.targets), motion.fps).items():
        result[name] = figures(seconds, found.solves, found.state)
    return result
