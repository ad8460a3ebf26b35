"""`motionclip robot`: a URDF becomes a robot that every command knows by name."""

import json
import re

import numpy as np
import pytest
import yaml
from PIL import Image
from stick_figure import stick_figure

from motionclip_ros import cli
from motionclip_ros.retargeting.robots.correspondence import Correspondence
from motionclip_ros.retargeting.robots.robot import load_robot


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The folder of a user's own robots."""
    monkeypatch.setenv('MOTIONCLIP_ROBOTS', str(tmp_path / 'own'))
    (tmp_path / 'stick man.urdf').write_text(stick_figure())
    return tmp_path / 'own'


@pytest.fixture
def motionclip(monkeypatch, capsys, own):
    """Run the command in this process; return status, output and complaint."""
    monkeypatch.setenv('COLUMNS', '200')

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr('sys.argv', ['motionclip', *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        captured = capsys.readouterr()
        return int(caught.value.code or 0), captured.out, captured.err

    return run


def test_an_added_robot_is_known_by_name(motionclip, own, tmp_path) -> None:
    limits = tmp_path / 'moveit.yaml'
    limits.write_text('default_velocity_scaling_factor: 0.5')
    status, out, _ = motionclip(
        'robot', 'add', tmp_path / 'stick man.urdf', '--joint-limits', limits
    )
    assert status == 0
    assert 'left_knee' in out
    assert 'hinge that halves the leg' in out
    robot = load_robot('stick_man')
    assert (robot.limits.velocity == 5.0).all()
    assert robot.correspondence.base == 'trunk'
    with Image.open(own / 'stick_man.png') as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (1000, 1800, 3)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10
    _, out, _ = motionclip('robot', 'list')
    assert 'stick_man' in out
    assert 'g1' in out


def test_what_is_written_is_what_was_found(motionclip, tmp_path) -> None:
    _, out, _ = motionclip(
        'robot', 'add', tmp_path / 'stick man.urdf', '--name', 'x', '--out', tmp_path, '--json'
    )
    told = json.loads(out)
    read = Correspondence.load(tmp_path / 'x.yaml')
    found = {entry['link']: entry['human'] for entry in told['links'] if entry['role'] != 'sole'}
    assert found == {link: match.human for link, match in read.links.items()}
    assert told['human_rest_posture'] == dict(read.human_rest_posture)
    assert read.human_rest_posture['left_v_joint'] == pytest.approx(1.5708)
    assert told['base'] == 'floating'
    text = (tmp_path / 'x.yaml').read_text()
    assert yaml.safe_load(text)['urdf'] == {'file': str(tmp_path / 'stick man.urdf')}
    assert '# likely: carries' not in text
    assert '# likely: hinge that halves the leg' in text


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('none.urdf',), 'none.urdf: cannot be read'),
        (('stick man.urdf', '--name', 'a/b'), "cannot be called 'a/b'"),
        (('stick man.urdf', '--name', 'g1'), 'g1 is .* already; choose another --name'),
        (('stick man.urdf', '--joint-limits', 'gone.yaml'), 'gone.yaml: cannot be read'),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(
    motionclip, own, tmp_path, monkeypatch, arguments, message
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, complaint = motionclip('robot', 'add', *arguments)
    assert status == 2
    assert complaint.count('\n') == 1
    assert re.search(message, complaint)
    assert not own.exists()


def test_a_broken_robot_hides_no_other(motionclip, own) -> None:
    own.mkdir()
    (own / 'broken.yaml').write_text('links: [')
    status, out, _ = motionclip('robot', 'list', '--json')
    rows = {row['name']: row for row in json.loads(out)}
    assert status == 0
    assert 'not YAML' in rows['broken']['error']
    assert rows['g1']['joints'] == 29


def test_show_tells_limits_and_groups(motionclip) -> None:
    _, out, _ = motionclip('robot', 'show', 'g1', '--json')
    told = json.loads(out)
    knee = next(joint for joint in told['joints'] if joint['joint'] == 'left_knee_joint')
    assert knee['velocity'] == 20.0
    assert knee['jerk'] is None
    assert {'left_leg', 'lower_body', 'all'} <= set(knee['groups'])
    _, out, _ = motionclip('robot', 'show', 'g1')
    assert 'left_elbow_link' in out
