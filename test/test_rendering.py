"""Pictures show the whole figure where it is, and files are complete or absent."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image
from wave_generator import wave_motion

from motionclip_model.drawing import screen
from motionclip_model.errors import ConfigError, DependencyError, RobotError
from motionclip_ros.mujoco_model import compiled, robot_spec
from motionclip_ros.rendering import contact_sheet, human_frames, robot_frames, write_film
from motionclip_ros.retargeting.robots.robot import load_robot

SIZE = (160, 120)


@pytest.fixture(scope='module')
def drawable():
    try:
        screen.backend()
    except DependencyError as error:
        pytest.skip(str(error))


def poses(robot, **angles: float) -> np.ndarray:
    positions = np.zeros((2, len(robot.joint_names)))
    for joint, angle in angles.items():
        positions[1, robot.joint_index(joint)] = angle
    return positions


def changed(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mask of the pixels that differ visibly."""
    return (np.abs(first.astype(int) - second.astype(int)) > 40).any(axis=2)


@pytest.mark.usefixtures('drawable')
def test_robot_moves_where_its_joint_moves():
    robot = load_robot('g1')
    positions = poses(robot, right_shoulder_roll_joint=-1.5)
    frames = list(robot_frames(robot.urdf_path, robot.joint_names, positions, size=SIZE))
    assert len(frames) == 2
    assert frames[0].shape == (SIZE[1], SIZE[0], 3)
    rows, columns = np.nonzero(changed(*frames))
    # The robot faces the camera: its right arm is in the left half of the picture, above
    # the feet. What moves below it is the shadow.
    assert len(rows) > 30
    upper = rows < 0.6 * SIZE[1]
    assert columns[upper].mean() < 0.5 * SIZE[0]


@pytest.mark.usefixtures('drawable')
def test_arms_overhead_stay_inside_the_picture():
    robot = load_robot('g1')
    positions = poses(
        robot,
        left_shoulder_pitch_joint=-3.0,
        right_shoulder_pitch_joint=-3.0,
        left_elbow_joint=1.5,
        right_elbow_joint=1.5,
    )
    frames = list(robot_frames(robot.urdf_path, robot.joint_names, positions, size=SIZE))
    moved = changed(*frames)
    assert moved.any()
    assert not moved[:2].any()
    assert not moved[:, :2].any()
    assert not moved[:, -2:].any()


@pytest.mark.usefixtures('drawable')
def test_camera_follows_the_base():
    """A figure that has walked ten metres away is drawn as large as before."""
    robot = load_robot('g1')
    dark = []
    for x in (0.0, 10.0):
        (frame,) = robot_frames(
            robot.urdf_path,
            robot.joint_names,
            np.zeros((1, len(robot.joint_names))),
            np.array([[x, 0.0, 0.79]]),
            np.array([[0.0, 0.0, 0.0, 1.0]]),
            size=SIZE,
        )
        dark.append((frame.max(axis=2) < 70).sum())
    assert dark[1] == pytest.approx(dark[0], rel=0.05)


@pytest.mark.usefixtures('drawable')
def test_person_waves_in_the_picture():
    frames = list(human_frames(wave_motion(1.0), fps=4.0, size=SIZE))
    assert len(frames) == 5
    rows, _ = np.nonzero(changed(frames[1], frames[3]))
    assert len(rows) > 10
    assert rows.mean() < 0.6 * SIZE[1]


def test_unknown_joint_is_named():
    robot = load_robot('g1')
    with pytest.raises(RobotError, match="no joint 'tail_joint'"):
        next(robot_frames(robot.urdf_path, ('tail_joint',), np.zeros((1, 1))))


def test_without_opengl_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(screen, '_PROBE', 'raise SystemExit(1)')
    monkeypatch.delenv('MUJOCO_GL', raising=False)
    screen.backend.cache_clear()
    try:
        with pytest.raises(DependencyError, match='apt install libegl1') as caught:
            screen.backend()
        assert 'egl, osmesa' in str(caught.value)
        monkeypatch.setenv('MUJOCO_GL', 'osmesa')
        with pytest.raises(DependencyError, match='MUJOCO_GL=osmesa allows no other'):
            screen.backend()
    finally:
        screen.backend.cache_clear()


def colours(count: int) -> list[np.ndarray]:
    """Frames of one colour each."""
    return [np.full((32, 48, 3), 20 * index, np.uint8) for index in range(count)]


def test_mp4_holds_every_frame(tmp_path):
    path = tmp_path / 'film.mp4'
    assert write_film(iter(colours(10)), path, 25.0) == 10
    count, seconds = imageio_ffmpeg.count_frames_and_secs(path)
    assert count == 10
    assert seconds == pytest.approx(0.4, abs=0.05)


def test_gif_holds_every_frame(tmp_path):
    path = tmp_path / 'film.gif'
    assert write_film(iter(colours(10)), path, 25.0) == 10
    with Image.open(path) as film:
        assert film.n_frames == 10
        assert film.info['duration'] == 40
        for index, expected in enumerate(colours(10)):
            film.seek(index)
            found = np.asarray(film.convert('RGB'), float)
            assert abs(found.mean() - expected.mean()) < 4.0


def test_interrupted_film_leaves_the_old_one(tmp_path):
    path = tmp_path / 'film.mp4'
    path.write_bytes(b'old')

    def broken():
        yield from colours(3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(broken(), path, 25.0)
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize('name', ['film.avi', 'film.mp4'])
def test_film_without_frames_or_format_is_refused(tmp_path, name):
    with pytest.raises(ConfigError, match=name):
        write_film([], tmp_path / name, 25.0)
    assert not list(tmp_path.iterdir())


def test_contact_sheet_is_in_reading_order(tmp_path):
    path = tmp_path / 'sheet.png'
    contact_sheet(colours(5), path, columns=3, captions=list('abcde'))
    sheet = np.asarray(Image.open(path))
    assert sheet.shape == (2 * (32 + 4 + 24) + 4, 3 * (48 + 4) + 4, 3)
    assert [int(sheet[20, 4 + 52 * column + 20, 0]) for column in range(3)] == [0, 20, 40]
    assert [int(sheet[20 + 60, 4 + 52 * column + 20, 0]) for column in range(3)] == [60, 80, 255]


def test_contact_sheet_wants_as_many_captions_as_frames(tmp_path):
    with pytest.raises(ConfigError, match='1 captions'):
        contact_sheet(colours(2), tmp_path / 'sheet.png', captions=['a'])


def test_meshes_that_mujoco_cannot_read_are_converted() -> None:
    package = pytest.importorskip('jvrc_description', reason='needs jvrc-description')
    urdf = Path(package.__file__).parent / 'urdf' / 'jvrc1.urdf'  # its meshes are Collada's
    model = compiled(robot_spec(urdf))
    assert model.nmesh > 30
    assert model.mesh_vertnum.min() > 3
