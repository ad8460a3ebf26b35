"""Every example runs, says what its first lines promise, and leaves what it says it writes."""

import ast
import importlib.util
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from ros_graph import GENERATOR, Graph, graph
from ros_talk import Talk
from test_bag import record

from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_ros import showing
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.retargeting.trajectory import RobotTrajectory

__all__ = ['graph']

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / 'examples').glob('*.py'))
ALONE = [path for path in EXAMPLES if not path.stem.startswith('ros_')]
IN_A_GRAPH = [path for path in EXAMPLES if path.stem.startswith('ros_')]


@pytest.fixture(scope='module', autouse=True)
def loaded_once() -> Iterator[None]:
    """Let all examples share what they load."""
    with pytest.MonkeyPatch.context() as patch:
        for owner in (MotionClip, Pipeline):
            patch.setattr(owner, 'load', staticmethod(cache(owner.load)))
        yield


class Run:
    """Runs an example's `main` and keeps what it prints."""

    def __init__(self, path: Path, folder: Path, printed: Callable[[], str]):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        self._module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._module)
        self.out, self._printed = folder, printed

    def main(self, *arguments: object, **options: object) -> list[str]:
        """Return the lines that it prints."""
        self._module.main(*arguments, **options)
        return self._printed().splitlines()

    def motion(self, name: str) -> Motion:
        return Motion.load(self.out / f'{name}.npz')

    def trajectory(self) -> RobotTrajectory:
        return RobotTrajectory.load(self.out / 'trajectory.npz')


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder to write to, away from the one where files would go unasked."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / 'out'


@pytest.mark.parametrize('path', ALONE, ids=[path.stem for path in ALONE])
def test_an_example_does_what_it_says(path, folder, capsys) -> None:
    CHECKS[path.stem](Run(path, folder, lambda: capsys.readouterr().out))


@pytest.mark.parametrize('path', IN_A_GRAPH, ids=[path.stem for path in IN_A_GRAPH])
def test_an_example_of_ros_does_what_it_says(path, folder, capsys, graph) -> None:
    run = Run(path, folder, lambda: capsys.readouterr().out)
    CHECKS_IN_A_GRAPH[path.stem](run, graph)


def text_to_robot(run: Run) -> None:
    lines = run.main('a person bows', run.out)
    assert lines[0] == repr(run.motion('motion'))
    assert lines[1] == repr(run.trajectory())
    assert [line.split(':')[0] for line in lines[2:5]] == ['encode', 'decode', 'retarget']
    assert lines[5].startswith('accept: ')
    assert (run.out / 'report.json').is_file()


def motions_in_a_row(run: Run) -> None:
    lines = run.main('walk forward, then bow', run.out)
    assert lines[0] == 'walk forward -> bow'
    assert lines[1].startswith(repr(run.motion('motion')))
    assert numbers(lines[1])[-1] > 0.8  # [m]


def edit_motion(run: Run) -> None:
    (fast, high), (slow, low) = map(numbers, run.main(run.out))
    assert slow < fast
    assert low < high
    assert run.motion('walk').seconds == run.motion('tired').seconds == 4.0


def interpolate_meanings(run: Run) -> None:
    lines = run.main('walk', 'run', run.out)
    shares, speeds = zip(*map(numbers, lines), strict=True)
    assert shares == (0.0, 25.0, 50.0, 75.0, 100.0)
    assert speeds[-1] > 1.4 * speeds[0]
    assert list(speeds) == sorted(speeds)
    assert run.motion('stop_4').seconds == 4.0


def recognise_motion(run: Run) -> None:
    lines = run.main()
    assert len(lines) == 7
    assert '  bow (cosine 0.' in lines[0]
    assert numbers(lines[0])[0] > 90.0  # [%]
    kick = ROOT / 'test' / 'data' / 'amass' / 'CMU' / '10' / '10_03_poses.npz'
    assert '  kick ' in run.main(str(kick))[0]


def find_motions(run: Run) -> None:
    lines = run.main(out=run.out)
    assert lines[4] == 'take_4.npz was made from: wave with the right hand'
    assert len(lines) == 10
    assert re.fullmatch(r'0\.\d\d  take_4\.npz, 0\.0 to \d\.\d s', lines[5])
    # What was seen is remembered, and another sentence finds another file.
    assert 'take_3' in run.main('somebody kicks', run.out / 'motions', run.out)[0]


def retarget_file(run: Run) -> None:
    lines = run.main(out=run.out)
    assert lines[:2] == ['<Motion: 3.0 s, 91 frames at 30 frames/s>', repr(run.trajectory())]
    assert numbers(lines[2])[0] < 8.0  # [degrees]
    assert lines[4].startswith('accept: ')
    knee = run.trajectory().joint_names.index('left_knee_joint')
    assert run.trajectory().positions[45, knee] > run.trajectory().positions[0, knee] + 1.0
    bvh = ROOT / 'test' / 'data' / 'bvh' / '02_03_run_motionbuilder.bvh'
    assert run.main(str(bvh), run.out)[1] == repr(run.trajectory())


def add_robot(run: Run) -> None:
    lines = run.main(out=run.out)
    assert 'root_link follows pelvis: sure (carries the legs)' in lines
    assert len([line for line in lines if ' follows ' in line]) > 12
    assert (run.out / 'icub.png').is_file()
    robot = load_robot(run.out / 'icub.yaml')
    assert run.trajectory().joint_names == robot.joint_names
    assert lines[-1] == repr(run.trajectory())


def check_feasibility(run: Run) -> None:
    lines = run.main(run.out)
    assert lines[0].startswith('as generated: accept, ')
    assert lines[5].startswith('2 times as fast: slowed, ')
    calm, hurried = numbers(lines[1])[0], numbers(lines[6])[0]
    assert hurried == pytest.approx(2.0 * calm, abs=2.0)
    factor, seconds = numbers(lines[9])
    assert factor > 1.5
    assert run.trajectory().seconds == pytest.approx(factor * seconds, rel=0.01)


def upper_body_only(run: Run) -> None:
    lines = run.main(run.out)
    assert numbers(lines[0])[0] > 0.5
    assert lines[2:] == ['legs: at most 0.00 rad', 'left knee: 0.60 to 0.60 rad']
    assert run.trajectory().seconds > 1.0


def retarget_live(run: Run) -> None:
    lines = run.main('a person waves')
    assert lines[0] == '91 frames in, 90 postures of g1_29dof_rev_1_0 out'
    took, between = numbers(lines[1])
    assert took > 0.0
    assert between == 33.3
    assert 5.0 < numbers(lines[2])[0] <= 100.0  # [%]


FILMS = ('film.mp4', 'sheet.png')


def draw_film(run: Run) -> None:
    with pytest.MonkeyPatch.context() as patch:  # every picture takes a while
        patch.setattr(showing, 'FILM_FPS', 5.0)
        patch.setattr(showing, '_SHEET_FRAMES', 2)
        lines = run.main('a person bows', run.out, seconds=1.0)
    assert [line.split(':')[0] for line in lines] == [str(run.out / name) for name in FILMS]
    assert (run.out / 'film.mp4').stat().st_size > 5_000
    assert (run.out / 'sheet.png').read_bytes().startswith(b'\x89PNG')


def read_recording(run: Run) -> None:
    record(run.out)
    lines = run.main(str(run.out))
    assert '     1  motionclip/joint_trajectory' in lines
    assert "'?': <RobotTrajectory: " in lines[-3]
    assert lines[-2].startswith('  <Motion: ')
    states, error = numbers(lines[-1])
    assert states > 20
    assert error < 0.05


def train_small_model(run: Run) -> None:
    lines = run.main(out=run.out)
    assert lines[0] == '8 clips, 0 skipped'
    for stage in ('autoencoder', 'alignment', 'prior'):
        assert any(line.startswith(f'{stage} 6/6: ') for line in lines)
    assert lines[-1] == '<Motion: 2.0 s, 41 frames at 20 frames/s>'
    trained = MotionClip.load(run.out / 'model.safetensors').info['training']
    assert trained['stages'].keys() >= {'prior'}


def ros_send_text(run: Run, graph: Graph) -> None:
    pytest.importorskip('motionclip_interfaces.action', reason='`make interfaces` builds it')
    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    lines = run.main('a person waves')
    assert '   0% waiting' in lines or any('encoding' in line for line in lines)
    assert any(line.endswith('% executing') for line in lines)
    assert lines[-2].startswith('done: executed')
    points, report = numbers(lines[-1])
    assert points > 20
    assert report > 500

    name = f'examples.{ros_send_text.__name__}'
    graph.start(name)
    graph.until(lambda: '% executing' in graph.log(name))
    assert graph.stop(name) == 0  # by Ctrl-C, in mid-motion
    assert 'not done: stopped' in graph.log(name)


def ros_hear_trajectory(run: Run, graph: Graph) -> None:
    graph.start(GENERATOR, '-p', 'require_joint_states:=false')
    talk = Talk(graph)
    name = f'examples.{ros_hear_trajectory.__name__}'
    graph.start(name)
    topic = '/motionclip/joint_trajectory'
    graph.until(lambda: graph.node.count_subscribers(topic) == 1)
    talk.wait_for_generator(robot=False)
    while not graph.log(name):  # what is said before the listener is known is lost to it
        talk.outcomes.clear()
        talk.say('wave')
        graph.until(lambda: talk.outcomes or graph.log(name))
    assert graph.stop(name) == 0
    told = r'\d\.\d\d s, \d+ points; most moves right_\w+_joint, 1\.\d\d rad\n'
    assert re.fullmatch(told, graph.log(name))


CHECKS = {
    check.__name__: check
    for check in (
        text_to_robot, motions_in_a_row, edit_motion, interpolate_meanings, recognise_motion,
        find_motions, retarget_file, add_robot, check_feasibility, upper_body_only,
        retarget_live, draw_film, read_recording, train_small_model,
    )
}  # fmt: skip
CHECKS_IN_A_GRAPH = {check.__name__: check for check in (ros_send_text, ros_hear_trajectory)}


def numbers(line: str) -> list[float]:
    """All numbers that stand alone in a line."""
    return [float(found) for found in re.findall(r'(?<![\w.])-?\d+(?:\.\d+)?(?![\w])', line)]


def test_nothing_is_checked_that_is_not_there() -> None:
    assert {path.stem for path in EXAMPLES} == {*CHECKS, *CHECKS_IN_A_GRAPH}


@pytest.mark.parametrize('path', EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_an_example_is_short_and_says_how_it_is_run(path) -> None:
    text = path.read_text()
    assert 15 <= len(text.splitlines()) <= 60
    told = ast.get_docstring(ast.parse(text))
    assert f'    python examples/{path.name}' in told
    assert re.search(r'^(prints|writes|takes) ', told, re.MULTILINE)


def test_the_table_lists_every_example_in_its_order_with_its_first_line() -> None:
    table = (ROOT / 'examples' / 'README.md').read_text()
    rows = dict(re.findall(r'^\| \[(\w+)\.py\]\(\1\.py\) \| (.+) \|$', table, re.MULTILINE))
    told = {path.stem: ast.get_docstring(ast.parse(path.read_text())) for path in EXAMPLES}
    assert rows.keys() == told.keys()
    for name, row in rows.items():
        assert told[name].splitlines()[0].rstrip('.') == row
