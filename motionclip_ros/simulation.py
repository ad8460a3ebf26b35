"""A humanoid in MuJoCo that hangs in a gantry and tracks joint positions.

The pelvis is held by a weld to a fixed point: open-loop joint motion does not balance, and a
tracking controller that does is another layer. Nothing collides; self-collision is judged
where the motion is retargeted.
"""

from pathlib import Path

import mujoco
import numpy as np
from jaxtyping import Float

from motionclip_ros.follower import JointState
from motionclip_ros.mujoco_model import ROOT_JOINT, actuated_joints, compiled, robot_spec

TIME_STEP = 0.002
"""Physics step [s]."""

_BANDWIDTH = 60.0
"""Natural frequency of the critically damped position loops [rad/s]."""

_ROTOR_INERTIA = 0.01
"""Reflected inertia of a joint's motor, which URDF cannot express [kg m^2]."""

_CLEARANCE = 0.05
"""Height of the lowest link frame over the floor when the joints are at zero [m]."""


class Simulation:
    """The robot, its motors and time.

    Attributes:
        joint_names: Actuated joints; every array of joints is in this order.
        lower: [J] lower position limits [rad] (-inf where there is none).
        upper: [J] upper position limits [rad].
        effort_limits: [J] motor torque limits [Nm].
    """

    def __init__(self, urdf: str | Path):
        """Load a robot and hang it up.

        Args:
            urdf: URDF file with inertias and effort limits.

        Raises:
            RobotError: The URDF cannot be read.
        """
        self._model = compiled(_with_motors(robot_spec(urdf, meshes=False)))
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
        self._hang_up()
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

    def step(self, desired: JointState) -> None:
        """Let the motors pull towards a desired state for one time step."""
        self._data.ctrl[:] = desired.positions + self._lead * desired.velocities
        mujoco.mj_step(self._model, self._data)

    def _hang_up(self) -> None:
        """Put the joints to zero (or their nearest limit) and the feet over the floor."""
        self._data.qpos[self._qpos] = np.clip(0.0, self.lower, self.upper)
        mujoco.mj_forward(self._model, self._data)
        height = self._data.qpos[2] - self._data.xpos[1:, 2].min() + _CLEARANCE
        self._data.qpos[2] = height
        # Weld data: anchor, position and quaternion wxyz of the root in the world, and the
        # weight of a radian against a metre.
        self._model.eq_data[0, :11] = [0.0, 0.0, 0.0, 0.0, 0.0, height, 1.0, 0.0, 0.0, 0.0, 1.0]
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
        self._model.actuator_gainprm[:, 0] = stiffness
        self._model.actuator_biasprm[:, 1] = -stiffness
        self._model.actuator_biasprm[:, 2] = -damping
        self._lead = damping / stiffness


def _with_motors(spec: mujoco.MjSpec) -> mujoco.MjSpec:
    """Add time step, gantry weld and one affine motor per actuated joint."""
    spec.option.timestep = TIME_STEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    root = spec.worldbody.first_body()
    spec.add_equality(
        name='gantry',
        type=mujoco.mjtEq.mjEQ_WELD,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        name1='world',
        name2=root.name,
        solref=[0.01, 1.0],
    )
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
