"""BVH files: bones point where the file's bones point, whatever its conventions are."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from motionclip_model.data.bvh import load_bvh
from motionclip_model.data.bvh_file import read_bvh
from motionclip_model.errors import MotionError
from motionclip_model.motion import Motion
from motionclip_model.skeleton import JOINT_INDEX, Y_UP_TO_Z_UP

TREE = {
    'Hips': (None, (0, 0, 0)),
    'LeftUpLeg': ('Hips', (9, -8, 0)),
    'LeftLeg': ('LeftUpLeg', (1, -40, 1)),
    'LeftFoot': ('LeftLeg', (0, -41, -3)),
    'LeftToeBase': ('LeftFoot', (2, -5, 13)),
    'RightUpLeg': ('Hips', (-9, -8, 0)),
    'RightLeg': ('RightUpLeg', (-1, -40, 1)),
    'RightFoot': ('RightLeg', (0, -41, -3)),
    'RightToeBase': ('RightFoot', (-2, -5, 13)),
    'Spine': ('Hips', (0, 12, -1)),
    'Spine1': ('Spine', (0, 14, 0)),
    'Neck': ('Spine1', (0, 22, 1)),
    'Head': ('Neck', (0, 9, 3)),
    'LeftShoulder': ('Spine1', (7, 15, 0)),
    'LeftArm': ('LeftShoulder', (11, 2, -1)),
    'LeftForeArm': ('LeftArm', (27, 0, 0)),
    'LeftHand': ('LeftForeArm', (25, 1, 0)),
    'RightShoulder': ('Spine1', (-7, 15, 0)),
    'RightArm': ('RightShoulder', (-11, 2, -1)),
    'RightForeArm': ('RightArm', (-27, 0, 0)),
    'RightHand': ('RightForeArm', (-25, 1, 0)),
}
"""A person in a T-pose: parent and offset of each joint [cm], y up."""

LIMBS = {
    'hip': ('UpLeg', 'Leg', 'knee'),
    'knee': ('Leg', 'Foot', 'ankle'),
    'shoulder': ('Arm', 'ForeArm', 'elbow'),
    'elbow': ('ForeArm', 'Hand', 'wrist'),
}

DAZ = {
    'Hips': 'hip',
    'Spine': 'abdomen',
    'Spine1': 'chest',
    'UpLeg': 'Thigh',
    'Leg': 'Shin',
    'Foot': 'Foot',
    'ToeBase': 'Toe',
    'Shoulder': 'Collar',
    'Arm': 'Shldr',
    'ForeArm': 'ForeArm',
    'Hand': 'Hand',
}


def daz_name(name: str) -> str:
    """Rename a joint of TREE as the Daz release does."""
    for side in ('Left', 'Right'):
        if name.startswith(side):
            return side[0].lower() + DAZ[name.removeprefix(side)]
    return DAZ.get(name, name)


def arms_down(tree=TREE, degrees: float = 70.0) -> dict:
    """Let the arms of the rest pose hang."""
    changed = dict(tree)
    for name, sign in (('Left', -1), ('Right', 1)):
        turn = Rotation.from_euler('z', [[sign * degrees]], degrees=True).as_matrix()[0]
        for part in ('ForeArm', 'Hand'):
            parent, offset = tree[name + part]
            changed[name + part] = (parent, tuple(turn @ offset))
    return changed


def random_motion(seed: int, frames: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Draw world rotations of every joint of TREE [frame, joint, 3, 3] and a root path [cm]."""
    random = np.random.default_rng(seed)
    vectors = random.normal(scale=0.5, size=(frames, len(TREE), 3))
    world = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix()
    root = np.cumsum(random.normal(scale=3.0, size=(frames, 3)), axis=0)
    root[:, 1] += 90.0
    return world.reshape(frames, len(TREE), 3, 3), root


def positions_of(world: np.ndarray, root: np.ndarray, tree=TREE) -> dict[str, np.ndarray]:
    """Place the joints, one after another: the plainest kinematics there is."""
    placed = {'Hips': root}
    names = list(tree)
    for name, (parent, offset) in tree.items():
        if parent is not None:
            placed[name] = placed[parent] + world[:, names.index(parent)] @ np.array(offset)
    return placed


def write(
    path: Path,
    world: np.ndarray,
    root: np.ndarray,
    *,
    tree=TREE,
    order: str = 'ZXY',
    scale: float = 1.0,
    rename=lambda name: name,
    frame: np.ndarray | None = None,
    seconds: float = 1 / 60,
) -> Path:
    """Write a BVH file of a motion given by world rotations.

    `order` is that of the rotation channels and `frame` turns the whole file into other axes.
    """
    frame = np.eye(3) if frame is None else frame
    names = list(tree)
    lines = ['HIERARCHY']
    columns = [scale * root @ frame.T]

    def add(name: str, depth: int) -> None:
        parent, offset = tree[name]
        local = world[:, names.index(name)]
        if parent is not None:
            local = np.swapaxes(world[:, names.index(parent)], -1, -2) @ local
        local = frame @ local @ frame.T
        columns.append(Rotation.from_matrix(local).as_euler(order, degrees=True))
        pad = '\t' * depth
        keyword = 'ROOT' if parent is None else 'JOINT'
        lines.append(f'{pad}{keyword} {rename(name)}')
        lines.append(f'{pad}{{')
        x, y, z = scale * frame @ np.array(offset, float)
        lines.append(f'{pad}\tOFFSET {x:.6f} {y:.6f} {z:.6f}')
        turns = ' '.join(f'{axis}rotation' for axis in order)
        moves = 'Xposition Yposition Zposition '
        lines.append(
            f'{pad}\tCHANNELS 6 {moves}{turns}' if depth == 0 else f'{pad}\tCHANNELS 3 {turns}'
        )
        children = [child for child, (other, _) in tree.items() if other == name]
        for child in children:
            add(child, depth + 1)
        if not children:
            lines.extend([f'{pad}\tEnd Site', f'{pad}\t{{'])
            lines.extend([f'{pad}\t\tOFFSET 0 {scale:.3f} 0', f'{pad}\t}}'])
        lines.append(f'{pad}}}')

    add('Hips', 0)
    lines += ['MOTION', f'Frames: {len(world)}', f'Frame Time: {seconds:.7f}']
    lines += [' '.join(f'{value:.6f}' for value in row) for row in np.hstack(columns)]
    path.write_text('\n'.join(lines) + '\n')
    return path


def direction(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Unit vectors from one point to another."""
    return (end - start) / np.linalg.norm(end - start, axis=-1, keepdims=True)


def limb_directions(motion: Motion) -> dict[str, np.ndarray]:
    """Directions of upper and lower arms and legs of a motion."""
    positions = motion.pose.positions
    return {
        f'{side}_{joint}': direction(
            positions[:, JOINT_INDEX[f'{side}_{joint}']],
            positions[:, JOINT_INDEX[f'{side}_{end}']],
        )
        for side in ('left', 'right')
        for joint, (_, _, end) in LIMBS.items()
    }


def expected_directions(placed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same directions of the joints that a test placed itself, z up."""
    return {
        f'{side}_{joint}': direction(
            placed[f'{side.title()}{start}'], placed[f'{side.title()}{end}']
        )
        @ Y_UP_TO_Z_UP.T
        for side in ('left', 'right')
        for joint, (start, end, _) in LIMBS.items()
    }


def assert_same_directions(found: dict, expected: dict, tolerance: float = 1e-5) -> None:
    """Compare limb by limb, so that a failure names the limb."""
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=tolerance, err_msg=name)


@pytest.mark.parametrize('order', ['ZYX', 'ZXY', 'XYZ', 'YXZ'])
@pytest.mark.parametrize('tree', [TREE, arms_down()], ids=['t_pose', 'arms_down'])
def test_limbs_point_where_the_files_limbs_point(tmp_path, order, tree) -> None:
    world, root = random_motion(1)
    path = write(tmp_path / 'motion.bvh', world, root, order=order, tree=tree)
    expected = expected_directions(positions_of(world, root, tree))
    assert_same_directions(limb_directions(load_bvh(path)), expected)


def test_the_reader_places_joints_as_plain_kinematics_does(tmp_path) -> None:
    world, root = random_motion(2)
    file = read_bvh(write(tmp_path / 'motion.bvh', world, root, order='YZX'))
    positions = file.placed().positions
    names = [joint.name for joint in file.joints]
    for name, expected in positions_of(world, root).items():
        np.testing.assert_allclose(positions[:, names.index(name)], expected, atol=1e-4)


@pytest.mark.parametrize('scale', [0.01, 1.0, 0.45 / 2.54, 10.0])
def test_the_unit_of_length_does_not_matter(tmp_path, scale) -> None:
    world, root = random_motion(3)
    usual = load_bvh(write(tmp_path / 'usual.bvh', world, root))
    scaled = load_bvh(write(tmp_path / 'scaled.bvh', world, root, scale=scale))
    np.testing.assert_allclose(scaled.pose.positions, usual.pose.positions, atol=2e-3)


def test_the_root_travels_in_step_with_the_legs(tmp_path) -> None:
    world, root = random_motion(4)
    world[:] = np.eye(3)
    motion = load_bvh(write(tmp_path / 'motion.bvh', world, root))
    leg = np.linalg.norm((1, -40, 1)) + np.linalg.norm((0, -41, -3))
    ours = np.linalg.norm((0.03, -0.395, 0.0)) + np.linalg.norm((-0.01, -0.405, -0.035))
    travelled = np.diff(root, axis=0) @ Y_UP_TO_Z_UP.T * ours / leg
    np.testing.assert_allclose(np.diff(motion.root_position, axis=0), travelled, atol=1e-5)


def test_the_hips_are_where_the_files_hips_are(tmp_path) -> None:
    world, root = random_motion(11)
    placed = positions_of(world, root)
    motion = load_bvh(write(tmp_path / 'motion.bvh', world, root))
    ours = motion.pose.positions[:, [JOINT_INDEX['left_hip'], JOINT_INDEX['right_hip']]].mean(1)
    theirs = (placed['LeftUpLeg'] + placed['RightUpLeg']) / 2 @ Y_UP_TO_Z_UP.T
    np.testing.assert_allclose(
        np.diff(ours, axis=0), np.diff(theirs, axis=0) * scale_of(motion, placed), atol=1e-5
    )


def scale_of(motion: Motion, placed: dict[str, np.ndarray]) -> float:
    """Length of our leg over that of the file's."""

    def length(*points: np.ndarray) -> float:
        hip, knee, ankle = (point[0] for point in points)
        return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))

    parts = [JOINT_INDEX[f'left_{part}'] for part in ('hip', 'knee', 'ankle')]
    ours = [motion.pose.positions[:, part] for part in parts]
    theirs = [placed[name] for name in ('LeftUpLeg', 'LeftLeg', 'LeftFoot')]
    return length(*ours) / length(*theirs)


def test_joints_between_two_of_ours_may_bend_a_bone(tmp_path) -> None:
    tree = {}
    for name, (parent, offset) in TREE.items():
        if name == 'LeftHand':
            tree['LeftForeArmRoll'] = ('LeftForeArm', (12, 0, 1))
            parent, offset = 'LeftForeArmRoll', (13, 1, -1)
        tree[name] = (parent, offset)
    random = np.random.default_rng(12)
    world = Rotation.random(6 * len(tree), random).as_matrix().reshape(6, len(tree), 3, 3)
    root = random.normal(size=(6, 3))
    path = write(tmp_path / 'roll.bvh', world, root, tree=tree)
    expected = expected_directions(positions_of(world, root, tree))
    assert_same_directions(limb_directions(load_bvh(path)), expected)


def test_a_file_that_is_z_up_gives_the_same_motion(tmp_path) -> None:
    world, root = random_motion(5)
    y_up = load_bvh(write(tmp_path / 'y.bvh', world, root))
    z_up = load_bvh(write(tmp_path / 'z.bvh', world, root, frame=Y_UP_TO_Z_UP))
    np.testing.assert_allclose(z_up.pose.positions, y_up.pose.positions, atol=1e-4)


@pytest.mark.parametrize(
    'rename',
    [
        daz_name,
        lambda name: f'mixamorig:{name}',
        lambda name: f'Subject01:{name.upper()}',
        lambda name: name.replace('Left', 'Left_').replace('Right', 'Right_'),
    ],
    ids=['daz', 'prefix', 'upper', 'underscore'],
)
def test_usual_names_are_understood(tmp_path, rename) -> None:
    world, root = random_motion(6)
    usual = load_bvh(write(tmp_path / 'usual.bvh', world, root))
    renamed = load_bvh(write(tmp_path / 'renamed.bvh', world, root, rename=rename))
    np.testing.assert_allclose(renamed.joint_rotations, usual.joint_rotations, atol=1e-9)


def test_the_pose_in_which_the_file_rests_does_not_matter(tmp_path) -> None:
    """An elbow's roll too is the same, whether the arms hang at rest or are held out."""
    world, root = random_motion(7)
    usual = load_bvh(write(tmp_path / 'usual.bvh', world, root))
    hanging = world.copy()
    names = list(TREE)
    for side, sign in (('Left', 1), ('Right', -1)):
        back = Rotation.from_euler('z', [[sign * 70.0]], degrees=True).as_matrix()
        for part in ('Arm', 'ForeArm', 'Hand'):
            hanging[:, names.index(side + part)] = world[:, names.index(side + part)] @ back
    path = write(tmp_path / 'hanging.bvh', hanging, root, tree=arms_down())
    between = np.swapaxes(load_bvh(path).pose.rotations, -1, -2) @ usual.pose.rotations
    angles = Rotation.from_matrix(between.reshape(-1, 3, 3)).magnitude()
    assert np.degrees(angles).max() < 4.0


def test_the_lowest_foot_stands_on_the_floor(tmp_path, bvh_files) -> None:
    world, root = random_motion(8)
    feet = [JOINT_INDEX['left_foot'], JOINT_INDEX['right_foot']]
    paths = [write(tmp_path / 'motion.bvh', world, root), *bvh_files.values()]
    for path in paths:
        assert load_bvh(path).pose.positions[:, feet, 2].min() == pytest.approx(0.0, abs=1e-9)


def test_a_person_at_rest_stands_flat_and_upright(tmp_path) -> None:
    world, root = random_motion(9)
    world[:] = np.eye(3)
    motion = load_bvh(write(tmp_path / 'rest.bvh', world, root))
    for name in ('pelvis', 'spine3', 'head', 'left_ankle', 'right_ankle'):
        up = motion.pose.rotations[:, JOINT_INDEX[name], :, 1]
        np.testing.assert_allclose(up, np.tile([0.0, 0.0, 1.0], (len(up), 1)), atol=1e-5)


def test_the_reference_pose_is_left_out(bvh_files) -> None:
    # 61 frames with one of reference; 81 with one and four that fade into the motion.
    assert len(load_bvh(bvh_files['motionbuilder'])) == 60
    assert len(load_bvh(bvh_files['daz'])) == 76
    for path in bvh_files.values():
        motion = load_bvh(path)
        assert motion.fps == 120.0
        step = np.linalg.norm(np.diff(motion.pose.positions, axis=0), axis=-1)
        assert step.max() * motion.fps < 10.0


def test_a_motion_that_starts_fast_loses_only_the_reference_pose(tmp_path) -> None:
    _, root = random_motion(13)
    degrees = np.array([0.0, 40.0, 53.0, 66.0, 79.0, 80.0, 81.0, 82.0])  # 780 deg/s, then calm
    turns = Rotation.from_euler('y', degrees[:, None], degrees=True).as_matrix()
    world = np.repeat(turns[:, None], len(TREE), axis=1)
    assert len(load_bvh(write(tmp_path / 'fast.bvh', world, root))) == 7


def test_a_motion_that_starts_near_rest_keeps_its_first_frame(tmp_path) -> None:
    world, root = random_motion(10)
    world = Rotation.from_rotvec(np.linspace(0, 1, 8)[:, None] * [0.3, 0, 0]).as_matrix()
    world = np.repeat(world[:, None], len(TREE), axis=1)
    assert len(load_bvh(write(tmp_path / 'motion.bvh', world, root))) == 8


def raw_files(folder: Path) -> list[Path]:
    """The whole BVH files of both releases."""
    return sorted((folder / 'data' / 'raw_bvh').glob('*.bvh'))


def test_limbs_of_both_cmu_releases_point_where_the_files_limbs_point(bvh_files) -> None:
    for release, path in bvh_files.items():
        file = read_bvh(path)
        names = [joint.name for joint in file.joints]
        placed = file.placed().positions
        motion = load_bvh(path)
        start = len(placed) - len(motion)
        spell = daz_name if release == 'daz' else lambda name: name
        points = {
            name: placed[start:, names.index(spell(name))] for name in TREE if spell(name) in names
        }
        assert_same_directions(limb_directions(motion), expected_directions(points))


def test_the_cmu_releases_agree_with_the_same_trials_in_amass_layout(shared) -> None:
    """Mean distance of joints, seen from the pelvis [m]; the Daz skeleton bends its elbows."""
    for path in raw_files(shared):
        trial = '_'.join(path.name.split('_')[:2])
        file = shared / 'data' / 'amass' / 'CMU' / trial[:2] / f'{trial}_poses.npz'
        known, motion = Motion.load(file), load_bvh(path).resampled(30.0)
        count = min(len(known), len(motion))
        error = min(
            np.linalg.norm(
                (motion.pose.positions - motion.root_position[:, None])[late : count - 2 + late]
                - (known.pose.positions - known.root_position[:, None])[: count - 2],
                axis=-1,
            ).mean()
            for late in (0, 1, 2)
        )
        assert error < (0.01 if 'motionbuilder' in path.name else 0.07), path.name


@pytest.fixture
def good_lines(tmp_path) -> list[str]:
    """The lines of a file that is well."""
    world, root = random_motion(0, frames=4)
    return write(tmp_path / 'good.bvh', world, root).read_text().splitlines()


def line_of(lines: list[str], word: str) -> int:
    """Index of the first line that holds a word."""
    return next(index for index, line in enumerate(lines) if word in line)


@pytest.mark.parametrize(
    ('word', 'replacement', 'message'),
    [
        ('HIERARCHY', 'HIERARCH', 'HIERARCHY must'),
        ('ROOT', 'JOINT Hips', 'ROOT must'),
        ('OFFSET', 'OFFSET 0 zero 0', 'an offset must'),
        ('OFFSET', 'OFFSET 0 nan 0', 'an offset must'),
        ('CHANNELS', 'CHANNELS 3 Xrotation Yrotation Wrotation', 'unknown channel'),
        ('CHANNELS', 'CHANNELS 3 Xrotation Yrotation Zrotation', 'values, its tree needs'),
        ('JOINT LeftUpLeg', 'BONE LeftUpLeg', 'JOINT, End Site or }'),
        ('MOTION', '', 'MOTION must'),
        ('Frames:', 'Frames: many', 'a number of frames must'),
        ('Frames:', 'Frames: 7', '4 frames found where 7'),
        ('Frames:', 'Frames: 99999999', 'longer than'),
        ('Frame Time:', 'Frame Time: 0', 'frame time'),
    ],
)
def test_a_malformed_line_is_named(tmp_path, good_lines, word, replacement, message) -> None:
    index = line_of(good_lines, word)
    good_lines[index] = replacement
    path = tmp_path / 'bad.bvh'
    path.write_text('\n'.join(good_lines))
    with pytest.raises(MotionError, match=message) as caught:
        load_bvh(path)
    assert f'{path}, line ' in str(caught.value)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('value', ['nan', 'inf', 'x', ''])
def test_a_bad_value_in_a_frame_is_refused(tmp_path, good_lines, value) -> None:
    words = good_lines[-2].split()
    good_lines[-2] = ' '.join([value, *words[1:]])
    path = tmp_path / 'bad.bvh'
    path.write_text('\n'.join(good_lines))
    with pytest.raises(MotionError, match='line'):
        load_bvh(path)


def test_a_file_cut_anywhere_is_refused(tmp_path, bvh_files) -> None:
    whole = bvh_files['motionbuilder'].read_text()
    path = tmp_path / 'cut.bvh'
    for length in np.linspace(0, len(whole) - 40, 60).astype(int):
        path.write_text(whole[:length])
        with pytest.raises(MotionError):
            load_bvh(path)


def test_other_content_is_refused(tmp_path) -> None:
    with pytest.raises(MotionError, match='no such file'):
        load_bvh(tmp_path / 'none.bvh')
    with pytest.raises(MotionError):
        load_bvh(tmp_path)
    path = tmp_path / 'noise.bvh'
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    with pytest.raises(MotionError, match='HIERARCHY'):
        load_bvh(path)


def test_a_missing_joint_is_named_with_what_it_may_be_called(tmp_path) -> None:
    world, root = random_motion(0)
    path = write(
        tmp_path / 'odd.bvh', world, root, rename=lambda name: name.replace('LeftLeg', 'Bone7')
    )
    with pytest.raises(MotionError, match=r'left_knee.*leftleg or lleg.*bone7'):
        load_bvh(path)


def test_a_limb_without_length_is_refused(tmp_path) -> None:
    world, root = random_motion(0)
    tree = TREE | {'LeftForeArm': ('LeftArm', (0, 0, 0))}
    with pytest.raises(MotionError, match='no length'):
        load_bvh(write(tmp_path / 'odd.bvh', world, root, tree=tree))
