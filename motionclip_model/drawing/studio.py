"""The single pictures of a person that an image encoder is shown."""

from collections.abc import Iterator

import mujoco
import numpy as np
import torch
from jaxtyping import Float, UInt8
from scipy.spatial.transform import Rotation

from motionclip_model import features, skeleton
from motionclip_model.body import Body
from motionclip_model.drawing.camera import place_camera
from motionclip_model.drawing.figures import human_spec, mesh_spec, shape_mesh
from motionclip_model.drawing.person import figure_states
from motionclip_model.drawing.screen import Screen
from motionclip_model.motion import Motion

_ROOM = 1.1
"""A foot stretched towards the camera is nearer to it than the hips it looks at."""


class Studio:
    """A person before a plain wall, seen half from the front. Close it, or use it in `with`.

    As in the pictures that Tevet et al. (2022) show to CLIP. The person is turned to the same
    heading for each picture, so that light and camera are always the same; how far the camera
    stands away is common to all pictures of a motion, so that a crouch is lower than what
    comes before it.
    """

    def __init__(self, body: Body, size: int):
        """Open an off-screen OpenGL context.

        Args:
            body: Whose surface is drawn.
            size: Width and height of the pictures [px].

        Raises:
            DependencyError: There is no working OpenGL.
        """
        self._body, self._size = body, (size, size)
        self._faces = body.faces
        if self._faces is None:
            spec = human_spec(self._size, plain=True)
        else:
            rest = body(torch.eye(3).expand(skeleton.JOINT_COUNT, 3, 3), torch.zeros(3))
            spec = mesh_spec(rest.double().numpy(), self._faces, self._size)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._screen = Screen(self._model, size, size)

    def __enter__(self) -> 'Studio':
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Free the graphics memory."""
        self._screen.close()

    def views(self, motion: Motion, count: int) -> UInt8[np.ndarray, 'view size size 3']:
        """Draw the middles of equal parts of a motion.

        Args:
            motion: What the person does.
            count: Pictures.
        """
        chosen = ((np.arange(count) + 0.5) / count * len(motion)).astype(int)
        rotations, root = motion.joint_rotations[chosen], motion.root_position[chosen]
        turn = np.outer(features.headings(motion)[chosen], [0.0, 0.0, -1.0])
        to_heading = Rotation.from_rotvec(turn).as_matrix()
        rotations[:, 0] = to_heading @ rotations[:, 0]
        root = root * [0.0, 0.0, 1.0]
        points = skeleton.forward_kinematics(rotations, root).positions
        camera = place_camera(points, root[:, :2], np.array([1.0, 0.0, 0.0]), self._size)
        camera.distance *= _ROOM
        return np.stack(
            [self._screen.draw(self._data, camera) for _ in self._poses(rotations, root)]
        )

    def _poses(
        self, rotations: Float[np.ndarray, 'view 24 3 3'], root: Float[np.ndarray, 'view 3']
    ) -> Iterator[None]:
        """Bring the figure from one pose into the next."""
        if self._faces is not None:
            surfaces = self._body(torch.from_numpy(rotations), torch.from_numpy(root)).numpy()
            states = np.concatenate([root, np.tile([1.0, 0.0, 0.0, 0.0], (len(root), 1))], axis=1)
        else:
            states = figure_states(self._model, rotations, root)
        for index, state in enumerate(states):
            if self._faces is not None:
                shape_mesh(self._model, surfaces[index] - root[index], self._faces)
                self._screen.upload_mesh()
            self._data.qpos[:] = state
            mujoco.mj_kinematics(self._model, self._data)
            mujoco.mj_camlight(self._model, self._data)
            yield
