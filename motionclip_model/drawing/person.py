"""Films of the capsule person."""

from collections.abc import Iterator

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.drawing import Frame
from motionclip_model.drawing.camera import film
from motionclip_model.drawing.figures import human_spec
from motionclip_model.motion import Motion

WIDTH, HEIGHT = 640, 480


def human_frames(
    motion: Motion,
    fps: float = 25.0,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    steady: bool = True,
) -> Iterator[Frame]:
    """Draw a person made of capsules on the SMPL skeleton.

    Args:
        motion: What the person does.
        fps: Pictures per second of motion [1/s].
        size: Width and height of the pictures [px].
        steady: See `film`; a film is drawn without smooth edges, in half the time.

    Yields:
        [height, width, 3] pictures.

    Raises:
        DependencyError: There is no working OpenGL.
    """
    motion = motion.resampled(fps)
    model = human_spec(size, smooth=not steady).compile()
    facing = motion.joint_rotations[0, 0] @ [0.0, 0.0, 1.0]
    states = figure_states(model, motion.joint_rotations, motion.root_position)
    yield from film(model, states, facing, size, steady)


def figure_states(
    model: mujoco.MjModel,
    rotations: Float[np.ndarray, 'frame 24 3 3'],
    root: Float[np.ndarray, 'frame 3'],
) -> Float[np.ndarray, 'frame position']:
    """Generalised positions of the capsule person."""
    count = len(root)
    quaternions = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).as_quat()
    wxyz = np.roll(quaternions, 1, axis=-1).reshape(count, -1, 4)
    # MuJoCo numbers a finished limb before the next one begins, SMPL goes from level to level.
    order = [skeleton.JOINT_INDEX[model.body(i).name] for i in range(1, model.nbody)]
    return np.concatenate([root, wxyz[:, order].reshape(count, -1)], axis=1)
