"""GMR's recorded solutions: General Motion Retargeting on CMU clips, with its own targets.

The file holds for each clip `gmr_q` (base position, quaternion scalar last, joints), and what
GMR was asked for: positions and rotations of 14 links. Its weights are those of its second
stage, whose cost is J.
"""

from functools import cached_property
from pathlib import Path

import numpy as np
import pinocchio
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from motionclip_model import skeleton
from motionclip_model.motion import Motion
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import Robot
from motionclip_ros.retargeting.solving.problem import State, Tasks
from retargeting_peers.figures import configuration_state
from retargeting_peers.peers import Work, first_configuration

FPS = 30.0
_FILE = 'benchmarks/gmr_g1_cmu.npz'
_REFERENCE = '07_01'  # its AMASS file and its recorded targets agree to rounding
_AGREE = 0.1  # [deg] between a clip and what was recorded of it
# GMR's model has bodies for the toes, which the URDF lacks: fixed to the ankle roll link.
_TOE = np.array([0.1, 0.0, -0.02])


class Recorded:
    """GMR's solutions and what it was asked for."""

    def __init__(self, shared: Path, robot: Robot):
        """Open the recording in the folder of shared data."""
        self.shared, self.robot = shared, robot
        self._arrays = np.load(shared / _FILE, allow_pickle=False)
        self.links = tuple(str(link) for link in self._arrays['links'])
        self._humans = [skeleton.JOINT_INDEX[str(h)] for h in self._arrays['human_bodies']]
        if tuple(str(name) for name in self._arrays['joint_names']) != robot.joint_names:
            raise SystemExit('the recording is of another robot: its joint names differ')

    @property
    def clips(self) -> list[str]:
        """Names of the clips, subject_trial."""
        return sorted({key.split('/')[0] for key in self._arrays.files if '/' in key})

    def state(self, clip: str) -> State:
        """Return what GMR found."""
        return configuration_state(self._arrays[f'{clip}/gmr_q'].astype(np.float64))

    @property
    def limits(self) -> JointLimits:
        """GMR's position limits, which are not the URDF's; it applies no others."""
        unlimited = np.full(len(self.robot.joint_names), np.inf)
        return JointLimits(
            self._arrays['lower'],
            self._arrays['upper'],
            **dict.fromkeys(set(JointLimits.__dataclass_fields__) - {'lower', 'upper'}, unlimited),
        )

    def tasks(self, clip: str) -> Tasks:
        """Return what GMR was asked for, weighted so that twice our cost is J."""
        frames = [self.robot.frame(link.replace('toe', 'ankle_roll')) for link in self.links]
        toe = np.array([_TOE if 'toe' in link else np.zeros(3) for link in self.links])
        turn = np.array([frame.rotation for frame in frames])
        place = np.array([frame.position for frame in frames])
        wanted = self._targets(clip)
        count = len(wanted[0])
        weights = self._arrays['weights_stage2'] ** 2
        return Tasks(
            np.array([frame.body for frame in frames], np.int64),
            place + np.einsum('kab,kb->ka', turn, toe),
            turn,
            *wanted,
            np.tile(weights[:, :1], (count, 1, 3)),
            np.tile(weights[:, 1], (count, 1)),
            np.zeros((count, len(frames)), bool),
        )

    def start(self, clip: str) -> State:
        """Return a first guess that knows nothing of GMR's solution."""
        position, rotation = self._targets(clip)
        joints = np.tile(self.limits.clipped(np.zeros(29)), (len(position), 1))
        return State(position[:, 0].copy(), rotation[:, 0].copy(), joints)

    def work(self, clip: str) -> Work:
        """Return the same for solvers that go from frame to frame."""
        model = self.robot.model.copy()
        model.lowerPositionLimit[7:] = self.limits.lower
        model.upperPositionLimit[7:] = self.limits.upper
        for link in self.links:
            if 'toe' in link:
                carrier = model.frames[model.getFrameId(link.replace('toe', 'ankle_roll'))]
                place = carrier.placement * pinocchio.SE3(np.eye(3), _TOE)
                model.addFrame(pinocchio.Frame(link, carrier.parentJoint, place, carrier.type))
        return Work(model, self.links, self.tasks(clip), first_configuration(self.start(clip)))

    def cost(self, clip: str, state: State) -> float:
        """Return J, the mean over frames of GMR's weighted squared error."""
        links = tuple(link.replace('toe', 'ankle_roll') for link in self.links)
        positions, rotations = self.robot.link_poses(links, state)
        toe = np.array([_TOE if 'toe' in link else np.zeros(3) for link in self.links])
        positions = positions + np.einsum('tkab,kb->tka', rotations, toe)
        wanted, turned = self._targets(clip)
        away = ((positions - wanted) ** 2).sum(-1)
        tilt = _angles(np.swapaxes(turned, -1, -2) @ rotations) ** 2
        weights = self._arrays['weights_stage2'] ** 2
        return float((weights[:, 0] * away + weights[:, 1] * tilt).sum(1).mean())

    def motion(self, clip: str) -> Motion:
        """Return the human that GMR saw.

        That is the AMASS file where it agrees with the recorded targets. Two clips were
        recorded from another conversion of the same trial; their human is rebuilt from the
        recorded rotations, which tell all limb directions.
        """
        frames = len(self._arrays[f'{clip}/gmr_q'])
        path = self._amass(clip)
        if path.is_file():
            motion = Motion.load(path)[:frames]
            _, rotations = self._targets(clip)
            if len(motion) == frames:
                seen = motion.pose.rotations[:, self._humans] @ self._offsets
                if np.degrees(_angles(np.swapaxes(seen, -1, -2) @ rotations)).max() < _AGREE:
                    return motion
        return self._rebuilt(clip)

    def _targets(
        self, clip: str
    ) -> tuple[Float[np.ndarray, 'frame link 3'], Float[np.ndarray, 'frame link 3 3']]:
        positions, rotations = (
            self._arrays[f'{clip}/target_{kind}'].astype(np.float64)
            for kind in ('position', 'rotation')
        )
        return positions, rotations

    def _amass(self, clip: str) -> Path:
        subject = clip.split('_')[0]
        return self.shared / 'data' / 'amass' / 'CMU' / subject / f'{clip}_poses.npz'

    @cached_property
    def _offsets(self) -> Float[np.ndarray, 'link 3 3']:
        """Return GMR's fixed turns from the human's joints to the robot's links."""
        _, rotations = self._targets(_REFERENCE)
        motion = Motion.load(self._amass(_REFERENCE))[: len(rotations)]
        between = np.swapaxes(motion.pose.rotations[:, self._humans], -1, -2) @ rotations
        return Rotation.from_matrix(between[0]).as_matrix()

    def _rebuilt(self, clip: str) -> Motion:
        positions, rotations = self._targets(clip)
        world = rotations @ np.swapaxes(self._offsets, -1, -2)
        known = dict(zip(self._humans, range(len(self._humans)), strict=True))
        # An ankle was not recorded, but its toes were; all else goes with its parent.
        for side in ('left', 'right'):
            known[skeleton.JOINT_INDEX[f'{side}_ankle']] = known[
                skeleton.JOINT_INDEX[f'{side}_foot']
            ]
        turns = [world[:, known[0]]]
        local = np.tile(np.eye(3), (len(world), skeleton.JOINT_COUNT, 1, 1))
        local[:, 0] = turns[0]
        for joint in range(1, skeleton.JOINT_COUNT):
            above = turns[skeleton.PARENTS[joint]]
            turns.append(world[:, known[joint]] if joint in known else above)
            local[:, joint] = np.swapaxes(above, -1, -2) @ turns[-1]
        return Motion(local, self._root(positions[:, 0]), FPS)

    def _root(self, pelvis: Float[np.ndarray, 'frame 3']) -> Float[np.ndarray, 'frame 3']:
        """Undo GMR's scaling of the human's root path, but for its shift to the floor."""
        targets, _ = self._targets(_REFERENCE)
        path = Motion.load(self._amass(_REFERENCE)).root_position[: len(targets)]
        spread = np.ptp(targets[:, 0, :2], axis=0) / np.ptp(path[:, :2], axis=0)
        scale = float(spread.mean())
        return (pelvis - (targets[0, 0] - scale * path[0])) / scale


def _angles(rotations: Float[np.ndarray, '*batch 3 3']) -> Float[np.ndarray, '*batch']:
    """Return the angles of rotations [rad]."""
    flat = Rotation.from_matrix(rotations.reshape(-1, 3, 3)).magnitude()
    return np.asarray(flat.reshape(rotations.shape[:-2]))
