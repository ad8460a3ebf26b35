"""How long a film takes, of a person and a robot side by side.

    python benchmark/rendering.py [--seconds 4] [--json FILE]

Draws the same motion as `motionclip render` does, and once more as MuJoCo's own Renderer draws
the robot alone with its defaults for quality, for the ratio of both per picture.
"""

import os

os.environ.setdefault('MUJOCO_GL', 'egl')  # MuJoCo's own Renderer wants to know at its import

import argparse
import tempfile
import time
from pathlib import Path

import mujoco
import numpy as np
from reporting.measured import save

from motionclip_model.drawing.figures import furnish
from motionclip_ros.mujoco_model import compiled, robot_spec
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.scenes import Scene
from motionclip_ros.showing import FILM_FPS, show

SIZE = (640, 480)
PEER_FRAMES = 20


def peer_seconds(urdf: Path) -> float:
    """Time of one picture of the robot by `mujoco.Renderer`, with smooth edges [s]."""
    spec = robot_spec(urdf)
    furnish(spec, SIZE)
    model = compiled(spec)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    with mujoco.Renderer(model, SIZE[1], SIZE[0]) as renderer:
        renderer.update_scene(data)
        renderer.render()
        began = time.perf_counter()
        for _ in range(PEER_FRAMES):
            renderer.update_scene(data)
            renderer.render()
        return (time.perf_counter() - began) / PEER_FRAMES


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=4.0)
    parser.add_argument('--json', type=Path)
    asked = parser.parse_args()
    pipeline = Pipeline.load()
    made = pipeline.generate('a person waves with the right hand', asked.seconds, 1)
    path = made.trajectory
    scene = Scene(made.text, path.seconds, made.motion, path)
    figures = {'seconds': path.seconds}
    with tempfile.TemporaryDirectory() as folder:
        for ending in ('mp4', 'gif', 'png'):
            began = time.perf_counter()
            show(Path(folder) / f'x.{ending}', [scene], pipeline.robot)
            figures[f'{ending}_s'] = time.perf_counter() - began
            print(f'{ending} of {path.seconds:.1f} s: {figures[f"{ending}_s"]:.1f} s')
    peer = peer_seconds(Path(pipeline.robot.urdf_path))
    picture = figures['mp4_s'] / (np.ceil(path.seconds * FILM_FPS) + 1)
    figures['peer_picture_s'], figures['picture_s'] = peer, picture
    print(
        f'a picture of both with its caption, encoded: {1e3 * picture:.0f} ms; by MuJoCo, of the '
        f'robot alone: {1e3 * peer:.0f} ms; ratio {picture / peer:.2f}'
    )
    if asked.json:
        save(asked.json, figures)


if __name__ == '__main__':
    main()
