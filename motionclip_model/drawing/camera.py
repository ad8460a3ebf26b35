"""A camera that keeps a figure in the picture, and the film it takes."""

import math
from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float

from motionclip_model.drawing import Frame
from motionclip_model.drawing.figures import FIELD_OF_VIEW
from motionclip_model.drawing.screen import Screen

_ELEVATION = -12.0
_SIDE_VIEW = 30.0
"""How far the camera stands beside the line of sight of the figure [deg]."""

_MARGIN = 0.14
"""Room around the outermost joint centres: half a head, a foot, a hand [m]."""


def film(
    model: mujoco.MjModel,
    qpos: Float[np.ndarray, 'frame position'],
    facing: Float[np.ndarray, '3'],
    size: tuple[int, int],
    steady: bool,
) -> Iterator[Frame]:
    """Draw a model's states with a camera that follows the root over the floor.

    Args:
        model: A furnished model whose first joint is free.
        qpos: Its states.
        facing: Where the figure looks at first.
        size: Width and height of the pictures [px].
        steady: Let the camera follow softly, as a film needs it; false for single pictures
            far apart in time.

    Yields:
        [height, width, 3] pictures.

    Raises:
        DependencyError: There is no working OpenGL.
    """
    data = mujoco.MjData(model)
    centres = _smoothed(qpos[:, :2]) if steady else qpos[:, :2]
    points = np.empty((len(qpos), model.nbody - 2, 3))
    for index, state in enumerate(qpos):
        data.qpos[:] = state
        mujoco.mj_kinematics(model, data)
        points[index] = data.xpos[2:]
    camera = place_camera(points, centres, facing, size)
    with Screen(model, *size) as screen:
        for state, centre in zip(qpos, centres, strict=True):
            data.qpos[:] = state
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            camera.lookat[:2] = centre
            yield screen.draw(data, camera)


def place_camera(
    points: Float[np.ndarray, 'frame point 3'],
    centres: Float[np.ndarray, 'frame 2'],
    facing: Float[np.ndarray, '3'],
    size: tuple[int, int],
) -> mujoco.MjvCamera:
    """Place a camera so near that the whole figure stays in the picture all the time.

    Args:
        points: Joints of the figure in the world [m].
        centres: Where the camera looks, on the floor [m].
        facing: Where the figure looks; the camera stands before it, a little to the side.
        size: Width and height of the pictures [px].
    """
    low = min(0.0, float(points[..., 2].min()))
    high = max(0.0, float(points[..., 2].max()) + _MARGIN)
    offsets = np.linalg.norm(points[..., :2] - centres[:, None], axis=-1)
    radius = float(offsets.max()) + _MARGIN
    camera = mujoco.MjvCamera()
    camera.lookat[2] = (low + high) / 2.0
    half = math.tan(math.radians(FIELD_OF_VIEW / 2.0))
    fitting_height = (high - low) / 2.0 / half
    fitting_width = radius / (half * size[0] / size[1])
    camera.distance = 1.04 * max(fitting_height, fitting_width) + 0.5 * radius
    camera.azimuth = math.degrees(math.atan2(facing[1], facing[0])) + 180.0 + _SIDE_VIEW
    camera.elevation = _ELEVATION
    return camera


def _smoothed(path: np.ndarray, window: int = 15) -> np.ndarray:
    """Moving average along a path [T, 2], ends held."""
    window = min(window, len(path))
    padded = np.pad(path, ((window // 2, (window - 1) // 2), (0, 0)), mode='edge')
    kernel = np.full(window, 1.0 / window)
    return np.stack([np.convolve(column, kernel, 'valid') for column in padded.T], axis=1)
