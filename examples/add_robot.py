"""Use a humanoid of your own: all it takes is its URDF.

    python examples/add_robot.py my_robot.urdf

prints which link follows which human joint and how sure that is, makes the robot wave, and
writes the robot's YAML file, a picture to check it by, and the trajectory. Without a URDF that
of iCub is taken, which comes with motionclip's requirements.
"""

import sys
from importlib import metadata
from pathlib import Path

from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.robots.adding import add_robot

ICUB = 'cmeel.prefix/share/example-robot-data/robots/icub_description/robots/icub.urdf'


def main(urdf: str | None = None, out: str | Path = 'out/examples/add_robot') -> None:
    """Add a robot and let it wave."""
    path = metadata.distribution('example-robot-data').locate_file(ICUB) if urdf is None else urdf
    out = Path(out)
    # Without a folder its files go where `--robot NAME` finds them.
    added = add_robot(Path(str(path)), folder=out, replace_old=True)
    for finding in added.guess.findings:
        print(f'{finding.link} follows {finding.human}: {finding.sure} ({finding.why})')
    for note in added.guess.notes:
        print(f'note: {note}')
    print(f'edit {added.config}, look at {added.picture}')

    result = Pipeline.load(robot=str(added.config)).generate('a person waves with the left hand')
    print(result.trajectory)
    result.trajectory.save(out / 'trajectory.npz')


if __name__ == '__main__':
    main(*sys.argv[1:])
