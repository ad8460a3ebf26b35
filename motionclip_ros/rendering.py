"""Pictures of robots and people in motion, drawn without a display."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model.drawing import Frame, mujoco
from motionclip_model.drawing.camera import film
from motionclip_model.drawing.figures import furnish
from motionclip_model.drawing.person import HEIGHT, WIDTH, human_frames
from motionclip_model.errors import RobotError
from motionclip_ros.film import contact_sheet, write_film
from motionclip_ros.mujoco_model import actuated_joints, compiled, robot_spec

__all__ = ['Frame', 'contact_sheet', 'human_frames', 'robot_frames', 'write_film']


def robot_frames(
    urdf: str | Path,
    joint_names: Sequence[str],
    positions: Float[np.ndarray, 'frame joint'],
    base_position: Float[np.ndarray, 'frame 3'] | None = None,
    base_quaternion_xyzw: Float[np.ndarray, 'frame 4'] | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    steady: bool = True,
) -> Iterator[Frame]:
    """Draw a robot, one picture for each row of joint positions.

    Args:
        urdf: URDF file with visual meshes.
        joint_names: Joints of the columns of `positions`; the others stay at zero.
        positions: Joint positions [rad].
        base_position: Root link in the world [m]; without it the robot stands on the floor
            with straight legs, wherever its feet go.
        base_quaternion_xyzw: Orientation of the root link; upright by default.
        size: Width and height of the pictures [px].
        steady: See `motionclip_model.drawing.camera.film`; a film is drawn without smooth edges,
            in half the time.

    Yields:
        [height, width, 3] pictures.

    Raises:
        RobotError: The URDF cannot be read or lacks one of the joints.
        DependencyError: There is no working OpenGL.
    """
    spec = robot_spec(urdf)
    furnish(spec, size, smooth=not steady)
    model = compiled(spec)
    known = actuated_joints(model)
    unknown = [name for name in joint_names if name not in known]
    if unknown:
        raise RobotError(f'the robot has no joint {unknown[0]!r}; it has {", ".join(known)}')
    qpos = np.zeros((len(positions), model.nq))
    qpos[:, [int(model.joint(name).qposadr[0]) for name in joint_names]] = positions
    qpos[:, :3] = [0.0, 0.0, _standing_height(model)] if base_position is None else base_position
    qpos[:, 3] = 1.0
    if base_quaternion_xyzw is not None:
        qpos[:, 3:7] = base_quaternion_xyzw[:, [3, 0, 1, 2]]
    facing = Rotation.from_quat(qpos[0, [4, 5, 6, 3]]).apply([1.0, 0.0, 0.0])
    yield from film(model, qpos, facing, size, steady)


def _standing_height(model: mujoco.MjModel) -> float:
    """Height of the root at which the lowest mesh corner touches the floor, joints at zero."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    lowest = np.inf
    for geom in range(model.ngeom):
        if model.geom_type[geom] != int(mujoco.mjtGeom.mjGEOM_MESH):
            continue
        mesh = model.geom_dataid[geom]
        first = model.mesh_vertadr[mesh]
        corners = model.mesh_vert[first : first + model.mesh_vertnum[mesh]]
        heights = corners @ data.geom_xmat[geom].reshape(3, 3)[2] + data.geom_xpos[geom, 2]
        lowest = min(lowest, float(heights.min()))
    if not np.isfinite(lowest):
        lowest = float(data.xpos[1:, 2].min())
    return float(data.qpos[2]) - lowest
