"""Beside GMR: its cost on its own targets, limb directions on ours, feet and collisions."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from motionclip_ros.retargeting.collision.hulls import HullChecker
from motionclip_ros.retargeting.solving.solver import solve
from retargeting_peers.feet import DEEP, collisions, feet, support
from retargeting_peers.figures import (
    Table,
    jerk_rms,
    path_state,
    processor_seconds,
    quality,
    ratio_table,
)
from retargeting_peers.ours import plain_problem
from retargeting_peers.peers import per_frame
from retargeting_peers.recorded import FPS, Recorded
from retargeting_peers.setting import LINKS, QUALITY, Setting, left_out

_GMR = 'GMR, recorded'
_SMOOTHNESS = 30.0
"""How much more smoothness is worth here: GMR's task weights are 5 to 500 times ours."""


def gmr(setting: Setting) -> Iterator[Table]:
    """Compare with GMR's recorded solutions, on its targets and on ours."""
    if setting.shared is None:
        yield left_out('GMR')
        return
    retargeter, robot = setting.retargeter, setting.retargeter.robot
    recorded = Recorded(setting.shared, robot)
    by_solver: dict[str, list[list[float]]] = {}
    rows: list[Sequence[str | float]] = []
    pairs: list[Sequence[str | float]] = []
    for clip in recorded.clips:
        for name, figures in _on_recorded_targets(recorded, clip).items():
            by_solver.setdefault(name, []).append(figures)
            rows.append([clip, name, *figures])
        motion, found = recorded.motion(clip), recorded.state(clip)
        path, report, _ = retargeter.retarget(motion)
        ours = quality(robot, motion, path_state(path), report['time_stretch'])
        both = zip(ours, quality(robot, motion, found), strict=True)
        figures = [value for values in both for value in values]
        pairs.append([clip, *figures, report['time_stretch']])
    for label, summary in (('median', np.median), ('largest', np.max)):
        rows += [
            [label, name, *map(float, summary(figures, axis=0))]
            for name, figures in by_solver.items()
        ]
    lower = sum(a[0] <= b[0] for a, b in zip(by_solver[LINKS], by_solver[_GMR], strict=True))
    yield Table(
        f"GMR's targets and joint limits; J at or below GMR's on {lower} of {len(pairs)} clips",
        ('clip', 'solver', 'J', 'frames/s', *QUALITY[1:]),
        rows,
        2 * len(by_solver),
    )
    rates = {name: [row[1] for row in figures] for name, figures in by_solver.items()}
    del rates[_GMR]  # the recording holds no times
    yield ratio_table("Times as many frames/s on GMR's targets", rates, (LINKS,))
    heads = (head for name in QUALITY for head in (name, "GMR's"))
    columns = ('clip', *heads, 'time stretch')
    middle = np.median([row[1:] for row in pairs], axis=0)
    yield Table(
        'Our targets; GMR as recorded', columns, [*pairs, ['median', *map(float, middle)]], 1
    )


def feet_and_parts(setting: Setting) -> Iterator[Table]:
    """Compare what feet do, and how often parts of the robot meet."""
    if setting.shared is None:
        yield left_out('Feet')
        return
    retargeter, robot = setting.retargeter, setting.retargeter.robot
    recorded, checker = Recorded(setting.shared, robot), HullChecker(robot)
    by_solver: dict[str, list[list[float]]] = {}
    rows: list[Sequence[str | float]] = []
    for clip in recorded.clips:
        motion = recorded.motion(clip)
        standing = support(robot, motion)
        by_solver.setdefault('human', []).append([standing.human_speed, *[np.nan] * 5])
        path = retargeter.retarget(motion).trajectory
        for name, state in (('ours', path_state(path)), ('GMR', recorded.state(clip))):
            figures = [*feet(robot, standing, state, FPS), collisions(checker, state)]
            by_solver.setdefault(name, []).append(figures)
        rows += [[clip, name, *figures[-1]] for name, figures in by_solver.items()]
    for label, summary in (('median', np.median), ('mean', np.mean), ('largest', np.max)):
        rows += [
            [label, name, *map(float, summary(figures, axis=0))]
            for name, figures in by_solver.items()
        ]
    columns = (
        'clip',
        'solver',
        'support foot, m/s',
        'off the floor, cm',
        'over 1 cm off, part',
        'below the floor, cm',
        'deepest, cm',
        f'frames with parts {1e3 * DEEP:.0f} mm deep',
    )
    yield Table('Feet while the human stands, and collisions', columns, rows, 9)


def _on_recorded_targets(recorded: Recorded, clip: str) -> dict[str, list[float]]:
    """Give every solver GMR's targets, weights and joint limits."""
    problem = plain_problem(
        recorded.robot, recorded.limits, recorded.tasks(clip), FPS, _SMOOTHNESS
    )
    seconds, solution = processor_seconds(partial(solve, problem, recorded.start(clip)))
    found = {LINKS: (seconds, solution.state), _GMR: (np.nan, recorded.state(clip))}
    for name, (seconds, solved) in per_frame(recorded.work(clip), FPS).items():
        found[name] = (seconds, solved.state)
    return {
        name: [
            recorded.cost(clip, state),
            len(state.joints) / seconds,
            float(np.abs(np.diff(state.joints, axis=0)).max() * FPS),
            jerk_rms(state.joints, FPS),
        ]
        for name, (seconds, state) in found.items()
    }
