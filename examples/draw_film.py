"""Draw a person and a robot side by side: a film and a contact sheet.

    python examples/draw_film.py "a person kicks"

writes film.mp4 (or .gif) and sheet.png. It needs no display: MuJoCo draws on the processor.
"""

import sys
from pathlib import Path

from motionclip_ros.pipeline import Pipeline
from motionclip_ros.scenes import Scene
from motionclip_ros.showing import show


def main(
    text: str = 'a person waves with the right hand',
    out: str | Path = 'out/examples/draw_film',
    *,
    seconds: float = 2.0,
) -> None:
    """Draw a motion and its trajectory in both ways."""
    pipeline = Pipeline.load(robot='g1')
    result = pipeline.generate(text, seconds, seed=0)
    # Scenes follow each other; one may be of a person or of a robot alone.
    scene = Scene(text, result.trajectory.seconds, result.motion, result.trajectory)
    for name in ('film.mp4', 'sheet.png'):
        path = Path(out) / name
        show(path, [scene], pipeline.robot)
        print(f'{path}: {path.stat().st_size / 1e3:.0f} kB')


if __name__ == '__main__':
    main(*sys.argv[1:])
