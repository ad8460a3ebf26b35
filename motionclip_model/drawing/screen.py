"""An off-screen picture of a MuJoCo scene on machines with or without a display."""

import functools
import importlib
import os
import subprocess
import sys
from typing import Any

import mujoco
import numpy as np

from motionclip_model.errors import DependencyError

_HEADLESS = ('egl', 'osmesa')

_PROBE = """
import importlib, sys
import mujoco
context = importlib.import_module('mujoco.' + sys.argv[1]).GLContext(64, 64)
context.make_current()
mujoco.MjrContext(mujoco.MjModel.from_xml_string('<mujoco/>'), 150)
"""


@functools.lru_cache(maxsize=1)
def backend() -> str:
    """Find a way to draw without a window: what MUJOCO_GL says, else EGL, else OSMesa.

    Each is tried in a process of its own, because a broken driver may crash, and because a
    failed one cannot be unloaded to make place for another.

    Returns:
        'egl', 'osmesa' or 'glfw': the module of `mujoco` with a working context.

    Raises:
        DependencyError: None works; the message says what to install.
    """
    wish = os.environ.get('MUJOCO_GL', '').strip().lower()
    candidates = (wish,) if wish in (*_HEADLESS, 'glfw') else _HEADLESS
    for name in candidates:
        try:
            probe = subprocess.run(
                [sys.executable, '-c', _PROBE, name], capture_output=True, timeout=60, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if probe.returncode == 0:
            return name
    asked = f' (MUJOCO_GL={wish} allows no other; unset it)' if wish else ''
    raise DependencyError(
        f'no off-screen OpenGL for pictures, tried {", ".join(candidates)}{asked}; install it: '
        'sudo apt install libegl1 libgl1-mesa-dri'
    )


class Screen:
    """Draws one model's scenes into arrays. Close it, or use it as a context manager."""

    def __init__(self, model: mujoco.MjModel, width: int, height: int):
        """Open an off-screen OpenGL context.

        Args:
            model: What will be drawn; its meshes go to the graphics memory.
            width: Width of the pictures [px], at most the model's `offwidth`.
            height: Height of the pictures [px].

        Raises:
            DependencyError: There is no working OpenGL.
        """
        self._model = model
        self._context: Any = importlib.import_module(f'mujoco.{backend()}').GLContext(
            width, height
        )
        self._context.make_current()
        self._resources: Any = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_150)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._resources)
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        self._area = mujoco.MjrRect(0, 0, width, height)

    def __enter__(self) -> 'Screen':
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def draw(self, data: mujoco.MjData, camera: mujoco.MjvCamera) -> np.ndarray:
        """Draw a state.

        Args:
            data: State whose kinematics are up to date.
            camera: Where it is seen from.

        Returns:
            [height, width, 3] picture, 8 bits per colour, first row on top.
        """
        self._context.make_current()
        mujoco.mjv_updateScene(
            self._model,
            data,
            mujoco.MjvOption(),
            None,
            camera,
            mujoco.mjtCatBit.mjCAT_ALL,
            self._scene,
        )
        mujoco.mjr_render(self._area, self._scene, self._resources)
        pixels = np.empty((self._area.height, self._area.width, 3), np.uint8)
        mujoco.mjr_readPixels(pixels, None, self._area, self._resources)
        return pixels[::-1].copy()

    def upload_mesh(self) -> None:
        """Show the model's first mesh as its vertices are now."""
        self._context.make_current()
        mujoco.mjr_uploadMesh(self._model, self._resources, 0)

    def close(self) -> None:
        """Free the graphics memory."""
        if self._context is not None:
            self._context.make_current()
            self._resources.free()
            self._context.free()
            self._context = None
