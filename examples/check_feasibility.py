"""Ask whether a robot may play a trajectory, and what it takes of the robot.

    python examples/check_feasibility.py

takes a trajectory that may be played, plays it twice as fast, and prints what the report
says of both: the verdict, the joints that come nearest to a limit, and what slowing it needs.
docs/feasibility.md explains every figure.
"""

import sys
from pathlib import Path

from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.feasibility.report import assess_trajectory


def main(out: str | Path = 'out/examples/check_feasibility', *, factor: float = 2.0) -> None:
    """Check a punch, and the same punch at several times its speed."""
    pipeline = Pipeline.load()
    punch = pipeline.generate('a person punches', seed=0).trajectory
    hurried = punch.slowed(1.0 / factor)
    for name, trajectory in {'as generated': punch, f'{factor:g} times as fast': hurried}.items():
        report = assess_trajectory(pipeline.robot, trajectory)
        print(f'{name}: {report["verdict"]}, {report["reason"]}')
        for kind in ('velocity', 'acceleration'):
            use, joint = report[f'{kind}_use'], report[f'{kind}_joint']
            print(f'  {kind}: {100 * use:.0f} % of the limit of {joint}')
        print(f'  torque: above a limit in {100 * report["torque_excess_part"]:.1f} % of the time')
        print(f'  needs {report["stretch_needed"]:.2f} times its {trajectory.seconds:.2f} s')
    # A trajectory that is too fast is brought back inside the limits by that factor.
    hurried.slowed(report['stretch_needed']).save(Path(out) / 'trajectory.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
