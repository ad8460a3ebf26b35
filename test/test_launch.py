"""The launch files, with the official launch where it is installed."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from ros_graph import environment, graph
from ros_talk import Talk

from motionclip_ros.bag import Bag

__all__ = ['graph']

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / 'launch').glob('*.launch.py'))

# The folder of this name at the top of the sources counts as a package without an origin.
HAS_LAUNCH = all(
    getattr(importlib.util.find_spec(name), 'origin', None) for name in ('launch', 'launch_ros')
)
needs_launch = pytest.mark.skipif(
    not HAS_LAUNCH, reason='launch and launch_ros are not installed; they come with ROS 2 from apt'
)

RUN = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
path, *arguments = sys.argv[1:]
service = LaunchService()
pairs = [argument.split(':=', 1) for argument in arguments]
service.include_launch_description(
    LaunchDescription([IncludeLaunchDescription(path, launch_arguments=pairs)]))
sys.exit(service.run())
"""


def test_configured_names_are_those_of_the_launch_file() -> None:
    """Parameters reach their nodes only if the names agree; launch is not needed to see that."""
    source = (ROOT / 'launch' / 'text_to_robot.launch.py').read_text()
    configured = yaml.safe_load((ROOT / 'config' / 'motionclip.yaml').read_text())
    names = {key.rpartition('/')[2] for key in configured} - {'player'}
    assert names == {name for name in names if f"'{name}'" in source}


@needs_launch
@pytest.mark.parametrize('file', FILES, ids=lambda path: path.name)
def test_every_argument_is_described(file) -> None:
    from launch.actions import DeclareLaunchArgument
    from launch.launch_description_sources import get_launch_description_from_any_launch_file

    description = get_launch_description_from_any_launch_file(str(file))
    arguments = [e for e in description.entities if isinstance(e, DeclareLaunchArgument)]
    assert arguments
    for argument in arguments:
        assert len(argument.description) > 10
        assert argument.default_value is not None


@needs_launch
@pytest.mark.parametrize('file', FILES, ids=lambda path: path.name)
@pytest.mark.parametrize('namespace', ['', 'left'])
def test_a_text_moves_the_robot_of_a_launch_file(graph, file, namespace) -> None:
    bag = graph.folder / 'bag'
    arguments = [f'record:={bag}', 'recognise:=true', f'namespace:={namespace}']
    log = (graph.folder / 'launch.log').open('wb')
    with log, subprocess.Popen(
        [sys.executable, '-c', RUN, str(file), *arguments],
        stdout=log, stderr=log, env=environment(), start_new_session=True,
    ) as process:  # fmt: skip
        try:
            talk = Talk(graph, f'/{namespace}' if namespace else '')
            graph.until(lambda: talk.states and talk.status, 180.0)
            graph.spin(2.0)
            talk.say('a person waves with the right hand')
            graph.until(lambda: talk.told, 60.0)
            assert list(talk.told.values()) == ['executed']
            graph.spin(1.0)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            end = time.monotonic() + 30.0
            while process.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            process.kill()
    said = (graph.folder / 'launch.log').read_text()
    assert process.returncode == 0, said
    assert 'Traceback' not in said
    recorded = Bag(bag)
    assert recorded.text() == 'a person waves with the right hand'
    assert recorded.performed()[0].report['text'] == recorded.text()
    label = f'{namespace}/recogniser/label'.lstrip('/')
    assert label not in recorded.counts  # only what was asked for
    assert json.loads(talk.outcomes[0].data)['outcome'] == 'executed'
