"""Pictures of people in motion, drawn with MuJoCo without a display.

Nothing else of this package loads MuJoCo: who wants a picture imports this when it is time.

Raises:
    DependencyError: MuJoCo does not load, as with a MUJOCO_GL that this machine cannot serve.
"""

import os

import numpy as np
from jaxtyping import UInt8

from motionclip_model.errors import DependencyError

try:
    import mujoco as mujoco
except (AttributeError, ImportError, RuntimeError) as error:
    # MuJoCo looks at MUJOCO_GL as it is imported and fails in as many ways as there are values.
    wish = os.environ.get('MUJOCO_GL')
    remedy = f'unset MUJOCO_GL (it is {wish!r})' if wish else 'run: pip install mujoco'
    raise DependencyError(f'MuJoCo, which draws pictures, does not load; {remedy}') from error

Frame = UInt8[np.ndarray, 'height width 3']
