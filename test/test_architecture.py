"""The rules of the code base: who may import whom, and what stands nowhere."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from motionclip_model import __version__

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ('motionclip_model', 'motionclip_ros')

FOUNDATION = tuple(
    f'motionclip_model.{name}'
    for name in (
        'errors', 'reading', 'storage', 'rotation', 'skeleton', 'notebook', 'moving_figure',
        'motion',
    )
)  # fmt: skip
LAYERS = (
    FOUNDATION,
    ('motionclip_model',),
    ('motionclip_ros.resources', 'motionclip_ros.topics'),
    ('motionclip_ros.retargeting',),
    ('motionclip_ros',),
    ('motionclip_ros.conversions', 'motionclip_ros.parameters'),
    ('motionclip_ros.nodes',),
    ('motionclip_ros.demo', 'motionclip_ros.studio'),
    ('motionclip_ros.cli',),
    ('motionclip_ros.__main__',),
)
"""From the bottom to the top: a module imports from its own layer and from those before it."""

KNOW_ROS = ('motionclip_ros.conversions', 'motionclip_ros.parameters', 'motionclip_ros.nodes')
DRAWS = ('motionclip_model.drawing',)
ROS = re.compile(r'^(rclpy|launch|launch_ros|\w+_msgs|\w+_interfaces)(\.|$)')
TEXT_SUFFIXES = {
    '.py', '.md', '.rst', '.toml', '.xml', '.yaml', '.yml', '.cff', '.txt', '.rviz', '.json', '',
}  # fmt: skip


def source_files() -> list[Path]:
    """Every module of both packages."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob('*.py'))]


def module_name(path: Path) -> str:
    """Dotted name of a module's file."""
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


MODULES = {module_name(path): path for path in source_files()}


def imports(path: Path) -> set[str]:
    """Dotted names that a module imports, at the top or inside a function."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path}: relative import'
            for alias in node.names:
                inside = f'{node.module}.{alias.name}'
                found.add(inside if inside in MODULES else str(node.module))
    return found


def is_within(module: str, names: tuple[str, ...]) -> bool:
    """Whether a module is one of those named or lies below one."""
    return any(module == name or module.startswith(f'{name}.') for name in names)


def layer(module: str) -> int:
    """The layer whose longest name covers the module."""
    covering = [
        (len(name), index)
        for index, names in enumerate(LAYERS)
        for name in names
        if is_within(module, (name,))
    ]
    return max(covering)[1]


def loaded_after(code: str, forbidden: tuple[str, ...]) -> list[str]:
    """Which of the forbidden libraries a fresh interpreter has loaded after some code."""
    code += f'\nimport sys\nprint(*sorted(set({forbidden!r}) & set(sys.modules)))'
    result = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


@pytest.mark.parametrize('module', MODULES)
def test_imports_point_only_to_lower_layers(module) -> None:
    for imported in imports(MODULES[module]) & MODULES.keys():
        assert layer(imported) <= layer(module), f'{module} must not import {imported}'


def test_imports_form_no_circle() -> None:
    graph = {name: (imports(path) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)


@pytest.mark.parametrize('module', MODULES)
def test_ros_is_known_in_few_places(module) -> None:
    if not is_within(module, KNOW_ROS):
        assert not [name for name in imports(MODULES[module]) if ROS.match(name)]


def test_the_model_loads_nothing_of_the_robot() -> None:
    names = [name for name in MODULES if name.startswith('motionclip_model')]
    code = '\n'.join(f'import {name}' for name in names)
    assert not loaded_after(code, ('rclpy', 'pinocchio', 'motionclip_ros'))


def test_the_model_loads_mujoco_only_to_draw() -> None:
    names = [
        name
        for name in MODULES
        if name.startswith('motionclip_model') and not is_within(name, DRAWS)
    ]
    code = '\n'.join(f'import {name}' for name in names)
    assert not loaded_after(code, ('mujoco',))


def test_motions_are_read_without_torch() -> None:
    code = 'import motionclip_model.motion, motionclip_model.data.bvh'
    assert not loaded_after(code, ('torch', 'transformers', 'rclpy', 'pinocchio'))


def test_retargeting_loads_neither_ros_nor_torch() -> None:
    names = [name for name in MODULES if name.startswith('motionclip_ros.retargeting')]
    code = '\n'.join(f'import {name}' for name in names)
    code += "\nmotionclip_ros.retargeting.robots.robot.load_robot('g1')"
    assert not loaded_after(code, ('rclpy', 'torch', 'transformers', 'mujoco'))


def test_the_command_answers_without_loading_what_it_does_not_need() -> None:
    assert not loaded_after('import motionclip_ros.cli', ('torch', 'rclpy', 'mujoco', 'pinocchio'))


def test_a_text_is_served_without_the_compiler_or_transformers() -> None:
    """Both take seconds to import, at every start of a node or a command."""
    load = 'from motionclip_ros.pipeline import Pipeline'
    code = f"{load}\nPipeline.load().generate('a person walks')"
    assert not loaded_after(code, ('torch._dynamo', 'transformers', 'sympy', 'sklearn'))


def test_input_is_never_checked_with_assert() -> None:
    for path in source_files():
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node.lineno for node in nodes if isinstance(node, ast.Assert)], path


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in [*source_files(), *(ROOT / 'test').glob('*.py')]
        if (count := len(path.read_text().splitlines())) > 500
    }
    assert not long


def test_functions_stay_short() -> None:
    functions = [
        (f'{path.name}:{node.name}', int(node.end_lineno or 0) - node.lineno + 1)
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    ]
    assert not [(name, lines) for name, lines in functions if lines > 60]


def written_files() -> Iterator[Path]:
    """Everything that people wrote: code, documents, configuration; no data, no licence."""
    skipped = {'build', 'install', 'log', 'out', 'runs', 'dist', 'site'}
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in skipped
            and (not name.startswith('.') or name == '.ci')
            and not name.endswith(('.egg-info', '__pycache__'))
        ]
        for name in names:
            path = Path(folder) / name
            if path.suffix in TEXT_SUFFIXES and name != 'LICENSE' and path != Path(__file__):
                yield path


def test_nothing_is_left_to_do_and_no_path_of_a_machine_is_written_down() -> None:
    unwanted = re.compile(r'\bTODO\b|\bFIXME\b|\bXXX\b|/home/|/root/|/Users/|/work/')
    found = [
        f'{path.relative_to(ROOT)}:{number}: {line.strip()}'
        for path in written_files()
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), start=1)
        if unwanted.search(line)
    ]
    assert not found


def test_the_version_is_the_same_everywhere() -> None:
    places = {
        'package.xml': r'<version>(.+)</version>',
        'CITATION.cff': r'^version: (.+)$',
        'CHANGELOG.rst': r'^(\d+\.\d+\.\d+)',
    }
    for name, pattern in places.items():
        found = re.search(pattern, (ROOT / name).read_text(), re.MULTILINE)
        assert found, f'{name} names no version'
        assert found.group(1).split()[0] == __version__, name


def test_shapes_are_checked_while_the_tests_run() -> None:
    import numpy as np

    from motionclip_model.motion import Motion

    with pytest.raises(Exception, match='joint_rotations'):
        Motion(np.zeros((3, 24, 3)), np.zeros((3, 3)), 30.0)
