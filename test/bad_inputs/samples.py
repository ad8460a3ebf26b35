"""Small valid inputs of every kind, made by the code that writes them."""

import csv
import io
import json
import tempfile
from pathlib import Path

import numpy as np

from motionclip_model import skeleton
from motionclip_model.checkpoint import save_network
from motionclip_model.motion import Motion
from motionclip_model.network import MotionClipNetwork, NetworkConfig
from motionclip_ros import topics
from motionclip_ros.bag_export import _human_motion, _joint_trajectory, _Messages, _multi_dof
from motionclip_ros.messages import BASE_JOINT
from motionclip_ros.retargeting.export import save_csv
from motionclip_ros.retargeting.trajectory import RobotTrajectory

JOINTS = ('left_knee', 'right_knee')

SMALL_NETWORK = {
    'embedding_width': 8,
    'token_width': 8,
    'latent_width': 4,
    'autoencoder_width': 8,
    'autoencoder_blocks': 1,
    'encoder_width': 8,
    'encoder_layers': 1,
    'head_width': 8,
    'head_layers': 1,
    'prior_width': 8,
    'prior_layers': 1,
    'prior_feedforward': 8,
    'heads': 2,
}


def motion() -> Motion:
    """Four frames of someone who stands."""
    rotations = np.tile(np.eye(3), (4, skeleton.JOINT_COUNT, 1, 1))
    return Motion(rotations, np.tile([0.0, 0.0, 0.95], (4, 1)), 30.0)


def trajectory() -> RobotTrajectory:
    """Three points of two joints."""
    return RobotTrajectory(
        JOINTS,
        np.array([0.1, 0.2, 0.3]),
        np.array([[0.0, 0.0], [0.1, 0.1], [0.2, 0.2]]),
        np.zeros((3, 2)),
        np.tile([0.0, 0.0, 0.8], (3, 1)),
        np.tile([0.0, 0.0, 0.0, 1.0], (3, 1)),
    )


def _written(write, suffix: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f'sample{suffix}'
        write(path)
        return path.read_bytes()


def motion_npz() -> bytes:
    """An AMASS file."""
    return _written(motion().save, '.npz')


def trajectory_npz() -> bytes:
    """A robot trajectory."""
    return _written(trajectory().save, '.npz')


def trajectory_csv() -> bytes:
    """The same as a table."""
    return _written(lambda path: save_csv(trajectory(), path), '.csv')


def triples_csv() -> bytes:
    """A table of edits for `motionclip edit --csv`."""
    text = io.StringIO()
    csv.writer(text).writerows([('base', 'from', 'to'), ('walk', 'normal', 'tired')])
    return text.getvalue().encode()


def bvh() -> bytes:
    """A whole body of few joints and two frames."""
    limb = {
        'Hips': (0, 90, 0),
        'LeftUpLeg': (10, 0, 0), 'LeftLeg': (0, -40, 0), 'LeftFoot': (0, -40, 0),
        'RightUpLeg': (-10, 0, 0), 'RightLeg': (0, -40, 0), 'RightFoot': (0, -40, 0),
        'LeftArm': (15, 50, 0), 'LeftForeArm': (25, 0, 0), 'LeftHand': (25, 0, 0),
        'RightArm': (-15, 50, 0), 'RightForeArm': (-25, 0, 0), 'RightHand': (-25, 0, 0),
    }  # fmt: skip
    chains = (
        ('LeftUpLeg', 'LeftLeg', 'LeftFoot'), ('RightUpLeg', 'RightLeg', 'RightFoot'),
        ('LeftArm', 'LeftForeArm', 'LeftHand'), ('RightArm', 'RightForeArm', 'RightHand'),
    )  # fmt: skip

    def joint(name: str, inside: str, keyword: str = 'JOINT', channels: int = 3) -> str:
        offset = ' '.join(map(str, limb[name]))
        kinds = ['Xposition', 'Yposition', 'Zposition', 'Zrotation', 'Yrotation', 'Xrotation']
        listed = ' '.join(kinds[-channels:])
        return f'{keyword} {name}\n{{\nOFFSET {offset}\nCHANNELS {channels} {listed}\n{inside}}}\n'

    limbs = ''
    for chain in chains:
        inside = 'End Site\n{\nOFFSET 0 -5 10\n}\n'
        for name in reversed(chain):
            inside = joint(name, inside)
        limbs += inside
    width = 6 + 3 * 12
    rows = '\n'.join(' '.join(['1'] * width) for _ in range(2))
    tree = joint('Hips', limbs, 'ROOT', 6)
    return f'HIERARCHY\n{tree}MOTION\nFrames: 2\nFrame Time: 0.0333333\n{rows}\n'.encode()


def urdf() -> bytes:
    """A small humanoid; one joint follows another, one link has a mesh."""
    chains = {
        'leg': (('hip', '0 1 0', '0 0 0'), ('knee', '0 1 0', '0 0 -0.4'),
                ('ankle', '0 1 0', '0 0 -0.4')),
        'arm': (('shoulder', '0 1 0', '0 0 0.5'), ('elbow', '0 1 0', '0 0 -0.3'),
                ('wrist', '0 0 1', '0 0 -0.25')),
    }  # fmt: skip
    inertial = (
        '<inertial><mass value="1"/><inertia ixx="0.01" ixy="0" ixz="0" iyy="0.01" iyz="0" '
        'izz="0.01"/></inertial>'
    )
    shape = '<collision><geometry><box size="0.1 0.05 0.05"/></geometry></collision>'
    mesh = '<mesh filename="package://small/meshes/part.stl" scale="1 1 1"/>'
    parts = [
        f'<link name="pelvis">{inertial}<visual><geometry>{mesh}</geometry></visual></link>',
        '<link name="left_finger"/><joint name="left_finger_joint" type="continuous"><parent '
        'link="left_wrist_link"/><child link="left_finger"/><mimic joint="left_elbow_joint" '
        'multiplier="0.5" offset="0"/></joint>',
    ]
    for side, place in (('left', 0.1), ('right', -0.1)):
        for chain in chains.values():
            above = 'pelvis'
            for index, (name, axis, origin) in enumerate(chain):
                x, _, z = origin.split()
                link = f'{side}_{name}_link'
                parts += [
                    f'<link name="{link}">{inertial}{shape}</link>',
                    f'<joint name="{side}_{name}_joint" type="revolute"><parent link="{above}"/>'
                    f'<child link="{link}"/><origin xyz="{x} {0 if index else place} {z}" '
                    f'rpy="0 0 0"/><axis xyz="{axis}"/>'
                    '<limit lower="-1.5" upper="1.5" velocity="2" effort="30"/></joint>',
                ]
                above = link
    return f'<?xml version="1.0"?>\n<robot name="small">{"".join(parts)}</robot>\n'.encode()


def correspondence_yaml() -> bytes:
    """What a robot's YAML file holds."""
    return b"""urdf: {file: small.urdf}
front: [1, 0, 0]
up: [0, 0, 1]
base: floating
links:
  base: {human: pelvis, position: 1.0, orientation: 1.0}
  leg: {human: left_knee, rigid_to: base, position: 1.0}
  foot: {human: left_ankle, limb_from: leg, orientation: 1.0}
feet:
  foot: {human_heel: left_ankle, human_toe: left_foot, heel_corners: [[0, 0, 0]],
    toe_corners: [[0.1, 0, 0]]}
human_rest_posture: {hip: 0.1}
acceleration_limits: {"*": 20.0}
capsules:
  leg: [[[0, 0, 0], [0, 0, -1], 0.05]]
collision_pairs: [[base, foot]]
"""


def thresholds_yaml() -> bytes:
    """Thresholds of the report."""
    return b'max_stretch: 2.5\nfriction: 0.6\n'


def train_yaml() -> bytes:
    """A training run."""
    return b"""architecture: latent
network: {latent_width: 16, autoencoder_width: 48}
autoencoder: {steps: 10, batch: 4, weights: {}}
held_out: [[walk, tired]]
seed: 1
"""


def joint_limits_yaml() -> bytes:
    """MoveIt's limits."""
    return b"""default_velocity_scaling_factor: 0.5
joint_limits:
  left_knee: {has_velocity_limits: true, max_velocity: 2.0, has_jerk_limits: false}
  right_knee: {has_position_limits: true, min_position: -1, max_position: 1}
"""


def report_json() -> bytes:
    """A retargeting report, as `motionclip check --json` writes it."""
    report = {
        'verdict': 'accepted', 'reason': 'all is well', 'warnings': [], 'notes': ['none'],
        'robot': 'g1', 'urdf_sha256': '0' * 64, 'seconds': 2.0, 'fastest_joint': 'left_knee',
        'joints': {'left_knee': {'velocity_use': 0.5}}, 'thresholds': {'max_stretch': 3.0},
    }  # fmt: skip
    return json.dumps(report).encode()


def evaluation_json() -> bytes:
    """An evaluation, as `motionclip evaluate` writes it."""
    figures = {
        'model': 'base', 'split': 'val', 'clips': 2, 'reconstruction': {},
        'retrieval': {'pools': {}, 'whole_split': {
            'motion_to_text': {}, 'text_to_motion': {}, 'chance': {'r1': 0.1},
        }},
        'recognition': {'skipped': 'no labels'},
        'generation': {'directions': {}, 'directions_right': 1.0, 'diversity_cm': {}},
    }  # fmt: skip
    return json.dumps(figures).encode()


def corpus_line() -> bytes:
    """A line of `texts.jsonl`."""
    line = {
        'path': 'amass/a.npz', 'captions': ['a person walks'], 'caption_sources': ['CMU'],
        'start_s': 0.0, 'end_s': 2.0, 'content': 'walk', 'style': 'tired', 'licence': 'CC0',
    }  # fmt: skip
    return json.dumps(line).encode()


def checkpoint() -> bytes:
    """A checkpoint of the smallest networks."""
    network = MotionClipNetwork(NetworkConfig(**SMALL_NETWORK))
    return _written(lambda path: save_network(network, path, {'text_encoder': 'x'}), '.st')


def bag_files() -> dict[str, bytes]:
    """The two files of a recording."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'bag'
        write = _Messages(path)
        told = trajectory()
        start = 1_000_000_000
        write.add(topics.TEXT, start, data='walk')
        write.add(topics.HUMAN_MOTION, start, **_human_motion(motion()))
        places = told.base_position[:, None], told.base_quaternion_xyzw[:, None]
        base = _multi_dof((BASE_JOINT,), told.time_from_start, *places, start)
        write.add(topics.BASE_TRAJECTORY, start, **base)
        write.add(topics.TRAJECTORY, start, **_joint_trajectory(told, start))
        write.add(topics.REPORT, start, data='{"seed": 4, "provenance": {"is_stop": false}}')
        write.close()
        return {file.name: file.read_bytes() for file in path.iterdir()}


def stl() -> bytes:
    """A binary mesh of one triangle."""
    triangle = np.array([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0], '<f4').tobytes() + b'\0\0'
    return b'\0' * 80 + np.uint32(1).tobytes() + triangle


def ascii_stl() -> bytes:
    """The same in letters."""
    return (
        b'solid part\nfacet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n'
        b'endloop\nendfacet\nendsolid part\n'
    )


def obj() -> bytes:
    """The same for Wavefront."""
    return b'o part\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvn 0 0 1\nf 1//1 2//1 3//1\n'


def dae() -> bytes:
    """The same for Collada."""
    return b"""<?xml version="1.0"?>
<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">
<asset><up_axis>Z_UP</up_axis></asset><library_geometries><geometry id="g"><mesh>
<source id="p"><float_array id="a" count="9">0 0 0 1 0 0 0 1 0</float_array><technique_common>
<accessor source="#a" count="3" stride="3"><param name="X" type="float"/><param name="Y"
type="float"/><param name="Z" type="float"/></accessor></technique_common></source>
<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>
<triangles count="1"><input semantic="VERTEX" source="#v" offset="0"/><p>0 1 2</p></triangles>
</mesh></geometry></library_geometries><library_visual_scenes><visual_scene id="s"><node id="n">
<instance_geometry url="#g"/></node></visual_scene></library_visual_scenes><scene>
<instance_visual_scene url="#s"/></scene></COLLADA>
"""


def smpl_npz() -> bytes:
    """A body model of the smallest kind, with SMPL-H's tree."""
    joints = 52
    parents = np.array([*skeleton.PARENTS[:22], *[20] * 15, *[21] * 15])
    buffer = io.BytesIO()
    np.savez(
        buffer,
        v_template=np.zeros((4, 3)),
        posedirs=np.zeros((4, 3, 9 * (joints - 1))),
        J_regressor=np.zeros((joints, 4)),
        weights=np.zeros((4, joints)),
        kintree_table=np.stack([parents, np.arange(joints)]),
        f=np.array([[0, 1, 2]]),
    )
    return buffer.getvalue()


def rows_npz() -> bytes:
    """The rows of one clip, as training keeps them."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        rows=np.zeros((2, 3), np.float16),
        lengths=np.array([2]),
        meta=np.array('[["name", ["a caption"], "walk", "CMU", "CC0", ""]]'),
        source=np.array(''),
    )
    return buffer.getvalue()
