"""Speed and quality of the retargeter on real clips, beside a per-frame Pinocchio IK loop.

    python benchmark/retargeting.py [AMASS.npz ...]

Without arguments the clips in test/data are used. Times are processor time of one thread, so
that other programs disturb them little; both solvers get the same targets in the same run.
"""

import os

os.environ['OMP_NUM_THREADS'] = '1'
os.environ['OPENBLAS_NUM_THREADS'] = '1'

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pinocchio
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.feasibility.report import limb_direction_error
from motionclip_ros.retargeting.retargeter import MAX_FPS, Retargeter
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.retargeting.solving.problem import State
from motionclip_ros.retargeting.targets import make_targets

CLIPS = Path(__file__).resolve().parent.parent / 'test' / 'data' / 'amass' / 'CMU'
SOLVERS = ('whole clip', 'per-frame IK')
ITERATIONS = 10
DAMPING = 1e-2


class Row(NamedTuple):
    """One solver on one clip."""

    seconds: float
    limb_error: float
    fastest: float
    jerk: float


def whole_clip(retargeter: Retargeter, motion: Motion) -> Row:
    """Time the whole way from motion to trajectory and report."""
    begin = time.process_time()
    path, report = retargeter.retarget(motion)
    seconds = time.process_time() - begin
    stretch = report['time_stretch']
    turn = Rotation.from_quat(path.base_quaternion_xyzw).as_matrix()
    state = State(path.base_position, turn, path.positions)
    return measured(retargeter.robot, motion, state, seconds, stretch)


def frame_by_frame(robot: Robot, motion: Motion) -> Row:
    """Damped least squares on the same link targets, each frame started from the last one."""
    begin = time.process_time()
    targets = make_targets(motion, robot)
    tasks, model, data = targets.tasks, robot.model, robot.model.createData()
    frames = [model.getFrameId(link) for link in targets.links]
    start = targets.start
    q = np.concatenate(
        [
            start.base_position[0],
            Rotation.from_matrix(start.base_rotation[0]).as_quat(),
            robot.neutral,
        ]
    )
    lower = np.concatenate([np.full(7, -np.inf), robot.limits.lower])
    upper = np.concatenate([np.full(7, np.inf), robot.limits.upper])
    found = []
    for frame in range(len(motion)):
        for _ in range(ITERATIONS):
            pinocchio.computeJointJacobians(model, data, q)
            pinocchio.updateFramePlacements(model, data)
            matrix = DAMPING * np.eye(model.nv)
            gradient = np.zeros(model.nv)
            for task, index in enumerate(frames):
                place = data.oMf[index]
                jacobian = pinocchio.getFrameJacobian(
                    model, data, index, pinocchio.LOCAL_WORLD_ALIGNED
                )
                turn = place.rotation @ tasks.target_rotation[frame, task].T
                error = np.concatenate(
                    [
                        place.translation - tasks.target_position[frame, task],
                        pinocchio.log3(turn),
                    ]
                )
                weight = np.append(
                    tasks.position_weight[frame, task],
                    np.full(3, tasks.orientation_weight[frame, task]),
                )
                matrix += jacobian.T @ (weight[:, None] * jacobian)
                gradient += jacobian.T @ (weight * error)
            q = pinocchio.integrate(model, q, -np.linalg.solve(matrix, gradient))
            q = np.clip(q, lower, upper)
        found.append(q)
    seconds = time.process_time() - begin
    path = np.array(found)
    state = State(path[:, :3], Rotation.from_quat(path[:, 3:7]).as_matrix(), path[:, 7:])
    return measured(robot, motion, state, seconds, 1.0)


def measured(robot: Robot, motion: Motion, state: State, seconds: float, stretch: float) -> Row:
    """Compare a solution with the human."""
    fps = motion.fps / stretch
    speed = np.abs(np.diff(state.joints, axis=0)) * fps
    jerk = np.diff(state.joints, 3, axis=0) * fps**3
    error = float(limb_direction_error(robot, motion, state).mean())
    return Row(seconds, error, float(speed.max()), float(np.sqrt((jerk**2).mean())))


def main() -> None:
    """Run both solvers on every clip and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('clips', nargs='*', type=Path, help='AMASS npz files')
    paths = parser.parse_args().clips or sorted(CLIPS.rglob('*_poses.npz'))
    retargeter = Retargeter(load_robot('g1'))
    retargeter.warm_up()
    print(
        f'{"clip":24}{"frames":>7}  {"":13}{"frames/s":>9}{"limb deg":>9}{"rad/s":>7}{"jerk":>7}'
    )
    table = []
    for path in paths:
        motion = Motion.load(path)
        motion = motion if motion.fps <= MAX_FPS else motion.resampled(MAX_FPS)
        rows = (
            min(whole_clip(retargeter, motion) for _ in range(3)),
            frame_by_frame(retargeter.robot, motion),
        )
        table.append([[len(motion) / row.seconds, *row[1:]] for row in rows])
        for name, figures in zip(SOLVERS, table[-1], strict=True):
            print(_line(path.stem, len(motion), name, figures))
    medians = np.median(table, axis=0)
    for name, figures in zip(SOLVERS, medians, strict=True):
        print(_line('median', len(paths), name, figures))
    ratio = medians[0] / medians[1]
    print(f'whole clip / per-frame IK: {ratio[0]:.1f} x frames/s, {ratio[3]:.2f} x jerk')


def _line(label: str, count: int, name: str, figures: Sequence[float]) -> str:
    rate, error, fastest, jerk = figures
    return f'{label:24}{count:7}  {name:13}{rate:9.0f}{error:9.1f}{fastest:7.1f}{jerk:7.0f}'


if __name__ == '__main__':
    main()
