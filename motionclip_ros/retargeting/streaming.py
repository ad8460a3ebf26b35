"""Live input: a human frame in, the robot's posture one frame later out.

The same rows as for whole clips, over a window of four frames: two that have been given out
and hold the window's start, the one that is asked for, and the newest, which tells where the
motion goes. What is given out keeps the velocity limits exactly, and the acceleration limits
wherever that leaves room to stop before a position limit.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model.motion import Motion
from motionclip_ros.retargeting.hanging import Wanted, faced, hang_links, leg_scale
from motionclip_ros.retargeting.live_contacts import LiveContacts
from motionclip_ros.retargeting.retargeter import Retargeted, Retargeter
from motionclip_ros.retargeting.soles import corner_positions, sole_corners
from motionclip_ros.retargeting.solving.problem import State, Tasks, in_a_row
from motionclip_ros.retargeting.solving.solver import solve_window
from motionclip_ros.retargeting.solving.threads import one_thread
from motionclip_ros.retargeting.targets import all_tasks, bolted_places, first_guess, make_targets

_FREE = 2  # frames of the window that may still move
_HELD = 2  # frames that have been given out; accelerations reach no further


class Posture(NamedTuple):
    """The robot at one moment.

    Attributes:
        time: Since the first frame [s].
        joints: Joint positions [rad].
        base_position: Origin of the base link in the world [m].
        base_quaternion_xyzw: Rotation from the base link to the world, scalar last.
    """

    time: float
    joints: Float[np.ndarray, ' joint']
    base_position: Float[np.ndarray, '3']
    base_quaternion_xyzw: Float[np.ndarray, '4']


class _Frame(NamedTuple):
    """One frame of the window."""

    tasks: Tasks
    state: State


class Stream:
    """Carries a live human motion over to a robot, frame by frame."""

    def __init__(self, retargeter: Retargeter, fps: float):
        """Start at the robot's neutral posture.

        Args:
            retargeter: The robot, and what of it may move.
            fps: Frames per second of the input.
        """
        self._retargeter = retargeter
        self._step = 1.0 / fps
        robot = retargeter.robot
        self._corners = sole_corners(robot)
        self._contacts = LiveContacts(self._corners, self._step, leg_scale(robot))
        self._window: list[_Frame] = []
        self._count = 0
        self._last = retargeter.posture.copy()
        self._speed = np.zeros(len(self._last))

    @one_thread()
    def push(
        self,
        joint_rotations: Float[np.ndarray, 'smpl_joint 3 3'],
        root_position: Float[np.ndarray, '3'],
    ) -> Posture | None:
        """Take the next human frame.

        Args:
            joint_rotations: Rotations of the SMPL joints, the root's to the world.
            root_position: Pelvis in the world, z up [m].

        Returns:
            What the robot does one frame earlier; none for the first frame.

        Raises:
            MotionError: The frame is malformed or not finite.
        """
        # A motion has two frames at least; only the last one counts here.
        motion = Motion(
            np.repeat(joint_rotations[None], 2, axis=0),
            np.repeat(root_position[None], 2, axis=0),
            1.0 / self._step,
        )
        self._window = [*self._window[-(_HELD + _FREE - 1) :], self._asked(motion)]
        self._solve()
        self._count += 1
        return self._given_out(-2) if self._count > 1 else None

    def finish(self) -> Posture | None:
        """Give out the last frame; none if there never was one."""
        return self._given_out(-1) if self._count else None

    def _asked(self, motion: Motion) -> _Frame:
        """Say what the newest frame asks, and guess how the robot does it."""
        robot, posture = self._retargeter.robot, self._retargeter.posture
        base = np.zeros((1, 3))
        if robot.fixed_base:
            wanted = _last(hang_links(faced(motion), robot))
            places, standing = bolted_places(robot, self._corners, posture, base)
        else:
            wanted = _last(hang_links(motion, robot))
            hung = corner_positions(robot, wanted, self._corners)[0]
            footing = self._contacts.follow(motion, hung)
            base[0], places, standing = footing.base, footing.places[None], footing.standing[None]
        wanted = wanted._replace(positions=wanted.positions + base[:, None])
        tasks, _ = all_tasks(robot, wanted, self._corners, places, standing)
        joints = self._window[-1].state.joints[0] if self._window else posture
        return _Frame(tasks, first_guess(robot, wanted, joints))

    def _solve(self) -> None:
        """Solve the window; what has been given out does not change any more."""
        states = [frame.state for frame in self._window]
        tasks = [frame.tasks for frame in self._window]
        start = State(*(np.concatenate(parts) for parts in zip(*states, strict=True)))
        problem = self._retargeter.problem(in_a_row(tasks), self._step)
        found = solve_window(problem, start, max(len(states) - _FREE, 0))
        self._window = [
            _Frame(task, State(*(values[i : i + 1] for values in found)))
            for i, task in enumerate(tasks)
        ]

    def _given_out(self, index: int) -> Posture:
        """Bring a frame within reach of the last one, and remember that it was given out."""
        frame = self._window[index]
        joints = self._within_rates(frame.state.joints[0])
        state = frame.state._replace(joints=joints[None])
        self._window[index] = frame._replace(state=state)
        quaternion = Rotation.from_matrix(state.base_rotation[0]).as_quat()
        number = self._count + index
        return Posture(number * self._step, joints, state.base_position[0].copy(), quaternion)

    def _within_rates(self, wanted: Float[np.ndarray, ' joint']) -> Float[np.ndarray, ' joint']:
        """Follow a joint as fast as its limits allow, with room left to stop."""
        limits, step = self._retargeter.robot.limits, self._step
        if self._count <= 2:  # nothing moves yet: the first posture is where the robot starts
            self._last, self._speed = wanted.copy(), np.zeros(len(wanted))
            return wanted
        push = limits.acceleration * step
        speed = np.clip((wanted - self._last) / step, self._speed - push, self._speed + push)
        up, down = limits.upper - self._last, self._last - limits.lower
        speed = np.minimum(speed, np.sqrt(2.0 * limits.acceleration * np.maximum(up, 0.0)))
        speed = np.maximum(speed, -np.sqrt(2.0 * limits.acceleration * np.maximum(down, 0.0)))
        speed = np.clip(speed, -limits.velocity, limits.velocity)
        joints = limits.clipped(self._last + step * speed)
        self._speed, self._last = (joints - self._last) / step, joints
        return joints


def retarget_live(retargeter: Retargeter, motion: Motion) -> Retargeted:
    """Retarget a recorded motion as if it were live; see `Retargeter.retarget`.

    Args:
        retargeter: The robot, and what of it may move.
        motion: A human motion. Its frames are used as they come, at their own rate.

    Returns:
        The trajectory that a stream would have given out, and its report.
    """
    stream = Stream(retargeter, motion.fps)
    frames = zip(motion.joint_rotations, motion.root_position, strict=True)
    found = [*(stream.push(*frame) for frame in frames), stream.finish()]
    postures = [posture for posture in found if posture is not None]
    state = State(
        np.array([posture.base_position for posture in postures]),
        Rotation.from_quat([posture.base_quaternion_xyzw for posture in postures]).as_matrix(),
        np.array([posture.joints for posture in postures]),
    )
    targets = make_targets(motion, retargeter.robot, retargeter.posture)
    return retargeter.judged(motion, targets, state)


def _last(wanted: Wanted) -> Wanted:
    return Wanted(wanted.positions[-1:], wanted.rotations[-1:])
