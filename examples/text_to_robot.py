"""From a sentence to a robot's trajectory, without ROS.

    python examples/text_to_robot.py

prints how long the motion is, what each stage took and what the feasibility report says, and
writes the person's motion and the G1's trajectory, which `motionclip render FOLDER` draws. In a
notebook `result.motion` and `result.trajectory` show themselves.
"""

import sys
from pathlib import Path

from motionclip_model.storage import write_json
from motionclip_ros.pipeline import Pipeline


def main(
    text: str = 'a person waves with the right hand',
    out: str | Path = 'out/examples/text_to_robot',
) -> None:
    """Generate one motion and its trajectory."""
    pipeline = Pipeline.load(model='base', robot='g1')
    result = pipeline.generate(text, seed=0)
    print(result.motion)
    print(result.trajectory)
    for stage, milliseconds in result.report['latency_ms'].items():
        print(f'{stage}: {milliseconds:.0f} ms')
    verdict = result.report['retargeting']
    print(f'{verdict["verdict"]}: {verdict["reason"]}')

    out = Path(out)
    result.motion.save(out / 'motion.npz')
    result.trajectory.save(out / 'trajectory.npz')
    write_json(out / 'report.json', result.report)


if __name__ == '__main__':
    main(*sys.argv[1:])
