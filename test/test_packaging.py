"""What is installed: files, commands, pinned versions; and the Makefile that does it."""

import ast
import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model import __version__
from motionclip_model.errors import ConfigError
from motionclip_model.storage import file_hash
from motionclip_ros import resources

sys.path.append(str(ROOT / 'scripts'))

import build_wheel

NODES = ('generator', 'player', 'recogniser', 'recorder', 'simulator')
MOMENT = 1_700_000_000  # [s since 1970]


@pytest.fixture(scope='session')
def built(tmp_path_factory) -> tuple[Path, Path]:
    """Wheel and sdist of this checkout as it is."""
    folder = tmp_path_factory.mktemp('built')
    wheel, sdist = build_wheel.build(ROOT, build_wheel.tracked(), folder, MOMENT)
    return wheel, sdist


@pytest.fixture(scope='session')
def wheel(built) -> Path:
    return built[0]


@pytest.fixture(scope='session')
def installed(wheel, tmp_path_factory) -> Path:
    """Unpack the wheel the way pip lays it out: modules in `site`, the rest below the prefix."""
    prefix = tmp_path_factory.mktemp('prefix')
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(prefix / 'site')
    data = prefix / 'site' / f'motionclip_ros-{__version__}.data' / 'data'
    for folder in data.iterdir():
        shutil.move(folder, prefix / folder.name)
    return prefix


def test_every_module_and_weight_is_installed(installed) -> None:
    for package in ('motionclip_model', 'motionclip_ros'):
        for path in (ROOT / package).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                assert (installed / 'site' / path.relative_to(ROOT)).is_file(), path


def test_a_wheel_is_the_same_bytes_wherever_it_is_built(built, tmp_path) -> None:
    names = build_wheel.tracked()
    for name in names:
        copy = tmp_path / 'elsewhere' / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy)
        copy.chmod(0o700 if os.access(ROOT / name, os.X_OK) else 0o600)
        os.utime(copy, (1e9, 1e9))
    mask = os.umask(0o077)
    try:
        copies = tmp_path / 'elsewhere', reversed(names), tmp_path / 'again'
        again = build_wheel.build(*copies, MOMENT)
    finally:
        os.umask(mask)
    for first, second in zip(built, again, strict=True):
        assert first.name == second.name
        # Not by ==, which would show a difference of megabytes.
        assert file_hash(first) == file_hash(second), first.name


def test_nothing_but_the_package_is_in_a_wheel(installed) -> None:
    names = {path.name for path in (installed / 'site').iterdir()}
    own = f'motionclip_ros-{__version__}'
    assert names == {'motionclip_model', 'motionclip_ros', f'{own}.dist-info', f'{own}.data'}
    assert not list(installed.rglob('__pycache__'))
    assert (installed / 'site' / f'{own}.dist-info/licenses/LICENSE').is_file()


def test_a_wheel_stays_small_enough_to_send(wheel) -> None:
    assert wheel.stat().st_size < 40e6  # two checkpoints of at most 16 MB


def test_ros_finds_the_package_its_files_and_its_nodes(installed) -> None:
    index = installed / 'share' / 'ament_index' / 'resource_index' / 'packages'
    assert (index / 'motionclip_ros').is_file()
    share = installed / 'share' / 'motionclip_ros'
    assert (share / 'package.xml').read_text() == (ROOT / 'package.xml').read_text()
    for folder in ('config', 'examples', 'launch', 'rviz'):
        for path in (ROOT / folder).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                assert (share / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    for node in NODES:
        assert (installed / 'lib' / 'motionclip_ros' / node).is_file()


@pytest.mark.parametrize('node', NODES)
def test_ros2_run_starts_the_node_it_names(node) -> None:
    script = ROOT / 'lib' / node
    assert os.access(script, os.X_OK)
    module = importlib.import_module(f'motionclip_ros.nodes.{node}')
    assert callable(module.main)
    assert f'from motionclip_ros.nodes.{node} import main' in script.read_text()


def test_every_command_leads_to_a_function(installed) -> None:
    entries = installed / 'site' / f'motionclip_ros-{__version__}.dist-info' / 'entry_points.txt'
    commands = dict(re.findall(r'^(\w+) = (.+)$', entries.read_text(), re.MULTILINE))
    assert {'motionclip', *(f'motionclip_{node}' for node in NODES)} == commands.keys()
    for target in commands.values():
        module, function = target.split(':')
        assert callable(getattr(importlib.import_module(module), function))


def found_by_a_fresh_interpreter(code: str, **environment: str) -> Path:
    """Run code that prints what `find` finds."""
    result = subprocess.run(
        [sys.executable, '-c', code + "\nprint(find('config/robots/g1.yaml'))"],
        env={**os.environ, **environment}, cwd='/', capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return Path(result.stdout.strip())


def test_an_installed_package_finds_its_files_below_the_prefix(installed) -> None:
    code = (
        f'import sys; sys.prefix = {str(installed)!r}; sys.path.insert(0, {str(installed)!r}'
        " + '/site'); from motionclip_ros.resources import find"
    )
    found = found_by_a_fresh_interpreter(code, AMENT_PREFIX_PATH='')
    assert found == installed / 'share' / 'motionclip_ros' / 'config' / 'robots' / 'g1.yaml'


def test_a_workspace_finds_its_files_through_the_ament_index(installed) -> None:
    code = (
        f'import sys; sys.prefix = "/nowhere"; sys.path.insert(0, {str(installed / "site")!r})'
        '; from motionclip_ros.resources import find'
    )
    found = found_by_a_fresh_interpreter(code, AMENT_PREFIX_PATH=str(installed))
    assert found == installed / 'share' / 'motionclip_ros' / 'config' / 'robots' / 'g1.yaml'


def test_a_checkout_finds_its_own_files() -> None:
    assert resources.find('config/robots/g1.yaml') == ROOT / 'config' / 'robots' / 'g1.yaml'
    assert 'g1' in resources.listing('config/robots', '.yaml')
    assert resources.listing('config/none', '.yaml') == []


@pytest.mark.parametrize('path', ['../setup.py', '/etc/passwd', 'config/../../setup.py'])
def test_nothing_outside_the_share_folder_is_found(path) -> None:
    with pytest.raises(ConfigError, match='inside share'):
        resources.find(path)


def test_a_missing_file_is_named_with_the_places_that_were_searched() -> None:
    with pytest.raises(ConfigError, match=r'config/none\.yaml: no such file in .*share') as caught:
        resources.find('config/none.yaml')
    assert '\n' not in str(caught.value)


def requirements() -> dict[str, list[str]]:
    """The names in setup.py's lists, by the argument or extra they stand under."""
    tree = ast.parse((ROOT / 'setup.py').read_text())
    call = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'setup'
    )
    arguments = {keyword.arg: keyword.value for keyword in call.keywords}
    extras = ast.literal_eval(arguments['extras_require'])
    lists = {'install': ast.literal_eval(arguments['install_requires']), **extras}
    return {
        key: [re.split(r'[<>=]', entry)[0].lower().replace('_', '-') for entry in entries]
        for key, entries in lists.items()
    }


def pinned() -> dict[str, str]:
    """Names and versions of constraints.txt."""
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    return dict(line.split('==') for line in lines if line and not line.startswith('#'))


def test_every_requirement_and_what_it_needs_is_pinned() -> None:
    pins = pinned()
    waiting = [name for names in requirements().values() for name in names]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        assert name in pins, f'constraints.txt has no {name}'
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for need in needs:
            if ';' not in need:
                waiting.append(re.split(r'[^\w.-]', need)[0].lower().replace('_', '-'))


def test_pins_hold_for_every_build_of_a_package() -> None:
    for name, version in pinned().items():
        assert re.fullmatch(r'\d[\w.]*', version), f'{name}=={version}'


def imported_libraries() -> set[str]:
    """Top-level names of everything the packages import."""
    names = set()
    for package in ('motionclip_model', 'motionclip_ros', 'launch', 'examples'):
        for path in (ROOT / package).rglob('*.py'):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Import):
                    names |= {alias.name.partition('.')[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    names.add(str(node.module).partition('.')[0])
    own = {'motionclip_model', 'motionclip_ros', 'motionclip_interfaces'}
    return names - set(sys.stdlib_module_names) - own


def test_every_library_that_is_imported_is_required() -> None:
    known = {name for names in requirements().values() for name in names}
    distributions = importlib.metadata.packages_distributions()
    package = ElementTree.parse(ROOT / 'package.xml')
    depends = {element.text for element in package.iter('exec_depend')}
    for library in imported_libraries():
        names = {name.lower().replace('_', '-') for name in distributions.get(library, [])}
        ros_name = f'ros-{library}'.replace('_', '-')
        if library in depends:
            # launch comes with apt only; the others have wheels too.
            assert ros_name in known or not names, library
        else:
            names = names or {library.replace('_', '-')}  # an extra that is not installed
            assert names & known, f'{library} is imported; add its package to setup.py'


def test_ros_libraries_are_named_to_rosdep() -> None:
    package = ElementTree.parse(ROOT / 'package.xml')
    depends = {element.text for element in package.iter('exec_depend')}
    ros = {
        name
        for name in imported_libraries()
        if re.match(r'rclpy|launch|\w+_msgs|\w+_interf', name)
    }
    assert ros <= depends


needs_make = pytest.mark.skipif(shutil.which('make') is None, reason='make is not installed')


@needs_make
@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(codec='utf-8', exclude_characters='\0\n\r'), max_size=40))
def test_make_hands_any_text_over_as_it_is(tmp_path_factory, text) -> None:
    folder = tmp_path_factory.mktemp('bin')
    command = folder / 'motionclip'
    command.write_text(f'#!/bin/sh\nprintf %s "$3" > {folder}/heard\n')
    command.chmod(0o755)
    arguments = ['make', '-s', 'demo', f'BIN={folder}', 'ENVIRONMENT=true', f'TEXT={text}']
    subprocess.run(arguments, cwd=ROOT, check=True)
    # make drops blanks in front of a value, and what reads a text does so too.
    with (folder / 'heard').open(newline='') as file:
        assert file.read().strip() == text.strip()


@needs_make
def test_make_help_lists_every_target() -> None:
    text = (ROOT / 'Makefile').read_text()
    targets = set(' '.join(re.findall(r'^\.PHONY: (.+)$', text, re.MULTILINE)).split())
    result = subprocess.run(['make', 'help'], cwd=ROOT, capture_output=True, text=True, check=True)
    assert targets == set(re.findall(r'make (\w+)', result.stdout))


def test_an_unsuitable_python_gets_one_line(tmp_path) -> None:
    (tmp_path / 'scripts').mkdir()
    for name in ('common', 'environment'):
        shutil.copy(ROOT / 'scripts' / name, tmp_path / 'scripts')
    for name in ('setup.py', 'constraints.txt'):
        shutil.copy(ROOT / name, tmp_path)
    environment = {**os.environ, 'PYTHON': 'false'}
    result = subprocess.run(
        [tmp_path / 'scripts' / 'environment'],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.startswith('error: no Python 3.11 or 3.12 found')
    assert result.stderr.count('\n') == 1
    assert not (tmp_path / '.venv').exists()
