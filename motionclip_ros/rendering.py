"""Pictures of robots and people in motion, drawn without a display."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.errors import RobotError
from motionclip_model.motion import Motion
from motionclip_ros.figures import FIELD_OF_VIEW, furnish, human_spec
from motionclip_ros.film import Frame, contact_sheet, write_film
from motionclip_ros.mujoco_model import actuated_joints, compiled, robot_spec
from motionclip_ros.screen import Screen

__all__ = ['Frame', 'contact_sheet', 'human_frames', 'robot_frames', 'write_film']

WIDTH, HEIGHT = 640, 480

_ELEVATION = -12.0
_SIDE_VIEW = 30.0
"""How far the camera stands beside the line of sight of the figure [deg]."""

_MARGIN = 0.14
"""Room around the outermost joint centres: half a head, a foot, a hand [m]."""


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
        steady: Let the camera follow softly, as a film needs it; false for single pictures
            far apart in time.

    Yields:
        [height, width, 3] pictures.

    Raises:
        RobotError: The URDF cannot be read or lacks one of the joints.
        DependencyError: There is no working OpenGL.
    """
    spec = robot_spec(urdf)
    furnish(spec, size)
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
    yield from _draw(model, qpos, facing, size, steady)


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
        steady: See `robot_frames`.

    Yields:
        [height, width, 3] pictures.

    Raises:
        DependencyError: There is no working OpenGL.
    """
    motion = motion.resampled(fps)
    model = compiled(human_spec(size))
    quaternions = np.roll(
        Rotation.from_matrix(motion.joint_rotations.reshape(-1, 3, 3)).as_quat(), 1, axis=-1
    ).reshape(len(motion), -1, 4)
    # MuJoCo numbers a finished limb before the next one begins, SMPL goes from level to level.
    order = [skeleton.JOINT_INDEX[model.body(i).name] for i in range(1, model.nbody)]
    quaternions = quaternions[:, order].reshape(len(motion), -1)
    qpos = np.concatenate([motion.root_position, quaternions], axis=1)
    facing = motion.joint_rotations[0, 0] @ [0.0, 0.0, 1.0]
    yield from _draw(model, qpos, facing, size, steady)


def _draw(
    model: mujoco.MjModel,
    qpos: np.ndarray,
    facing: np.ndarray,
    size: tuple[int, int],
    steady: bool,
) -> Iterator[Frame]:
    """Draw all states with a camera that follows the root over the floor."""
    data = mujoco.MjData(model)
    centres = _smoothed(qpos[:, :2]) if steady else qpos[:, :2]
    camera = _camera(model, data, qpos, centres, facing, size)
    with Screen(model, *size) as screen:
        for state, centre in zip(qpos, centres, strict=True):
            data.qpos[:] = state
            mujoco.mj_kinematics(model, data)
            mujoco.mj_camlight(model, data)
            camera.lookat[:2] = centre
            yield screen.draw(data, camera)


def _camera(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    qpos: np.ndarray,
    centres: np.ndarray,
    facing: np.ndarray,
    size: tuple[int, int],
) -> mujoco.MjvCamera:
    """Place a camera so near that the whole body stays in the picture all the time."""
    low, high, radius = 0.0, 0.0, 0.0
    for state, centre in zip(qpos, centres, strict=True):
        data.qpos[:] = state
        mujoco.mj_kinematics(model, data)
        points = data.xpos[2:]
        low = min(low, float(points[:, 2].min()))
        high = max(high, float(points[:, 2].max()) + _MARGIN)
        offset = np.linalg.norm(points[:, :2] - centre, axis=1).max() + _MARGIN
        radius = max(radius, float(offset))
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
