"""A humanoid in MuJoCo that tracks joint positions, in a gantry or on its own feet.

In the gantry the pelvis is held by a weld to a fixed point, and nothing is touched: open-loop
joint motion does not balance, and a tracking controller that does is another layer. A robot with
a free base stands on a floor until it loses its balance, which a walk does within a step.
Self-collision is judged where the motion is retargeted.
"""

from typing import Literal

import mujoco
import numpy as np
from jaxtyping import Float

from motionclip_ros.follower import JointState
from motionclip_ros.ground import add_floor
from motionclip_ros.mujoco_model import ROOT_JOINT, actuated_joints, compiled, robot_spec
from motionclip_ros.poses import LinkPoses
from motionclip_ros.retargeting.robots.robot import Robot

TIME_STEP = 0.002
"""Physics step [s]."""

_BANDWIDTH = 60.0
"""Natural frequency of the critically damped position loops [rad/s]."""

_ROTOR_INERTIA = 0.01
"""Reflected inertia of a joint's motor, which URDF cannot express [kg m^2]."""

_CLEARANCE = 0.05
"""Height of the lowest link frame over the floor when the joints are at zero [m]."""

_FULL_TORQUE = 0.1
"""Error at which the motors of a robot on its own feet give all they have, or less [rad]: its
legs carry more than they weigh."""

_CARRIED = 0.05
"""Inertia that such a motor's damping is made for, at least [kg m^2]."""

Base = Literal['gantry', 'free']


class Simulation:
    """The robot, its motors and time.

    Attributes:
        joint_names: Actuated joints; every array of joints is in this order.
        lower: [J] lower position limits [rad] (-inf where there is none).
        upper: [J] upper position limits [rad].
        effort_limits: [J] motor torque limits [Nm].
    """

    def __init__(self, robot: Robot, base: Base = 'gantry'):
        """Load a robot and hang it up, or set it on the floor.

        Args:
            robot: A robot with inertias and effort limits.
            base: What its base does.

        Raises:
            RobotError: MuJoCo cannot use its URDF.
        """
        self._base = base
        spec = _with_motors(robot_spec(robot.urdf_path, meshes=False))
        if base == 'free':
            add_floor(spec, robot)
        else:
            _add_gantry(spec)
        self._model = compiled(spec)
        self._data = mujoco.MjData(self._model)
        self.joint_names = actuated_joints(self._model)
        joints = [self._model.joint(name) for name in self.joint_names]
        self._qpos = np.array([int(joint.qposadr[0]) for joint in joints])
        self._qvel = np.array([int(joint.dofadr[0]) for joint in joints])
        limited = np.array([bool(joint.limited[0]) for joint in joints])
        ranges = np.array([joint.range for joint in joints])
        self.lower = np.where(limited, ranges[:, 0], -np.inf)
        self.upper = np.where(limited, ranges[:, 1], np.inf)
        self.effort_limits = self._model.actuator_forcerange[:, 1].copy()
        self._links = tuple(self._model.body(i).name for i in range(1, self._model.nbody))
        self._place()
        self._tune()

    @property
    def time(self) -> float:
        """Simulated time [s]."""
        return float(self._data.time)

    @property
    def state(self) -> JointState:
        """Measured positions [rad] and velocities [rad/s]."""
        return JointState(self._data.qpos[self._qpos], self._data.qvel[self._qvel])

    @property
    def efforts(self) -> Float[np.ndarray, ' joint']:
        """Motor torques [Nm]."""
        return np.array(self._data.actuator_force)

    @property
    def base_position(self) -> Float[np.ndarray, '3']:
        """Position of the root link in the world [m]."""
        return np.array(self._data.qpos[:3])

    def link_poses(self, count: int | None = None) -> LinkPoses:
        """Return where the first links are, or all of them; the root link is the first."""
        which = slice(1, None if count is None else count + 1)
        return LinkPoses(
            self._links[:count],
            np.array(self._data.xpos[which]),
            np.array(self._data.xquat[which])[:, [1, 2, 3, 0]],
        )

    def weaken(self, part: float) -> None:
        """Leave the motors a part of their torque limits, 0 to 1."""
        self._model.actuator_forcerange[:] = part * np.outer(self.effort_limits, [-1.0, 1.0])

    def step(self, desired: JointState) -> None:
        """Let the motors pull towards a desired state for one time step."""
        self._data.ctrl[:] = desired.positions + self._lead * desired.velocities
        mujoco.mj_step(self._model, self._data)

    def _place(self) -> None:
        """Put the joints to zero (or their nearest limit), the feet over or on the floor."""
        self._data.qpos[self._qpos] = np.clip(0.0, self.lower, self.upper)
        mujoco.mj_forward(self._model, self._data)
        if self._base == 'free':
            touching = np.flatnonzero(self._model.geom_conaffinity)
            lowest = self._data.geom_xpos[touching, 2] - self._model.geom_size[touching, 0]
            self._data.qpos[2] -= lowest.min()
        else:
            height = self._data.qpos[2] - self._data.xpos[1:, 2].min() + _CLEARANCE
            self._data.qpos[2] = height
            # Weld data: anchor, position and quaternion wxyz of the root in the world, and the
            # weight of a radian against a metre.
            weld = [0.0, 0.0, 0.0, 0.0, 0.0, height, 1.0, 0.0, 0.0, 0.0, 1.0]
            self._model.eq_data[0, :11] = weld
        mujoco.mj_forward(self._model, self._data)

    def _tune(self) -> None:
        """Set each motor's gains from the inertia it sees in the hanging pose.

        force = kp (q_d - q) + kd (dq_d - dq), written as MuJoCo's affine actuator
        kp ctrl - kp q - kd dq with ctrl = q_d + (kd / kp) dq_d, whose damping the integrator
        treats implicitly.
        """
        mass = np.zeros((self._model.nv, self._model.nv))
        mujoco.mj_fullM(self._model, self._data, mass)
        inertia = np.diag(mass)[self._qvel]
        stiffness, damping = _BANDWIDTH**2 * inertia, 2.0 * _BANDWIDTH * inertia
        if self._base == 'free':
            stiffness = np.maximum(stiffness, self.effort_limits / _FULL_TORQUE)
            damping = 2.0 * np.sqrt(stiffness * np.maximum(inertia, _CARRIED))
        self._model.actuator_gainprm[:, 0] = stiffness
        self._model.actuator_biasprm[:, 1] = -stiffness
        self._model.actuator_biasprm[:, 2] = -damping
        self._lead = damping / stiffness


def _add_gantry(spec: mujoco.MjSpec) -> None:
    """Weld the root link to the world."""
    spec.add_equality(
        name='gantry',
        type=mujoco.mjtEq.mjEQ_WELD,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        name1='world',
        name2=spec.worldbody.first_body().name,
        solref=[0.01, 1.0],
    )


def _with_motors(spec: mujoco.MjSpec) -> mujoco.MjSpec:
    """Set the time step, and add one affine motor per actuated joint."""
    spec.option.timestep = TIME_STEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    for joint in spec.joints:
        if joint.name == ROOT_JOINT:
            continue
        joint.armature = _ROTOR_INERTIA
        effort = float(joint.actfrcrange[1])
        spec.add_actuator(
            name=joint.name,
            target=joint.name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            forcelimited=effort > 0.0,
            forcerange=[-effort, effort],
        )
    return spec
