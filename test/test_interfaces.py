"""The interface packages: their metadata, their types, and an action between two processes."""

import importlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from ros_graph import ROOT, graph  # noqa: F401

from motionclip_model import __version__

OWN = ROOT / 'motionclip_interfaces'
PACKAGES = (OWN, ROOT / 'stand_ins' / 'control_msgs', ROOT / 'stand_ins' / 'tf2_msgs')
IDS = [folder.name for folder in PACKAGES]
SERVER = 'generate_motion_server'


def installed(package: str) -> Path:
    """The prefix that an interface package is installed below; skips where it is not."""
    spec = importlib.util.find_spec(package)
    # The folder of the sources counts as a package without an origin.
    if spec is None or spec.origin is None:
        pytest.skip(f'{package} is not installed; `make interfaces` builds it')
    return Path(spec.origin).parents[4]


def action_type(package: str, name: str):
    installed(package)
    return getattr(importlib.import_module(f'{package}.action'), name)


def metadata(folder: Path) -> ElementTree.Element:
    return ElementTree.parse(folder / 'package.xml').getroot()


@pytest.mark.parametrize('folder', PACKAGES, ids=IDS)
def test_versions_licence_and_maintainer_are_those_of_the_main_package(folder) -> None:
    package, main = metadata(folder), metadata(ROOT)
    project = tomllib.loads((folder / 'pyproject.toml').read_text())['project']
    assert package.findtext('name') == folder.name
    assert package.findtext('version') == project['version'] == __version__
    assert package.findtext('license') == project['license'] == main.findtext('license')
    maintainer = package.find('maintainer')
    assert maintainer.attrib == main.find('maintainer').attrib
    assert re.fullmatch(r'[^@\s]+@[^@\s]+\.[a-z]+', maintainer.get('email'))
    assert package.findtext('member_of_group') == 'rosidl_interface_packages'
    assert package.findtext('export/build_type') == 'ament_cmake'


@pytest.mark.parametrize('folder', PACKAGES, ids=IDS)
def test_every_definition_is_generated_and_every_dependency_named(folder) -> None:
    cmake = (folder / 'CMakeLists.txt').read_text()
    definitions = [path for kind in ('msg', 'action') for path in folder.glob(f'{kind}/*')]
    listed = re.findall(r'"(\w+/\w+\.\w+)"', cmake)
    assert sorted(listed) == sorted(str(path.relative_to(folder)) for path in definitions)
    text = '\n'.join(path.read_text() for path in definitions)
    used = set(re.findall(r'^(\w+)/\w+', text, re.MULTILINE))
    used |= {'action_msgs'} if 'action/' in cmake else set()
    assert {element.text for element in metadata(folder).iter('depend')} == used
    assert used - {'action_msgs'} == set(re.findall(r'find_package\((\w+_\w+s) ', cmake)) - {
        'rosidl_default_generators'
    }
    project = tomllib.loads((folder / 'pyproject.toml').read_text())
    needed = {f'ros-{name.replace("_", "-")}' for name in used}
    for requirements in (project['project']['dependencies'], project['build-system']['requires']):
        assert needed <= {entry.partition('==')[0] for entry in requirements}


@pytest.mark.parametrize('folder', PACKAGES, ids=IDS)
def test_what_a_wheel_is_built_with_is_what_the_program_runs_with(folder) -> None:
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    pins = dict(line.split('==') for line in lines if line and not line.startswith('#'))
    project = tomllib.loads((folder / 'pyproject.toml').read_text())
    for entry in [*project['project']['dependencies'], *project['build-system']['requires']]:
        name, version = entry.split('==')
        assert pins.get(name, version) == version


def test_a_workspace_takes_tf2_and_control_from_ros_itself() -> None:
    # A stand-in that colcon found would hide the package that apt installs.
    assert (ROOT / 'stand_ins' / 'COLCON_IGNORE').is_file()
    assert not (OWN / 'COLCON_IGNORE').exists()


def test_the_action_has_the_documented_fields_and_defaults() -> None:
    action = action_type('motionclip_interfaces', 'GenerateMotion')
    assert action.Goal.get_fields_and_field_types() == {
        'text': 'string',
        'seconds': 'double',
        'seed': 'int64',
        'joints': 'sequence<string>',
        'execute': 'boolean',
    }
    assert action.Result.get_fields_and_field_types() == {
        'success': 'boolean',
        'message': 'string',
        'report': 'string',
        'trajectory': 'trajectory_msgs/JointTrajectory',
    }
    assert action.Feedback.get_fields_and_field_types() == {'stage': 'string', 'progress': 'float'}
    goal = action.Goal(text='a person kicks')
    assert (goal.seconds, goal.seed, goal.joints, goal.execute) == (0.0, -1, [], True)


def type_hashes(package: str, name: str) -> dict[str, str]:
    """The hashes by which DDS tells one definition of a type from another."""
    folder = installed(package) / 'share' / package
    found = json.loads((folder / f'{name}.json').read_text())['type_hashes']
    return {entry['type_name']: entry['hash_string'] for entry in found}


@pytest.mark.parametrize(
    ('package', 'definition', 'type_name', 'expected'),
    [
        (
            'tf2_msgs', 'msg/TFMessage', 'msg/TFMessage',
            'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087',
        ),
        (
            'control_msgs', 'action/FollowJointTrajectory', 'action/FollowJointTrajectory_Goal',
            'RIHS01_8a9060704b269608f5a340934cc26e66869dd14bdac29e2e7fd9ec8b9882d205',
        ),
        (
            'control_msgs', 'action/FollowJointTrajectory', 'action/FollowJointTrajectory_Result',
            'RIHS01_8002e99ed2c14c6faa522f2a93c26d744c5982f254f9e98ff9c6f19789bdb220',
        ),
    ],
    ids=['transforms', 'goal', 'result'],
)  # fmt: skip
def test_a_stand_in_talks_to_the_real_package(package, definition, type_name, expected) -> None:
    assert type_hashes(package, definition)[f'{package}/{type_name}'] == expected


def test_the_feedback_of_a_controller_has_the_fields_of_kilted() -> None:
    feedback = action_type('control_msgs', 'FollowJointTrajectory').Feedback
    names = ['desired', 'actual', 'error']
    assert list(feedback.get_fields_and_field_types()) == [
        'header', 'joint_names', *names, 'index',
        'multi_dof_joint_names', *(f'multi_dof_{name}' for name in names), 'multi_dof_index',
    ]  # fmt: skip


def test_a_goal_crosses_to_another_process_and_the_result_comes_back(graph) -> None:  # noqa: F811
    action = action_type('motionclip_interfaces', 'GenerateMotion')
    from action_msgs.msg import GoalStatus
    from rclpy.action import ActionClient

    graph.start(SERVER)
    client = ActionClient(graph.node, action, 'generate_motion')
    graph.until(client.server_is_ready)
    stages = []
    goal = action.Goal(text='grüßen, ¡hola!', seconds=2.5, seed=2**62, joints=['elbow'])
    sent = client.send_goal_async(
        goal, lambda message: stages.append((message.feedback.stage, message.feedback.progress))
    )
    graph.until(sent.done)
    answer = sent.result().get_result_async()
    graph.until(answer.done)
    assert answer.result().status == GoalStatus.STATUS_SUCCEEDED
    result = answer.result().result
    assert result.success
    assert result.message == goal.text
    assert json.loads(result.report) == {'seed': goal.seed, 'execute': True}
    assert list(result.trajectory.joint_names) == list(goal.joints)
    assert list(result.trajectory.points[0].positions) == [goal.seconds]
    assert stages == [('decoding', 0.5)]
    client.destroy()
    assert graph.stop(SERVER) == 0


def checkout(folder: Path, tools: str) -> subprocess.CompletedProcess[str]:
    """Run the build script in a folder whose Python and compilers are those given."""
    (folder / 'scripts').mkdir()
    for name in ('common', 'interfaces'):
        shutil.copy(ROOT / 'scripts' / name, folder / 'scripts')
    (folder / 'requirements').mkdir()
    for name in ('build', 'interfaces'):
        shutil.copy(ROOT / 'requirements' / f'{name}.txt', folder / 'requirements')
    for package in PACKAGES:
        (folder / package.relative_to(ROOT)).mkdir(parents=True)
    (folder / '.venv' / 'bin').mkdir(parents=True)
    python = folder / '.venv' / 'bin' / 'python'
    python.write_text(tools)
    python.chmod(0o755)
    # Neither apt nor root: nothing may be installed by a test.
    for name in ('id', 'g++', 'cmake'):
        (folder / name).write_text('#!/bin/sh\necho 1000\n')
        (folder / name).chmod(0o755)
    return subprocess.run(
        [folder / 'scripts' / 'interfaces'],
        env={'PATH': f'{folder}{os.pathsep}{os.defpath}'},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_a_compiler_one_line_says_so_and_the_rest_goes_on(tmp_path) -> None:
    no_headers = '#!/bin/sh\ncase "$2" in *Python.h*) exit 1;; *) echo 3.12;; esac\n'
    result = checkout(tmp_path, no_headers)
    assert result.returncode == 0, result.stderr
    assert result.stderr.startswith('warning: without motionclip_interfaces')
    assert result.stderr.endswith('sudo apt-get install g++ cmake python3.12-dev\n')
    assert result.stderr.count('\n') == 1


def test_a_build_that_fails_is_not_tried_again_at_each_start(tmp_path) -> None:
    fails = '#!/bin/sh\ncase "$1" in -m) echo no venv; exit 1;; esac\n'
    result = checkout(tmp_path, fails)
    assert result.returncode == 0, result.stderr
    assert 'their build failed, see build/interfaces/log' in result.stderr
    assert 'no venv' in (tmp_path / 'build' / 'interfaces' / 'log').read_text()
    again = subprocess.run(
        [tmp_path / 'scripts' / 'interfaces'], capture_output=True, text=True, check=True
    )
    assert again.stderr.count('\n') == 1
    assert 'failed before' in again.stderr
    assert 'rm -r build/interfaces' in again.stderr
